"""One plugin's connection to the simulated nizima LIVE: how far it has got, and how its messages are read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection

from avatar_bridge.errors import RefusedError

__all__ = ["RefusalError", "Session", "array", "number", "read", "text"]

VERSION = "1.0.0"


class RefusalError(RefusedError):
    """The request is answered with an error of this type."""


@dataclass(slots=True, eq=False)
class Session:
    """A connected plugin."""

    connection: ServerConnection
    plugin: str = ""
    """Its name, once it is registered or has established the connection."""
    events: set[str] = field(default_factory=set)
    """The events that it asked for."""


def read(message: str | bytes) -> dict[str, Any]:
    """Return a request's fields; raises RefusalError with the documents' error type, ValueError for what is no JSON."""
    said: Any = json.loads(message)
    version = said.get("nLPlugin") if isinstance(said, dict) else None
    if not isinstance(version, str):
        raise RefusalError("InvalidApi")
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise RefusalError("UnsupportedVersion")
    if said.get("Type") != "Request":
        raise RefusalError("InvalidType")
    if not isinstance(said.get("Method"), str):
        raise RefusalError("InvalidMethod")
    if not isinstance(said.get("Id", ""), str) or not isinstance(said.get("Data", {}), dict):
        raise RefusalError("InvalidData")
    fields: dict[str, Any] = said
    return fields


def text(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """Return a string; raises RefusalError where it is missing without a default or is something else."""
    value = data.get(key, default)
    if not isinstance(value, str):
        raise RefusalError("InvalidData")
    return value


def number(data: Mapping[str, Any], key: str) -> float:
    """Return a finite number; raises RefusalError else."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RefusalError("InvalidData")
    return float(value)


def array(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return an array of objects; raises RefusalError else."""
    value = data.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RefusalError("InvalidData")
    return value
