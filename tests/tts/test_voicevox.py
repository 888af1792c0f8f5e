"""VOICEVOX and AivisSpeech: what is heard when is known from the query, to the sample."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote_plus

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_services.japanese import SENTENCES
from speech_services.voicevox import VoicevoxEngine, frame_counts

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.speech.lipsync import best_lip_sync
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.voicevox import VoicevoxVoice
from avatar_bridge.tts.voicevox_times import HOP, IPA, query_times

RATE = 24000
HELLO = SENTENCES[1].text
QUESTION = SENTENCES[3].text


@asynccontextmanager
async def speaking(engine: VoicevoxEngine, **options: Any) -> AsyncIterator[VoicevoxVoice]:
    async with engine:
        voice = VoicevoxVoice(name="aivisspeech" if engine.aivis else "voicevox", url=engine.url, **options)
        try:
            yield voice
        finally:
            await voice.close()


async def say(voice: VoicevoxVoice, text: str) -> SpokenSegment:
    (spoken,) = [piece async for piece in voice.speak(text)]
    return spoken


def sounds(spoken: SpokenSegment) -> list[tuple[str, int, int]]:
    """Return the phonemes but the boundaries, in samples."""
    return [
        (each.symbol, round(each.at * RATE), round((each.at + each.duration) * RATE))
        for each in spoken.phonemes
        if each.symbol != " "
    ]


@pytest.mark.parametrize("options", [{}, {"speed": 1.37}, {"pause": 0.5, "pause_scale": 0.7}, {"upspeak": False}])
async def test_every_sound_stands_at_its_sample(options: dict[str, Any]) -> None:
    async with speaking(VoicevoxEngine(), **options) as voice:
        await voice.open()
    engine = VoicevoxEngine()
    async with speaking(engine, **options) as voice:
        for known in SENTENCES:
            spoken = await say(voice, known.text)
            assert sounds(spoken) == [(IPA[name], start, end) for name, start, end in engine.truth]
            assert len(spoken.samples) == engine.truth[-1][2]
            assert spoken.notes == ()
            assert spoken.hop == HOP


async def test_words_of_japanese_text_stand_at_their_first_sound() -> None:
    engine = VoicevoxEngine()
    compared = 0
    async with speaking(engine) as voice:
        for known in SENTENCES:
            spoken = await say(voice, known.text)
            truth = dict(engine.words)
            found = {word.char: word.at for word in align(known.text, spoken).words}
            for char in truth.keys() & found.keys():
                assert found[char] == pytest.approx(truth[char], abs=HOP), known.text[char:]
                compared += 1
    assert compared > 50


async def test_the_mouth_opens_by_the_vowels() -> None:
    async with speaking(VoicevoxEngine()) as voice:
        spoken = await say(voice, "あいうえお")
    curve = best_lip_sync(spoken.phonemes).curve(spoken.samples, spoken.rate, spoken.phonemes)
    for symbol, column in (("a", 0), ("i", 1), ("ɯ", 2), ("e", 3), ("o", 4)):
        (at,) = [each.at + each.duration / 2 for each in spoken.phonemes if each.symbol == symbol]
        assert int(np.argmax(curve.shapes[round(at * curve.rate)])) == column


async def test_speed_and_pitch_are_asked_of_the_engine() -> None:
    engine = VoicevoxEngine()
    async with speaking(engine) as voice:
        plain = await say(voice, HELLO)
    async with speaking(engine, speed=2.0, pitch=12.0, intonation=1.5, volume=0.5) as voice:
        fast = await say(voice, HELLO)
    assert fast.duration == pytest.approx(plain.duration / 2, abs=HOP * len(plain.phonemes))
    before, after = engine.spoken
    assert (after["intonationScale"], after["volumeScale"]) == (1.5, 0.5)
    pitches = [
        (one["pitch"], other["pitch"])
        for first, second in zip(before["accent_phrases"], after["accent_phrases"], strict=True)
        for one, other in zip(first["moras"], second["moras"], strict=True)
    ]
    assert all(np.exp(high) == pytest.approx(2 * np.exp(low)) for low, high in pitches if low)
    assert all(high == 0 for low, high in pitches if not low)


@pytest.mark.parametrize(
    ("speaker", "asked"),
    [(None, "2"), (38, "38"), ("38", "38"), ("ずんだもん", "3"), ("四国めたん/あまあま", "0")],
)
async def test_a_speaker_is_found_by_number_and_by_name(speaker: int | str | None, asked: str) -> None:
    engine = VoicevoxEngine()
    async with speaking(engine, speaker=speaker) as voice:
        await voice.open()
        await say(voice, HELLO)
    assert {request.query["speaker"] for request in engine.asked if "speaker" in request.query} == {asked}


@pytest.mark.parametrize(
    ("speaker", "hint"),
    [("ずんだもん/ノーマノレ", "did you mean 'ずんだもん/ノーマル'"), (99, "38 (ずんだもん/ヒソヒソ)")],
)
async def test_a_speaker_that_is_not_there_is_told_with_those_that_are(speaker: int | str, hint: str) -> None:
    async with speaking(VoicevoxEngine(), speaker=speaker) as voice:
        with pytest.raises(VoiceError, match="there is no speaker") as refused:
            await voice.open()
    assert hint in str(refused.value)


async def test_aivis_speech_tells_no_times_and_says_so_beforehand() -> None:
    engine = VoicevoxEngine(aivis=True)
    async with speaking(engine, tempo_dynamics=1.2) as voice:
        assert voice.abilities.timing == "estimated"
        await voice.open()
        spoken = await say(voice, HELLO)
        assert voice.diagnostics() == []
    assert (spoken.phonemes, spoken.marks, spoken.hop, spoken.rate) == ((), (), 0.0, 44100)
    assert align(HELLO, spoken).timing == "estimated"
    assert engine.spoken[0]["tempoDynamicsScale"] == 1.2


async def test_aivis_speech_is_pitched_without_a_change_of_speed() -> None:
    engine = VoicevoxEngine(aivis=True)
    async with speaking(engine, pitch=7.0) as voice:
        await say(voice, HELLO)
    assert engine.spoken[0]["speedScale"] == pytest.approx(2 ** (-7 / 12))


async def test_an_engine_that_leaves_its_lengths_out_is_found_out() -> None:
    async with speaking(VoicevoxEngine(fault="unknown_lengths")) as voice:
        spoken = await say(voice, HELLO)
        await say(voice, HELLO)
        assert voice.abilities.timing == "estimated"
        assert len(voice.diagnostics()) == 1
    assert spoken.phonemes == ()


@pytest.mark.parametrize("fault", ["other_length", "wrong_rate"])
async def test_times_that_do_not_fit_the_sound_are_left_out(fault: str) -> None:
    async with speaking(VoicevoxEngine(fault=fault)) as voice:
        spoken = await say(voice, HELLO)
    assert spoken.phonemes == ()
    assert spoken.marks == ()
    assert "its times are left out" in spoken.notes[-1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", "音声合成に失敗しました"),
        ("html", "a web page"),
        ("silent", "of silence"),
        ("empty", "without a single sample"),
        ("truncated", "broke off"),
        ("cut", "broke off"),
        ("stall", "silent for"),
        ("mute", "silent for"),
    ],
)
async def test_a_fault_is_told_in_words(fault: str, words: str) -> None:
    async with speaking(VoicevoxEngine(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice, HELLO)


async def test_clipped_sound_is_spoken_with_a_note() -> None:
    async with speaking(VoicevoxEngine(fault="clipped")) as voice:
        spoken = await say(voice, HELLO)
    assert "clipped" in spoken.notes[0]
    assert spoken.phonemes


async def test_where_nothing_answers_the_remedy_is_named() -> None:
    async with VoicevoxEngine() as engine:
        url = engine.url
    voice = VoicevoxVoice(url=url)
    with pytest.raises(VoiceError, match="start VOICEVOX"):
        await voice.open()
    await voice.close()


async def test_another_program_at_the_address_is_told() -> None:
    async with speaking(VoicevoxEngine(fault="not_voicevox")) as voice:
        with pytest.raises(VoiceError, match="no engine of VOICEVOX"):
            await voice.open()


async def test_giving_up_closes_the_connection() -> None:
    engine = VoicevoxEngine(fault="stall")
    async with speaking(engine) as voice:
        task = asyncio.create_task(say(voice, HELLO))
        await asyncio.wait_for(engine.waiting.wait(), 10)
        task.cancel()
        await asyncio.wait_for(engine.left.wait(), 10)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_long_text_goes_in_parts_whose_words_keep_their_places() -> None:
    text = "こんにちは。" * 70
    engine = VoicevoxEngine()
    async with speaking(engine) as voice:
        pieces = [piece async for piece in voice.speak(text)]
    assert len(pieces) == len(engine.spoken) == 2
    assert [mark.char for piece in pieces for mark in piece.marks] == [
        char for char, letter in enumerate(text) if letter != "。"
    ]


async def test_what_is_said_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    engine = VoicevoxEngine()
    async with speaking(engine) as voice:
        await say(voice, HELLO)
    assert engine.asked
    assert HELLO not in unquote_plus(caplog.text)


async def test_nothing_to_say_asks_nothing() -> None:
    engine = VoicevoxEngine()
    async with speaking(engine) as voice:
        assert [piece async for piece in voice.speak("… 🎉 !")] == []
    assert engine.asked == []


@pytest.mark.parametrize(
    "options",
    [{"speed": 3.0}, {"pitch": 13.0}, {"intonation": 5.0}, {"tempo_dynamics": 1.0}, {"patience": float("nan")}],
)
def test_an_option_out_of_range_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        VoicevoxVoice(**options)


LENGTH = st.floats(0, 1, allow_nan=False) | st.integers(0, 60).map(lambda half: (half + 0.5) / 93.75)
MORA = st.fixed_dictionaries(
    {
        "text": st.just("カ"),
        "consonant": st.none() | st.sampled_from(["k", "ts", "ry"]),
        "vowel": st.sampled_from(["a", "i", "U", "N", "cl"]),
        "vowel_length": LENGTH,
        "pitch": st.sampled_from([0.0, 5.7]),
    }
).flatmap(
    lambda mora: (st.none() if mora["consonant"] is None else LENGTH).map(
        lambda length: mora | {"consonant_length": length}
    )
)
PAUSE = {"text": "、", "consonant": None, "consonant_length": None, "vowel": "pau", "pitch": 0.0}
PHRASE = st.fixed_dictionaries(
    {
        "moras": st.lists(MORA, min_size=1, max_size=4),
        "accent": st.just(1),
        "pause_mora": st.none() | LENGTH.map(lambda length: PAUSE | {"vowel_length": length}),
        "is_interrogative": st.booleans(),
    }
)
SPEED = st.sampled_from([0.5, 1.0, 2.0]) | st.floats(0.5, 2.0)
QUERIES = st.fixed_dictionaries(
    {
        "accent_phrases": st.lists(PHRASE, min_size=1, max_size=4),
        "speedScale": SPEED,
        "prePhonemeLength": LENGTH,
        "postPhonemeLength": LENGTH,
        "pauseLength": st.none() | LENGTH,
        "pauseLengthScale": st.floats(0, 2),
    }
)


@given(QUERIES, st.booleans())
def test_any_query_has_as_many_frames_as_the_engine_speaks(query: dict[str, Any], upspeak: bool) -> None:
    found = query_times(query, upspeak=upspeak)
    counts = frame_counts(query, upspeak)
    if found is None:
        assert not any(
            mora["vowel_length"] or mora["consonant_length"]
            for phrase in query["accent_phrases"]
            for mora in phrase["moras"]
        )
        return
    spoken = [phoneme for phoneme in found.phonemes if phoneme.symbol != " "]
    assert [(IPA[name], count) for name, count, _ in counts] == [
        (phoneme.symbol, round(phoneme.duration / HOP)) for phoneme in spoken
    ]
    assert found.duration == pytest.approx(sum(count for _, count, _ in counts) * HOP)
    edge = 0.0
    for phoneme in spoken:
        assert phoneme.at == pytest.approx(edge)
        edge = phoneme.at + phoneme.duration


@given(
    QUERIES,
    st.sampled_from(["accent_phrases", "speedScale", "prePhonemeLength"]),
    st.sampled_from([None, "x", -1.0, [1]]),
)
def test_a_broken_query_is_a_value_error(query: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(ValueError, match="AudioQuery"):
        query_times(query | {field: value})
