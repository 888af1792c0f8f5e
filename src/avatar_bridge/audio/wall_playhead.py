"""The playhead of an output without a device: pure arithmetic on the time it is given."""

from __future__ import annotations

__all__ = ["WallPlayhead"]


class WallPlayhead:
    """How much of an utterance would have been heard by now, in seconds.

    It starts with the first audio written, stands still while the queue is dry, and runs on once the utterance is
    finished. Every `now` is a monotonic time in seconds, never less than one given before.
    """

    def __init__(self, at: float = 0.0, written: float = 0.0) -> None:
        """Start at position `at` (negative: so long before the first sample) with `written` seconds queued so far."""
        self._position = at
        self._anchor = 0.0
        self._running = False
        self._written = written
        self._finished = False
        self._stopped = False

    @property
    def written(self) -> float:
        """Seconds of audio written in this utterance."""
        return self._written

    @property
    def stopped(self) -> bool:
        """True from a stop to the next utterance: what is written then belongs to nothing."""
        return self._stopped

    def run(self, now: float) -> None:
        """Count from `now` on, where `write` or `finish` has not set it going."""
        self._anchor, self._running = now, True

    def begin(self, now: float) -> None:
        """Start the next utterance behind what is still to be heard of this one."""
        behind = 0.0 if self._stopped else self.queued(now)
        self._position, self._anchor, self._running = -behind, now, behind > 0.0
        self._written, self._finished, self._stopped = 0.0, False, False

    def write(self, now: float, duration: float) -> float:
        """Queue `duration` seconds; return the time at which the first of it is heard."""
        position = self.heard(now)
        if not self._running or position >= self._written:
            # dry until now: what comes is heard from now on
            self._position, self._anchor, self._running = min(position, self._written), now, True
        heard_at = self._anchor + (self._written - self._position)
        self._written += duration
        return heard_at

    def finish(self, now: float) -> None:
        """Say that no more is written: the position runs on with the time."""
        if self._finished or self._stopped:
            return
        position = self.heard(now)
        if not self._running or position >= self._written:
            self._position, self._anchor, self._running = position, now, True
        self._finished = True

    def heard(self, now: float) -> float:
        """Return the position: negative before the first sample, at most what was written until it is finished."""
        if not self._running:
            return self._position
        position = self._position + (now - self._anchor)
        return position if self._finished else min(position, self._written)

    def queued(self, now: float) -> float:
        """Return the seconds written and not heard yet, with the wait before the first sample."""
        return max(0.0, self._written - self.heard(now))

    def stop(self, now: float) -> float:
        """Forget what is queued and stand still; return what was heard."""
        position = self.heard(now)
        self._position, self._running, self._written = position, False, position
        self._finished, self._stopped = False, True
        return position
