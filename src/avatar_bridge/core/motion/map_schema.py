"""The JSON Schema of motion maps, for editors that complete and check while one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from avatar_bridge.core.motion.action import PAIRS, TARGETS, Action
from avatar_bridge.core.motion.fingers import CURLS
from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS, Channel

__all__ = ["schema"]

_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a motion map, as published in docs/motion-map.schema.json."""
    action = Action.model_json_schema()
    properties: dict[str, Any] = {
        key: {name: part for name, part in value.items() if name != "title"}
        for key, value in action["properties"].items()
        if key not in ("name", "targets")
    }
    properties["keyframes"] = _by_channel("channel = [[seconds, value], ...], offsets from rest", _keys)
    properties["channels"] = _by_channel("the pose that is held, offsets from rest", _value)
    for target in TARGETS:
        properties[target] = {"type": "object", "description": f"How {target} does it by itself."}
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Avatar Bridge motion map",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "What the map is called."},
            "description": {"type": "string", "description": "What it is for."},
            "extends": {"type": "string", "description": "A map that this one adds to, by name or path."},
            "without": {**texts, "description": "Actions of the extended map to leave out."},
            "groups": _named("Exclusive groups and which others their members end.", {"replaces": texts}),
            "actions": _named("What each tag does.", properties),
        },
    }


def _named(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Describe tables that the author names, all with the same keys."""
    table = {"type": "object", "additionalProperties": False, "properties": properties}
    return {"type": "object", "description": description, "additionalProperties": table}


def _value(channel: Channel) -> dict[str, Any]:
    return {"type": "number", "minimum": channel.low, "maximum": channel.high}


def _keys(channel: Channel) -> dict[str, Any]:
    pair = [{"type": "number", "minimum": 0}, _value(channel)]
    key = {"type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2}
    return {"type": "array", "minItems": 1, "items": key}


def _by_channel(description: str, describe: Callable[[Channel], dict[str, Any]]) -> dict[str, Any]:
    faces = {channel.name: describe(channel) for channel in FACE_CHANNELS}
    pairs = {name: describe(CHANNELS[sides[0]]) for name, sides in PAIRS.items()}
    bones = [name for name in CHANNELS if name not in faces]
    joints = "|".join(sorted({name.rpartition("_")[0] for name in bones}))
    bone = describe(CHANNELS[bones[0]])
    return {
        "type": "object",
        "description": description,
        "properties": {**faces, **pairs, **dict.fromkeys(CURLS, bone)},
        "patternProperties": {f"^({joints})_[xyz]$": bone},
        "additionalProperties": False,
    }
