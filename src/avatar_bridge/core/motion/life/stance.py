"""Which state holds: what was asked for, held against flicker at the edges of talk."""

from __future__ import annotations

from math import inf

from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.vocabulary import State

__all__ = ["Stance"]

_TALK_ON = 0.1
_TALK_OFF = 0.27
_TALK_LEAST = 1.0


class Stance:
    """The state over time; talk begins 0.1 s after it was asked for, lasts 1 s at least and outlives gaps of 0.27 s."""

    def __init__(self) -> None:
        self.state: State = "idle"
        self._wanted: State = "idle"
        self._since = -inf
        self._wanted_at = -inf
        self._requests: list[tuple[float, int, State]] = []
        self._count = 0
        self.due = inf

    def request(self, state: State, at: float) -> None:
        """Ask for `state` from `at` on."""
        self._count += 1
        self._requests.append((at, self._count, state))
        self._requests.sort()
        self._schedule()

    def begin(self, at: float) -> None:
        """Take up at once what was asked for until `at`."""
        while self._requests and self._requests[0][0] <= at:
            self._wanted_at, _, self._wanted = self._requests.pop(0)
        self.state = self._wanted
        self._since = at
        self._schedule()

    def _schedule(self) -> None:
        self.due = self._requests[0][0] if self._requests else inf
        if self._wanted == self.state:
            return
        if self._wanted == "speaking":
            change = self._wanted_at + _TALK_ON
        elif self.state == "speaking":
            change = max(self._wanted_at + _TALK_OFF, self._since + _TALK_LEAST)
        else:
            change = self._wanted_at
        self.due = min(self.due, max(change, self._wanted_at))

    def fire(self) -> list[Happening]:
        """Read the request or make the change that is due."""
        at = self.due
        if self._requests and self._requests[0][0] <= at:
            _, _, state = self._requests.pop(0)
            if state != self._wanted:
                self._wanted = state
                self._wanted_at = at
            self._schedule()
            return []
        self.state = self._wanted
        self._since = at
        self._schedule()
        return [Happening("state", at)]
