from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech_services.elevenlabs import CHARACTER, ElevenLabsSocket, ElevenLabsTimestamps

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, RefusedError, UsageError, VoiceError
from avatar_bridge.tts.elevenlabs import ElevenLabsVoice
from avatar_bridge.wire.elevenlabs import CharacterTimes, parse_answer, parse_message, saying

TEXT = "Hello there, it costs $3.50 today! 「やあ」"
RIGHT, WRONG = Key("sk_right", "env:ELEVENLABS_API_KEY"), Key("sk_wrong", "env:ELEVENLABS_API_KEY")


def voice_at(url: str, **options: object) -> ElevenLabsVoice:
    return ElevenLabsVoice(**({"url": url, "key": RIGHT, "patience": 5.0} | options))  # type: ignore[arg-type]


async def said(voice: ElevenLabsVoice, text: str = TEXT) -> SpokenSegment:
    async with aclosing(voice.speak(text)) as speech:
        (piece,) = [piece async for piece in speech]
    return piece


@pytest.mark.parametrize("each", [1, 3, 7, 1000])
async def test_every_character_has_its_time_however_the_speech_is_cut(each: int) -> None:
    async with ElevenLabsSocket(key="sk_right", each=each) as service:
        voice = voice_at(service.url)
        await voice.open()
        piece = await said(voice)
        await voice.close()
    # the space of the first message is spoken, too
    lead = CHARACTER
    assert piece.rate == 24000
    assert piece.duration == pytest.approx((len(TEXT) + 2) * CHARACTER)
    assert [mark.char for mark in piece.marks] == [index for index, each in enumerate(TEXT) if not each.isspace()]
    for mark in piece.marks:
        assert mark.at == pytest.approx(lead + mark.char * CHARACTER, abs=0.0011)
        assert mark.duration == pytest.approx(CHARACTER)
    words = align(TEXT, piece)
    assert words.timing == "words"
    for word in words.words:
        assert word.at == pytest.approx(lead + word.char * CHARACTER, abs=0.0011)


async def test_the_sound_is_whole_though_messages_end_in_the_middle_of_samples() -> None:
    heard = []
    for each in (3, 1000):
        async with ElevenLabsSocket(each=each) as service:
            voice = voice_at(service.url)
            heard.append((await said(voice)).samples)
            await voice.close()
    assert len(heard[0]) == len(heard[1])
    assert np.abs(heard[0]).max() > 0.3
    assert np.abs(heard[0] - heard[1]).max() < 0.5
    assert np.abs(heard[0][:2000] - heard[1][:2000]).max() == 0


async def test_what_is_asked_for_is_sent_as_the_service_wants_it() -> None:
    async with ElevenLabsSocket(key="sk_right") as service:
        voice = voice_at(
            service.url, speed=1.1, stability=0.4, style=0.0, use_speaker_boost=False, schedule=[50, 120],
            language="ja", seed=7, normalize="off", rate=16000, model="eleven_v9",
        )  # fmt: skip
        piece = await said(voice)
        await voice.close()
    assert piece.rate == 16000
    first, second, third = service.received[0]
    assert first["voice_settings"] == {"stability": 0.4, "style": 0.0, "use_speaker_boost": False, "speed": 1.1}
    assert first["generation_config"] == {"chunk_length_schedule": [50, 120]}
    assert second == {"text": TEXT + " "}
    assert third == {"text": ""}
    wanted = {"model_id": "eleven_v9", "language_code": "ja", "seed": "7", "apply_text_normalization": "off"}
    assert wanted.items() <= service.queries[0].items()


async def test_the_next_connection_is_ready_before_it_is_needed() -> None:
    async with ElevenLabsSocket() as service:
        voice = voice_at(service.url)
        await voice.open()
        assert service.connections == 1
        for number in range(1, 4):
            await said(voice)
            assert len(service.received) == number
            if voice._sockets._making is not None:
                await voice._sockets._making
            assert service.connections == number + 1
        await voice.close()
        await service.idle.wait()


