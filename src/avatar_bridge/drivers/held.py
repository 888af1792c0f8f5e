"""What actions hold at a target that knows no time of its own: weights that come, stay and go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.keyframes import smoothstep
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import name_key
from avatar_bridge.ports import Command

__all__ = ["Held", "Hold"]

_RELAX: Final = 0.25
_GESTURE: Final = 1.0
"""Seconds that a gesture holds where its action says nothing of how long it is."""


@dataclass(slots=True)
class Hold:
    """One thing held: by which action, since when, how strongly and how long."""

    action: str
    group: str
    cue: int | None
    begin: float
    until: float
    fade_in: float
    fade_out: float
    weight: float
    gone: float = math.inf
    """When the last of it is gone."""
    level: float = field(default=1.0)
    """Share of the weight at which the fade out began."""

    def share(self, now: float) -> float:
        """Return its weight 0..1 at `now`."""
        if now >= self.until:
            span = max(self.gone - self.until, 1e-6)
            return self.weight * self.level * (1.0 - smoothstep((now - self.until) / span))
        return self.weight * self._coming(now)

    def _coming(self, now: float) -> float:
        return smoothstep((now - self.begin) / self.fade_in) if self.fade_in > 0 else 1.0

    def leave(self, now: float, seconds: float) -> None:
        """Fade from where it is; what is fading already goes no later for it."""
        level = self.share(now) / self.weight if self.weight else 0.0
        if now >= self.until:
            seconds = min(seconds, max(self.gone - now, 0.0))
        self.level, self.until, self.gone = level, now, now + seconds


class Held:
    """Holds by action, faded by what the motion map says; a member of an exclusive group replaces the one before."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._holds: list[Hold] = []

    def adopt(self, motion_map: MotionMap) -> None:
        """Take fades and groups from another map; what is held stays held."""
        self._actions = dict(motion_map.actions)

    def command(self, command: Command, now: float, names: Iterable[str]) -> bool:
        """Take a due command about an action in `names`; False where it changes nothing."""
        if command.kind == "reset":
            for hold in self._holds:
                hold.leave(now, min(hold.fade_out, _RELAX))
            return bool(self._holds)
        action = self._actions.get(command.action)
        if command.kind == "act":
            if action is None or command.action not in names:
                return False
            self._begin(action, command, now)
            return True
        key = name_key(command.action)
        found = [
            hold
            for hold in self._holds
            if name_key(hold.action) == key and (command.cue is None or hold.cue == command.cue)
        ]
        for hold in found:
            hold.leave(now, hold.fade_out)
        return bool(found)

    def _begin(self, action: Action, command: Command, now: float) -> None:
        for hold in self._holds:
            if hold.group in (action.exclusive, *action.replaces):
                hold.leave(now, max(action.fade_in, 0.1))
        lasts = command.duration if command.duration is not None else action.duration
        if lasts is None and action.kind == "gesture":
            lasts = action.length or _GESTURE
        until = math.inf if lasts is None else now + max(lasts, action.fade_in)
        strength = min(max(command.strength, 0.0), 1.0)
        self._holds.append(
            Hold(
                action.name,
                action.exclusive,
                command.cue,
                now,
                until,
                action.fade_in,
                action.fade_out,
                strength * action.weight,
                until + action.fade_out,
            )
        )

    def weights(self, now: float) -> dict[str, float]:
        """Return the greatest weight of each action that is held or fading."""
        self._holds = [hold for hold in self._holds if hold.gone > now]
        found: dict[str, float] = {}
        for hold in self._holds:
            found[hold.action] = max(found.get(hold.action, 0.0), hold.share(now))
        return found

    def standing(self, now: float) -> set[str]:
        """Return the actions that are held and not yet let go."""
        self._holds = [hold for hold in self._holds if hold.gone > now]
        return {hold.action for hold in self._holds if hold.until > now}

    def next_end(self, now: float) -> float | None:
        """Return when the next hold ends by itself; None where none does."""
        return min((hold.until for hold in self._holds if now < hold.until < math.inf), default=None)

    def clear(self) -> None:
        """Forget everything at once."""
        self._holds.clear()
