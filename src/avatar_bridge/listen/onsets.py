"""Audio as a recogniser takes it, and where sound begins in it after a silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples

__all__ = ["FRAME", "Sounding", "covered", "heard", "onset_after"]

FRAME = 0.01
"""Seconds of one frame of the recogniser."""

_RATE = 16_000
_PADDING = 0.1
_PEAK = 0.5
_NOISE = 3.0
_FAINT = -32.0
_LOUD = -20.0
_LONGEST_SILENCE = 0.1
_CLOSURE = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """Audio at 16 kHz with a little silence around it."""

    pcm: bytes
    """Signed 16 bits, padded."""
    rate: int
    """Samples a second of what was given."""
    duration: float
    """Seconds of what was given."""
    levels: NDArray[np.float64]
    """Loudness in dB against the loud parts, every `FRAME` of what was given."""

    def seconds(self, frame: int) -> float:
        """Return where a frame of the padded audio begins in what was given."""
        return frame * FRAME - _PADDING


def heard(samples: Samples, rate: int) -> Sounding | None:
    """Return mono audio for a recogniser, whatever its gain; None where it is silent."""
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak) or peak < 1e-5:
        return None
    sound = np.asarray(soxr.resample(samples, rate, _RATE), np.float64) * (_PEAK / peak * 32767)
    padding = np.zeros(round(_PADDING * _RATE))
    whole = np.concatenate([padding, sound, padding])
    # digital silence has no spectrum; the same faint noise for the same audio
    whole += np.random.default_rng(0).normal(0.0, _NOISE, len(whole))
    pcm = np.clip(np.rint(whole), -32768, 32767).astype("<i2").tobytes()
    return Sounding(pcm, rate, len(samples) / rate, _levels(sound))


def _levels(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loudness of each frame in dB against the loud ones, hiss as well as voice, without what rumbles."""
    bright = np.diff(sound, prepend=0.0) * 0.7 + 0.3 * sound
    step = round(FRAME * _RATE)
    squares = np.concatenate([np.zeros(step // 2), bright**2, np.zeros(2 * step)])
    power = np.convolve(squares, np.ones(step) / step, "valid")[: len(sound) + 1 : step]
    decibels = 10.0 * np.log10(power + 1e-9)
    return np.asarray(decibels - np.percentile(decibels, 95), np.float64)


def onset_after(sound: Sounding, at: float, until: float) -> float:
    """Return where it becomes loud between `at` and `until` (seconds), a first sound that a silence comes before.

    A recogniser lets such a sound begin in the silence before it. One that is silent throughout is a closure, which
    ends in the next sound: of a long one that it takes for a pause the last 60 ms are left.
    """
    first = max(0, round(at / FRAME))
    loud = np.flatnonzero(sound.levels[first : max(first, round(until / FRAME))] > _FAINT)
    if len(loud):
        return at + float(loud[0]) * FRAME
    return until - _CLOSURE if until - at > _LONGEST_SILENCE else at


def covered(sound: Sounding, spans: Iterable[tuple[float, float]]) -> float:
    """Return the share of what is loud that lies within `spans` (start and end in seconds)."""
    loud = sound.levels > _LOUD
    within = np.zeros(len(loud), dtype=bool)
    for start, end in spans:
        within[max(0, round(start / FRAME)) : max(0, round(end / FRAME))] = True
    return float((loud & within).sum() / max(1, loud.sum()))
