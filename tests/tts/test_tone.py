from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError
from avatar_bridge.tts.tone import ToneEngine


def check_times(piece: SpokenSegment, text: str) -> None:
    """Phonemes tile the audio exactly; marks lie in order inside the audio and inside the text."""
    assert piece.samples.dtype == np.float32
    assert piece.samples.ndim == 1
    end = 0.0
    for phoneme in piece.phonemes:
        assert phoneme.at == pytest.approx(end, abs=1e-9)
        assert phoneme.duration >= 0
        end = phoneme.at + phoneme.duration
    if piece.phonemes:
        assert end == pytest.approx(piece.duration, abs=1e-9)
    last = 0.0
    for mark in piece.marks:
        assert last <= mark.at + 1e-9
        assert mark.at + mark.duration <= piece.duration + 1e-9
        assert 0 <= mark.char < mark.char + mark.length <= len(text)
        last = mark.at


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_has_exact_times(text: str) -> None:
    for piece in ToneEngine().speak(text):
        check_times(piece, text)


def test_marks_name_every_word() -> None:
    text = "Hello there, it's 42. Second one!"
    pieces = list(ToneEngine().speak(text))
    assert len(pieces) == 2
    words = [text[m.char : m.char + m.length] for piece in pieces for m in piece.marks]
    assert words == ["Hello", "there", "it's", "42", "Second", "one"]
    assert 1.5 < sum(piece.duration for piece in pieces) < 4.5


def test_chinese_and_japanese_are_marked_by_the_character() -> None:
    (piece,) = ToneEngine().speak("こんにちは")
    assert [mark.char for mark in piece.marks] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["", "   ", "...!?", "🙂🎉👩‍👩‍👧", "\x00\x07\u202e"])
def test_nothing_to_say_yields_nothing(text: str) -> None:
    assert list(ToneEngine().speak(text)) == []


def test_the_bytes_are_the_same_everywhere() -> None:
    (piece,) = ToneEngine(pitch=3, speed=1.1).speak("The quick brown fox, 1984")
    digest = hashlib.sha256((piece.samples * 32768).astype("<i2").tobytes()).hexdigest()
    assert digest[:16] == "0aec232fad93984f"


def test_pitch_keeps_the_times_and_speed_scales_them() -> None:
    (plain,) = ToneEngine().speak("Hello world")
    (high,) = ToneEngine(pitch=7).speak("Hello world")
    (fast,) = ToneEngine(speed=2).speak("Hello world")
    assert high.phonemes == plain.phonemes
    assert fast.duration == pytest.approx(plain.duration / 2, abs=0.002)


def test_a_setting_out_of_range_is_the_callers_fault() -> None:
    with pytest.raises(UsageError, match="speed must lie within"):
        ToneEngine(speed=0)
