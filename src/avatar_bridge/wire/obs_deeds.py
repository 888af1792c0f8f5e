"""What a motion map's `obs` tables ask of OBS, and whether this OBS can do it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.obs_scenery import Scenery

__all__ = ["KEYS", "MEDIA", "Deed", "Move", "lacking", "read_deed", "read_deeds"]

MEDIA: Final = {
    word: f"OBS_WEBSOCKET_MEDIA_INPUT_ACTION_{word.upper()}" for word in ("restart", "play", "pause", "stop")
}
_MOVES: Final = ("x", "y", "by_x", "by_y", "scale")
_KINDS: Final[Mapping[str, str]] = {
    "scene": "names", "in": "name", "transition": "name", "back": "switch",
    "source": "names", "show": "switch", "hide": "switch", "filter": "names",
    "x": "number", "y": "number", "by_x": "number", "by_y": "number", "scale": "number", "over": "number",
    "media": "names", "media_action": "name", "mute": "names", "unmute": "names", "hotkey": "names", "keys": "names",
}  # fmt: skip
KEYS: Final = tuple(_KINDS)
"""The keys that an `obs` table may hold."""
_EXPECTED: Final = {
    "name": "a name in quotes",
    "names": 'a name in quotes or a list such as ["one", "two"]',
    "switch": "true or false",
    "number": "a number",
}
_MODIFIERS: Final = {
    "shift": "shift", "ctrl": "control", "control": "control", "alt": "alt", "option": "alt", "cmd": "command",
    "command": "command",
}  # fmt: skip
_LONGEST_MOVE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Move:
    """Where an item goes: to `x`, `y` or on by `by_x`, `by_y` (canvas pixels), `scale` times its size."""

    x: float | None = None
    y: float | None = None
    by_x: float = 0.0
    by_y: float = 0.0
    scale: float = 1.0
    over: float = 0.3
    """Seconds that it takes there, and back."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What one action does in OBS."""

    action: str
    lasts: float | None = None
    """Seconds that the map holds it; None until released."""
    scene: str = ""
    within: str = ""
    """The scene whose items are meant; empty for the one on air."""
    transition: str = ""
    back: bool = False
    sources: tuple[str, ...] = ()
    shown: bool | None = None
    """Whether its sources are shown or hidden; None where that stays as it is."""
    filters: tuple[str, ...] = ()
    move: Move | None = None
    media: tuple[str, ...] = ()
    media_action: str = "restart"
    mutes: tuple[tuple[str, bool], ...] = ()
    hotkeys: tuple[str, ...] = ()
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """OBS's key id with the modifiers pressed."""


def read_deeds(motion_map: MotionMap) -> tuple[dict[str, Deed], list[Diagnostic]]:
    """Return what each action with an `obs` table does, and what is wrong in the tables; a wrong one is left out."""
    deeds: dict[str, Deed] = {}
    found: list[Diagnostic] = []
    for action in motion_map.actions.values():
        table = action.targets.get("obs")
        if table:
            lasts = action.duration if action.duration is not None else action.length or None
            deed, faults = read_deed(action.name, table, lasts)
            found += faults
            if deed is not None:
                deeds[action.name] = deed
    return deeds, found


def read_deed(
    action: str, table: Mapping[str, Any], lasts: float | None = None
) -> tuple[Deed | None, list[Diagnostic]]:
    """Return what a table asks for; None and why where it cannot be understood."""
    faults = list(_faults(action, table))
    if faults:
        return None, faults
    scene = _names(table, "scene")
    sources, filters = _names(table, "source"), _names(table, "filter")
    move = None
    if any(key in table for key in _MOVES):
        over = min(max(float(table.get("over", 0.3)), 0.0), _LONGEST_MOVE)
        x, y = (float(table[key]) if key in table else None for key in ("x", "y"))
        by_x, by_y = float(table.get("by_x", 0)), float(table.get("by_y", 0))
        move = Move(x, y, by_x, by_y, float(table.get("scale", 1)), over)
    shown: bool | None = None
    if "show" in table or "hide" in table:
        shown = bool(table.get("show", True)) and not table.get("hide", False)
    elif not filters and move is None and sources:
        shown = True
    mutes = (*((name, True) for name in _names(table, "mute")), *((name, False) for name in _names(table, "unmute")))
    deed = Deed(
        action,
        lasts,
        scene=scene[0] if scene else "",
        within=str(table.get("in", "")),
        transition=str(table.get("transition", "")),
        back=bool(table.get("back", False)),
        sources=sources,
        shown=shown,
        filters=filters,
        move=move,
        media=_names(table, "media"),
        media_action=str(table.get("media_action", "restart")),
        mutes=mutes,
        hotkeys=_names(table, "hotkey"),
        keys=tuple(_chord(keys) for keys in _names(table, "keys")),
    )
    return deed, []


