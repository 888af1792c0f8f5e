from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.speech.lipsync import MOUTH_RATE, best_lip_sync, lip_sync
from avatar_bridge.core.speech.lipsync_amplitude import AmplitudeLipSync
from avatar_bridge.core.speech.lipsync_phonemes import PhonemeLipSync
from avatar_bridge.core.vocabulary import VISEMES, MouthCurve, Phoneme, Samples

NOTHING = np.zeros(0, np.float32)
SOUNDS = st.sampled_from(["", " ", "p", "b", "m", "a", "i", "u", "ɛ", "o", "ə", "w", "f", "t", "s", "aɪ", "ˈ", "ː"])


def test_the_curve_covers_the_audio_at_the_mouth_rate() -> None:
    curve = _curve(("a", 0.3), samples=np.ones(1234, np.float32), rate=1000)
    assert curve.rate == MOUTH_RATE
    assert curve.open.shape == (124,)
    assert curve.shapes.shape == (124, 5)
    assert curve.open.dtype == curve.shapes.dtype == np.float32


@pytest.mark.parametrize(
    ("symbol", "opened"),
    [("ɑ", 1.0), ("o", 0.7), ("ɛ", 0.65), ("ə", 0.5), ("i", 0.4), ("u", 0.35), ("t", 0.35), ("w", 0.25)],
)
def test_a_held_sound_opens_the_mouth_by_the_table(symbol: str, opened: float) -> None:
    curve = _curve(("", 0.2), (symbol, 0.4), ("", 0.2))
    assert curve.open[38] == pytest.approx(opened, abs=1e-3)


@pytest.mark.parametrize("closure", ["p", "b", "m"])
@pytest.mark.parametrize("duration", [0.01, 0.03, 0.05, 0.12])
def test_lips_meet_for_at_least_50_ms_within_the_sound(closure: str, duration: float) -> None:
    curve = _curve(("a", 0.3), (closure, duration), ("a", 0.3))
    shut = np.flatnonzero(curve.open[5:-5] == 0) + 5
    assert len(shut) >= 5
    assert np.all(np.diff(shut) == 1)
    assert not curve.shapes[shut].any()
    assert shut[0] / MOUTH_RATE <= 0.3 + duration
    assert shut[-1] / MOUTH_RATE >= 0.3 - 0.01


def test_shapes_come_20_ms_early() -> None:
    curve = _curve(("ə", 0.3), ("a", 0.3), samples=NOTHING)
    middle = 0.75
    crossing = np.flatnonzero(curve.open[5:-5] >= middle)[0] + 5
    assert crossing / MOUTH_RATE == pytest.approx(0.28, abs=0.011)


def test_a_word_boundary_does_not_close_the_mouth_but_a_pause_does() -> None:
    flowing = _curve(("a", 0.2), (" ", 0.06), ("a", 0.2))
    pausing = _curve(("a", 0.2), ("", 0.06), (" ", 0.1), ("a", 0.2))
    assert flowing.open[6:38].min() > 0.95
    assert pausing.open[6:48].min() < 0.05


def test_consonants_take_the_shape_of_their_vowels() -> None:
    for vowel, viseme in (("i", "ih"), ("u", "ou"), ("ɑ", "aa")):
        curve = _curve((vowel, 0.2), ("t", 0.08), (vowel, 0.2))
        assert VISEMES[int(curve.shapes[22].argmax())] == viseme


def test_lips_round_before_a_rounded_vowel() -> None:
    rounded = _curve(("i", 0.3), ("u", 0.3)).shapes[:, 2]
    spread = _curve(("u", 0.3), ("i", 0.3)).shapes[:, 1]
    assert np.flatnonzero(rounded > 0.1)[0] < np.flatnonzero(spread > 0.1)[0]


def test_nothing_snaps_at_the_ends_of_the_audio() -> None:
    curve = _curve(("a", 0.5))
    assert curve.open[0] == 0
    assert curve.open[-1] < 0.5
    assert np.abs(np.diff(curve.open)).max() < 0.65


def test_gain_does_not_matter() -> None:
    sound = _noise(0.5)
    loud, quiet = (_curve(("a", 0.5), samples=sound * np.float32(gain), rate=16000).open for gain in (1, 0.05))
    assert np.abs(loud - quiet).max() < 1e-3


def test_loudness_never_opens_a_closure() -> None:
    curve = _curve(("a", 0.2), ("m", 0.1), ("a", 0.2), samples=_noise(0.5), rate=16000)
    assert curve.open[19:27].max() == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SOUNDS, st.floats(0.0, 0.3)), min_size=1, max_size=25))
def test_any_phonemes_give_a_mouth_within_its_limits(parts: list[tuple[str, float]]) -> None:
    curve = _curve(*parts)
    assert np.isfinite(curve.open).all()
    assert np.isfinite(curve.shapes).all()
    assert curve.open.min() >= 0
    assert curve.open.max() <= 1
    assert curve.shapes.min() >= 0
    assert curve.shapes.sum(axis=1).max() <= 1 + 1e-6
    assert not curve.shapes[curve.open == 0].any()


def test_without_phonemes_another_tier_is_asked_for() -> None:
    with pytest.raises(ValueError, match="amplitude"):
        PhonemeLipSync().curve(NOTHING, 16000)


def test_the_best_tier_is_the_one_that_has_something_to_go_by() -> None:
    assert isinstance(best_lip_sync([Phoneme("a", 0, 0.1)]), PhonemeLipSync)
    assert isinstance(best_lip_sync([Phoneme("", 0, 0.1)]), AmplitudeLipSync)
    assert isinstance(best_lip_sync(), AmplitudeLipSync)
    with pytest.raises(ValueError, match="phonemes, amplitude"):
        lip_sync("magic")


def _curve(*parts: tuple[str, float], samples: Samples = NOTHING, rate: int = 16000) -> MouthCurve:
    at, row = 0.0, []
    for symbol, duration in parts:
        row.append(Phoneme(symbol, at, duration))
        at += duration
    return PhonemeLipSync().curve(samples, rate, row)


def _noise(seconds: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(int(seconds * 16000)) * 0.1
    return np.asarray(noise, dtype=np.float32)
