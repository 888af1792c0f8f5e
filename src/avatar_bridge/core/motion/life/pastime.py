"""What the character does when nothing happens for long: tilt, glance, smile, blink slowly, sway."""

from __future__ import annotations

from math import inf
from random import Random
from typing import Literal

from avatar_bridge.core.motion.life.chance import between
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits

__all__ = ["Pastime"]

_Kind = Literal["tilt", "glance", "smile_warm", "slow_blink", "sway"]
_KINDS: tuple[_Kind, ...] = ("tilt", "glance", "smile_warm", "slow_blink", "sway")


class Pastime:
    """One small action at a time, never the same twice running."""

    def __init__(self, random: Random, habits: Habits, at: float, *, idle: bool) -> None:
        self._random = random
        self._habits = habits
        self._quiet = False
        self._last: _Kind | None = None
        self.due = inf
        self.disturb(at, idle=idle)

    def disturb(self, at: float, *, idle: bool) -> None:
        """Note that something happens; quiet counts from `at`, and only while idle."""
        self._quiet = False
        self.due = at + self._habits.pastime_after if idle else inf

    def fire(self) -> list[Happening]:
        """Say that it is quiet, or begin a pastime."""
        at = self.due
        self.due = at + between(self._random, self._habits.pastime_gap)
        if not self._quiet:
            self._quiet = True
            return [Happening("quiet", at)]
        kind = self._random.choice([each for each in _KINDS if each != self._last])
        self._last = kind
        return [Happening(kind, at)] if self._habits.pastimes else []
