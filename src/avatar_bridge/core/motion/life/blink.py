"""The eyelids: spontaneous blinks at log-normal intervals, drawn towards gaze shifts, turns and ends of phrases."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from avatar_bridge.core.motion.life.chance import Deck, lognormal
from avatar_bridge.core.motion.life.curves import smoothstep
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["Blink"]

_OPENING_SKEW = 0.85
"""Below 1: lids open fast at first, then slowly."""


@dataclass(frozen=True, slots=True)
class _Lid:
    start: float
    close: float
    hold: float
    open: float
    peak: float

    def value(self, at: float) -> float:
        since = at - self.start
        if since < self.close:
            return self.peak * smoothstep(since / self.close)
        since -= self.close + self.hold
        if since <= 0.0:
            return self.peak
        if since >= self.open:
            return 0.0
        return self.peak * (1.0 - smoothstep((since / self.open) ** _OPENING_SKEW))


class Blink:
    """Both eyelids over time, 0 open to 1 closed; they are nearly but never quite alike."""

    def __init__(self, random: Random, habits: Habits, temper: Temper, at: float) -> None:
        self._random = random
        self._habits = habits
        self._temper = temper
        self._doubles = Deck(random)
        self._partials = Deck(random)
        self._left: _Lid | None = None
        self._right: _Lid | None = None
        self._ends = at
        self._began = at - habits.blink_cooldown
        self._again = False
        self._slow = False
        self.due = at + self._interval() * random.random()

    def enter(self, temper: Temper) -> None:
        """Take up another state; the blink that is due stays due."""
        self._temper = temper

    def _interval(self) -> float:
        habits = self._habits
        return lognormal(self._random, self._temper.blink_median, habits.blink_spread, *habits.blink_limits)

    def fire(self) -> list[Happening]:
        """Begin the blink that is due."""
        at = self.due
        second = self._again
        self._close(at, second=second)
        self._began = at
        self._again = not second and not self._slow and self._doubles.draw(self._temper.blink_double)
        self._slow = False
        rest = self._interval()
        pause = self._random.uniform(0.03, 0.2)
        self.due = self._ends + pause if self._again else max(at + rest, self._ends + 0.4)
        return [] if second else [Happening("blink", at)]

    def _close(self, at: float, *, second: bool) -> None:
        random = self._random
        close, hold, reopen = self._habits.blink_phases
        jitter = self._habits.blink_jitter
        stretch = self._temper.blink_stretch * (1.0 + random.uniform(-jitter, jitter))
        partial = self._partials.draw(self._temper.blink_partial) and not second
        peak = random.uniform(0.6, 0.85) if partial else 1.0
        if self._slow:
            stretch, hold, peak = 1.45, 0.09, 1.0
        close *= stretch * random.uniform(0.95, 1.05)
        reopen *= stretch * random.uniform(0.95, 1.05)
        hold *= stretch
        self._left = _Lid(at, close, hold, reopen, peak)
        late = random.uniform(0.003, 0.009)
        self._right = _Lid(
            at + late, close, hold, reopen * random.uniform(0.97, 1.03), peak * random.uniform(0.965, 1.0)
        )
        self._ends = at + close + hold + reopen + 0.02

    def provoke(self, at: float, chance: float) -> None:
        """Let something at `at` bring a blink: one that is due soon comes now, else one comes with `chance`."""
        luck = self._random.random()
        if self._again or at - self._began < self._habits.blink_cooldown or at >= self.due:
            return
        if luck < chance or self.due - at < self._habits.blink_pull:
            self.due = max(at, self._ends + 0.1)

    def slow(self, at: float) -> None:
        """Let the next blink be a slow one, now."""
        if not self._again and at - self._began >= self._habits.blink_cooldown:
            self._slow = True
            self.due = at

    def value(self, at: float) -> tuple[float, float]:
        """Return how far the left and right lid are closed."""
        if at >= self._ends or self._left is None or self._right is None:
            return 0.0, 0.0
        return self._left.value(at), self._right.value(at)
