"""What Warudo's WebSocket reads: one JSON object a message, for the node "On WebSocket Action" of a blueprint."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.cue_lines import CueLines, unknown_keys

__all__ = ["KEYS", "action", "lines"]

KEYS: Final = ("action", "data", "release", "release_data")
"""The keys of an action's `warudo` table."""


def action(name: str, data: Any = None) -> str:
    """Return the message that sets off the action `name` with `data`, any JSON value; raises ValueError else."""
    return json.dumps({"action": name, "data": data}, ensure_ascii=False, allow_nan=False)


def lines(motion_map: MotionMap) -> tuple[dict[str, CueLines], list[Diagnostic]]:
    """Return what Warudo is told, by the map's action, and what is wrong with the map's `warudo` tables."""
    found: dict[str, CueLines] = {}
    notes: list[Diagnostic] = []
    for each in motion_map.actions.values():
        table = each.targets.get("warudo")
        if table is None:
            continue
        notes += unknown_keys(each.name, "warudo", table, KEYS)
        wrong: list[str] = [key for key in ("action", "release") if key in table and not _is_name(table[key])]
        wrong += [key for key in ("data", "release_data") if not _is_json(table.get(key))]
        if "action" not in table or wrong:
            text = (
                f'{each.name}: expected warudo = {{ action = "name", data = 1, release = "name" }}, got {dict(table)}'
            )
            notes.append(Diagnostic(text, suggestion="channels move it instead"))
            continue
        release = action(str(table["release"]), table.get("release_data")) if "release" in table else ""
        found[each.name] = CueLines(action(str(table["action"]), table.get("data")), release)
    return found, notes


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_json(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(_is_json, value))
    return all(map(_is_json, value.values())) if isinstance(value, dict) else True
