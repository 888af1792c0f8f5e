"""From sound to mouth: one interface over the tiers, and curves as the player reads them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.lipsync_amplitude import AmplitudeLipSync
from avatar_bridge.core.speech.lipsync_phonemes import PhonemeLipSync
from avatar_bridge.core.speech.visemes import MOUTH_RATE
from avatar_bridge.core.vocabulary import MouthCurve, MouthShape, Phoneme, Samples

__all__ = ["FADE", "MOUTH_RATE", "TIERS", "LipSync", "MouthTrack", "best_lip_sync", "lip_sync", "sample"]

_CLOSED = MouthShape()

FADE = 0.08
"""Seconds in which a curve that replaces another takes over."""


class LipSync(Protocol):
    """A way from sound to mouth; better tiers slot in here."""

    def curve(self, samples: Samples, rate: int, phonemes: Sequence[Phoneme] = ()) -> MouthCurve:
        """Return the mouth for mono audio of `rate` samples a second, at `MOUTH_RATE`, from the first sample on."""
        ...


TIERS: Mapping[str, Callable[[], LipSync]] = MappingProxyType(
    {"phonemes": PhonemeLipSync, "amplitude": AmplitudeLipSync}
)
"""The tiers by name, best first."""


def lip_sync(tier: str) -> LipSync:
    """Return the tier of that name; raises ValueError, naming those there are, for an unknown one."""
    if tier not in TIERS:
        raise ValueError(f"expected a lip-sync tier, one of {', '.join(TIERS)}; got {tier!r}")
    return TIERS[tier]()


def best_lip_sync(phonemes: Sequence[Phoneme] = ()) -> LipSync:
    """Return the best tier that can be had: from phoneme times where there are any, else from the sound alone."""
    return lip_sync("phonemes" if any(phoneme.symbol.strip() for phoneme in phonemes) else "amplitude")


def sample(curve: MouthCurve, at: float) -> MouthShape:
    """Return the mouth at `at` seconds: linear between the curve's samples, closed outside of it."""
    position = at * curve.rate
    last = len(curve.open) - 1
    if not 0.0 <= position < last + 1:
        return _CLOSED
    low = int(position)
    high = min(low + 1, last)
    share = position - low
    first, second = curve.shapes[low].tolist(), curve.shapes[high].tolist()
    opened = float(curve.open[low])
    opened += share * (float(curve.open[high]) - opened)
    return MouthShape(opened, *(a + share * (b - a) for a, b in zip(first, second, strict=True)))


class MouthTrack:
    """The mouth of a whole utterance, growing as segments get their place."""

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._curves: list[MouthCurve] = []

    def append(self, curve: MouthCurve, at: float) -> None:
        """Place a curve at `at` seconds of the utterance; where it overlaps another, the later start counts."""
        index = bisect_right(self._starts, at)
        self._starts.insert(index, at)
        self._curves.insert(index, curve)

    def starting(self, at: float) -> MouthCurve | None:
        """Return the curve that was placed at `at` seconds; None where there is none."""
        index = bisect_right(self._starts, at) - 1
        return self._curves[index] if index >= 0 and self._starts[index] == at else None

    def replace(self, curve: MouthCurve, at: float, *, after: float) -> None:
        """Put `curve` in the place of the one that was placed at `at`, from `after` seconds of the utterance on.

        One goes over into the other within `FADE` seconds; nothing jumps.
        """
        index = bisect_right(self._starts, at) - 1
        if index >= 0 and self._starts[index] == at:
            self._curves[index] = _faded(self._curves[index], curve, after - at)

    @property
    def duration(self) -> float:
        """Seconds from the utterance's start to the last curve's end; 0 while there is none."""
        ends = (start + curve.duration for start, curve in zip(self._starts, self._curves, strict=True))
        return max(ends, default=0.0)

    def shape(self, at: float) -> MouthShape:
        """Return the mouth at `at` seconds of the utterance; closed where no curve is."""
        index = bisect_right(self._starts, at) - 1
        return _CLOSED if index < 0 else sample(self._curves[index], at - self._starts[index])

    def curve(self, duration: float | None = None, rate: float = MOUTH_RATE) -> MouthCurve:
        """Return the track as one curve of `duration` seconds (all of it without one)."""
        length = self.duration if duration is None else duration
        count = max(0, int(np.ceil(length * rate - 1e-6)))
        opened = np.zeros(count, np.float32)
        shapes = np.zeros((count, 5), np.float32)
        times = np.arange(count) / rate
        ends = [*self._starts, np.inf][1:]
        for start, end, curve in zip(self._starts, ends, self._curves, strict=True):
            stop = min(end, start + curve.duration)
            low, high = (int(i) for i in np.searchsorted(times, (start - 1e-9, stop - 1e-9)))
            here: NDArray[np.float64] = times[low:high] - start
            known = np.arange(len(curve.open)) / curve.rate
            if len(known) and high > low:
                opened[low:high] = np.interp(here, known, curve.open)
                for column in range(5):
                    shapes[low:high, column] = np.interp(here, known, curve.shapes[:, column])
        return MouthCurve(rate, opened, shapes)


def _faded(before: MouthCurve, after: MouthCurve, at: float) -> MouthCurve:
    """Return `before` up to `at` seconds, from `at` + FADE on `after`, and between them what lies between."""
    times = np.arange(len(after.open)) / after.rate
    share = np.clip((times - at) / FADE, 0.0, 1.0)
    known = np.arange(len(before.open)) / before.rate
    if not len(known) or share.all():
        return after

    def mixed(old: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((1.0 - share) * np.interp(times, known, old) + share * new, np.float32)

    columns = [mixed(before.shapes[:, column], after.shapes[:, column]) for column in range(after.shapes.shape[1])]
    return MouthCurve(after.rate, mixed(before.open, after.open), np.stack(columns, axis=1))
