"""Brows and smile: raised on accents, flashes in between, a smile now and then; left and right never quite alike."""

from __future__ import annotations

from math import inf
from random import Random

from avatar_bridge.core.motion.life.chance import between, sign
from avatar_bridge.core.motion.life.curves import Glide, Track
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["Brows"]


class Brows:
    """Brows and smile from rest, in units of their channels."""

    def __init__(self, random: Random, habits: Habits, temper: Temper, at: float) -> None:
        self._random = random
        self._habits = habits
        self._temper = temper
        self._left = Track()
        self._right = Track()
        self._smile = Track()
        self._pose = (Glide(), Glide())
        self._raised = False
        self.due = self._next(at)

    def _next(self, at: float) -> float:
        gap = self._temper.brow_gap
        return inf if gap is None else at + between(self._random, gap)

    def enter(self, temper: Temper, at: float) -> None:
        """Take up another state: its pose of the brows and its flashes."""
        self._temper = temper
        self._raised = self._random.random() < 0.5
        self.ponder(at, 1.0)
        self.due = self._next(at)

    def ponder(self, at: float, share: float) -> None:
        """Take the state's pose to about `share` of its size."""
        goals = self._temper.brow_pose if self._raised else self._temper.brow_pose[::-1]
        for glide, goal in zip(self._pose, goals, strict=True):
            glide.move(at, share * goal * self._random.uniform(0.8, 1.1), max(self._temper.blend, 0.35))

    def fire(self) -> list[Happening]:
        """Flash the brows."""
        at = self.due
        self._raise(at, at + 0.15, at + 0.22, at + 0.5, sign(self._random) * self._random.uniform(0.1, 0.2))
        self.due = self._next(at)
        return []

    def _raise(self, start: float, apex: float, hold: float, end: float, size: float) -> None:
        uneven = self._random.uniform(0.03, 0.1) * sign(self._random)
        late = self._random.uniform(0.0, 0.03)
        self._left.add((start, 0.0), (apex, size * (1.0 + uneven)), (hold, size), (end, 0.0))
        self._right.add(
            (start + late, 0.0), (apex + late, size * (1.0 - uneven)), (hold + late, size), (end + late, 0.0)
        )

    def accent(self, at: float, strength: float, now: float) -> None:
        """Raise the brows with a marked accent, or not: they start before the head and peak on the vowel."""
        habits = self._habits
        luck = self._random.random()
        size = habits.brow_size * (0.6 + 0.4 * strength) * self._random.uniform(0.75, 1.15)
        start = max(at + habits.beat_late - habits.beat_down - habits.brow_early, now)
        if luck < habits.brow_share and at - start > 0.1:
            self._raise(start, at, at + 0.1, at + 0.5, size)

    def answer(self, at: float) -> None:
        """Join a listener's nod with the brows or a smile."""
        if self._random.random() < 0.5:
            self._raise(at, at + 0.18, at + 0.3, at + 0.65, 0.2)
        else:
            self.smile(at, 0.2)

    def smile(self, at: float, size: float) -> None:
        """Smile warmly: slower away than up, and not still in between."""
        top = at + self._random.uniform(0.5, 0.7)
        middle = top + self._random.uniform(0.7, 1.4)
        hold = middle + self._random.uniform(0.7, 1.4)
        size *= self._random.uniform(0.8, 1.1)
        self._smile.add((at, 0.0), (top, size), (middle, 0.93 * size), (hold, size), (hold + 1.0, 0.0))

    def stop(self, at: float) -> None:
        """Forget what has not begun."""
        for track in (self._left, self._right, self._smile):
            track.clear_after(at)

    def prune(self, at: float) -> None:
        """Forget what has ended."""
        for track in (self._left, self._right, self._smile):
            track.prune(at)

    def value(self, at: float) -> tuple[float, float, float]:
        """Return left brow, right brow and smile."""
        return (
            self._left.value(at) + self._pose[0].value(at),
            self._right.value(at) + self._pose[1].value(at),
            self._smile.value(at),
        )
