"""Draws that life makes of the randomness it is given, and a noise that steps in continuous time."""

from __future__ import annotations

import math
from random import Random

__all__ = ["Deck", "Drift", "between", "lognormal", "sign"]

_TENTH = 1.2816
"""Standard normal deviate of the 90 % quantile."""


def between(random: Random, span: tuple[float, float]) -> float:
    """Draw log-normally so that the ends of `span` are the 10 % and 90 % quantiles, held within 0.7 to 1.5 of them."""
    low, high = span
    middle = 0.5 * (math.log(low) + math.log(high))
    spread = 0.5 * (math.log(high) - math.log(low)) / _TENTH
    return min(max(random.lognormvariate(middle, spread), 0.7 * low), 1.5 * high)


def lognormal(random: Random, median: float, spread: float, low: float, high: float) -> float:
    """Draw log-normally about `median`; a draw outside `low`..`high` is made again."""
    while True:
        value = median * math.exp(random.gauss(0.0, spread))
        if low <= value <= high:
            return value


def sign(random: Random) -> float:
    """Draw -1.0 or 1.0."""
    return -1.0 if random.random() < 0.5 else 1.0


class Deck:
    """Yes or no with a share that holds over every few draws, not only in the long run."""

    __slots__ = ("_credit", "_random")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._credit = random.random()

    def draw(self, share: float) -> bool:
        """Say yes to about `share` of the draws."""
        self._credit += share
        if self._random.random() >= self._credit - 0.5:
            return False
        self._credit -= 1.0
        return True


class Drift:
    """An Ornstein-Uhlenbeck walk drawn on fixed knots in time and read between them in straight lines."""

    __slots__ = ("_after", "_before", "_jump", "_keep", "_knot", "_random")

    KNOT = 0.12
    """Seconds between knots."""

    def __init__(self, random: Random, sigma: float, tau: float, at: float) -> None:
        self._random = random
        self._keep = math.exp(-self.KNOT / tau)
        self._jump = sigma * math.sqrt(1.0 - self._keep * self._keep)
        self._knot = at
        self._before = random.gauss(0.0, sigma)
        self._after = self._next(self._before)

    def _next(self, value: float) -> float:
        return self._keep * value + self._random.gauss(0.0, self._jump)

    def value(self, at: float) -> float:
        """Return the walk at time `at`, which must not go back."""
        while at >= self._knot + self.KNOT:
            self._knot += self.KNOT
            self._before = self._after
            self._after = self._next(self._before)
        return self._before + (self._after - self._before) * (at - self._knot) / self.KNOT
