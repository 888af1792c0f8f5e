"""Inertia: the head answers as a damped spring, the trunk trails the head by a tenth of a second."""

from __future__ import annotations

from math import tanh

from avatar_bridge.core.motion.life.curves import Delay, Spring, SpringStep
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["Inertia", "soften"]

_KNEE = 0.8


def soften(value: float, limit: float) -> float:
    """Return `value` bent so that it stays within `limit` on either side; unchanged up to 0.8 of it."""
    size = abs(value)
    if size <= _KNEE * limit:
        return value
    bent = limit * (_KNEE + (1.0 - _KNEE) * tanh((size / limit - _KNEE) / (1.0 - _KNEE)))
    return bent if value > 0.0 else -bent


class Inertia:
    """Head and trunk in degrees, as they follow where they want to be."""

    def __init__(self, habits: Habits, temper: Temper) -> None:
        self._habits = habits
        self._temper = temper
        self._head = (Spring(), Spring(), Spring())
        self._body = (Spring(), Spring(), Spring())
        self._past = Delay()
        self._head_step = SpringStep(*temper.head_spring, 1.0 / 60.0)
        self._body_step = SpringStep(*habits.body_spring, 1.0 / 60.0)

    def enter(self, temper: Temper) -> None:
        """Take up another state's response; positions and velocities go on."""
        self._temper = temper
        self._head_step = SpringStep(*temper.head_spring, self._head_step.seconds)

    @property
    def lag(self) -> float:
        """Seconds by which the head trails what it wants."""
        return self._head_step.lag

    def step(
        self,
        at: float,
        seconds: float,
        head: tuple[float, float, float],
        stroke: tuple[float, float],
        trunk: tuple[float, float, float],
    ) -> None:
        """Advance by `seconds` to `at`.

        `head` is where the head wants to be, `stroke` the pitch and roll that beats will add to it one head's lag from
        now, `trunk` where the trunk rests.
        """
        if seconds != self._head_step.seconds:
            self._head_step = SpringStep(*self._temper.head_spring, seconds)
            self._body_step = SpringStep(*self._habits.body_spring, seconds)
        for spring, target in zip(self._head, head, strict=True):
            spring.follow(target, self._head_step)
        past = self._past
        past.push(at, head[0], head[1] + stroke[0], head[2] + stroke[1])
        late = max(self._habits.body_lag + self._head_step.lag - self._body_step.lag, 0.0)
        yaw, pitch, roll = past.at(at - late)
        gains = self._habits.body_gains
        self._body[0].follow(gains[0] * yaw + trunk[0], self._body_step)
        self._body[1].follow(gains[1] * pitch + trunk[1], self._body_step)
        self._body[2].follow(gains[2] * roll + trunk[2], self._body_step)

    def head(self) -> tuple[float, float, float]:
        """Return yaw, pitch and roll of the head."""
        yaw, pitch, roll = self._head
        return yaw.x, pitch.x, roll.x

    def body(self) -> tuple[float, float, float]:
        """Return yaw, pitch and roll of the trunk."""
        yaw, pitch, roll = self._body
        return yaw.x, pitch.x, roll.x
