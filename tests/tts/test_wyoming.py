from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_services.wyoming_server import INFO, WyomingServer, speech

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.wyoming import WyomingVoice
from avatar_bridge.wire.wyoming import Event, encode, read_event

TEXT = "Hello there, my friend."


async def said(voice: WyomingVoice, text: str = TEXT) -> SpokenSegment:
    async with aclosing(voice.speak(text)) as heard:
        (piece,) = [piece async for piece in heard]
    return piece


@pytest.mark.parametrize("stereo", [False, True])
@pytest.mark.parametrize("inline", [False, True])
async def test_what_the_server_speaks_is_heard_to_the_sample(*, stereo: bool, inline: bool) -> None:
    async with WyomingServer(stereo=stereo, inline=inline) as server:
        voice = WyomingVoice(url=server.url)
        await voice.open()
        piece = await said(voice)
        await voice.close()
    assert piece.rate == 16000
    assert (piece.samples == speech(TEXT) / np.float32(32768)).all()
    assert piece.marks == ()
    assert voice.abilities.timing == "estimated"
    assert voice.abilities.languages == ("de", "en")
    assert server.asked[1] == {"type": "synthesize", "text": TEXT}


async def test_voice_speaker_and_language_are_asked_for() -> None:
    async with WyomingServer() as server:
        voice = WyomingVoice(url=server.url.removeprefix("tcp://"), voice="en_US-joe", speaker="a", language="de")
        await voice.open()
        await said(voice)
        assert voice.abilities.languages == ("en",)
        await said(WyomingVoice(url=server.url, language="de"))
    assert server.asked[1]["voice"] == {"name": "en_US-joe", "speaker": "a"}
    assert server.asked[2]["voice"] == {"language": "de"}


async def test_the_newer_way_is_taken_only_where_it_is_wanted_and_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for known, kinds in ((True, ["start", "chunk", "", "stop"]), (False, [""])):
        monkeypatch.setitem(INFO["tts"][0], "supports_synthesize_streaming", known)
        async with WyomingServer() as server:
            voice = WyomingVoice(url=server.url, streaming=True)
            await voice.open()
            assert len((await said(voice)).samples) == len(speech(TEXT))
        sent = [each["type"].removeprefix("synthesize").removeprefix("-") for each in server.asked[1:]]
        assert sent == kinds


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", r"refused: the model is broken \(ModelError\)"),
        ("cut", "broke off before its answer was whole"),
        ("stall", "sent nothing for 1 s"),
        ("mute", "sent nothing for 1 s"),
        ("html", "is it a Wyoming server"),
        ("garbage", "is it a Wyoming server"),
        ("long_line", "a line of more than 64 KiB"),
        ("huge", "payload_length of 99999999999"),
        ("no_format", "rate, width and channels"),
        ("odd_width", "3 bytes a sample"),
        ("rate_change", "changes its sound"),
        ("silent", "s of silence"),
        ("empty", "not a single sample"),
        ("endless", "without an end"),
    ],
)
async def test_each_fault_is_said_in_words(fault: str, words: str) -> None:
    async with WyomingServer(fault=fault) as server:
        voice = WyomingVoice(url=server.url, patience=1.0)
        with pytest.raises(VoiceError, match=words):
            await said(voice)
        server.fault = ""
        assert (await said(voice)).duration > 1.0


async def test_a_server_without_what_is_asked_for_is_told_at_once() -> None:
    async with WyomingServer() as server:
        with pytest.raises(VoiceError, match=r"no voice 'en_US-jo'; it has: .*; did you mean 'en_US-joe'\?"):
            await WyomingVoice(url=server.url, voice="en_US-jo").open()
        server.fault = "no_tts"
        with pytest.raises(VoiceError, match="speaks not: it offers asr"):
            await WyomingVoice(url=server.url).open()
    with pytest.raises(VoiceError, match="cannot be reached"):
        await WyomingVoice(url=server.url if server._server and server._server.sockets else "127.0.0.1:9").open()


async def test_letting_go_closes_the_connection() -> None:
    async with WyomingServer(fault="stall") as server:
        speaking = asyncio.create_task(said(WyomingVoice(url=server.url)))
        await server.waiting.wait()
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        await server.left.wait()


