"""The posture: now and then the weight goes to another side and stays there."""

from __future__ import annotations

from math import inf, pi, sin
from random import Random

from avatar_bridge.core.motion.life.chance import Drift, between, sign
from avatar_bridge.core.motion.life.curves import Glide, smoothstep
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["Posture"]

_UNREST_TAU = 0.9
_SWAY_PERIOD = 2.6
_SWAY_CYCLES = 2.0


class Posture:
    """Where the trunk rests: yaw, pitch and roll in degrees, and the position in units of its channels."""

    def __init__(self, random: Random, habits: Habits, temper: Temper, at: float) -> None:
        self._random = random
        self._habits = habits
        self._temper = temper
        self._yaw = Glide()
        self._pitch = Glide()
        self._roll = Glide()
        self._x = Glide()
        self._z = Glide(temper.lean)
        self._unrest = tuple(Drift(Random(random.random()), 1.0, _UNREST_TAU, at) for _ in range(3))
        self._unrest_gains = tuple(Glide(degrees) for degrees in temper.unrest)
        self._sway = -inf
        self._sway_side = 1.0
        self._shifted = at
        self.due = self._next(at)

    def _next(self, at: float) -> float:
        gap = self._temper.posture_gap
        return inf if gap is None else at + between(self._random, gap)

    def enter(self, temper: Temper, at: float) -> None:
        """Take up another state; a turn or a thought begins with a shift if none was lately."""
        self._temper = temper
        for gain, degrees in zip(self._unrest_gains, temper.unrest, strict=True):
            gain.move(at, degrees, max(temper.blend, 0.5))
        self._z.move(at, temper.lean, max(temper.blend, 0.7))
        if at - self._shifted >= self._habits.topic_gap:
            self.due = at
        else:
            self.due = self._next(at)

    def topic(self, at: float) -> None:
        """Shift at a new topic, unless the last shift was just before."""
        if at - self._shifted >= self._habits.topic_gap:
            self.due = at

    def sway(self, at: float) -> None:
        """Sway from side to side for a few seconds."""
        self._sway = at
        self._sway_side = sign(self._random)

    def fire(self) -> list[Happening]:
        """Shift the weight."""
        at = self.due
        random = self._random
        low, high = self._habits.posture_size
        seconds = random.uniform(*self._habits.posture_travel)
        side = -1.0 if self._roll.goal > 0.0 else 1.0
        if random.random() < 0.25:
            side = -side
        size = random.uniform(low, high) * 0.8
        self._roll.move(at, side * size, seconds)
        self._yaw.move(at, sign(random) * random.uniform(0.5 * low, 0.8 * high), seconds * random.uniform(0.9, 1.1))
        self._pitch.move(at, random.uniform(-1.2, 1.2), seconds)
        self._x.move(at, side * size * 0.012, seconds)
        self._shifted = at
        self.due = self._next(at)
        return [Happening("posture", at, size=size)]

    def value(self, at: float) -> tuple[float, float, float, float, float]:
        """Return body yaw, pitch and roll, and position x and z."""
        swing = 0.0
        since = (at - self._sway) / _SWAY_PERIOD
        if since < _SWAY_CYCLES:
            fade = smoothstep(since * 2.0) * smoothstep((_SWAY_CYCLES - since) * 2.0)
            swing = self._sway_side * fade * sin(2.0 * pi * since)
        yaw, pitch, roll = (
            gain.value(at) * drift.value(at) for gain, drift in zip(self._unrest_gains, self._unrest, strict=True)
        )
        return (
            self._yaw.value(at) + yaw,
            self._pitch.value(at) + pitch,
            self._roll.value(at) + roll + 2.2 * swing,
            self._x.value(at) + 0.04 * swing,
            self._z.value(at),
        )
