"""From a motion map's `vts` tables to what one model has: its expressions by file, its hotkeys by id."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, name_key
from avatar_bridge.wire.vts import finite
from avatar_bridge.wire.vts_replies import Expression, Hotkey

__all__ = [
    "KEYS",
    "Binding",
    "bind",
    "durations",
    "expression_stem",
    "find_expression",
    "find_hotkey",
    "unknown_inputs",
]

KEYS = ("hotkey", "expression", "parameters")
"""The keys of an action's `vts` table."""

_SUFFIX = ".exp3.json"
_GESTURE = 2.0


@dataclass(frozen=True, slots=True)
class Binding:
    """What an action does on this model by itself: each part may be empty, but not all of them."""

    action: str
    expression: str = ""
    """An expression's file, switched by state."""
    hotkey: str = ""
    """A hotkey's id, fired once."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Inputs held at a value for as long as the action lasts."""
    fade: float = 0.25
    """Seconds in which its expression comes."""


def expression_stem(file: str) -> str:
    """Return an expression's file name without folder and suffix."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    for suffix in (_SUFFIX, ".motion3.json"):
        if name.casefold().endswith(suffix):
            return name[: -len(suffix)]
    return name


def find_expression(wanted: str, expressions: Sequence[Expression]) -> str | None:
    """Return the file of the expression that `wanted` means: its file, its name, either without folder or suffix."""
    by_file = {expression.file: expression.file for expression in expressions}
    if wanted in by_file:
        return wanted
    stem = name_key(expression_stem(wanted))
    for expression in expressions:
        if stem and name_key(expression_stem(expression.file)) == stem:
            return expression.file
    for expression in expressions:
        if stem and name_key(expression_stem(expression.name)) == stem:
            return expression.file
    return None


def find_hotkey(wanted: str, hotkeys: Sequence[Hotkey]) -> Hotkey | None:
    """Return the hotkey that `wanted` means: its id, its name, or its file; the first in the model's order."""
    key = name_key(wanted)
    tests = (
        lambda hotkey: hotkey.id == wanted,
        lambda hotkey: bool(hotkey.name) and hotkey.name.casefold() == wanted.casefold(),
        lambda hotkey: bool(key) and name_key(hotkey.name) == key,
        lambda hotkey: (
            bool(hotkey.file) and name_key(expression_stem(hotkey.file)) == name_key(expression_stem(wanted))
        ),
    )
    for test in tests:
        for hotkey in hotkeys:
            if test(hotkey):
                return hotkey
    return None


def bind(
    motion_map: MotionMap, hotkeys: Sequence[Hotkey], expressions: Sequence[Expression]
) -> tuple[dict[str, Binding], list[Diagnostic]]:
    """Return the actions that the model does by itself, by name, and what the map asks for and the model lacks."""
    bindings: dict[str, Binding] = {}
    missing: list[Diagnostic] = []
    for action in motion_map.actions.values():
        table: Mapping[str, Any] = action.targets.get("vts", {})
        if not table:
            continue
        missing += _unknown_keys(action.name, table)
        expression, lacks = _expression(action.name, table.get("expression"), expressions)
        missing += lacks
        hotkey, by_hotkey, lacks = _hotkey(action.name, table.get("hotkey"), hotkeys, expressions)
        missing += lacks
        parameters, lacks = _parameters(action.name, table.get("parameters"))
        missing += lacks
        expression = expression or by_hotkey
        if expression or hotkey or parameters:
            fade = min(action.fade_in, 2.0)
            bindings[action.name] = Binding(action.name, expression, hotkey, parameters, fade)
    return bindings, missing


def unknown_inputs(bindings: Iterable[Binding], inputs: Collection[str]) -> list[Diagnostic]:
    """Return which `vts.parameters` of a map the app does not list, each with the nearest that it does."""
    return [
        Diagnostic(f"{binding.action}: VTube Studio has no parameter {name!r}.", suggestion=_nearest(name, inputs))
        for binding in bindings
        for name in binding.parameters
        if name not in inputs
    ]


def durations(motion_map: MotionMap) -> dict[str, float | None]:
    """Return how long each action with a `vts` table keeps switched on what it switches on; None: until released.

    A gesture may use an expression (a raised arm), which goes off by itself when the gesture is over.
    """
    return {
        action.name: (action.length or _GESTURE) if action.kind == "gesture" else None
        for action in motion_map.actions.values()
        if action.targets.get("vts")
    }


def _unknown_keys(action: str, table: Mapping[str, Any]) -> list[Diagnostic]:
    return [
        Diagnostic(
            f"{action}: vts.{key} is not known; expected one of: {', '.join(f'vts.{known}' for known in KEYS)}",
            suggestion=next(iter(difflib.get_close_matches(key, KEYS, n=1)), None),
        )
        for key in table
        if key not in KEYS
    ]


def _expression(action: str, wanted: Any, known: Sequence[Expression]) -> tuple[str, list[Diagnostic]]:
    if wanted is None:
        return "", []
    file = find_expression(str(wanted), known)
    if file is not None:
        return file, []
    near = _nearest(str(wanted), [expression.file for expression in known])
    return "", [Diagnostic(f"{action}: the model has no expression {wanted!r}.", suggestion=near)]


def _hotkey(
    action: str, wanted: Any, hotkeys: Sequence[Hotkey], expressions: Sequence[Expression]
) -> tuple[str, str, list[Diagnostic]]:
    """Return (id to fire, expression to switch): a hotkey that toggles an expression is never fired, but its
    expression is set by state, so that it cannot end the wrong way round."""
    if wanted is None:
        return "", "", []
    hotkey = find_hotkey(str(wanted), hotkeys)
    if hotkey is None:
        names = [name for item in hotkeys for name in (item.name, expression_stem(item.file)) if name]
        near = _nearest(str(wanted), names)
        return "", "", [Diagnostic(f"{action}: the model has no hotkey {wanted!r}.", suggestion=near)]
    if hotkey.type == "ToggleExpression" and hotkey.file:
        file = find_expression(hotkey.file, expressions)
        if file is not None:
            return "", file, []
    return hotkey.id, "", []


def _parameters(action: str, wanted: Any) -> tuple[dict[str, float], list[Diagnostic]]:
    if wanted is None:
        return {}, []
    if not isinstance(wanted, Mapping):
        text = f"{action}: vts.parameters takes a table such as {{ CheekPuff = 1.0 }}, got {wanted!r}"
        return {}, [Diagnostic(text)]
    good = {
        str(name): finite(float(value), 0.0)
        for name, value in wanted.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    bad = [Diagnostic(f"{action}: vts.parameters.{name} takes a number.") for name in wanted if name not in good]
    return good, bad


def _nearest(wanted: str, names: Iterable[str]) -> str | None:
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(name_key(expression_stem(name)), name)
    close = difflib.get_close_matches(name_key(expression_stem(wanted)), by_key, n=1, cutoff=0.5)
    return by_key[close[0]] if close else None
