"""One connected client as the simulated app sees it, and one request of it under way."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject

__all__ = ["API_NAME", "API_VERSION", "Call", "Plugin", "Session", "Subscription", "envelope"]

API_NAME = "VTubeStudioPublicAPI"
API_VERSION = "1.0"


def envelope(message_type: str, request_id: str, data: Mapping[str, Any]) -> bytes:
    """Return a frame as it leaves, UTF-8, its keys in the order of the real app."""
    body = {
        "apiName": API_NAME,
        "apiVersion": API_VERSION,
        "timestamp": time.time_ns() // 1_000_000,
        "messageType": message_type,
        "requestID": request_id,
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Plugin:
    """Who a client says it is; two sessions of one plugin are the same owner."""

    name: str
    developer: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a session asked to be told."""

    request_id: str
    config: JsonObject
    since: float


@dataclass(slots=True, eq=False)
class Session:
    """The state of one connection; `wake` tells its writer that something waits."""

    number: int
    wake: Callable[[], None]
    plugin: Plugin | None = None
    """Set while it is authenticated."""
    revoked: bool = False
    """Its token was taken back while it was authenticated."""
    claimed: str = ""
    """The plugin name it last used, for people."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    inbox: deque[tuple[float, str | bytes]] = field(default_factory=deque)
    """Received messages with the time of receipt, not looked at yet."""
    answers: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)
    outbox: deque[bytes] = field(default_factory=deque)
    closed: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether it may send every request."""
        return self.plugin is not None

    @property
    def owner(self) -> Plugin:
        """The plugin; only asked once it is authenticated."""
        if self.plugin is None:
            raise ApiError(8)
        return self.plugin


@dataclass(slots=True, eq=False)
class Call:
    """One request: who sent it, what it says, and where its answer goes."""

    session: Session
    message_type: str
    request_id: str
    fields: Fields
    received: float
    """`time.perf_counter()` when it came."""
    deliver: Callable[[Call, str, JsonObject], None]
    answered: bool = False

    def answer(self, data: JsonObject | None = None) -> None:
        """Send the response; only the first answer counts."""
        if not self.answered:
            self.answered = True
            self.deliver(self, self.message_type.removesuffix("Request") + "Response", {} if data is None else data)

    def refuse(self, error: ApiError) -> None:
        """Send an APIError; only the first answer counts."""
        if not self.answered:
            self.answered = True
            self.deliver(self, "APIError", {"errorID": error.error_id, "message": error.message})