async def test_a_text_without_words_asks_nothing() -> None:
    assert [piece async for piece in WyomingVoice(url="127.0.0.1:9").speak("🙂 …")] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"speed": 1.5}, "speed"),
        ({"pitch": 1.0}, "pitch"),
        ({"key": Key("sk", "env:X")}, "knows no keys"),
        ({"url": "http://127.0.0.1:10200"}, "tcp://HOST:PORT"),
        ({"url": "tcp://127.0.0.1:many"}, "tcp://HOST:PORT"),
        ({"patience": 0.0}, "patience"),
    ],
)
def test_what_it_cannot_do_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        WyomingVoice(**options)


JSON = st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.booleans(), max_size=4)


@given(data=JSON, payload=st.binary(max_size=200), kind=st.text(min_size=1, max_size=20))
def test_an_event_is_read_as_it_was_written(data: dict[str, Any], payload: bytes, kind: str) -> None:
    async def story() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode(Event(kind, data, payload)) * 2)
        reader.feed_eof()
        for _ in range(2):
            event = await read_event(reader)
            assert event is not None
            assert (event.type, dict(event.data), event.payload) == (kind, data, payload)
        assert await read_event(reader) is None

    asyncio.run(story())


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tts", "voices", "languages", "name", "installed"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(info=st.dictionaries(st.sampled_from(["tts", "asr"]), ANY))
def test_whatever_a_server_says_that_it_has_is_taken_or_refused(info: dict[str, Any]) -> None:
    voice = WyomingVoice(url="127.0.0.1:9")
    try:
        voice._know(info)
    except VoiceError:
        return
    assert all(isinstance(code, str) for code in voice.abilities.languages)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore:'audioop' is deprecated:DeprecationWarning")
async def test_the_protocols_own_library_understands_us_and_is_understood() -> None:
    pytest.importorskip("wyoming", reason="pip install wyoming")
    async with _real_server() as (url, texts):
        voice = WyomingVoice(url=url, voice="joe", streaming=True)
        await voice.open()
        piece = await said(voice)
        assert voice.abilities.languages == ("en",)
        with pytest.raises(VoiceError, match=r"refused: no such text \(bad\)"):
            await said(voice, "Fail.")
    assert texts == [TEXT, "Fail."]
    assert piece.rate == 16000
    assert (piece.samples == speech(TEXT) / np.float32(32768)).all()


@asynccontextmanager
async def _real_server() -> AsyncIterator[tuple[str, list[str]]]:
    from wyoming import audio, error, event, info, server, tts

    texts: list[str] = []
    maker = info.Attribution(name="x", url="https://example.com")
    one = info.TtsVoice("joe", maker, installed=True, description=None, version=None, languages=["en_US"])
    program = info.TtsProgram("p", maker, installed=True, description=None, version=None, voices=[one])

    class Handler(server.AsyncEventHandler):  # type: ignore[misc]
        async def handle_event(self, happened: event.Event) -> bool:
            if info.Describe.is_type(happened.type):
                await self.write_event(info.Info(tts=[program]).event())
            elif tts.Synthesize.is_type(happened.type):
                asked = tts.Synthesize.from_event(happened)
                texts.append(asked.text)
                assert asked.voice is not None
                assert asked.voice.name == "joe"
                if asked.text == "Fail.":
                    await self.write_event(error.Error(text="no such text", code="bad").event())
                    return True
                sound = speech(asked.text).tobytes()
                await self.write_event(audio.AudioStart(16000, 2, 1).event())
                for start in range(0, len(sound), 2048):
                    await self.write_event(audio.AudioChunk(16000, 2, 1, sound[start : start + 2048]).event())
                await self.write_event(audio.AudioStop().event())
            return True

    listening = server.AsyncTcpServer("127.0.0.1", 0)
    await listening.start(Handler)
    try:
        assert listening._server is not None
        yield f"tcp://127.0.0.1:{listening._server.sockets[0].getsockname()[1]}", texts
    finally:
        await listening.stop()
