"""Whether an action may be played at a moment, judged by what was admitted before."""

from __future__ import annotations

from dataclasses import dataclass

from avatar_bridge.core.motion.action import Action

__all__ = ["CROWDED", "Repertoire"]

CROWDED = 0.2
"""Seconds between two strokes of one group below which the first would not be seen."""


@dataclass(frozen=True, slots=True)
class _Played:
    action: Action
    at: float

    @property
    def ends(self) -> float:
        return self.at - self.action.stroke + self.action.length


class Repertoire:
    """Admits actions by their cooldowns and by what else stands close; one for each performance."""

    def __init__(self) -> None:
        self._last: dict[str, _Played] = {}
        self._in_group: dict[str, _Played] = {}

    def admit(self, action: Action, at: float) -> str | None:
        """Admit `action` with its stroke at `at` seconds and return None, or return why it must not play.

        A gesture is refused while its last play lasts or cools down, and where its stroke would fall within 0.2 s of
        another gesture's of its group. What is held (an expression, a prop) is refused only while it cools down.
        """
        reason = self._cooling(action, at) or self._crowded(action, at)
        if reason is None:
            played = _Played(action, at)
            self._last[action.name] = played
            self._in_group[action.exclusive] = played
        return reason

    def _cooling(self, action: Action, at: float) -> str | None:
        last = self._last.get(action.name)
        if last is None:
            return None
        ends = last.ends if action.kind == "gesture" else last.at
        free = ends + action.cooldown
        start = at - action.stroke
        if action.kind == "gesture" or action.cooldown > 0:
            before = last.at - last.action.stroke - action.length - action.cooldown
            if before < start < free - 1e-6:
                wait = free - start
                return f'"{action.name}" was played a moment ago; it may come again {wait:.1f} s later'
        return None

    def _crowded(self, action: Action, at: float) -> str | None:
        other = self._in_group.get(action.exclusive)
        if other is None or action.kind != "gesture" or other.action.kind != "gesture":
            return None
        if other.action.name != action.name and abs(at - other.at) < CROWDED:
            return f'"{action.name}" would hide "{other.action.name}", which is due at the same moment'
        return None

    def clear(self) -> None:
        """Forget everything: a new performance begins."""
        self._last.clear()
        self._in_group.clear()
