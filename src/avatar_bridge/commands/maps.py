"""The `maps` command: list, check, prompt and schema of motion maps, without any target."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from avatar_bridge import registry
from avatar_bridge.commands.map_tables import unread
from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.keyframes import Track
from avatar_bridge.core.motion.motion_map import MotionMap, schema
from avatar_bridge.core.motion.prompt import FORMS, instructions, prompt_tokens

__all__ = ["check", "check_lines", "listing", "prompt", "remarks", "schema_json"]

_SPEEDS = {"head": 120.0, "body": 75.0, "brow": 9.5, "mouth_smile": 9.5}
_REACH = {"head_yaw": 24.0, "head_pitch": 20.0, "head_roll": 24.0}


def listing(name: str | None = None, *, as_json: bool = False) -> Iterator[str]:
    """Yield a line for each packaged map, or for each action of the map `name`; as JSON, one document."""
    if name is not None:
        yield from _actions(registry.read_map(name), as_json=as_json)
        return
    maps = [(known, registry.read_map(known)) for known in registry.map_names()]
    if as_json:
        rows = [
            {
                "name": known,
                "title": motion_map.name,
                "description": motion_map.description,
                "actions": len(motion_map.actions),
                "path": str(registry.find_map(known)),
            }
            for known, motion_map in maps
        ]
        yield json.dumps(rows, ensure_ascii=False, indent=2)
        return
    for known, motion_map in maps:
        yield f"{known}  {len(motion_map.actions)} actions  {motion_map.description}"


def _actions(motion_map: MotionMap, *, as_json: bool) -> Iterator[str]:
    actions = motion_map.actions.values()
    if as_json:
        rows = [
            {
                "name": action.name,
                "kind": action.kind,
                "meaning": action.meaning,
                "aliases": list(action.aliases),
                "group": action.group,
                "stroke": action.stroke,
                "duration": action.length or None,
                "targets": sorted(action.targets),
            }
            for action in actions
        ]
        yield json.dumps(rows, ensure_ascii=False, indent=2)
        return
    width = max(len(action.name) for action in actions)
    for action in actions:
        lasts = f"{action.length:.1f} s" if action.length else "held"
        also = f"  also: {', '.join(action.aliases)}" if action.aliases else ""
        yield f"{action.name:<{width}}  {action.kind:<10}  {lasts:>6}  {action.meaning}{also}"


def check(name: str) -> dict[str, Any]:
    """Return what a map holds and what in it looks doubtful, for programs; raises MotionMapError naming every fault."""
    motion_map = registry.read_map(name)
    return {
        "map": str(registry.find_map(name)),
        "actions": len(motion_map.actions),
        "names": len(motion_map.names()),
        "prompt_tokens": prompt_tokens(instructions(motion_map)),
        "remarks": [
            {"action": action.name, "message": remark}
            for action in motion_map.actions.values()
            for remark in remarks(action)
        ],
    }


def check_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `check` found, for people."""
    yield (
        f"{found['map']}: {found['actions']} actions under {found['names']} names, "
        f"about {found['prompt_tokens']} tokens of instructions"
    )
    for remark in found["remarks"]:
        yield f"  {remark['action']}: {remark['message']}"
    count = len(found["remarks"])
    yield "no faults" + ("" if not count else ", 1 remark" if count == 1 else f", {count} remarks")


def remarks(action: Action) -> Iterator[str]:
    """Yield what is allowed in an action and yet is wrong: a key that no target reads, too fast, too far."""
    yield from unread(action)
    for channel, keys in action.keyframes.items():
        track = Track(keys)
        limit = next((speed for start, speed in _SPEEDS.items() if channel.startswith(start)), None)
        if limit is not None and track.speed > limit:
            yield f"{channel} reaches {track.speed:.0f} units a second; beyond {limit:g} it is slowed down"
        reach = _REACH.get(channel)
        if reach is not None and track.peak > reach:
            yield f"{channel} goes to {track.peak:g} degrees; beyond {reach:g} most models hit their wall"
        if not track.rests:
            yield f"{channel} does not begin and end at 0; it is faded in and out"
    if action.kind == "gesture" and action.keyframes and action.stroke == 0.0:
        yield "has no stroke: its start, not its strongest moment, meets the word"


def prompt(name: str, *, performed: Collection[str] | None = None, persona: str = "", dialect: str = "auto") -> str:
    """Return the instructions that tell a language model the tags of the map `name`, as a dialect writes them."""
    registry.choose("dialect", dialect, {"auto", "emoji", *FORMS})
    return instructions(registry.read_map(name), performed=performed, persona=persona, dialect=dialect)


def schema_json() -> str:
    """Return the JSON Schema of motion maps as text, as docs/motion-map.schema.json holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False)
