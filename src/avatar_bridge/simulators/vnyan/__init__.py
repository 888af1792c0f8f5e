"""A strict stand-in for VNyan's WebSocket: plain text `command message` at /vnyan, and never an answer.

Source: VNyan's "WebSocket Command" node and what public clients of it send.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.server import ServerConnection

from avatar_bridge.simulators.sockets import SocketSimulator

__all__ = ["ReceivedCommand", "VNyanSimulator"]

_LOG = 100_000


@dataclass(frozen=True, slots=True)
class ReceivedCommand:
    """What a WebSocket Command node gets: the first word, and what follows it."""

    name: str
    message: str


class VNyanSimulator(SocketSimulator):
    """Takes one command a message: its first word finds the node, the rest is the node's message."""

    app = "VNyan"
    path = "/vnyan"

    def __init__(self, *, host: str = "127.0.0.1", port: int = 8000, record: Path | None = None) -> None:
        super().__init__(host=host, port=port, record=record)
        self.commands: deque[ReceivedCommand] = deque(maxlen=_LOG)
        """What nodes got, in order."""

    async def received(self, connection: ServerConnection, message: str | bytes) -> None:
        """Pass a command on to the nodes."""
        del connection
        if isinstance(message, bytes):
            self.fault("a binary message; VNyan reads text")
            return
        name, _, rest = message.partition(" ")
        if not name or "\n" in message or "\r" in message:
            self.fault(f"expected one line `command message`, got {message[:80]!r}")
            return
        self.commands.append(ReceivedCommand(name, rest))
        self.say(f"command: {message}")
        self.note("command", command=name, message=rest)
