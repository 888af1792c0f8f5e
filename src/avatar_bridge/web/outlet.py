"""What a page's messages go out by: `Line` where the web server is the one we know, `PlainLine` anywhere else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from starlette.types import Message, Receive, Scope, Send
from websockets.frames import Frame, Opcode

__all__ = ["LINE", "PARTING", "Outlet", "PlainLine", "encoded", "serve_on_line"]

LINE: Final = "line"
"""Key of a `Line` in the state of its ASGI scope."""

PARTING: Final = 2.0
"""Seconds that a page has to take what is still under way to it, when it is hung up on."""

_UNDER_WAY: Final = 64
"""Messages that may wait in a plain line before it is congested."""


class Outlet(Protocol):
    """A connection to one page, written to without waiting."""

    on_relief: Callable[[], None] | None
    """Called when a congested line takes more again."""

    @property
    def congested(self) -> bool:
        """True while the other side takes less than it is sent."""
        ...

    @property
    def usable(self) -> bool:
        """True until either side has begun to close."""
        ...

    def put(self, wire: bytes) -> None:
        """Write an encoded message; silently nothing on a line that closes."""
        ...

    def hang_up(self, code: int, reason: str) -> None:
        """Close from this side; a page that does not even take the farewell is cut off a little later."""
        ...


def encoded(message: str | bytes) -> bytes:
    """Return a message as a server's WebSocket frame (RFC 6455, unmasked), the same for every page."""
    if isinstance(message, str):
        return Frame(Opcode.TEXT, message.encode()).serialize(mask=False)
    return Frame(Opcode.BINARY, message).serialize(mask=False)


def _decoded(wire: bytes) -> Message:
    """Return an encoded message as ASGI has it."""
    length = wire[1]
    payload = wire[{126: 4, 127: 10}.get(length, 2) :]
    if wire[0] & 0x0F == Opcode.TEXT:
        return {"type": "websocket.send", "text": payload.decode()}
    return {"type": "websocket.send", "bytes": payload}


class PlainLine:
    """An outlet on ASGI alone, for any server: a task sends what was put, some milliseconds dearer than a `Line`."""

    def __init__(self, send: Send) -> None:
        self.on_relief: Callable[[], None] | None = None
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._farewell: Message | None = None
        self._left = False
        self._limit = asyncio.timeout(None)

    @property
    def congested(self) -> bool:
        """True while the other side takes less than it is sent."""
        return len(self._waiting) >= _UNDER_WAY

    @property
    def usable(self) -> bool:
        """True until either side has begun to close."""
        return not self._left and self._farewell is None

    def put(self, wire: bytes) -> None:
        """Queue an encoded message, as `congested` allows."""
        if self.usable:
            self._waiting.append(wire)
            self._more.set()

    def hang_up(self, code: int, reason: str) -> None:
        """Close from this side; `run` ends soon."""
        if self.usable:
            self._farewell = {"type": "websocket.close", "code": code, "reason": reason}
            self._limit.reschedule(asyncio.get_running_loop().time() + PARTING)
            self._more.set()

    def leave(self) -> None:
        """Learn that the other side is gone; `run` ends once what was said is sent."""
        self._left = True
        self._more.set()

    async def run(self) -> None:
        """Send what is put until the line is closed."""
        try:
            async with self._limit:
                while await self._some():
                    pass
                if self._farewell is not None:
                    while self._waiting:
                        await self._send(_decoded(self._waiting.popleft()))
                    await self._send(self._farewell)
        except (TimeoutError, OSError):
            self._left = True

    async def _some(self) -> bool:
        """Send what waits, then wait for more; return False at the end."""
        while self._waiting and self.usable:
            before = self.congested
            wire = self._waiting.popleft()
            if before and not self.congested and self.on_relief is not None:
                self.on_relief()
            await self._send(_decoded(wire))
        if self.usable:
            self._more.clear()
            await self._more.wait()
        return self.usable


async def serve_on_line(
    scope: Scope, receive: Receive, send: Send, serve: Callable[[Outlet, Receive], Awaitable[None]]
) -> None:
    """Accept a connection and `serve` it on its own line, or over plain ASGI where its server has none."""
    line: Outlet | None = scope.get("state", {}).get(LINE)
    await receive()
    await send({"type": "websocket.accept"})
    if line is not None:
        await serve(line, receive)
        return
    plain = PlainLine(send)

    async def serving() -> None:
        await serve(plain, receive)

    async with asyncio.TaskGroup() as tasks:
        sent = tasks.create_task(plain.run())
        served = tasks.create_task(serving())
        served.add_done_callback(lambda _: plain.leave())
        sent.add_done_callback(lambda _: served.cancel())
