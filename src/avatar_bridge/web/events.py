"""The event socket, `/v1/events`: hello, welcome, and what pages say from then on (docs/events.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Clock
from avatar_bridge.web.audience import Seat, WebAudience
from avatar_bridge.web.outlet import Outlet, serve_on_line
from avatar_bridge.wire import page
from avatar_bridge.wire.page_reports import Hello, Ping, read

__all__ = ["BAD_HELLO", "HELLO_WITHIN", "LARGEST_MESSAGE", "EventSocket"]

HELLO_WITHIN: Final = 5.0
"""Seconds in which a connection says hello."""

LARGEST_MESSAGE: Final = 64 * 1024
"""Bytes of what a page says."""

BAD_HELLO: Final = 4400


class EventSocket:
    """The ASGI endpoint of the socket."""

    def __init__(self, audience: WebAudience, clock: Clock, welcome: Callable[[Seat], str]) -> None:
        self._audience = audience
        self._clock = clock
        self._welcome = welcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await serve_on_line(scope, receive, send, self._serve)

    async def _serve(self, line: Outlet, receive: Receive) -> None:
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                first = await _heard(receive)
            if first is None:
                return
            said = read(first)
            if not isinstance(said, Hello):
                raise ProtocolError(f"expected a hello first, got {str(first.get('type'))[:40]!r}")
        except TimeoutError:
            line.hang_up(BAD_HELLO, f"expected a hello within {HELLO_WITHIN:g} s, got none")
            return
        except ProtocolError as error:
            line.hang_up(BAD_HELLO, _reason(error))
            return
        seat = self._audience.admit(
            line, kind=said.kind, streams=frozenset(said.streams), name=said.name, welcome=self._welcome
        )
        try:
            await self._listen(line, seat, receive)
        finally:
            self._audience.leave(seat)

    async def _listen(self, line: Outlet, seat: Seat, receive: Receive) -> None:
        while True:
            try:
                said = await _heard(receive)
                if said is None:
                    return
                if said["type"] == "ping":
                    ping = read(said)
                    if isinstance(ping, Ping):
                        seat.tell(page.pong(ping.sent, self._clock.time()))
                    continue
            except ProtocolError as error:
                line.hang_up(BAD_HELLO, _reason(error))
                return
            self._audience.hear(seat, said)


async def _heard(receive: Receive) -> dict[str, Any] | None:
    """Return the next message, a JSON object with a `type`; None at the end. Raises ProtocolError for anything else."""
    event = await receive()
    if event["type"] != "websocket.receive":
        return None
    text = event.get("text")
    if text is None:
        raise ProtocolError("expected text with a JSON object, got binary data")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError(f"expected a JSON object, got {text[:40]!r}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError(f"expected a JSON object with a type, got {text[:40]!r}")
    return message


def _reason(error: ProtocolError) -> str:
    """Return an error's message as it fits a close frame: 123 bytes of UTF-8."""
    return str(error).encode("utf-8", "replace")[:120].decode("utf-8", "ignore")
