"""The playhead of an utterance that a page plays: pure arithmetic on its reports and on the time it is given."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["PagePlayhead", "Verdict"]

Verdict = Literal["taken", "stale", "impossible"]
"""What became of a report: believed, overtaken by what happened since it was sent, or not to be believed."""

_PATIENCE = 0.3
"""Seconds that a page may take to say when it plays what it was given; then the wall clock goes on without it."""
_EXPECTED = 0.06
"""Seconds from handing over the first audio until it is heard, before a page has told."""
_LEAST, _MOST = 0.005, 1.0
_EARLY = 0.02
"""Seconds by which a page's report may be ahead of what can be: clocks are matched no better."""
_DRIFT = 0.001
"""Seconds a second by which two clocks may part on top of that."""
_BELATED = 2.0
"""Seconds after a new start in which a busy page may still tell of the time before it."""
_FAR = 3.0
"""Seconds behind what was heard from which on a report is not believed."""
_JITTER, _PULL = 0.005, 0.3
"""A deviation up to this many seconds is measuring noise, of which this share is believed at once."""


class PagePlayhead:
    """How much of an utterance was heard, in seconds, as the page with the sound tells it.

    While no page has the sound, the wall clock moves it: at once with the first audio, standing still while the queue
    is dry. With a page it stands still at each new start (the first audio, audio after a dry spell, a hand-over) until
    the page says when it plays that, or has not said so for 0.3 s. It never goes back. Every `now` is a monotonic time
    in seconds, never less than one given before.
    """

    def __init__(self, *, paged: bool, expected: float = _EXPECTED) -> None:
        """Start an utterance; `paged`: a page has the sound. `expected`: seconds until its first audio is heard."""
        self.expected = expected
        """Seconds from the first audio until it is heard; measured once a page has told."""
        self.written = 0.0
        """Seconds of audio written."""
        self._paged = paged
        self._start: float | None = None
        self._held: float | None = -expected
        self._held_since = math.inf
        self._floor = -math.inf
        self._floor_at = 0.0
        self._last = -math.inf
        self._first = math.inf
        self._finished_at: float | None = None
        self._stopped = False
        self._reported = False

    @property
    def stopped(self) -> bool:
        """True from a stop on."""
        return self._stopped

    @property
    def finished(self) -> bool:
        """True when no more audio is to come."""
        return self._stopped or self._finished_at is not None

    def write(self, now: float, duration: float) -> None:
        """Count `duration` seconds of audio more."""
        if not self.written:
            self._first = now
            self._wait(now, 0.0)
        elif self._held is None and self.heard(now) >= self.written:
            self._wait(now, self.written)
        self.written += duration

    def finish(self, now: float) -> None:
        """Say that no more is written: from its end on the position runs on with the time."""
        if self._finished_at is None and not self._stopped:
            self._finished_at = now
            if not self.written:
                self._held, self._start = None, now

    def give(self, now: float) -> float:
        """Let another page play on; return the seconds from which on it needs the audio."""
        position = max(0.0, self.heard(now))
        self._paged = True
        if not self._stopped and self.written > 0.0 and position < self.written:
            self._wait(now, position)
        return position

    def take(self, now: float) -> None:
        """Go on by the wall clock: no page has the sound."""
        position = self.heard(now)
        self._paged = False
        if self._held is not None and self.written and not self._stopped:
            self._held, self._start = None, now - max(position, 0.0)

    def report(self, now: float, start: float) -> Verdict:
        """Learn from the page with the sound that time 0 of the utterance is or was heard at `start`."""
        if self._stopped or not self.written:
            return "stale"
        if start < self._floor - _EARLY - _DRIFT * (now - self._floor_at):
            # from before the new start, where that is not long ago
            belated = now - self._floor_at < _BELATED and start >= self._first - _EARLY
            return "stale" if self._held is not None or belated else "impossible"
        if now - start < max(self.heard(now), 0.0) - _FAR:
            return "impossible"
        if not self._reported:
            self._reported = True
            self.expected = min(max(start - self._floor, _LEAST), _MOST)
        deviation = math.inf if self._held is not None or self._start is None else start - self._start
        self._start = start if abs(deviation) > _JITTER else (self._start or 0.0) + _PULL * deviation
        self._held = None
        return "taken"

    def heard(self, now: float) -> float:
        """Return the position: negative before the first sample, at most what was written until it is finished."""
        if not self._stopped:
            self._last = max(self._last, self._position(now))
        return self._last

    def queued(self, now: float) -> float:
        """Return the seconds written and not heard yet."""
        return 0.0 if self._stopped else max(0.0, self.written - max(0.0, self.heard(now)))

    def stop(self, now: float) -> float:
        """Stand still from now on; return what was heard."""
        heard = self.heard(now)
        self._stopped = True
        return heard

    def _wait(self, now: float, position: float) -> None:
        """Start anew at `position`: at once by the wall clock, or when the page says so."""
        self._floor, self._floor_at = now - position, now
        if self._paged:
            self._held, self._held_since, self._start = position, now, None
        else:
            self._held, self._start = None, now - position

    def _position(self, now: float) -> float:
        if self._held is not None:
            waited = now - self._held_since
            if self._held > 0.0 and waited < _PATIENCE:
                return self._held
            if self._held <= 0.0 and waited < max(_PATIENCE, 2.0 * self.expected):
                return min(max(waited, 0.0) - self.expected, -_LEAST)
            self._start = self._held_since + max(_PATIENCE, 2.0 * self.expected if self._held <= 0.0 else 0.0)
            self._start -= max(self._held, 0.0)
            self._held = None
        if self._start is None:
            return self._last
        position = now - self._start
        if self._finished_at is None:
            return min(position, self.written)
        end = self._start + self.written
        return position if now < end else self.written + now - max(end, self._finished_at)
