"""What VNyan's WebSocket reads: plain text, a command's name and what it is told, for "WebSocket Command" nodes."""

from __future__ import annotations

import re
from typing import Final

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.cue_lines import CueLines, unknown_keys

__all__ = ["KEYS", "command", "lines"]

KEYS: Final = ("command", "value", "release", "release_value")
"""The keys of an action's `vnyan` table."""

_NAME = re.compile(r"\S+")
_LINE = re.compile(r"[^\r\n]*")


def command(name: str, value: object = None) -> str:
    """Return the message for the node with the command text `name`; `value` is the message that it passes on."""
    if value is None:
        return name
    if isinstance(value, bool):
        return f"{name} {int(value)}"
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def lines(motion_map: MotionMap) -> tuple[dict[str, CueLines], list[Diagnostic]]:
    """Return what VNyan is told, by the map's action, and what is wrong with the map's `vnyan` tables."""
    found: dict[str, CueLines] = {}
    notes: list[Diagnostic] = []
    for each in motion_map.actions.values():
        table = each.targets.get("vnyan")
        if table is None:
            continue
        notes += unknown_keys(each.name, "vnyan", table, KEYS)
        wrong: list[str] = [key for key in ("command", "release") if key in table and not _is_name(table[key])]
        wrong += [key for key in ("value", "release_value") if key in table and not _is_line(table[key])]
        if "command" not in table or wrong:
            text = f'{each.name}: expected vnyan = {{ command = "Name", value = 1 }}, got {dict(table)}'
            notes.append(Diagnostic(text, suggestion="a command is one word without spaces, a value is one line"))
            continue
        release = command(str(table["release"]), table.get("release_value")) if "release" in table else ""
        found[each.name] = CueLines(command(str(table["command"]), table.get("value")), release)
    return found, notes


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_line(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and _LINE.fullmatch(value) is not None)
