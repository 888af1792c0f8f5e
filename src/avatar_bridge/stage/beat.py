"""The beat: one task that wakes for cues at their own time and for frames at 60 Hz, for any number of stages."""

from __future__ import annotations

import asyncio
from typing import Protocol

from avatar_bridge.ports import Clock

__all__ = ["FRAME", "Beat", "Beaten"]

FRAME = 1 / 60
"""Seconds between frames."""


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


class Beat:
    """Drives stages by one clock. A bridge has its own; a cast shares one, so that a tick wakes the loop once."""

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
            plans = [(stage.due(now), stage) for stage in self._stages]
            first = tick
            for at, _ in plans:
                if at < first:
                    first = at
            if first <= clock.time():
                await asyncio.sleep(0)  # a beat that cannot keep up still lets its frames go out
            await clock.wait_until(first)
            now = clock.time()
            if now < tick:
                for at, stage in plans:
                    if at <= now:
                        stage.dispatch(now)
                continue
            for stage in self._stages:
                stage.dispatch(now)
                stage.frame(now, now - tick)
            tick += FRAME * max(1, int((now - tick) / FRAME) + 1)
