"""The beat: one task that wakes for cues at their own time and for frames at 60 Hz, for any number of stages."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Protocol

from avatar_bridge.ports import Clock

__all__ = ["FRAME", "Beat", "Beaten"]

FRAME = 1 / 60
"""Seconds between frames."""
_log = logging.getLogger(__name__)


class Beaten(Protocol):
    """What a beat drives: a stage."""

    def due(self, now: float) -> float:
        """Return the clock's time at which the next cue is due; infinity where none is known."""
        ...

    def dispatch(self, now: float) -> None:
        """Start and end what is due now."""
        ...

    def frame(self, now: float, late: float) -> None:
        """Make the frames of `now`, `late` seconds after their deadline."""
        ...

    def fail(self, error: Exception) -> None:
        """Learn that it is driven no more, since it raised `error`."""
        ...


class Beat:
    """Drives stages by one clock. A bridge has its own; a cast shares one, so that a tick wakes the loop once.

    A stage that raises is told so and left out; the others have their next tick all the same.
    """

    def __init__(self, clock: Clock) -> None:
        """Keep time by `clock`."""
        self.clock = clock
        self._stages: tuple[Beaten, ...] = ()

    def add(self, stage: Beaten) -> None:
        """Drive `stage` from the next tick on."""
        self._stages = (*self._stages, stage)

    def remove(self, stage: Beaten) -> None:
        """Drive `stage` no more; harmless where it is not driven."""
        self._stages = tuple(each for each in self._stages if each is not stage)

    async def run(self) -> None:
        """Keep the beat until cancelled: cues at their own time, frames at 60 Hz, both on absolute deadlines."""
        clock = self.clock
        tick = clock.time()
        while True:
            now = clock.time()
            plans = [(self._due(stage, now), stage) for stage in self._stages]
            first = tick
            for at, _ in plans:
                if at < first:
                    first = at
            if first <= clock.time():
                await asyncio.sleep(0)  # a beat that cannot keep up still lets its frames go out
            await clock.wait_until(first)
            now = clock.time()
            framing = now >= tick
            for stage in self._stages if framing else [stage for at, stage in plans if at <= now]:
                try:
                    stage.dispatch(now)
                    if framing:
                        stage.frame(now, now - tick)
                except Exception as error:  # noqa: BLE001 - a third party's speaker may raise anything
                    self._leave_out(stage, error)
            if framing:
                tick += FRAME * max(1, int((now - tick) / FRAME) + 1)

    def _due(self, stage: Beaten, now: float) -> float:
        try:
            return stage.due(now)
        except Exception as error:  # noqa: BLE001 - a third party's speaker may raise anything
            self._leave_out(stage, error)
            return math.inf

    def _leave_out(self, stage: Beaten, error: Exception) -> None:
        _log.error("a stage failed", exc_info=error)
        self.remove(stage)
        stage.fail(error)
