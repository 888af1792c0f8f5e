"""What the simulator remembers of its clients: every request and every injected frame, with the time of receipt."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["InjectedFrame", "LoggedRequest"]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request and how it ended. Times are seconds of `time.perf_counter()`."""

    at: float
    """When it was received."""
    answered_at: float
    """The render frame in which it was answered."""
    session: int
    plugin: str
    message_type: str
    request_id: str
    data: Mapping[str, Any]
    """As it was sent; empty for an accepted injection, which is an `InjectedFrame` already."""
    error_id: int | None
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InjectedFrame:
    """One InjectParameterDataRequest that was accepted. `at` is seconds of `time.perf_counter()` at its receipt."""

    at: float
    session: int
    plugin: str
    mode: str
    values: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)
    """Only weights other than 1."""
    face_found: bool = False
    wall: float = field(default_factory=time.time)
    """Unix time in seconds, for people and for other machines."""
