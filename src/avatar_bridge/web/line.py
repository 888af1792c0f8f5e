"""A page's connection, which may be written to at once: no task wakes for a frame, and nothing piles up unseen."""

from __future__ import annotations

import asyncio
import socket
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from avatar_bridge.web.outlet import LINE, PARTING

__all__ = ["Line", "missing"]

_SYSTEM_BUFFER: Final = 256 * 1024
"""Bytes that the system may hold for a page: what it has taken, it cannot give back."""

_USED: Final = (
    "close_sent",
    "close_timer",
    "conn",
    "disconnected",
    "loop",
    "queue",
    "stop_keepalive",
    "transport",
    "writable",
)
"""What `Line` uses of uvicorn's connection, which promises none of it."""


class Line(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket connection, which the socket's endpoint finds in its scope."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, LINE: self}, _loop)
        self.on_relief: Callable[[], None] | None = None
        """Called when a congested line takes more again."""

    @property
    def congested(self) -> bool:
        """True while the other side takes less than it is sent."""
        return not self.writable.is_set()

    @property
    def usable(self) -> bool:
        """True until either side has begun to close."""
        return not (self.close_sent or self.disconnected or self.transport.is_closing())

    def connection_made(self, transport: BaseTransport) -> None:
        """Learn the transport."""
        super().connection_made(transport)
        opened: socket.socket | None = transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SYSTEM_BUFFER)

    def resume_writing(self) -> None:
        """Learn that the other side has read."""
        super().resume_writing()
        if self.on_relief is not None:
            self.on_relief()

    def put(self, wire: bytes) -> None:
        """Write an encoded message; silently nothing on a line that closes."""
        if self.usable:
            self.transport.write(wire)

    def hang_up(self, code: int, reason: str) -> None:
        """Close from this side; a page that does not even take the farewell is cut off a little later."""
        if not self.usable:
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(PARTING, self.transport.abort)


def missing(config: Config) -> list[str]:
    """Return what this uvicorn's connection lacks of what `Line` uses: without it, pages get a `PlainLine` instead."""
    try:
        line = Line(config, ServerState(), {})
    except (TypeError, AttributeError) as error:
        return [str(error)]
    return [name for name in _USED if not hasattr(line, name)]
