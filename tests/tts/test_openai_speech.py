"""OpenAI's speech endpoint as its many servers have it: formats, streams, events, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from speech_services.openai import RATE, SpeechServer

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.openai import OpenAIVoice

TEXT = "Hello there, this is a voice of another program."
SECRET = "sk-very-secret-4711"


@asynccontextmanager
async def speaking(server: SpeechServer, **options: Any) -> AsyncIterator[OpenAIVoice]:
    async with server:
        voice = OpenAIVoice(url=server.base, **options)
        try:
            yield voice
        finally:
            await voice.close()


async def say(voice: OpenAIVoice, text: str = TEXT) -> SpokenSegment:
    (spoken,) = [piece async for piece in voice.speak(text)]
    return spoken


def same(spoken: SpokenSegment, server: SpeechServer) -> bool:
    return len(spoken.samples) == len(server.samples) and np.allclose(spoken.samples, server.samples / 32768, atol=1e-6)


@pytest.mark.parametrize("length", [None, 0, 0xFFFFFFFF, 0x7FFFFFFF])
async def test_a_streamed_wav_is_heard_whole_whatever_its_header_says(length: int | None) -> None:
    server = SpeechServer(length=length)
    async with speaking(server, voice="nova", model="tts-x", instructions="whisper", speed=1.5) as voice:
        await voice.open()
        spoken = await say(voice)
    assert same(spoken, server)
    assert (spoken.rate, spoken.notes, spoken.marks) == (RATE, (), ())
    assert server.spoken == [
        {
            "model": "tts-x",
            "voice": "nova",
            "instructions": "whisper",
            "response_format": "wav",
            "speed": 1.5,
            "input": TEXT,
        }
    ]


@pytest.mark.parametrize(
    ("kind", "rate"), [("", 24000), ("audio/pcm;rate=48000;channels=1", 48000), ('audio/L16; Rate="16000"', 16000)]
)
async def test_raw_sound_has_the_rate_that_it_is_told_with(kind: str, rate: int) -> None:
    server = SpeechServer(kind=kind)
    async with speaking(server, response_format="pcm") as voice:
        spoken = await say(voice)
    assert spoken.rate == rate
    assert same(spoken, server)


async def test_raw_sound_of_a_server_that_tells_no_rate_has_the_rate_of_the_settings() -> None:
    async with speaking(SpeechServer(), response_format="pcm", rate=22050) as voice:
        assert (await say(voice)).rate == 22050


@pytest.mark.parametrize("form", ["mp3", "flac", "opus"])
@pytest.mark.parametrize("kind", ["", "application/octet-stream", "audio/wav"])
async def test_compressed_sound_is_decoded_whatever_it_is_called(form: str, kind: str) -> None:
    server = SpeechServer(kind=kind)
    async with speaking(server, response_format=form) as voice:
        spoken = await say(voice)
    assert spoken.duration == pytest.approx(len(server.samples) / RATE, abs=0.15)


@pytest.mark.parametrize("style", ["", "named", "done"])
@pytest.mark.parametrize("form", ["wav", "pcm"])
async def test_sound_in_events_is_joined(style: str, form: str) -> None:
    server = SpeechServer(style=style, length=0)
    async with speaking(server, stream_format="sse", response_format=form) as voice:
        spoken = await say(voice)
    assert same(spoken, server)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error_event", "CUDA out of memory"),
        ("no_done", "before it was done"),
        ("mangled", "not understood"),
        ("cut", "broke off"),
        ("html", "a web page|stream events"),
    ],
)
async def test_broken_events_are_told(fault: str, words: str) -> None:
    async with speaking(SpeechServer(fault=fault), stream_format="sse") as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


@pytest.mark.parametrize("errors", ["openai", "fastapi", "string"])
@pytest.mark.parametrize(("fault", "words"), [("refuse", "has been shut down"), ("busy", "Rate limit reached")])
async def test_a_refusal_is_told_in_its_own_words(errors: str, fault: str, words: str) -> None:
    async with speaking(SpeechServer(fault=fault, errors=errors)) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


@pytest.mark.parametrize("errors", ["openai", "fastapi", "string"])
async def test_a_wrong_key_is_named_by_its_place_and_never_shown(errors: str) -> None:
    async with speaking(SpeechServer(key="another", errors=errors), key=Key(SECRET, "env:MY_KEY")) as voice:
        with pytest.raises(VoiceError, match="env:MY_KEY") as at_open:
            await voice.open()
        with pytest.raises(VoiceError, match="env:MY_KEY") as at_speech:
            await say(voice)
    assert SECRET not in f"{at_open.value}{at_speech.value}{voice!r}"


async def test_a_key_is_shown_to_the_server() -> None:
    server = SpeechServer(key=SECRET)
    async with speaking(server, key=Key(SECRET, "env:MY_KEY")) as voice:
        await voice.open()
        assert same(await say(voice), server)


async def test_a_server_without_a_list_of_models_may_be_used() -> None:
    async with speaking(SpeechServer(fault="no_models")) as voice:
        await voice.open()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", "a web page"),
        ("silent", "of silence"),
        ("empty", "without a single sample"),
        ("truncated", "of the sound that it announced are missing"),
        ("cut", "broke off"),
        ("stall", "silent for"),
        ("mute", "silent for"),
    ],
)
async def test_a_fault_is_told_in_words(fault: str, words: str) -> None:
    async with speaking(SpeechServer(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


async def test_the_rate_in_the_header_counts() -> None:
    async with speaking(SpeechServer(fault="wrong_rate")) as voice:
        assert (await say(voice)).rate == 48000


async def test_clipped_sound_is_spoken_with_a_note() -> None:
    async with speaking(SpeechServer(fault="clipped")) as voice:
        assert "clipped" in (await say(voice)).notes[0]


async def test_pitch_is_asked_for_as_speed_and_played_faster() -> None:
    server = SpeechServer()
    async with speaking(server, pitch=-12.0) as voice:
        spoken = await say(voice)
    assert server.spoken[0]["speed"] == 2.0
    assert spoken.duration == pytest.approx(2 * len(server.samples) / RATE, rel=1e-3)
    first = spoken.samples[: RATE // 2]
    assert np.argmax(np.abs(np.fft.rfft(first))) / 0.5 == pytest.approx(110.0, abs=3)


async def test_a_long_text_is_asked_for_in_parts_behind_sentences() -> None:
    server = SpeechServer()
    text = "This sentence is repeated until it is long. " * 120
    async with speaking(server, speed=4.0) as voice:
        pieces = [piece async for piece in voice.speak(text)]
    asked = [body["input"] for body in server.spoken]
    assert "".join(asked) == text
    assert len(pieces) == len(asked) == 2
    assert asked[0].endswith("long.")


@pytest.mark.parametrize("fault", ["stall", "mute"])
@pytest.mark.parametrize("stream", ["", "sse"])
async def test_giving_up_closes_the_connection(fault: str, stream: str) -> None:
    server = SpeechServer(fault=fault)
    async with speaking(server, stream_format=stream) as voice:
        task = asyncio.create_task(say(voice))
        await asyncio.wait_for(server.waiting.wait(), 10)
        task.cancel()
        await asyncio.wait_for(server.left.wait(), 10)
        with pytest.raises(asyncio.CancelledError):
            await task


def test_an_address_or_openais_key_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match=r"set voice\.url"):
        OpenAIVoice()
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    voice = OpenAIVoice()
    assert voice._service.url == "https://api.openai.com/v1"
    assert OpenAIVoice(url="http://127.0.0.1:1/v1")._service._key is None


@pytest.mark.parametrize(
    "options", [{"response_format": "aac"}, {"stream_format": "x"}, {"speed": 5.0}, {"speed": 3.0, "pitch": -12.0}]
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        OpenAIVoice(url="http://127.0.0.1:1/v1", **options)
