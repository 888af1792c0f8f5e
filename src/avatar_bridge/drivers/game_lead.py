"""How far ahead frames are made for games: far enough to come in time, and no farther."""

from __future__ import annotations

import math

__all__ = ["Lead"]

_FIRST = 0.04
_LEAST, _MOST = 0.03, 0.3
_WISHED = 0.015
"""Seconds that the latest frame should still have in hand."""
_SLACK = 0.01
"""Seconds more than wished that are let be."""
_STEP = 0.005
"""Seconds by which the lead shrinks at most, a report."""
_SPAN = 2.0
"""Seconds of the past that a report tells of."""


class Lead:
    """The lead, adapted by the games' reports; quick up, slow down. Pure: every `now` is given."""

    def __init__(self, fixed: float | None = None) -> None:
        """Start at 40 ms; `fixed`: seconds that stay as they are, whatever games report."""
        self.seconds = _FIRST if fixed is None else fixed
        self._fixed = fixed is not None
        self._margins: dict[int, float] = {}
        self._changed = -math.inf

    def report(self, game: int, margin_ms: float, now: float) -> None:
        """Learn the least time by which frames came early to `game` in the last 2 s; negative where one was late."""
        if self._fixed or not math.isfinite(margin_ms):
            return
        self._margins[game] = min(max(margin_ms / 1000, -1.0), 1.0)
        if now - self._changed < _SPAN + self.seconds:
            # the report tells of frames that were made with the lead before
            return
        least = min(self._margins.values())
        if least < _WISHED:
            self._change(self.seconds + _WISHED - least, now)
        elif least > _WISHED + _SLACK:
            self._change(self.seconds - min(_STEP, least - _WISHED), now)

    def forget(self, game: int) -> None:
        """Let a game that is gone count no more."""
        self._margins.pop(game, None)

    def _change(self, seconds: float, now: float) -> None:
        seconds = min(max(seconds, _LEAST), _MOST)
        if seconds != self.seconds:
            self.seconds = seconds
            self._changed = now
            self._margins.clear()
