"""From a motion map's `nizima` tables to what one model has: its expressions and motions by path, hotkeys by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, name_key
from avatar_bridge.wire.cue_lines import unknown_keys
from avatar_bridge.wire.nizima import Expression, Motion

__all__ = ["KEYS", "Binding", "bind"]

KEYS: Final = ("expression", "motion", "hotkey", "release")
"""The keys of an action's `nizima` table."""
_SUFFIXES: Final = (".exp3.json", ".motion3.json")


@dataclass(frozen=True, slots=True)
class Binding:
    """What an action does on this model by itself; each part may be empty, but not all of them."""

    action: str
    expression: str = ""
    """An expression's path, on for as long as the action is held."""
    motion: str = ""
    """A motion's path, started once."""
    hotkey: str = ""
    """A key, pressed once. nizima LIVE tells nobody which keys a model has."""
    release: str = ""
    """A key, pressed when the action ends."""

    @property
    def held(self) -> bool:
        """Whether there is something to end."""
        return bool(self.expression or self.release)


def _stem(name: str) -> str:
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    for suffix in _SUFFIXES:
        name = name[: -len(suffix)] if name.casefold().endswith(suffix) else name
    return name


def bind(
    motion_map: MotionMap, expressions: Sequence[Expression], motions: Sequence[Motion]
) -> tuple[dict[str, Binding], list[Diagnostic]]:
    """Return the actions that the model does by itself, by name, and what the map asks for and the model lacks."""
    faces = {each.path: each.name or _stem(each.path) for each in expressions}
    moves = {each.path: each.name or _stem(each.path) for each in motions}
    bindings: dict[str, Binding] = {}
    missing: list[Diagnostic] = []
    for action in motion_map.actions.values():
        table: Mapping[str, Any] = action.targets.get("nizima", {})
        missing += unknown_keys(action.name, "nizima", table, KEYS)
        texts = {key: table[key] for key in KEYS if key in table}
        for key, value in texts.items():
            if not isinstance(value, str) or not value.strip():
                missing.append(Diagnostic(f"{action.name}: nizima.{key} takes a name in quotes, got {value!r}"))
                texts[key] = ""
        face, notes = _path(action.name, "expression", texts.get("expression", ""), faces)
        move, more = _path(action.name, "motion", texts.get("motion", ""), moves)
        missing += notes + more
        hotkey = texts.get("hotkey", "")
        if face or move or hotkey:
            bindings[action.name] = Binding(action.name, face, move, hotkey, texts.get("release", ""))
    return bindings, missing


def _path(action: str, what: str, wanted: str, known: Mapping[str, str]) -> tuple[str, list[Diagnostic]]:
    """Return the path of the thing called `wanted`: its path, its name, or its file's name."""
    if not wanted:
        return "", []
    if wanted in known:
        return wanted, []
    key = name_key(_stem(wanted))
    for name in (lambda path: known[path], _stem):
        for path in known:
            if name_key(name(path)) == key:
                return path, []
    near = nearest_name(wanted, known.values())
    return "", [Diagnostic(f"{action}: the model has no {what} {wanted!r}.", suggestion=near)]