def lacking(deed: Deed, scenery: Scenery) -> list[Diagnostic]:
    """Return what this OBS lacks of what a deed needs, each with the nearest name that it has."""
    found: list[Diagnostic] = []

    def need(what: str, name: str, known: Iterable[str], where: str = "") -> bool:
        if not name or name in (names := list(known)):
            return True
        near = next(iter(difflib.get_close_matches(name, names, 1, 0.5)), None)
        near = next((each for each in names if each.casefold() == name.casefold()), near)
        hint = f"; did you mean {near!r}?" if near else ""
        found.append(Diagnostic(f"{deed.action}: OBS has no {what} {name!r}{where}{hint}", suggestion=near))
        return False

    need("scene", deed.scene, scenery.scenes)
    need("scene", deed.within, scenery.scenes)
    need("transition", deed.transition, scenery.transitions)
    scene = deed.within or deed.scene
    for source in deed.sources:
        if deed.filters and deed.shown is None and deed.move is None:
            need("source", source, scenery.sources)
        elif scene in scenery.scenes or not scene:
            known = scenery.sources_in(scene) if scene else scenery.placed
            need("source", source, known, f" in the scene {scene!r}" if scene else "")
        for name in deed.filters if source in scenery.sources else ():
            need("filter", name, scenery.filters.get(source, ()), f" on {source!r}")
    for name in (*deed.media, *(name for name, _ in deed.mutes)):
        need("input", name, scenery.inputs)
    for name, _ in deed.mutes:
        if name in scenery.inputs and name not in scenery.mutes:
            found.append(Diagnostic(f"{deed.action}: {name!r} has no sound in OBS that could be muted"))
    for name in deed.hotkeys:
        need("hotkey", name, scenery.hotkeys)
    return found


def _faults(action: str, table: Mapping[str, Any]) -> Iterable[Diagnostic]:
    for key, value in table.items():
        if key not in _KINDS:
            near = next(iter(difflib.get_close_matches(key, KEYS, 1)), None)
            known = ", ".join(KEYS)
            yield Diagnostic(f"{action}: obs.{key} is not known; expected one of: {known}", suggestion=near)
        elif not _CHECKS[_KINDS[key]](value):
            yield Diagnostic(f"{action}: obs.{key}: expected {_EXPECTED[_KINDS[key]]}, got {value!r}")
    if len(_listed(table.get("scene"))) > 1:
        yield Diagnostic(f"{action}: obs.scene: expected one scene, got {table['scene']!r}")
    needy = [key for key in ("filter", "show", "hide", "in", *_MOVES) if key in table]
    if needy and "source" not in table:
        yield Diagnostic(f'{action}: obs.{needy[0]} needs the source that it is about: obs.source = "..."')
    if "transition" in table and "scene" not in table:
        yield Diagnostic(f'{action}: obs.transition needs the scene it leads to: obs.scene = "..."')
    if str(table.get("media_action", "restart")) not in MEDIA:
        expected = ", ".join(MEDIA)
        yield Diagnostic(f"{action}: obs.media_action: expected one of {expected}, got {table['media_action']!r}")
    for chord in _listed(table.get("keys")):
        *pressed, _ = re.split(r"\s*\+\s*", str(chord).strip())
        unknown = [each for each in pressed if each.casefold() not in _MODIFIERS]
        if unknown:
            yield Diagnostic(
                f"{action}: obs.keys: expected keys such as ctrl+shift+F5, got {chord!r}: {unknown[0]!r} is no modifier"
            )


def _chord(text: str) -> tuple[str, tuple[str, ...]]:
    *pressed, key = re.split(r"\s*\+\s*", text.strip())
    bare = key.upper().removeprefix("OBS_KEY_")
    return f"OBS_KEY_{bare}", tuple(dict.fromkeys(_MODIFIERS[each.casefold()] for each in pressed))


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _names(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(_listed(table.get(key)))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "name": _is_name,
    "names": lambda value: bool(_listed(value)) and all(map(_is_name, _listed(value))),
    "switch": lambda value: isinstance(value, bool),
    "number": _is_number,
}
