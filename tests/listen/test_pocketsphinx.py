"""Words found in real speech, against the times of the voice that spoke it; and what is no such speech."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import Samples, SpokenSegment

pytest.importorskip("pocketsphinx", reason="words are found by pocketsphinx")
pytest.importorskip("espeakng_loader", reason="the espeak voice speaks what is looked for")

from avatar_bridge.listen.pocketsphinx import PocketSphinxAligner
from avatar_bridge.listen.reference import ReferenceAligner, language_of, warp
from avatar_bridge.tts.espeak import EspeakEngine

ESPEAK = "avatar_bridge.tts.espeak:EspeakEngine"
RATE = 22_050
PLAIN = "She opened the door, and looked at the long quiet street."
SENTENCES = [
    PLAIN,
    "It costs $5.50, and Dr. Smith's well-known price is lower.",
    "The FBI met on May 3rd, 1999 for the 21st time.",
    "My friend Zorblax ate 3 pizzas & a gloopfish!",
    "Call me at 555-1234, or visit www.example.com today.",
]


@lru_cache(maxsize=1)
def aligner() -> PocketSphinxAligner:
    return PocketSphinxAligner(reference=ESPEAK)


@lru_cache(maxsize=32)
def spoken(text: str, voice: str = "en-us") -> SpokenSegment:
    (piece,) = EspeakEngine(voice=voice, by_script=False).speak(text)
    return piece


def errors(text: str, found: SpokenSegment | None, truth: SpokenSegment) -> list[float]:
    assert found is not None
    assert found.aligned
    told = {mark.char: mark.at for mark in truth.marks}
    whole = SpokenSegment(truth.samples, truth.rate, found.phonemes, found.marks, found.hop, aligned=True)
    alignment = align(text, whole)
    assert alignment.timing == "aligned"
    assert 0.0 < alignment.expected_error < 0.14
    return [abs(word.at - told[word.char]) for word in alignment.words if word.char in told]


@pytest.mark.parametrize("text", SENTENCES)
def test_words_are_where_the_voice_says_they_are(text: str) -> None:
    truth = spoken(text)
    found = aligner().align(text, truth.samples, truth.rate)
    off = errors(text, found, truth)
    assert np.median(off) <= 0.04
    assert max(off) <= 0.25


def test_what_is_found_is_in_order_and_inside_the_audio() -> None:
    truth = spoken(SENTENCES[1])
    found = aligner().align(SENTENCES[1], truth.samples, truth.rate)
    assert found is not None
    end = 0.0
    for phoneme in found.phonemes:
        assert phoneme.at == pytest.approx(end, abs=1e-9)
        assert phoneme.duration > 0
        end = phoneme.at + phoneme.duration
    assert end <= truth.duration + 1e-9
    assert [mark.char for mark in found.marks] == sorted(mark.char for mark in found.marks)
    assert all(SENTENCES[1][mark.char : mark.char + mark.length].strip() and mark.duration > 0 for mark in found.marks)


def test_gain_and_rate_do_not_matter() -> None:
    truth = spoken(PLAIN)
    usual = aligner().align(PLAIN, truth.samples, truth.rate)
    quiet = aligner().align(PLAIN, (truth.samples * 0.01).astype(np.float32), truth.rate)
    double = np.repeat(truth.samples, 2)
    twice = aligner().align(PLAIN, double, 2 * truth.rate)
    assert usual is not None
    for other in (quiet, twice):
        assert other is not None
        assert [mark.at for mark in other.marks] == pytest.approx([mark.at for mark in usual.marks], abs=0.03)


def test_the_same_audio_gives_the_same_times() -> None:
    truth = spoken(PLAIN)
    first = aligner().align(PLAIN, truth.samples, truth.rate)
    again = aligner().align(PLAIN, truth.samples, truth.rate)
    assert first is not None
    assert again is not None
    assert (first.phonemes, first.marks) == (again.phonemes, again.marks)


@pytest.mark.parametrize("text", ["Nobody has ever seen such a thing before.", "One two three.", SENTENCES[3]])
def test_another_text_is_not_found(text: str) -> None:
    truth = spoken(PLAIN)
    assert aligner().align(text, truth.samples, truth.rate) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("That's a one-of-a-kind, state-of-the-art machine.", "I'd've thought that you'd want to go with them."),
        ("He gave her his old phone, a bag of chips and $20.", "That's a one-of-a-kind, state-of-the-art machine."),
    ],
)
def test_another_text_of_the_same_length_is_not_found(said: str, text: str) -> None:
    truth = spoken(said)
    assert aligner().align(text, truth.samples, truth.rate) is None


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("Hello there.", silence(0.0)),
        ("Hello there.", silence(1.0)),
        ("Hello there.", np.full(RATE, np.nan, np.float32)),
        ("Hello there.", np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)),
        ("Hello there.", silence(0.01) + np.float32(0.5)),
        ("...", np.sin(np.arange(RATE, dtype=np.float32))),
        ("", np.sin(np.arange(RATE, dtype=np.float32))),
        ("word " * 400, np.sin(np.arange(RATE, dtype=np.float32))),
        ("\ud800 \x00 ﷽ 🎉", np.sin(np.arange(RATE, dtype=np.float32))),
    ],
    ids=["nothing", "silence", "no numbers", "noise", "a click", "no words", "empty", "far too much", "odd characters"],
)
def test_what_is_no_such_speech_gives_none(text: str, samples: Samples) -> None:
    assert aligner().align(text, samples, RATE) is None


def test_unknown_words_are_said_by_rule_where_no_voice_tells() -> None:
    text = SENTENCES[3]
    truth = spoken(text)
    found = PocketSphinxAligner().align(text, truth.samples, truth.rate)
    assert np.median(errors(text, found, truth)) <= 0.05


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "Guten Morgen, mein lieber Freund, wie geht es dir heute?"),
        ("es", "Buenos días, mi amigo, el tren llega a las ocho."),
        ("fr", "Bonjour, mon ami, le train arrive dans une heure."),
    ],
)
def test_other_languages_by_a_voice_that_tells(code: str, text: str) -> None:
    assert language_of(text) == code
    (truth,) = EspeakEngine(voice=code, speed=1.3, pitch=3.0, by_script=False).speak(text)
    found = aligner().align(text, truth.samples, truth.rate)
    assert np.median(errors(text, found, truth)) <= 0.04


def test_without_such_a_voice_other_languages_are_left_to_the_estimate() -> None:
    truth = spoken("Guten Morgen, wie geht es dir und mir?", "de")
    text = "Guten Morgen, wie geht es dir und mir?"
    assert PocketSphinxAligner().align(text, truth.samples, truth.rate) is None
    missing = ReferenceAligner("avatar_bridge.no_such_module:Engine")
    assert missing.align(text, truth.samples, truth.rate) is None


def test_audio_is_warped_onto_itself_by_nothing() -> None:
    truth = spoken(PLAIN)
    times = warp(truth.samples, truth.rate, truth.samples, truth.rate)
    assert times is not None
    assert times == pytest.approx(np.arange(len(times)) * 0.01, abs=0.011)
    assert np.all(np.diff(times) >= 0)


def test_another_language_is_told_by_its_script() -> None:
    told = {
        "Привет, как дела?": "ru",
        "こんにちは、元気ですか": "ja",
        "你好世界": "zh",
        "안녕하세요": "ko",
        "Hi!": "en",
        "12": "en",
    }
    assert {text: language_of(text) for text in told} == told
