"""The eyes: saccade, hold, saccade; on the viewer or away, with the smallest steps in between, never drifting."""

from __future__ import annotations

import math
from random import Random

from avatar_bridge.core.motion.life.chance import between, sign
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["SPAN", "Gaze"]

SPAN = 30.0
"""Degrees of gaze at 1 of the gaze channels."""

_HOLD = 0.26
"""Least seconds that the eyes rest between two saccades."""

_OTHER_SIDE = 0.65
"""Chance of looking to the other side than the last time."""

_SHORTEST = 0.35
"""Least seconds between two shifts."""
_POSE_SHARE = 0.5
"""Part of the head's pose that the eyes go beyond it: more would carry them to their limit."""


class Gaze:
    """Where the eyes look in the room, in units of the gaze channels; the head's own turning is not in it."""

    def __init__(self, random: Random, habits: Habits, temper: Temper, at: float, size: float) -> None:
        self._random = random
        self._habits = habits
        self._temper = temper
        self._size = size
        self._from = (0.0, 0.0)
        self._to = (0.0, 0.0)
        self._base = (0.0, 0.0)
        self._start = at
        self._seconds = 0.03
        self._plans: list[tuple[float, bool, float, float]] = []
        self.away = False
        self._side = sign(random)
        self._corner = 0
        self._held = False
        self._shift = at + between(random, temper.viewer) * random.random()
        self._step = at + random.uniform(*habits.fixation)
        self.due = min(self._shift, self._step)

    def enter(self, temper: Temper, at: float) -> None:
        """Take up another state: what the eyes do now goes on for at most what the new state would have."""
        self._temper = temper
        self._plans = [plan for plan in self._plans if plan[0] <= at]
        self._shift = min(self._shift, at + between(self._random, temper.away if self.away else temper.viewer))
        self._schedule()

    def look(self, at: float, *, away: bool, seconds: float, size: float = 0.0) -> None:
        """Plan to look at the viewer or away at `at` and keep it so for `seconds`; `size` 0 means the state's own."""
        self._plans.append((at, away, seconds, size))
        self._plans.sort()
        self._schedule()

    def blinked(self, at: float) -> None:
        """Use a blink: a shift that is due soon happens behind the lids."""
        luck = self._random.random()
        if not self._held and luck < self._habits.gaze_pull_share and 0.0 < self._shift - at < self._habits.gaze_pull:
            self._shift = at + 0.03
            self._schedule()

    def _rested(self) -> float:
        return self._start + self._seconds + _HOLD

    def _schedule(self) -> None:
        first = self._plans[0][0] if self._plans else self._shift
        self.due = max(min(self._shift, self._step, first), self._rested())

    def fire(self) -> list[Happening]:
        """Begin the saccade that is due."""
        at = self.due
        if self._plans and self._plans[0][0] <= at:
            return self._follow_plan(at)
        if self._shift <= at:
            away = not self.away
            return self._go(at, away=away, seconds=between(self._random, self._spans(away)), size=0.0)
        self._fixate(at)
        return []

    def _spans(self, away: bool) -> tuple[float, float]:
        return self._temper.away if away else self._temper.viewer

    def _follow_plan(self, at: float) -> list[Happening]:
        _, away, seconds, size = self._plans.pop(0)
        happenings = []
        if away or self.away:
            happenings = self._go(at, away=away, seconds=seconds, size=size)
        else:
            self._shift = at + max(seconds, _SHORTEST)
            self._schedule()
        self._held = True
        return happenings

    def _go(self, at: float, *, away: bool, seconds: float, size: float) -> list[Happening]:
        self.away = away
        self._held = False
        before = self._to
        eyes = self._elsewhere(size) if away else (0.0, 0.0)
        self._base = self._with_pose(eyes) if away else eyes
        self._jump(at, self._base if away else self._on_face())
        self._shift = at + self._seconds + max(seconds, _SHORTEST)
        self._step = at + self._random.uniform(*self._habits.fixation)
        self._schedule()
        distance = SPAN * math.hypot(self._base[0] - before[0], self._base[1] - before[1])
        return [Happening("shift", at, *eyes, size=distance, away=away)]

    def _elsewhere(self, size: float) -> tuple[float, float]:
        random = self._random
        up, aside, _ = self._temper.aversion
        size = (size or random.uniform(*self._temper.gaze_size)) * self._size
        luck = random.random()
        if luck < up:
            angle = random.uniform(0.3, 0.47)
        elif luck < up + aside:
            angle = random.uniform(-0.08, 0.14)
        else:
            angle = -random.uniform(0.25, 0.42)
        if random.random() < _OTHER_SIDE:
            self._side = -self._side
        return self._side * size * math.cos(math.pi * angle), 0.85 * size * math.sin(math.pi * angle)

    def _with_pose(self, eyes: tuple[float, float]) -> tuple[float, float]:
        yaw, pitch, _ = self._temper.pose
        share = _POSE_SHARE * self._size / SPAN
        return eyes[0] + share * self._side * yaw, eyes[1] + share * pitch

    def _on_face(self) -> tuple[float, float]:
        self._corner = (self._corner + self._random.choice((1, 2))) % 3
        x, y = ((-0.035, 0.02), (0.035, 0.02), (0.0, -0.035))[self._corner]
        return x + self._random.uniform(-0.01, 0.01), y + self._random.uniform(-0.01, 0.01)

    def _fixate(self, at: float) -> None:
        random = self._random
        if self._shift - at > _HOLD + 0.08:
            if self.away:
                angle = random.uniform(0.0, 2.0 * math.pi)
                reach = random.uniform(0.02, 0.05)
                self._jump(at, (self._base[0] + reach * math.cos(angle), self._base[1] + reach * math.sin(angle)))
            else:
                self._jump(at, self._on_face())
        self._step = at + random.uniform(*self._habits.fixation)
        self._schedule()

    def _jump(self, at: float, to: tuple[float, float]) -> None:
        self._from = self._to
        self._to = to
        degrees = SPAN * math.hypot(to[0] - self._from[0], to[1] - self._from[1])
        self._start = at
        self._seconds = min(max(0.025 + 0.0024 * degrees, 0.03), 0.062)

    def value(self, at: float) -> tuple[float, float]:
        """Return the place in the room; a saccade starts fast and slows down (a quarter circle)."""
        u = (at - self._start) / self._seconds
        if u >= 1.0:
            return self._to
        if u <= 0.0:
            return self._from
        eased = math.sqrt(u * (2.0 - u))
        return (
            self._from[0] + (self._to[0] - self._from[0]) * eased,
            self._from[1] + (self._to[1] - self._from[1]) * eased,
        )
