from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.speech.ipa import merged, sounds
from avatar_bridge.core.speech.visemes import SHAPE_OPENNESS, mouth_target
from avatar_bridge.core.vocabulary import VISEMES, Phoneme

SYMBOLS = ["", " ", "ˈ", "ː", "p", "b", "m", "a", "ˈɛ", "oʊ", "t͡ʃ", "w", "f", "ɚ", "ɑ̃", "ŋ", ",", "^", "5", "ʲ"]


@pytest.mark.parametrize(
    ("symbol", "viseme", "opened"),
    [
        ("ˈɑː", "aa", 1.0),
        ("æ", "aa", 1.0),
        ("ɑ̃", "aa", 1.0),
        ("ɪ", "ih", 0.4),
        ("iː", "ih", 0.4),
        ("ɯ", "ou", 0.35),
        ("ʊ", "ou", 0.35),
        ("y", "ou", 0.35),
        ("ɛ", "ee", 0.65),
        ("e̞", "ee", 0.65),
        ("ɔ", "oh", 0.7),
        ("o̞", "oh", 0.7),
        ("ɤ", "oh", 0.7),
    ],
)
def test_vowels_of_many_languages_take_their_shape(symbol: str, viseme: str, opened: float) -> None:
    (sound,) = sounds(symbol)
    target = mouth_target(sound)
    assert target.open == opened
    assert VISEMES[target.shape.index(max(target.shape))] == viseme


@pytest.mark.parametrize(
    ("symbol", "opened"),
    [
        ("p", 0),
        ("b", 0),
        ("m̩", 0),
        ("f", 0.12),
        ("v", 0.12),
        ("w", 0.25),
        ("t", 0.35),
        ("ʁ", 0.35),
        ("ə", 0.5),
        ("ɚ", 0.5),
    ],
)
def test_openness_follows_the_table(symbol: str, opened: float) -> None:
    assert [mouth_target(sound).open for sound in sounds(symbol)] == [opened]


def test_only_lips_that_meet_are_closed() -> None:
    shut = {symbol for symbol in "pbmfvwtdkszlnrɡh" if mouth_target(sounds(symbol)[0]).closed}
    assert shut == set("pbm")


@pytest.mark.parametrize("symbol", ["t͡ʃ", "tʃ", "d͡ʒ", "ts"])
def test_an_affricate_is_one_sound(symbol: str) -> None:
    assert len(sounds(symbol)) == 1


@pytest.mark.parametrize("symbol", ["aɪ", "ˈoʊ", "I"])
def test_a_diphthong_is_two_vowels(symbol: str) -> None:
    assert [sound.kind for sound in sounds(symbol)] == ["vowel", "vowel"]


@pytest.mark.parametrize("symbol", ["", " ", ",", "^", "ˈ", "ː", "。"])
def test_silence_and_marks_are_no_sounds(symbol: str) -> None:
    assert sounds(symbol) == ()


def test_a_letter_outside_the_alphabet_is_a_plain_consonant() -> None:
    assert mouth_target(sounds("ᚠ")[0]).open == 0.35


def test_stress_joins_the_sound_after_it_and_length_the_one_before() -> None:
    spoken = _row(("h", 0.1), ("ˈ", 0.05), ("a", 0.1), ("ː", 0.03), (" ", 0.04), ("n", 0.1))
    assert [(p.symbol, round(p.at, 3), round(p.duration, 3)) for p in merged(spoken)] == [
        ("h", 0.0, 0.1),
        ("ˈaː", 0.1, 0.18),
        (" ", 0.28, 0.04),
        ("n", 0.32, 0.1),
    ]


def test_a_boundary_beside_silence_is_silence() -> None:
    assert [p.symbol for p in merged(_row(("a", 0.1), (",", 0.1), (" ", 0.1), ("b", 0.1)))] == ["a", "", "b"]


@given(st.lists(st.tuples(st.sampled_from(SYMBOLS), st.floats(0.01, 0.3)), max_size=30))
def test_joining_loses_no_time_and_no_sound(parts: list[tuple[str, float]]) -> None:
    spoken = _row(*parts)
    joined = merged(spoken)
    before = [sound for phoneme in spoken for sound in sounds(phoneme.symbol)]
    assert [sound for phoneme in joined for sound in sounds(phoneme.symbol)] == before
    starts = [phoneme.at for phoneme in joined]
    assert starts == sorted(starts)
    if before:
        assert sum(p.duration for p in joined) <= sum(p.duration for p in spoken) + 1e-9
        assert joined[-1].at + joined[-1].duration == pytest.approx(spoken[-1].at + spoken[-1].duration)


def test_every_target_is_a_share_of_the_five_shapes() -> None:
    assert len(SHAPE_OPENNESS) == len(VISEMES)
    for symbol in "iyɨʉɯuɪʏʊeøɘɵɤoəɚɛœɜɝɞʌɔæɐaɶɑɒpfwʃsjt":
        target = mouth_target(sounds(symbol)[0])
        assert sum(target.shape) == pytest.approx(1.0)
        assert 0 <= target.open <= 1


def _row(*parts: tuple[str, float]) -> tuple[Phoneme, ...]:
    at, row = 0.0, []
    for symbol, duration in parts:
        row.append(Phoneme(symbol, at, duration))
        at += duration
    return tuple(row)
