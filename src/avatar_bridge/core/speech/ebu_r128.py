"""How loud sound is to an ear, by EBU R 128: loudness in LUFS and true peak in dBTP, both of ITU-R BS.1770-4."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples

__all__ = ["OVERSAMPLING", "block_powers", "decibels", "gated_loudness", "integrated_loudness", "oversampled_peaks"]

Floats = NDArray[np.float64]

OVERSAMPLING = 4
"""Points a sample at which the true peak is looked for; at 96 kHz and more the samples themselves are close enough."""

_OFFSET = -0.691  # dB: 0 dBFS at 997 Hz is -3.01 LUFS
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_BLOCK, _STEP = 0.4, 0.1
_RINGING = 0.3  # seconds after which the high-pass filter's answer is below 1e-30
_CHUNK = 10.0  # seconds filtered at once
_TAPS = 24  # of each phase of the oversampling filter


def integrated_loudness(samples: Samples, rate: int) -> float:
    """Return the loudness of mono audio in LUFS, absolute gate at -70 LUFS, relative gate at -10 LU.

    Minus infinity where there is nothing above the gate, or less than a block of 0.4 s.
    """
    return gated_loudness(block_powers(samples, rate))


def block_powers(samples: Samples, rate: int, block: float = _BLOCK, step: float = _STEP) -> Floats:
    """Return the K-weighted mean square of each `block` seconds, every `step` seconds; none is cut short."""
    length = round(block * rate)
    if len(samples) < length:
        return np.zeros(0)
    energy = np.concatenate([[0.0], np.cumsum(_weighted(samples, rate) ** 2)])
    count = int((len(samples) / rate - block) / step + 1e-6) + 1
    starts = np.round(np.arange(count) * step * rate).astype(np.int64)
    starts = starts[starts + length <= len(samples)]
    return np.asarray(np.maximum(energy[starts + length] - energy[starts], 0.0) / length)


def gated_loudness(powers: Floats) -> float:
    """Return the loudness in LUFS of block powers by both gates; minus infinity where nothing passes the first."""
    loud = powers[powers > 10.0 ** ((_ABSOLUTE_GATE - _OFFSET) / 10.0)]
    if not len(loud):
        return -np.inf
    return decibels(float(loud[loud > loud.mean() * 10.0 ** (_RELATIVE_GATE / 10.0)].mean()))


def decibels(power: float) -> float:
    """Return a K-weighted mean square as LUFS."""
    return float(_OFFSET + 10.0 * np.log10(power)) if power > 0.0 else -np.inf


def oversampled_peaks(samples: Samples | Floats, rate: int) -> Floats:
    """Return for each sample the highest magnitude of the wave from it until the next one, shape (n,), full scale 1.

    Their maximum is the true peak. Four points a sample by a windowed sinc of 24 taps, exact to 0.1 dB below 0.4 of
    the rate; from 96 kHz on the samples themselves.
    """
    peaks: Floats = np.abs(samples.astype(np.float64))
    if rate >= 96_000 or not len(samples):
        return peaks
    wave = samples.astype(np.float64)
    for taps in _phases():
        between = np.abs(np.convolve(wave, taps)[_TAPS // 2 - 1 :][: len(wave)])
        np.maximum(peaks, between, out=peaks)
    return peaks


def _weighted(samples: Samples, rate: int) -> Floats:
    """Return audio through both filters of the K-weighting, exactly: as a product of spectra, piece by piece."""
    ringing, chunk = round(_RINGING * rate), round(_CHUNK * rate)
    out = np.zeros(len(samples) + ringing)
    for start in range(0, len(samples), chunk):
        piece = samples[start : start + chunk].astype(np.float64)
        size = _smooth_size(len(piece) + ringing)
        filtered = np.fft.irfft(np.fft.rfft(piece, size) * _k_weighting(rate, size), size)
        out[start : start + len(piece) + ringing] += filtered[: len(piece) + ringing]
    return out[: len(samples)]


@lru_cache(maxsize=8)
def _k_weighting(rate: int, size: int) -> NDArray[np.complex128]:
    """Return the K-weighting's answer at the frequencies of a real transform of `size` samples.

    BS.1770 gives its coefficients at 48 kHz alone; these are the analogue filters behind them (a shelf of 4 dB at
    1682 Hz, a high-pass at 38 Hz), so that every rate hears alike (Brecht De Man, 2014).
    """
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    shelf = _shelf(np.tan(np.pi * 1681.974450955533 / rate) if rate > 4000 else np.inf, delay)
    steep, low = 1.0 / 0.5003270373238773, np.tan(np.pi * 38.13547087602444 / rate)
    base = 1.0 + steep * low + low * low
    high_pass = (1.0 - delay) ** 2 / (
        1.0 + (2.0 * (low * low - 1.0) * delay + (1.0 - steep * low + low * low) * delay**2) / base
    )
    return np.asarray(shelf * high_pass)


def _shelf(edge: float, delay: NDArray[np.complex128]) -> NDArray[np.complex128]:
    if not np.isfinite(edge):
        return np.ones_like(delay)
    high = 10.0 ** (3.999843853973347 / 20.0)
    middle, damping = high**0.4996667741545416, 1.0 / 0.7071752369554196
    square = edge * edge
    upper = (
        (high + middle * damping * edge + square)
        + 2.0 * (square - high) * delay
        + (high - middle * damping * edge + square) * delay**2
    )
    lower = (1.0 + damping * edge + square) + 2.0 * (square - 1.0) * delay + (1.0 - damping * edge + square) * delay**2
    return np.asarray(upper / lower)


@lru_cache(maxsize=1)
def _phases() -> tuple[Floats, ...]:
    """Return the filters that give the wave a quarter, a half and three quarters behind a sample."""
    found = []
    for phase in range(1, OVERSAMPLING):
        distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - phase / OVERSAMPLING
        window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1.0 - (distance / (_TAPS / 2)) ** 2))) / np.i0(8.0)
        taps = np.sinc(distance) * window
        # convolution turns the taps round
        found.append(np.asarray((taps / taps.sum())[::-1]))
    return tuple(found)


@lru_cache(maxsize=64)
def _smooth_size(least: int) -> int:
    """Return the smallest product of 2, 3 and 5 from `least` on: sizes that transform fast."""
    best = 1 << (least - 1).bit_length()
    threes = 1
    while threes < best:
        fives = threes
        while fives < best:
            rest = -(-least // fives)
            best = min(best, fives << max(0, (rest - 1).bit_length()))
            fives *= 5
        threes *= 3
    return best