async def test_a_spare_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async with ElevenLabsSocket() as service:
        voice = voice_at(service.url)
        await voice.open()
        spare = voice._sockets._spare
        assert spare is not None
        await spare.socket.close()
        assert (await said(voice)).duration > 1.0
        await voice.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            "quota",
            r"ElevenLabs refused: This request exceeds your quota\. \(1008\); the account has no characters left",
        ),
        ("cut", "broke off before the speech was whole"),
        ("stall", "sent nothing for 1 s"),
        ("mute", "sent nothing for 1 s"),
        ("html", "no JSON"),
        ("base64", "no base64"),
        ("ragged", "not understood"),
        ("silent", "s of silence"),
        ("empty", "not a single sample"),
        ("endless", "without an end"),
    ],
)
async def test_each_fault_is_said_in_words(fault: str, words: str) -> None:
    async with ElevenLabsSocket(fault=fault) as service:
        voice = voice_at(service.url, patience=1.0)
        with pytest.raises(VoiceError, match=words):
            await said(voice)
        service.fault = ""
        assert (await said(voice)).duration > 1.0
        await voice.close()


async def test_speech_that_is_clipped_is_noted() -> None:
    async with ElevenLabsSocket(fault="clipped") as service:
        voice = voice_at(service.url)
        assert "clipped" in (await said(voice)).notes[0]
        await voice.close()


async def test_without_times_the_words_are_estimated() -> None:
    async with ElevenLabsSocket(fault="no_times") as service:
        voice = voice_at(service.url)
        piece = await said(voice)
        await voice.close()
    assert piece.marks == ()
    assert align(TEXT, piece).timing == "estimated"


async def test_characters_that_come_back_changed_do_not_stop_the_others() -> None:
    text = "It’s fine, isn’t it?"
    async with ElevenLabsSocket(fault="curly") as service:
        voice = voice_at(service.url)
        piece = await said(voice, text)
        await voice.close()
    assert {text[mark.char] for mark in piece.marks} == set(text) - {" ", "’"}


async def test_a_wrong_key_is_named_by_its_place_and_never_shown() -> None:
    async with ElevenLabsSocket(key="sk_right") as service:
        voice = voice_at(service.url, key=WRONG)
        with pytest.raises(VoiceError, match=r"\(401\).*check the key env:ELEVENLABS_API_KEY") as caught:
            await voice.open()
        assert "sk_wrong" not in str(caught.value)
        assert "sk_wrong" not in repr(caught.value.__cause__)
        bare = ElevenLabsVoice(url=service.url)
        with pytest.raises(VoiceError, match="set ELEVENLABS_API_KEY"):
            await bare.open()
        for each in (voice, bare):
            await each.close()


async def test_the_usual_variable_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk_right")
    async with ElevenLabsSocket(key="sk_right") as service:
        voice = ElevenLabsVoice(url=service.url)
        await voice.open()
        await voice.close()


async def test_a_voice_that_is_not_there_is_said_with_what_to_do() -> None:
    async with ElevenLabsSocket() as service:
        voice = voice_at(service.url, voice="a" * 20)
        with pytest.raises(VoiceError, match=r"does not exist.*set voice\.options\.voice"):
            await said(voice)
        await voice.close()


async def test_letting_go_closes_the_connection() -> None:
    async with ElevenLabsSocket(fault="stall") as service:
        voice = voice_at(service.url)
        speaking = asyncio.create_task(said(voice))
        await service.sending.wait()
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        await service.idle.wait()
        await voice.close()


async def test_nobody_there_is_said_in_words() -> None:
    async with ElevenLabsSocket() as service:
        url = service.url
    voice = voice_at(url)
    with pytest.raises(VoiceError, match="cannot be reached"):
        await voice.open()
    with pytest.raises(VoiceError, match="cannot be reached"):
        await said(voice)
    await voice.close()


