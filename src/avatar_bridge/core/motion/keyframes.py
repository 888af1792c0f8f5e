"""Keyframes over time: sampling a clip, and starting one late so that its stroke still meets the word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["COMPRESSION", "Clip", "Start", "Track", "late_start", "peak_speed", "smoothstep"]

COMPRESSION = 0.7
"""The least share of its own length that a preparation may be squeezed into."""

_SMOOTHSTEP_PEAK = 1.5
"""The greatest slope of smoothstep, in amplitudes a duration."""


def smoothstep(x: float) -> float:
    """Return 3x² - 2x³ for `x` held within 0..1: a rest-to-rest move with no corner at its ends."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return x * x * (3.0 - 2.0 * x)


class Track:
    """One channel's keys, `(seconds, value)` in rising order, joined by smoothstep; held before the first and after
    the last. Reading in rising time is fastest: the segment that was read last is looked at first.
    """

    __slots__ = ("_index", "_times", "_values")

    def __init__(self, keys: Sequence[tuple[float, float]]) -> None:
        """Take at least one key; raises ValueError where there is none or where times do not rise."""
        if not keys:
            raise ValueError("expected at least one key, got none")
        self._times = tuple(float(at) for at, _ in keys)
        self._values = tuple(float(value) for _, value in keys)
        self._index = 0
        if any(later <= earlier for earlier, later in pairwise(self._times)):
            raise ValueError(f"expected rising times, got {list(self._times)}")

    @property
    def duration(self) -> float:
        """Seconds from the clip's start to the last key."""
        return self._times[-1]

    @property
    def peak(self) -> float:
        """The greatest distance from rest of any key."""
        return max(abs(value) for value in self._values)

    @property
    def rests(self) -> bool:
        """True where the track begins and ends at rest."""
        return self._values[0] == 0.0 and self._values[-1] == 0.0

    @property
    def speed(self) -> float:
        """The greatest speed between two keys, in units a second."""
        return peak_speed(zip(self._times, self._values, strict=True))

    def at(self, time: float) -> float:
        """Return the value at `time` seconds of the clip."""
        times = self._times
        index = self._index
        if not (times[index] <= time and (index + 1 == len(times) or time < times[index + 1])):
            index = bisect_right(times, time) - 1
            if index < 0:
                self._index = 0
                return self._values[0]
            self._index = index
        if index + 1 == len(times):
            return self._values[index]
        begin = times[index]
        value = self._values[index]
        x = (time - begin) / (times[index + 1] - begin)
        return value + (self._values[index + 1] - value) * x * x * (3.0 - 2.0 * x)


def peak_speed(keys: Iterable[tuple[float, float]]) -> float:
    """Return the greatest speed that smoothstep reaches between two keys, in units a second."""
    speed = 0.0
    previous: tuple[float, float] | None = None
    for at, value in keys:
        if previous is not None:
            speed = max(speed, _SMOOTHSTEP_PEAK * abs(value - previous[1]) / (at - previous[0]))
        previous = (at, value)
    return speed


class Clip:
    """The tracks of one action, by channel."""

    __slots__ = ("duration", "tracks")

    def __init__(self, keyframes: Mapping[str, Sequence[tuple[float, float]]], duration: float | None = None) -> None:
        """Take keys by channel; the clip lasts until its last key unless `duration` says longer.

        Channels that are given the very same keys (the joints of a curled finger) share a track.
        """
        tracks = {id(keys): Track(keys) for keys in keyframes.values()}
        self.tracks: dict[str, Track] = {channel: tracks[id(keys)] for channel, keys in keyframes.items()}
        last = max((track.duration for track in self.tracks.values()), default=0.0)
        self.duration: float = last if duration is None else max(last, duration)

    def at(self, time: float) -> dict[str, float]:
        """Return every track's value at `time` seconds of the clip."""
        return {channel: track.at(time) for channel, track in self.tracks.items()}


@dataclass(frozen=True, slots=True)
class Start:
    """How to begin a gesture so that its stroke meets its word."""

    delay: float
    """Seconds from now until the clip starts."""
    rate: float
    """Clip seconds a second until the stroke; 1 where there is time enough."""
    skip: float
    """Clip seconds left out at the beginning."""


def late_start(stroke: float, available: float) -> Start:
    """Return how to start a clip whose stroke lies `stroke` seconds in when its word comes in `available` seconds.

    With too little time the preparation is compressed to at most 0.7 of its length, then its beginning is skipped, so
    that `delay + (stroke - skip) / rate` is `available` for every `available` >= 0; a word that has passed gets its
    stroke at once. (BML's sync points; the order of the means is the house's.)
    """
    if available >= stroke:
        return Start(available - stroke, 1.0, 0.0)
    if available >= COMPRESSION * stroke:
        return Start(0.0, stroke / available, 0.0)
    rate = 1.0 / COMPRESSION
    return Start(0.0, rate, stroke - max(available, 0.0) * rate)
