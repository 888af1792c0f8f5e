"""How long VTube Studio takes: what is measured from its answers, and what follows from it."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["Latency"]

_RATE = 60.0
_WINDOW = (2, 4)
_RECENT = 128
_UNKNOWN = 0.02
_LONGEST = 0.15


class Latency:
    """The round trips of the last two seconds of frames."""

    def __init__(self) -> None:
        self._trips: deque[float] = deque(maxlen=_RECENT)

    def add(self, trip: float) -> None:
        """Take the seconds from sending a frame to its answer."""
        self._trips.append(trip)

    @property
    def round_trip(self) -> float | None:
        """The least of the recent round trips in seconds; None before the first."""
        return min(self._trips) if self._trips else None

    @property
    def window(self) -> int:
        """How many frames may be unanswered: what fits into the usual round trip at 60 Hz, and one more."""
        if not self._trips:
            return _WINDOW[0]
        usual = sorted(self._trips)[len(self._trips) // 2]
        return min(max(math.ceil(usual * _RATE) + 1, _WINDOW[0]), _WINDOW[1])

    def lead(self, framerate: float) -> float:
        """Return the seconds until a frame shows: the way there, and half a rendered frame until the next update.

        The app answers from its render loop, so the least recent round trip is one that had not to wait for it: half
        of that is the way there. Frames arrive anywhere within a rendered frame, hence half of one more on average.
        """
        trip = self.round_trip
        if trip is None:
            return _UNKNOWN
        return min(trip / 2 + 0.5 / max(framerate, 20.0), _LONGEST)
