"""How long VTube Studio takes: what is measured from its answers, and what follows from it."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["Latency"]

_RATE = 60.0
_WINDOW = (2, 4)
_RECENT = 128
_ECHOES = 8
_RECKONING = 16
"""Answers between two looks at the usual round trip."""
_UNKNOWN = 0.02
_LONGEST = 0.15


class Latency:
    """The round trips of the last two seconds of frames."""

    def __init__(self) -> None:
        self._trips: deque[float] = deque(maxlen=_RECENT)
        self._echoes: deque[float] = deque(maxlen=_ECHOES)
        self._hotkeys: deque[float] = deque(maxlen=_ECHOES)
        self._window = _WINDOW[0]
        self._added = 0

    def add(self, trip: float) -> None:
        """Take the seconds from sending a frame to its answer."""
        self._trips.append(trip)
        if self._added % _RECKONING == 0:
            usual = sorted(self._trips)[len(self._trips) // 2]
            self._window = min(max(math.ceil(usual * _RATE) + 1, _WINDOW[0]), _WINDOW[1])
        self._added += 1

    def echo(self, trip: float) -> None:
        """Take the seconds that a WebSocket ping took, which is answered without waiting for a rendered frame."""
        self._echoes.append(trip)

    def executed(self, trip: float) -> None:
        """Take the seconds from asking for a hotkey to the answer, which comes once it was executed."""
        self._hotkeys.append(trip)

    def delay(self, framerate: float) -> float:
        """Return the seconds beyond the lead that a hotkey takes: the usual of the last ones, less the way back."""
        if not self._hotkeys:
            return 0.0
        usual = sorted(self._hotkeys)[len(self._hotkeys) // 2]
        return min(max(usual - min(self._echoes, default=0.0) / 2 - self.lead(framerate), 0.0), _LONGEST)

    @property
    def round_trip(self) -> float | None:
        """The least of the recent round trips in seconds; None before the first."""
        return min(self._trips) if self._trips else None

    @property
    def window(self) -> int:
        """How many frames may be unanswered: what fits into the usual round trip at 60 Hz, and one more."""
        return self._window

    def lead(self, framerate: float) -> float:
        """Return the seconds until a frame shows: the way there, and half a rendered frame until the next update.

        Half the least echo is the way there; without one, half the least round trip, which is too much where our
        frames and the app's keep step and every answer waits for the render loop. Frames arrive anywhere within a
        rendered frame, hence half of one more on average.
        """
        trip = min(self._echoes, default=self.round_trip)
        if trip is None:
            return _UNKNOWN
        return min(trip / 2 + 0.5 / max(framerate, 20.0), _LONGEST)
