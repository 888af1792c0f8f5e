"""Lip-sync from the sound alone: the last tier, for audio without text or times.

The band from 250 to 3400 Hz, 25 ms RMS in dB against the audio's 95th percentile, -24..-2 dB to 0..1, to the power 1.5,
gated at the noise floor + 8 dB with 30 ms hang, smoothed over 50 ms without delay. Gain does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.loudness import band_levels, noise_gate, smoothed
from avatar_bridge.core.speech.visemes import MOUTH_RATE, SHAPE_OPENNESS
from avatar_bridge.core.vocabulary import MouthCurve, Phoneme, Samples

__all__ = ["AmplitudeLipSync", "loudness", "opening", "vowel_shares"]

_LOW, _HIGH = -24.0, -2.0
_POWER = 1.5
_HANG = 0.03
_SPAN = 0.05
_SHAPE_SPAN = 0.1  # shapes change slower, and follow the loud frames: faint ones are mostly noise

# Centres of gravity (Hz, below 0.85 kHz and from 0.8 kHz on) at which each viseme is heard, in the order of VISEMES.
_CENTRES = np.array([[544.0, 1286.0], [372.0, 1843.0], [422.0, 1345.0], [446.0, 1628.0], [488.0, 1271.0]])
_SPREAD = np.array([0.1, 0.12])  # in natural logarithms of Hz


@dataclass(frozen=True, slots=True)
class AmplitudeLipSync:
    """Mouth curves from loudness, with a coarse vowel guess from the balance of the spectrum.

    `lead`: seconds by which the mouth comes before the sound.
    """

    lead: float = 0.01

    def curve(self, samples: Samples, rate: int, phonemes: Sequence[Phoneme] = ()) -> MouthCurve:  # noqa: ARG002
        """Return the curve of mono audio; `phonemes` are not looked at. Silence and level noise keep it closed."""
        levels = band_levels(samples, rate, MOUTH_RATE, self.lead)
        if levels.stationary:
            opened = np.zeros(len(levels.decibels))
        else:
            opened = opening(levels.decibels)
            opened *= _hung(levels.decibels > noise_gate(levels.decibels), round(_HANG * MOUTH_RATE))
        heard = opened + 1e-6
        shares = smoothed(vowel_shares(levels.formants) * heard[:, None], MOUTH_RATE, _SHAPE_SPAN)
        shares /= smoothed(heard, MOUTH_RATE, _SHAPE_SPAN)[:, None]
        opened = np.clip(smoothed(opened, MOUTH_RATE, _SPAN), 0.0, 1.0)
        opened[opened < 1e-4] = 0.0
        return MouthCurve(MOUTH_RATE, opened.astype(np.float32), shaped(opened, shares))


def opening(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the openness 0..1 for levels in dB against the 95th percentile."""
    return np.asarray(np.clip((decibels - _LOW) / (_HIGH - _LOW), 0.0, 1.0) ** _POWER)


def loudness(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Return 0..1 for each frame of a mouth curve: how loud it is against the audio's peaks, smoothed over 160 ms."""
    decibels = band_levels(samples, rate, MOUTH_RATE).decibels
    return smoothed(np.clip((decibels - _LOW) / (_HIGH - _LOW), 0.0, 1.0), MOUTH_RATE, 0.16)


def vowel_shares(formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each viseme, shape (n, 5), rows of sum 1, for centres of gravity in Hz, shape (n, 2)."""
    heard = np.log(np.maximum(formants, 50.0))
    distance = ((heard[:, None, :] - np.log(_CENTRES)[None, :, :]) / _SPREAD) ** 2
    total = distance.sum(axis=2)
    weights = np.exp(-0.5 * (total - total.min(axis=1, keepdims=True)))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def shaped(opened: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the five weights that open the mouth as far as `opened`, rows of sum at most 1."""
    scale = np.minimum(1.0, opened / (shares @ np.asarray(SHAPE_OPENNESS)))
    return np.asarray(shares * scale[:, None], dtype=np.float32)


def _hung(active: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    """Return `active` with every stretch held for `frames` longer."""
    held = active.copy()
    for shift in range(1, frames + 1):
        held[shift:] |= active[:-shift]
    return held
