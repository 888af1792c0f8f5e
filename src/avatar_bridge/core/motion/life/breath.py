"""Breathing: in, a hold, out, a rest; while speaking, quick breaths in the gaps between phrases."""

from __future__ import annotations

from math import inf
from random import Random

from avatar_bridge.core.motion.life.curves import Glide
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Temper

__all__ = ["Breath"]

_PHASES = (1.3, 0.3, 1.6, 1.0)
"""Seconds of breathing in, holding, breathing out and resting at 14.3 breaths a minute."""
_CYCLE = sum(_PHASES)
_JITTER = 0.12
_QUICK = 0.35
"""Seconds of a speaker's breath in."""
_PHRASE = (2.6, 4.2)
"""Seconds of breathing out over a phrase."""


class Breath:
    """The chest over time, 0 empty to 1 full."""

    def __init__(self, random: Random, temper: Temper, at: float, depth: float) -> None:
        self._random = random
        self._temper = temper
        self._depth = depth
        self._chest = Glide()
        self._phase = 0
        self._talking = False
        self._gasp = inf
        self._next = at + random.uniform(0.0, 1.0)
        self.due = self._next

    def enter(self, temper: Temper) -> None:
        """Take up another state with the next breath."""
        self._temper = temper

    def fire(self) -> list[Happening]:
        """Begin the phase that is due."""
        at = self.due
        if self._gasp <= at:
            self._catch(at)
        else:
            self._breathe(at)
        self.due = min(self._next, self._gasp)
        return []

    def _breathe(self, at: float) -> None:
        seconds = _PHASES[self._phase] * 60.0 / (_CYCLE * self._temper.breaths)
        seconds *= 1.0 + self._random.uniform(-_JITTER, _JITTER) * 1.7
        if self._phase == 0:
            self._chest.move(at, self._full(), seconds)
        elif self._phase == 2:
            if self._talking:
                seconds = self._random.uniform(*_PHRASE)
                self._talking = False
            self._chest.move(at, self._random.uniform(0.0, 0.06) * self._depth, seconds)
        self._phase = (self._phase + 1) % len(_PHASES)
        self._next = at + seconds

    def _full(self) -> float:
        return self._depth * self._temper.breath_gain * self._random.uniform(0.85, 1.0)

    def gasp(self, at: float) -> None:
        """Plan to breathe in quickly at `at`, then out over a phrase."""
        self._gasp = at
        self.due = min(self._next, at)

    def _catch(self, at: float) -> None:
        self._gasp = inf
        self._chest.move(at, self._full(), _QUICK * self._random.uniform(0.9, 1.2))
        self._phase = 2
        self._talking = True
        self._next = at + _QUICK * 1.2

    def value(self, at: float) -> float:
        """Return how full the chest is."""
        return self._chest.value(at)
