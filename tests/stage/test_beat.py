"""The beat of a crowd that takes longer than a frame."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from itertools import pairwise

from avatar_bridge.stage.beat import FRAME, Beat


class OwnClock:
    """Time that goes on only where somebody works; who waits for a time that is past does not wait at all."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    async def wait_until(self, at: float) -> None:
        while self.now < at:
            self.now = at
            await asyncio.sleep(0)


class Crowd:
    """Something whose frames take `seconds`."""

    def __init__(self, clock: OwnClock, seconds: float) -> None:
        self.made: list[float] = []
        self._clock, self._seconds = clock, seconds

    def due(self, now: float) -> float:
        del now
        return math.inf

    def dispatch(self, now: float) -> None:
        pass

    def frame(self, now: float, late: float) -> None:
        del late
        assert len(self.made) < 500, "nobody else has had a turn"
        self.made.append(now)
        self._clock.now += self._seconds

    def fail(self, error: Exception) -> None:
        raise error


async def beaten(seconds: float, turns: int) -> list[float]:
    clock = OwnClock()
    crowd = Crowd(clock, seconds)
    beat = Beat(clock)
    beat.add(crowd)
    beating = asyncio.create_task(beat.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
    return crowd.made


async def test_who_cannot_keep_up_still_lets_everybody_else_have_a_turn() -> None:
    made = await beaten(3.5 * FRAME, turns=50)
    assert 20 <= len(made) <= 51


async def test_a_tick_that_took_a_little_too_long_is_followed_at_once_by_the_next() -> None:
    made = await beaten(1.25 * FRAME, turns=50)
    steps = [after - before for before, after in pairwise(made)]
    assert max(steps) <= 2 * FRAME
    assert min(steps) <= 1.25 * FRAME + 1e-9
