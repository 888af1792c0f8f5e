"""GPT-SoVITS, Style-Bert-VITS2, and what all voices behind HTTP share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_services.gpt_sovits import REFERENCE, SovitsServer
from speech_services.style_bert_vits2 import StyleBertServer

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.gpt_sovits import GptSovitsVoice
from avatar_bridge.tts.served import clauses
from avatar_bridge.tts.style_bert_vits2 import StyleBertVits2Voice

TEXT = "Hello there, this is a voice of another program."
JAPANESE = "こんにちは、私はアバターです。"


@asynccontextmanager
async def cloned(server: SovitsServer, **options: Any) -> AsyncIterator[GptSovitsVoice]:
    async with server:
        voice = GptSovitsVoice(url=server.url, **{"reference": REFERENCE, "prompt_text": "Hi, it's me.", **options})
        try:
            yield voice
        finally:
            await voice.close()


@asynccontextmanager
async def styled(server: StyleBertServer, **options: Any) -> AsyncIterator[StyleBertVits2Voice]:
    async with server:
        voice = StyleBertVits2Voice(url=server.url, **options)
        try:
            yield voice
        finally:
            await voice.close()


async def say(voice: GptSovitsVoice | StyleBertVits2Voice, text: str = TEXT) -> SpokenSegment:
    (spoken,) = [piece async for piece in voice.speak(text)]
    return spoken


@pytest.mark.parametrize("streaming", [0, 1, 2, 3])
@pytest.mark.parametrize("rate", [32000, 24000, 48000])
async def test_the_rate_and_the_length_are_those_of_the_sound(streaming: int, rate: int) -> None:
    server = SovitsServer(rate=rate)
    async with cloned(server, streaming=streaming) as voice:
        await voice.open()
        spoken = await say(voice)
    assert spoken.rate == rate
    assert spoken.duration == pytest.approx(server.seconds)


async def test_the_recording_its_words_and_the_languages_are_sent() -> None:
    server = SovitsServer()
    async with cloned(
        server, prompt_text="私の声です。", speed=1.5, more_references=["/b.wav"], extra={"top_k": 5}
    ) as voice:
        await say(voice)
        await say(voice, JAPANESE)
    english, japanese = server.spoken
    assert (english["text_lang"], english["prompt_lang"], japanese["text_lang"]) == ("en", "ja", "ja")
    assert (english["ref_audio_path"], english["aux_ref_audio_paths"]) == (REFERENCE, ["/b.wav"])
    assert (english["speed_factor"], english["top_k"], english["media_type"]) == (1.5, 5, "wav")


async def test_weights_are_loaded_when_it_opens() -> None:
    server = SovitsServer()
    async with cloned(server, gpt_weights="/weights/a.ckpt", sovits_weights="/weights/a.pth") as voice:
        await voice.open()
    assert [asked.path for asked in server.asked] == ["/set_gpt_weights", "/set_sovits_weights"]
    async with cloned(SovitsServer(), gpt_weights="/nowhere") as voice:
        with pytest.raises(VoiceError, match="change weight failed"):
            await voice.open()


async def test_a_recording_that_is_not_there_is_told() -> None:
    async with cloned(SovitsServer(), reference="/nowhere.wav") as voice:
        with pytest.raises(VoiceError, match="tts failed"):
            await say(voice)
    with pytest.raises(UsageError, match="reference"):
        GptSovitsVoice()


FAULTS = [
    ("html", "a web page"),
    ("silent", "of silence"),
    ("empty", "without a single sample"),
    ("truncated", "are missing|broke off"),
    ("cut", "broke off"),
    ("stall", "silent for"),
]


@pytest.mark.parametrize(("fault", "words"), [*FAULTS, ("refuse", "not exists|tts failed")])
async def test_a_fault_of_gpt_sovits_is_told_in_words(fault: str, words: str) -> None:
    async with cloned(SovitsServer(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


@pytest.mark.parametrize(("fault", "words"), [*FAULTS, ("refuse", "text is not understood")])
async def test_a_fault_of_style_bert_vits2_is_told_in_words(fault: str, words: str) -> None:
    async with styled(StyleBertServer(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


@pytest.mark.parametrize("fault", ["stall", "mute"])
async def test_giving_up_closes_the_connection(fault: str) -> None:
    for server, speaking in ((SovitsServer(fault=fault), cloned), (StyleBertServer(fault=fault), styled)):
        async with speaking(server) as voice:  # type: ignore[operator]
            task = asyncio.create_task(say(voice))
            await asyncio.wait_for(server.waiting.wait(), 10)
            task.cancel()
            await asyncio.wait_for(server.left.wait(), 10)
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, ("0", "0", "Neutral")),
        ({"model": "amitaro", "speaker": "るり", "style": "るんるん"}, ("1", "3", "るんるん")),
        ({"model": 1, "speaker": 3}, ("1", "3", "Neutral")),
        ({"model": 1}, ("1", "0", "Neutral")),
        ({"model": "jvnv-F1-jp", "style": "Happy"}, ("0", "0", "Happy")),
    ],
)
async def test_model_speaker_and_style_are_found_by_name(options: dict[str, Any], asked: tuple[str, ...]) -> None:
    server = StyleBertServer()
    async with styled(server, **options) as voice:
        await voice.open()
        await say(voice)
    query = server.spoken[0]
    assert (query["model_id"], query["speaker_id"], query["style"]) == asked


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "amitarou"}, r"did you mean 'amitaro \(1\)'"),
        ({"speaker": "るり"}, "it has: jvnv-F1-jp"),
        ({"style": "Hapy"}, "did you mean 'Happy'"),
    ],
)
async def test_a_name_that_is_not_there_is_told_with_those_that_are(options: dict[str, Any], words: str) -> None:
    async with styled(StyleBertServer(), **options) as voice:
        with pytest.raises(VoiceError, match=words):
            await voice.open()


async def test_a_speed_is_asked_for_as_its_inverse_and_a_language_by_its_script() -> None:
    server = StyleBertServer()
    async with styled(server, speed=2.0) as voice:
        for text in (TEXT, JAPANESE, "了解。"):
            await say(voice, text)
    assert {query["length"] for query in server.spoken} == {"0.5"}
    assert [query["language"] for query in server.spoken] == ["EN", "JP", "JP"]


async def test_a_long_text_goes_in_parts_that_the_server_takes() -> None:
    server = StyleBertServer()
    text = JAPANESE * 20
    async with styled(server) as voice:
        pieces = [piece async for piece in voice.speak(text)]
    assert "".join(query["text"] for query in server.spoken) == text
    assert all(query["text"].endswith("。") for query in server.spoken)
    assert len(pieces) == len(server.spoken) == 4


@pytest.mark.parametrize("kind", [GptSovitsVoice, StyleBertVits2Voice])
async def test_where_nothing_answers_the_remedy_is_named(kind: Any) -> None:
    async with StyleBertServer() as server:
        url = server.url
    voice = kind(url=url, **({"reference": REFERENCE} if kind is GptSovitsVoice else {}))
    with pytest.raises(VoiceError, match=r"start its .* or set voice\.url"):
        await voice.open()
    await voice.close()


@given(st.text("ab 。、.,! \n", max_size=200), st.integers(10, 60))
def test_parts_are_the_text_and_no_longer_than_allowed(text: str, longest: int) -> None:
    parts = list(clauses(text, longest))
    assert "".join(parts) == text
    assert all(len(part) <= longest for part in parts)
    assert all(parts) or not text
