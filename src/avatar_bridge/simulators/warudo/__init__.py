"""A strict stand-in for Warudo's WebSocket: JSON actions that blueprints receive, and never an answer.

Source: Warudo's node "On WebSocket Action" (docs.warudo.app) and what public clients of it send.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection

from avatar_bridge.simulators.sockets import SocketSimulator

__all__ = ["ReceivedAction", "WarudoSimulator"]

_LOG = 100_000


@dataclass(frozen=True, slots=True)
class ReceivedAction:
    """One action for a blueprint."""

    name: str
    data: Any


class WarudoSimulator(SocketSimulator):
    """Takes `{"action": "name", "data": ...}`; anything else is a fault and does nothing, as in the app."""

    app = "Warudo"
    path = ""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 19190, record: Path | None = None) -> None:
        super().__init__(host=host, port=port, record=record)
        self.actions: deque[ReceivedAction] = deque(maxlen=_LOG)
        """What blueprints got, in order."""

    async def received(self, connection: ServerConnection, message: str | bytes) -> None:
        """Pass an action on to the blueprints."""
        del connection
        if isinstance(message, bytes):
            self.fault("a binary message; Warudo reads JSON text")
            return
        try:
            said = json.loads(message, parse_constant=_no_number)
        except ValueError as error:
            self.fault(f"not JSON ({error}): {message[:80]!r}")
            return
        if not isinstance(said, dict) or not isinstance(said.get("action"), str) or not said["action"]:
            self.fault(f'expected {{"action": "name", "data": ...}}, got {message[:80]!r}')
        elif set(said) - {"action", "data"}:
            self.fault(f"fields that Warudo does not know: {', '.join(sorted(set(said) - {'action', 'data'}))}")
        else:
            self.actions.append(ReceivedAction(said["action"], said.get("data")))
            self.say(f"action: {said['action']} {json.dumps(said.get('data'), ensure_ascii=False)}")
            self.note("action", action=said["action"], data=said.get("data"))


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
