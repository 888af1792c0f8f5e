from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from avatar_bridge.core.speech import ebu_r128
from avatar_bridge.core.speech.ebu_r128 import block_powers, gated_loudness, integrated_loudness, oversampled_peaks

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000)
Floats = NDArray[np.float64]


def sine(decibels: float, seconds: float, rate: int, hertz: float = 1000.0, phase: float = 0.0) -> Floats:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time + phase))


def mono(*parts: Floats) -> NDArray[np.float32]:
    return np.concatenate(parts).astype(np.float32)


def true_peak(samples: NDArray[np.float32], rate: int) -> float:
    return float(20 * np.log10(oversampled_peaks(samples, rate).max()))


def published(samples: NDArray[np.float32]) -> Floats:
    """Filter sample by sample with the coefficients that BS.1770-4 prints for 48 kHz."""
    wave = samples.astype(float).tolist()
    for b0, b1, b2, a1, a2 in (
        (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
        (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
    ):
        s1 = s2 = 0.0
        out = []
        for x in wave:
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            out.append(y)
        wave = out
    return np.array(wave)


# EBU Tech 3341's minimum requirements, each channel at the level given; mono sounds 3.01 LU less than both channels
@pytest.mark.parametrize("rate", RATES)
def test_a_tone_has_the_loudness_that_the_ebu_gives_it(rate: int) -> None:
    for level in (-23.0, -33.0):
        assert integrated_loudness(mono(sine(level, 20.0, rate)), rate) == pytest.approx(level - 3.01, abs=0.1)


@pytest.mark.parametrize("rate", [24000, 48000])
@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
        [(-26, 20), (-20, 20.1), (-26, 20)],
    ],
    ids=["relative gate", "both gates", "three levels"],
)
def test_the_gates_are_the_ebus(parts: list[tuple[float, float]], rate: int) -> None:
    sound = mono(*(sine(level, seconds, rate) for level, seconds in parts))
    assert integrated_loudness(sound, rate) == pytest.approx(-23.0 - 3.01, abs=0.1)


@pytest.mark.parametrize(
    ("share", "phase", "level", "peak"),
    [(4, 0.0, 0.5, -6.0), (4, 45.0, 0.5, -6.0), (6, 60.0, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45.0, 1.41, 3.0)],
)
def test_a_peak_between_samples_is_found_within_the_ebus_tolerance(
    share: int, phase: float, level: float, peak: float
) -> None:
    wave = level * np.sin(2 * np.pi * np.arange(4800) / share + np.radians(phase))
    middle = slice(1000, -1000)
    found = 20 * np.log10(oversampled_peaks(wave.astype(np.float32), 48000)[middle].max())
    assert -0.4 <= found - peak <= 0.2


def test_the_filters_are_the_published_ones_at_48_khz() -> None:
    noise = np.random.default_rng(3).standard_normal(48000).astype(np.float32) * np.float32(0.1)
    energy = np.concatenate([[0.0], np.cumsum(published(noise) ** 2)])
    starts = np.arange(7) * 4800
    expected = (energy[starts + 19200] - energy[starts]) / 19200
    assert block_powers(noise, 48000) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("rate", RATES)
def test_another_implementation_hears_the_same(rate: int) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm", reason="pip install pyloudnorm")
    time = np.arange(rate * 15) / rate
    noise = np.random.default_rng(rate).standard_normal(len(time))
    sound = (noise * 0.1 * (1 + np.sin(time)) ** 2).astype(np.float32)
    meter = pyloudnorm.Meter(rate, filter_class="DeMan")
    assert integrated_loudness(sound, rate) == pytest.approx(meter.integrated_loudness(sound.astype(float)), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(gain=st.floats(-30, 10), seed=st.integers(0, 99), rate=st.sampled_from(RATES[:6]))
def test_gain_adds_its_decibels(gain: float, seed: int, rate: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(rate) * 0.1
    louder = (noise * 10 ** (gain / 20)).astype(np.float32)
    before = integrated_loudness(noise.astype(np.float32), rate)
    assert integrated_loudness(louder, rate) - before == pytest.approx(gain, abs=1e-3)
    assert true_peak(louder, rate) - true_peak(noise.astype(np.float32), rate) == pytest.approx(gain, abs=1e-3)


def test_silence_and_scraps_have_no_loudness() -> None:
    for samples in (np.zeros(0, np.float32), np.zeros(48000, np.float32), mono(sine(-10, 0.39, 48000))):
        assert integrated_loudness(samples, 48000) == -np.inf
    assert gated_loudness(np.zeros(0)) == -np.inf
    assert len(oversampled_peaks(np.zeros(0, np.float32), 48000)) == 0


def test_long_sound_is_filtered_as_if_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = mono(sine(-20, 0.5, 8000, 45.0), sine(-3, 24.6, 8000, 41.0, 1.0))
    piecewise = block_powers(sound, 8000)
    monkeypatch.setattr(ebu_r128, "_CHUNK", 1000.0)
    assert block_powers(sound, 8000) == pytest.approx(piecewise, rel=1e-9)


def test_what_comes_last_is_not_heard_first() -> None:
    sound = np.zeros(48000, np.float32)
    sound[-1] = 1.0
    powers = block_powers(sound, 48000)
    assert powers[-1] > 1e-6
    assert powers[:-1].max() < 1e-15


def test_no_block_is_missed_and_none_is_cut_short() -> None:
    for rate in RATES:
        assert len(block_powers(np.zeros(rate, np.float32), rate)) == 7
        assert len(block_powers(np.zeros(round(0.4 * rate), np.float32), rate)) == 1
