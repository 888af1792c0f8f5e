"""COEIROINK: ranges in samples of a rate that its answer does not tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from speech_services.coeiroink import RATE, CoeiroinkServer
from speech_services.japanese import SENTENCES

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import VoiceError
from avatar_bridge.tts.coeiroink import CoeiroinkVoice
from avatar_bridge.tts.voicevox_times import IPA

HELLO = SENTENCES[1].text


@asynccontextmanager
async def speaking(server: CoeiroinkServer, **options: Any) -> AsyncIterator[CoeiroinkVoice]:
    async with server:
        voice = CoeiroinkVoice(url=server.url, **options)
        try:
            yield voice
        finally:
            await voice.close()


async def say(voice: CoeiroinkVoice, text: str) -> SpokenSegment:
    (spoken,) = [piece async for piece in voice.speak(text)]
    return spoken


@pytest.mark.parametrize("counts", [44100, 24000, 48000])
@pytest.mark.parametrize("speed", [1.0, 1.6])
async def test_every_sound_stands_at_its_sample_whatever_rate_is_counted_in(counts: int, speed: float) -> None:
    server = CoeiroinkServer(counts=counts)
    async with speaking(server, speed=speed) as voice:
        await voice.open()
        for known in SENTENCES:
            spoken = await say(voice, known.text)
            heard = [phoneme for phoneme in spoken.phonemes if phoneme.symbol]
            assert [phoneme.symbol for phoneme in heard] == [IPA[name] for name, _, _ in server.truth]
            for phoneme, (_, start, end) in zip(heard, server.truth, strict=True):
                assert phoneme.at * RATE == pytest.approx(start, abs=2)
                assert (phoneme.at + phoneme.duration) * RATE == pytest.approx(end, abs=2)
            found = {word.char: word.at for word in align(known.text, spoken).words}
            truth = dict(server.words)
            assert all(found[char] == pytest.approx(truth[char], abs=0.006) for char in truth.keys() & found.keys())
    assert server.spoken[0]["speedScale"] == speed


async def test_pitch_leaves_the_length_and_moves_the_times_along() -> None:
    server = CoeiroinkServer()
    async with speaking(server) as voice:
        plain = await say(voice, HELLO)
    async with speaking(server, pitch=5.0) as voice:
        high = await say(voice, HELLO)
    assert high.duration == pytest.approx(plain.duration, abs=0.1)
    assert high.phonemes[-1].at + high.phonemes[-1].duration == pytest.approx(high.duration, abs=0.005)


@pytest.mark.parametrize(
    ("counts", "fault", "why"),
    [(100_000, "", "do not fit"), (RATE, "no_ranges", "understood"), (RATE, "backwards", "no order")],
)
async def test_times_that_cannot_be_right_are_left_out_with_a_note(counts: int, fault: str, why: str) -> None:
    async with speaking(CoeiroinkServer(counts=counts, fault=fault)) as voice:
        spoken = await say(voice, HELLO)
    assert (spoken.phonemes, spoken.marks, spoken.hop) == ((), (), 0.0)
    assert why in spoken.notes[0]
    assert align(HELLO, spoken).timing == "estimated"


@pytest.mark.parametrize("speaker", [None, "つくよみちゃん", "つくよみちゃん/おしとやか"])
async def test_a_speaker_is_found_by_name(speaker: str | None) -> None:
    server = CoeiroinkServer()
    async with speaking(server, speaker=speaker) as voice:
        await say(voice, HELLO)
    assert server.spoken[0]["styleId"] == (5 if speaker and "/" in speaker else 0)


async def test_a_speaker_that_is_not_there_is_told_with_those_that_are() -> None:
    async with speaking(CoeiroinkServer(), speaker="つくよみちゃん/おしとや") as voice:
        with pytest.raises(VoiceError, match="did you mean 'つくよみちゃん/おしとやか'"):
            await voice.open()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", "合成に失敗しました"),
        ("html", "should answer JSON"),
        ("silent", "of silence"),
        ("truncated", "are missing"),
        ("cut", "broke off"),
    ],
)
async def test_a_fault_is_told_in_words(fault: str, words: str) -> None:
    async with speaking(CoeiroinkServer(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice, HELLO)
