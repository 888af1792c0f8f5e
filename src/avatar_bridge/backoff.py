"""How long to wait before trying again."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """Doubles from `first` to `last` seconds; the jitter spreads several clients that lost the same peer."""

    def __init__(
        self, jitter: Callable[[], float], *, first: float = 0.5, last: float = 8.0, patience: float = 0.0
    ) -> None:
        """`jitter` gives 0..1; for `patience` seconds of waiting no single wait is longer than 1.5 s."""
        self._jitter = jitter
        self._first, self._last, self._patience = first, last, patience
        self._waits = 0
        self._waited = 0.0

    def reset(self) -> None:
        """Start anew: the peer was there."""
        self._waits, self._waited = 0, 0.0

    def next(self) -> float:
        """Return the seconds to wait now."""
        wait: float = min(self._first * 2.0**self._waits, self._last)
        if self._waited < self._patience:
            wait = min(wait, 1.5)
        self._waits = min(self._waits + 1, 16)
        wait *= 1.0 - 0.2 * self._jitter()
        self._waited += wait
        return wait
