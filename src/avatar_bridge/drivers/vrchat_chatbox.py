"""What is said, in VRChat's chatbox: a line when it is heard, no more often than VRChat takes them."""

from __future__ import annotations

from collections import deque
from typing import Final

from avatar_bridge.core.timeline.timeline import PlacedSegment

__all__ = ["Chatbox"]

PACE: Final = 1.3
"""Least seconds between two lines: VRChat mutes who sends them faster."""
_KEPT: Final = 64
_OPEN: Final = 0.03


class Chatbox:
    """Lines by the time at which they are heard; where they come too fast the newest that is due is shown.

    The first frame with an open mouth tells when the utterance began to be heard.
    """

    def __init__(self) -> None:
        self._lines: deque[tuple[float, str]] = deque(maxlen=_KEPT)
        self._zero: float | None = None
        self._first = 0.0
        self._last = -PACE

    def begin(self) -> None:
        """Start an utterance."""
        self._lines.clear()
        self._zero = None

    def add(self, placed: PlacedSegment) -> None:
        """Take a segment that was placed."""
        if placed.text.strip():
            if not self._lines and self._zero is None:
                self._first = placed.at
            self._lines.append((placed.at, placed.text.strip()))

    def end(self) -> None:
        """Forget what was not heard."""
        self._lines.clear()

    def heard(self, now: float, mouth_open: float) -> None:
        """Learn of a frame."""
        if self._zero is None and self._lines and mouth_open > _OPEN:
            self._zero = now - self._first

    def due(self, now: float) -> str | None:
        """Return the line to show now, if there is one."""
        if self._zero is None or now - self._last < PACE:
            return None
        line = None
        while self._lines and self._lines[0][0] <= now - self._zero + 1e-3:
            line = self._lines.popleft()[1]
        if line is not None:
            self._last = now
        return line
