"""What a map's actions set on an avatar, and what of everything wanted has to be sent now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.held import Held
from avatar_bridge.ports import Command
from avatar_bridge.wire.vrchat import Avatar, Parameter, Value, address_of

__all__ = ["Changes", "Deed", "Deeds"]

_FIELDS: Final = ("parameter", "value", "rest")
_AFTERWARDS: Final = 1.0
"""Seconds that a value which was let go is still told."""
_ZERO: Final[Mapping[str, Value]] = {"Bool": False, "Int": 0, "Float": 0.0}


@dataclass(frozen=True, slots=True)
class Deed:
    """A parameter that an action sets, and what it goes back to."""

    address: str
    value: Value
    rest: Value

    def at(self, share: float, *, standing: bool) -> Value:
        """Return what it is while the action is held with `share` 0..1 of its strength."""
        if isinstance(self.value, float) and isinstance(self.rest, float):
            return self.rest + (self.value - self.rest) * share
        return self.value if standing else self.rest


def _find_deeds(motion_map: MotionMap, avatar: Avatar | None, target: str) -> tuple[dict[str, Deed], list[Diagnostic]]:
    """Return deeds by action, and what is wrong with the map's tables or is not on the avatar."""
    found: dict[str, Deed] = {}
    notes: list[Diagnostic] = []
    for action in motion_map.actions.values():
        table = action.targets.get(target)
        if table is None:
            continue
        name, value, rest = table.get("parameter"), table.get("value", True), table.get("rest")
        if not isinstance(name, str) or isinstance(value, (str, list, dict)) or not set(table) <= set(_FIELDS):
            text = f'{action.name}: expected vrchat = {{ parameter = "Name", value = true }}, got {dict(table)}'
            notes.append(Diagnostic(text, suggestion="value is true, a whole number or a number; rest likewise"))
            continue
        parameter = _on_avatar(name, value, avatar)
        if parameter is None and avatar is not None:
            near = nearest_name(name, avatar.inputs)
            hint = f"did you mean {near!r}?" if near else "channels move it instead"
            text = f"{action.name}: the avatar {avatar.name} has no parameter {name!r}"
            notes.append(Diagnostic(text, suggestion=hint))
        elif parameter is not None:
            given = _ZERO[parameter.kind] if isinstance(rest, (str, list, dict)) or rest is None else rest
            found[action.name] = Deed(parameter.address, _as_kind(value, parameter), _as_kind(given, parameter))
    return found, notes


def _on_avatar(name: str, value: Value, avatar: Avatar | None) -> Parameter | None:
    if avatar is not None:
        return avatar.inputs.get(name)
    kind = "Bool" if isinstance(value, bool) else "Int" if isinstance(value, int) else "Float"
    return Parameter(address_of(name), kind)  # type: ignore[arg-type]


def _as_kind(value: Value, parameter: Parameter) -> Value:
    match parameter.kind:
        case "Bool":
            return bool(value)
        case "Int":
            return min(max(int(value), 0), 255)
        case "Float":
            return float(value)


class Deeds:
    """Holds what actions set; nothing is touched that no action has set, so the user's own switches stay."""

    def __init__(self, target: str) -> None:
        """`target`: the key of the tables in motion maps."""
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self._target = target
        self._deeds: Mapping[str, Deed] = {}
        self._held = Held()
        self._touched: dict[str, tuple[Value, float]] = {}

    @property
    def actions(self) -> frozenset[str]:
        """The actions that set something."""
        return frozenset(self._deeds)

    def adopt(self, motion_map: MotionMap, avatar: Avatar | None) -> None:
        """Act by another map, or on another avatar."""
        self._deeds, notes = _find_deeds(motion_map, avatar, self._target)
        self.diagnostics = tuple(notes)
        self._held.adopt(motion_map)

    def command(self, command: Command, now: float) -> None:
        """Take a due command."""
        self._held.command(command, now, self._deeds)

    def clear(self) -> None:
        """Let go of everything at once."""
        self._held.clear()

    def wanted(self, now: float) -> dict[str, Value]:
        """Return what should stand at each address that an action holds, or has let go within the last second."""
        shares, standing = self._held.weights(now), self._held.standing(now)
        found: dict[str, Value] = {}
        for action in sorted(shares, key=standing.__contains__):
            if deed := self._deeds.get(action):
                found[deed.address] = deed.at(shares[action], standing=action in standing)
                self._touched[deed.address] = deed.rest, now + _AFTERWARDS
        for address, (rest, until) in list(self._touched.items()):
            if until < now:
                del self._touched[address]
            else:
                found.setdefault(address, rest)
        return found


class Changes:
    """What was sent last, by address: only what differs is due, each at most once in `gap` seconds.

    A switch is due at once; and everything is, `refresh` seconds after the last time.
    """

    def __init__(self, gap: float, refresh: float) -> None:
        self._gap, self._refresh = gap, refresh
        self._sent: dict[str, tuple[tuple[Value, ...], float]] = {}
        self._all_at = 0.0

    def forget(self) -> None:
        """Take nothing for sent: whoever listens is new."""
        self._sent.clear()

    def due(self, now: float, wanted: Mapping[str, tuple[Value, ...]]) -> list[tuple[str, tuple[Value, ...]]]:
        """Return addresses and values to send at `now`."""
        whole = not self._sent or now - self._all_at >= self._refresh
        if whole:
            self._all_at = now
        for address in self._sent.keys() - wanted.keys():
            del self._sent[address]
        found: list[tuple[str, tuple[Value, ...]]] = []
        for address, values in wanted.items():
            last, at = self._sent.get(address, (None, 0.0))
            changed = last != values and (last is None or now - at >= self._gap or not isinstance(values[0], float))
            if whole or changed:
                self._sent[address] = values, now
                found.append((address, values))
        return found
