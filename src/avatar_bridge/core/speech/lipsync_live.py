"""Lip-sync from a live stream, of which nothing is known in advance: microphones, streamed voices without times."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.lipsync_amplitude import opening, shaped, vowel_shares
from avatar_bridge.core.speech.loudness import SpectrumFrames
from avatar_bridge.core.speech.visemes import MOUTH_RATE
from avatar_bridge.core.vocabulary import MouthCurve, Samples

__all__ = ["LiveAmplitude"]

_SILENCE = 1e-12
_START = -35.0  # dB of full scale that loud speech is taken to have before any was heard
_FALL = 2.0  # dB a second by which the remembered loudness sinks while nothing reaches it
_REACH = 0.3  # share of the way that it rises in a frame, which passes over single bursts
_FLOOR_RISE = 3.0  # dB a second by which the noise floor may rise


@dataclass(slots=True)
class LiveAmplitude:
    """The amplitude tier, fed as the sound comes.

    `attack` and `release` are the seconds in which the mouth opens or closes all the way: 15 ms and 60 ms (80 ms would
    lose every closure).

    Frame i of all that it returns is the mouth at i / 100 s of the stream; it comes as soon as its window is full,
    12.5 ms of sound later.
    """

    rate: int
    attack: float = 0.015
    release: float = 0.06
    _waiting: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _first: int = 0
    _frames: int = 0
    _open: float = 0.0
    _peak: float = _START
    _floor: float = -200.0
    _shares: NDArray[np.float64] = field(default_factory=lambda: np.full(5, 0.2))

    def __post_init__(self) -> None:
        half = len(SpectrumFrames.at(self.rate).window) // 2
        self._waiting = np.zeros(half)
        self._first = -half

    def feed(self, samples: Samples) -> MouthCurve:
        """Take the next samples of the stream and return the frames that became due, possibly none."""
        analysis = SpectrumFrames.at(self.rate)
        length = len(analysis.window)
        fresh = np.nan_to_num(np.asarray(samples, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        self._waiting = np.concatenate([self._waiting, fresh])
        starts: list[int] = []
        while (start := self._start(len(starts), length)) + length <= len(self._waiting):
            starts.append(start)
        if not starts:
            return MouthCurve(MOUTH_RATE, np.zeros(0, np.float32), np.zeros((0, 5), np.float32))
        windows = self._waiting[np.asarray(starts)[:, None] + np.arange(length)]
        power, formants, _ = analysis.measure(windows)
        self._frames += len(starts)
        drop = max(0, min(self._start(0, length), len(self._waiting)))
        self._waiting = self._waiting[drop:]
        self._first += drop
        opened = np.array([self._follow(10 * float(np.log10(max(value, _SILENCE)))) for value in power])
        shares = vowel_shares(formants)
        for row in range(len(shares)):
            self._shares = self._shares + 0.3 * opened[row] * (shares[row] - self._shares)
            shares[row] = self._shares
        return MouthCurve(MOUTH_RATE, opened.astype(np.float32), shaped(opened, shares))

    def reset(self) -> None:
        """Close the mouth and forget the sound that is not shown yet; what is known of the levels stays."""
        half = len(SpectrumFrames.at(self.rate).window) // 2
        self._waiting, self._first, self._frames, self._open = np.zeros(half), -half, 0, 0.0

    def _start(self, ahead: int, length: int) -> int:
        centre = round((self._frames + ahead) * self.rate / MOUTH_RATE)
        return centre - length // 2 - self._first

    def _follow(self, level: float) -> float:
        """Return the openness after one more frame of this level in dB."""
        if level > self._peak:
            self._peak += _REACH * (level - self._peak)
        else:
            self._peak -= _FALL / MOUTH_RATE
        heard = level > 10 * np.log10(_SILENCE) + 1
        if heard:
            rising = self._floor + _FLOOR_RISE / MOUTH_RATE
            self._floor = min(level, rising) if self._floor > -200 else level
        gate = min(self._floor + 8, self._peak - 14)
        wanted = float(opening(np.array([level - self._peak]))[0]) if heard and level > gate else 0.0
        up, down = 1 / (MOUTH_RATE * self.attack), 1 / (MOUTH_RATE * self.release)
        self._open += min(max(wanted - self._open, -down), up)
        return self._open
