"""The `none` speaker: nothing sounds, the wall clock is the playhead."""

from __future__ import annotations

import time
from collections.abc import Callable

from avatar_bridge.audio.wall_playhead import WallPlayhead
from avatar_bridge.core.vocabulary import Diagnostic, Samples

__all__ = ["SilentSpeaker"]


class SilentSpeaker:
    """A Speaker for machines without sound: the utterance takes the time that it would take to hear it."""

    def __init__(self, *, now: Callable[[], float] = time.perf_counter) -> None:
        """Keep time by `now`: monotonic seconds."""
        self._now = now
        self._playhead = WallPlayhead()

    async def open(self) -> None:
        """Nothing is needed."""

    def begin(self) -> None:
        """Start a new utterance behind what is still to be heard."""
        self._playhead.begin(self._now())

    def write(self, samples: Samples, rate: int) -> None:
        """Count the audio; what comes after a stop and before the next utterance is forgotten."""
        if len(samples) and not self._playhead.stopped:
            self._playhead.write(self._now(), len(samples) / rate)

    def finish(self) -> None:
        """Let the playhead run on from the end of the audio."""
        self._playhead.finish(self._now())

    def heard(self) -> float:
        """Return the seconds of the utterance that would have been heard."""
        return self._playhead.heard(self._now())

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        return self._playhead.queued(self._now())

    def stop(self) -> float:
        """Forget what is queued, return what was heard."""
        return self._playhead.stop(self._now())

    def diagnostics(self) -> list[Diagnostic]:
        """Nothing can go wrong."""
        return []

    async def close(self) -> None:
        """Nothing is held."""
        self._playhead.stop(self._now())
