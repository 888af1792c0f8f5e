from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from avatar_bridge.core.speech.activity import speech_activity
from avatar_bridge.core.speech.lipsync_amplitude import AmplitudeLipSync
from avatar_bridge.core.speech.lipsync_live import LiveAmplitude
from avatar_bridge.core.vocabulary import VISEMES, Samples


def _buzz(seconds: float, rate: int, formants: tuple[float, ...] = (700, 1200)) -> NDArray[np.float64]:
    """Return a vowel-like sound: harmonics of 120 Hz, strong near the formants."""
    times = np.arange(int(seconds * rate)) / rate
    out = np.zeros(len(times))
    for harmonic in range(120, min(rate // 2, 3800), 120):
        gain = sum(0.5**i / (1 + ((harmonic - formant) / 90) ** 2) for i, formant in enumerate(formants)) + 0.003
        out += gain * np.sin(2 * np.pi * harmonic * times)
    return np.asarray(out / np.abs(out).max() * 0.5)


def _speech(rate: int = 16000, noise: float = 0.0005) -> Samples:
    """Return 0.5 s of pause and of vowel in turn, over a faint hiss."""
    quiet = np.zeros(rate // 2)
    sound = np.concatenate([quiet, _buzz(0.5, rate), quiet, _buzz(0.5, rate), quiet])
    return np.asarray(sound + noise * np.random.default_rng(3).standard_normal(len(sound)), dtype=np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_the_mouth_opens_with_the_voice_and_closes_in_pauses(rate: int) -> None:
    curve = AmplitudeLipSync().curve(_speech(rate), rate)
    assert len(curve.open) == 250
    assert curve.open[60:90].min() > 0.8
    assert curve.open[165:190].min() > 0.8
    assert not curve.open[[*range(40), *range(112, 140), *range(212, 250)]].any()
    assert not curve.shapes[curve.open == 0].any()


@pytest.mark.parametrize("decibels", [-60, -18, 6])
def test_gain_does_not_matter(decibels: float) -> None:
    sound = _speech()
    changed = sound * np.float32(10 ** (decibels / 20))
    first, second = (AmplitudeLipSync().curve(samples, 16000) for samples in (sound, changed))
    assert np.abs(first.open - second.open).max() < 1e-3
    assert np.abs(first.shapes - second.shapes).max() < 1e-3


def test_background_noise_does_not_move_the_mouth() -> None:
    curve = AmplitudeLipSync().curve(_speech(noise=0.04), 16000)
    assert not curve.open[:40].any()
    assert curve.open[60:90].min() > 0.7


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_silence_and_level_noise_keep_it_closed(level: float) -> None:
    noise = np.asarray(level * np.random.default_rng(0).standard_normal(32000), dtype=np.float32)
    assert not AmplitudeLipSync().curve(noise, 16000).open.any()
    assert speech_activity(noise, 16000) == ()


@pytest.mark.parametrize(
    ("viseme", "formants"),
    [("aa", (750, 1200)), ("ih", (300, 2300)), ("ou", (320, 900)), ("ee", (500, 1900))],
)
def test_vowels_are_told_apart_coarsely(viseme: str, formants: tuple[float, float]) -> None:
    shares = _shares(formants)
    near = {"aa": {"aa"}, "ih": {"ih"}, "ou": {"ou", "oh"}, "ee": {"ee", "ih"}}
    assert max(shares, key=shares.__getitem__) in near[viseme]


def test_a_darker_vowel_rounds_the_lips() -> None:
    bright, dark = _shares((750, 1200)), _shares((450, 800))
    assert dark["oh"] > bright["oh"] + 0.2
    assert dark["aa"] < bright["aa"] - 0.2


def _shares(formants: tuple[float, float]) -> dict[str, float]:
    quiet = np.zeros(4000)
    sound = np.concatenate([quiet, _buzz(0.6, 16000, formants), quiet]).astype(np.float32)
    shapes = AmplitudeLipSync().curve(sound, 16000).shapes[35:75].mean(axis=0)
    return dict(zip(VISEMES, shapes.tolist(), strict=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5000), st.sampled_from([4000, 11025, 48000]), st.integers(0, 99), st.booleans())
def test_any_sound_gives_a_mouth_within_its_limits(count: int, rate: int, seed: int, broken: bool) -> None:
    samples = np.asarray(np.random.default_rng(seed).standard_normal(count), dtype=np.float32)
    if broken and count:
        samples[::7] = np.nan
        samples[::11] = np.inf
    curve = AmplitudeLipSync().curve(samples, rate)
    assert len(curve.open) == max(1, int(np.ceil(count / rate * 100)))
    assert np.isfinite(curve.open).all()
    assert curve.open.min() >= 0
    assert curve.open.max() <= 1
    assert curve.shapes.sum(axis=1).max() <= 1 + 1e-6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3000), max_size=40))
def test_a_live_stream_gives_the_same_mouth_however_it_is_cut(cuts: list[int]) -> None:
    sound = _speech()
    whole = LiveAmplitude(16000).feed(sound)
    live = LiveAmplitude(16000)
    pieces, at = [], 0
    for cut in [*cuts, len(sound)]:
        pieces.append(live.feed(sound[at : at + cut]))
        at += cut
    assert np.allclose(np.concatenate([piece.open for piece in pieces]), whole.open, atol=1e-6)
    assert np.allclose(np.concatenate([piece.shapes for piece in pieces]), whole.shapes, atol=1e-5)


def test_live_the_mouth_opens_within_two_frames_and_closes_within_seven() -> None:
    curve = LiveAmplitude(16000).feed(_speech())
    assert curve.open[:45].max() < 0.1
    assert curve.open[60:90].min() > 0.6
    assert not curve.open[108:140].any()
    assert curve.shapes.sum(axis=1).max() <= 1 + 1e-6


def test_live_reset_closes_the_mouth() -> None:
    live = LiveAmplitude(16000)
    live.feed(_speech()[:14000])
    live.reset()
    assert not live.feed(np.zeros(4000, np.float32)).open.any()


def test_activity_finds_the_stretches_of_speech() -> None:
    spans = speech_activity(_speech(), 16000)
    assert [(round(span.at, 1), round(span.end, 1)) for span in spans] == [(0.5, 1.0), (1.5, 2.0)]


def test_activity_joins_over_short_gaps() -> None:
    sound = np.concatenate([np.zeros(8000), _buzz(0.3, 16000), np.zeros(960), _buzz(0.3, 16000), np.zeros(8000)])
    assert len(speech_activity(sound.astype(np.float32), 16000)) == 1
    assert len(speech_activity(sound.astype(np.float32), 16000, hangover=0.01)) == 2


def test_activity_of_nothing_is_nothing() -> None:
    assert speech_activity(np.zeros(0, np.float32), 16000) == ()