async def test_a_text_without_words_asks_nothing() -> None:
    voice = ElevenLabsVoice(url="ws://127.0.0.1:9")
    assert [piece async for piece in voice.speak("🙂 …")] == []


async def test_http_gives_the_same_times() -> None:
    async with ElevenLabsTimestamps() as service:
        voice = voice_at(service.url, road="http", style=0.5)
        await voice.open()
        piece = await said(voice)
        assert [mark.char for mark in piece.marks] == [index for index, each in enumerate(TEXT) if not each.isspace()]
        for mark in piece.marks:
            assert mark.at == pytest.approx(mark.char * CHARACTER)
        for fault, words in (
            ("quota", "no characters left|check the key"),
            ("ragged", "not understood"),
            ("html", "JSON"),
        ):
            service.fault = fault
            with pytest.raises(VoiceError, match=words):
                await said(voice)
        service.fault = "silent"
        with pytest.raises(VoiceError, match="silence"):
            await said(voice)
        await voice.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pitch": 2.0}, "pitch"),
        ({"speed": 2.0}, "speed"),
        ({"stability": 3.0}, "stability"),
        ({"rate": 12345}, "rate"),
        ({"road": "pigeon"}, "road"),
        ({"schedule": [10]}, "schedule"),
        ({"url": "ftp://x"}, "voice.url"),
        ({"url": "wss://"}, "voice.url"),
    ],
)
def test_what_it_cannot_do_is_refused_before_anything_is_sent(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        voice_at(**({"url": "ws://127.0.0.1:9"} | options))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_characters_are_found_in_order_however_they_come(text: str, cuts: list[int]) -> None:
    times = CharacterTimes(text)
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    for start, end in pairwise(edges):
        times.feed([(each, index * 0.1, 0.1) for index, each in enumerate(text[start:end])], start * 0.1)
    assert [mark.char for mark in times.marks] == [index for index, each in enumerate(text) if not each.isspace()]
    assert all(mark.at == pytest.approx(mark.char * 0.1) for mark in times.marks)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40), told=st.text(max_size=60))
def test_characters_of_another_text_break_nothing(text: str, told: str) -> None:
    times = CharacterTimes(text)
    times.feed([(each, 0.0, 0.1) for each in told], 0.0)
    places = [mark.char for mark in times.marks]
    assert places == sorted(set(places))


@pytest.mark.parametrize("data", ["", "[]", "null", '{"audio": 5}', '{"audio": "AA", "alignment": {}}', b"\xff"])
def test_broken_messages_are_refused(data: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_message(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("chars", "charStartTimesMs", "charDurationsMs"), JSON)
) | st.builds(
    lambda start, duration: {"chars": ["a"], "charStartTimesMs": [start], "charDurationsMs": [duration]}, JSON, JSON
)


@settings(max_examples=300, deadline=None)
@given(message=st.fixed_dictionaries({}, optional={"audio": JSON, "message": JSON, "alignment": TIMES | JSON}))
def test_whatever_json_comes_it_is_speech_or_refused(message: dict[str, object]) -> None:
    for read in (lambda: parse_message(json.dumps(message)), lambda: parse_answer({"audio_base64": "", **message})):
        try:
            chunk = read()
        except (ProtocolError, RefusedError):
            continue
        assert all(np.isfinite([start, duration]).all() for _, start, duration in chunk.times)


def test_json_without_a_bottom_is_refused() -> None:
    with pytest.raises(ProtocolError):
        parse_message("[" * 100_000)


def test_answers_are_read_strictly() -> None:
    for answer in (None, [], {}, {"audio_base64": "&"}, {"audio_base64": "", "alignment": {"characters": ["a"]}}):
        with pytest.raises(ProtocolError):
            parse_answer(answer)
    with pytest.raises(RefusedError, match=r"no \(1008\)"):
        parse_message('{"message": "no", "code": 1008}')
    assert saying("  Hi ") == '{"text": "Hi "}'
