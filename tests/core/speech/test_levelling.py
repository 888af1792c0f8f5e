from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from avatar_bridge.core.speech.ebu_r128 import integrated_loudness, oversampled_peaks
from avatar_bridge.core.speech.levelling import Leveller, limited
from avatar_bridge.core.speech.lipsync import best_lip_sync
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.tts.tone import ToneEngine

RATE = 16000
CEILING = 10 ** (-1 / 20)
TEXTS = (
    "Hello there, my friend!",
    "No.",
    "I have been looking for you all day long, and now you are here.",
    "What?",
    "Let us play a game. It is a simple one.",
    "The mountains are tall and the rivers are long.",
)


def spoken(text: str, decibels: float = 0.0) -> Samples:
    samples = np.concatenate([piece.samples for piece in ToneEngine().speak(text)])
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def true_peak(samples: Samples, rate: int = RATE) -> float:
    return float(oversampled_peaks(samples, rate).max(initial=0.0))


def power(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2)))


@pytest.mark.parametrize("own", [-20.0, -6.0, 0.0, 6.0])
def test_voices_of_any_level_come_out_alike(own: float) -> None:
    leveller = Leveller(-18.0)
    heard = np.concatenate([leveller.level(spoken(text, own), RATE) for text in TEXTS])
    assert integrated_loudness(heard, RATE) == pytest.approx(-18.0, abs=0.7)
    assert true_peak(heard) <= CEILING * 1.0001


@pytest.mark.parametrize("target", [-30.0, -23.0, -16.0])
def test_the_target_is_what_was_asked_for(target: float) -> None:
    leveller = Leveller(target)
    heard = np.concatenate([leveller.level(spoken(text), RATE) for text in TEXTS * 2][4:])
    assert integrated_loudness(heard, RATE) == pytest.approx(target, abs=0.5)


def test_a_short_word_that_comes_first_is_near_the_target() -> None:
    for word in ("Hey!", "No."):
        leveller = Leveller(-18.0)
        first = leveller.level(spoken(word, -15), RATE)
        assert leveller.gain is not None
        for text in TEXTS * 2:
            leveller.level(spoken(text, -15), RATE)
        assert power(first) == pytest.approx(power(spoken(word, -15)) + leveller.gain, abs=4.0)


@pytest.mark.parametrize("change", [-12.0, 9.0])
def test_a_whisper_and_a_shout_keep_their_character(change: float) -> None:
    leveller = Leveller(-18.0)
    for text in TEXTS:
        usual = leveller.level(spoken(text, -10), RATE)
    unusual = leveller.level(spoken(TEXTS[-1], -10 + change), RATE)
    assert power(unusual) - power(usual) == pytest.approx(change, abs=1.3)


@settings(max_examples=40, deadline=None)
@given(levels=st.lists(st.floats(-40, 12), min_size=2, max_size=8))
def test_the_gain_never_jumps_once_the_voice_is_known(levels: list[float]) -> None:
    leveller = Leveller(-18.0)
    for text in TEXTS[:3]:
        leveller.level(spoken(text), RATE)
    before = leveller.gain
    for level in levels:
        leveller.level(spoken("What do you say to that?", level), RATE)
        assert before is not None
        assert leveller.gain is not None
        assert abs(leveller.gain - before) <= 1.0 + 1e-9
        before = leveller.gain


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    level=st.floats(-60, 30),
    rate=st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000, 96000]),
    length=st.integers(1, 6000),
)
def test_nothing_exceeds_the_ceiling_and_nothing_is_lost(seed: int, level: float, rate: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    bursts = rng.standard_normal(length) * rng.choice([0.0, 0.1, 1.0], size=length, p=[0.5, 0.3, 0.2])
    sound = (bursts * 10 ** (level / 20)).astype(np.float32)
    given_sound = sound.copy()
    heard = Leveller().level(sound, rate)
    assert heard.dtype == np.float32
    assert heard.shape == sound.shape
    assert np.isfinite(heard).all()
    assert true_peak(heard, rate) <= CEILING * (1 + 1e-6)
    assert not heard[sound == 0].any()
    assert (sound == given_sound).all()


def test_silence_stays_silence_and_teaches_nothing() -> None:
    leveller = Leveller()
    room = (np.random.default_rng(1).standard_normal(3 * RATE) * 6e-4).astype(np.float32)
    assert -70 < integrated_loudness(room, RATE) < -60
    for quiet in (np.zeros(RATE, np.float32), np.zeros(0, np.float32), np.zeros(3, np.float32), room):
        assert (leveller.level(quiet, RATE) == quiet).all()
        assert leveller.gain is None
    leveller.level(spoken(TEXTS[0]), RATE)
    known = leveller.gain
    leveller.level(room, RATE)
    assert leveller.gain == known


def test_what_is_no_number_is_silence() -> None:
    sound = spoken(TEXTS[0])
    sound[1000:1010] = np.nan
    sound[2000] = np.inf
    heard = Leveller().level(sound, RATE)
    assert np.isfinite(heard).all()
    assert not heard[1000:1010].any()


def test_the_limiter_leaves_what_is_quiet_enough_as_it_is() -> None:
    sound = spoken(TEXTS[0])
    assert limited(sound, RATE, 1.0) is sound


def test_the_limiter_turns_down_around_the_peak_alone() -> None:
    wave = (0.5 * np.sin(np.arange(RATE) * 0.2)).astype(np.float32)
    wave[8000:8100] *= 4
    heard = limited(wave, RATE, CEILING)
    assert true_peak(heard) <= CEILING * 1.0001
    far = np.abs(np.arange(RATE) - 8050) > 0.045 * RATE
    assert np.abs(heard - wave)[far].max() < 0.01
    # no corners: the gain itself moves by a small share from sample to sample
    gain = heard[np.abs(wave) > 0.1] / wave[np.abs(wave) > 0.1]
    assert np.abs(np.diff(gain)).max() < 0.02


@pytest.mark.parametrize("own", [-26.0, -12.0, 6.0])
def test_the_mouth_is_the_same_at_any_gain(own: float) -> None:
    as_it_is = best_lip_sync().curve(spoken(TEXTS[2]), RATE)
    levelled = best_lip_sync().curve(Leveller(-18.0).level(spoken(TEXTS[2], own), RATE), RATE)
    assert np.abs(levelled.open - as_it_is.open).max() < 0.02
    assert np.abs(levelled.shapes - as_it_is.shapes).max() < 0.02


def test_the_limiter_hardly_moves_the_mouth() -> None:
    as_it_is = best_lip_sync().curve(spoken(TEXTS[2]), RATE)
    loudest = true_peak(spoken(TEXTS[2]))
    pressed = limited(spoken(TEXTS[2]), RATE, loudest * 0.75)
    assert true_peak(pressed) == pytest.approx(loudest * 0.75, rel=0.01)
    curve = best_lip_sync().curve(pressed, RATE)
    assert np.abs(curve.open - as_it_is.open).max() < 0.12


def test_the_same_segments_give_the_same_bytes() -> None:
    def heard() -> list[bytes]:
        leveller = Leveller()
        return [leveller.level(spoken(text), RATE).tobytes() for text in TEXTS]

    assert heard() == heard()


def test_long_sound_is_levelled_as_a_whole() -> None:
    sound: NDArray[np.float32] = np.tile(spoken(TEXTS[2]), 8)
    heard = Leveller(-18.0).level(sound, RATE)
    assert integrated_loudness(heard, RATE) == pytest.approx(-18.0, abs=0.7)
