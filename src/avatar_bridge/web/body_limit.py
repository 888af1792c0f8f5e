"""How much a request may carry."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avatar_bridge.web.refusals import Refusal, refusal_response

__all__ = ["LARGEST_BODY", "BodyLimit"]

LARGEST_BODY: Final = 512 * 1024
"""Bytes."""

_LARGER: Final = {"/v1/chat/completions": 32 * 1024 * 1024}
"""Bytes where whole conversations come in, with pictures."""

_DRAINED = 8 * 1024 * 1024
"""Bytes that are read and thrown away so that a client in the midst of sending gets its answer."""

_DRAINING = 2.0
"""Seconds that may take."""


def _words(largest: int) -> tuple[str, str]:
    return f"expected a body of at most {largest // 1024} kB, got more", "send the text in several requests"


class BodyLimit:
    """Answers 413 to more than `LARGEST_BODY`: at once where the length is told, else as soon as it was counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on with the body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = _LARGER.get(scope["path"], LARGEST_BODY)
        body = _Body(receive, send, largest)
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told) > largest:
            body.excessive = True
            await refusal_response(413, *_words(largest), {"Connection": "close"})(scope, body.receive, body.send)
        else:
            await self._app(scope, body.receive, body.send)


class _Body:
    """Counts one request's body, and lets its sender finish where the answer came before the end."""

    def __init__(self, receive: Receive, send: Send, largest: int) -> None:
        self.excessive = False
        self._largest = largest
        self._receive = receive
        self._send = send
        self._count = 0

    async def receive(self) -> Message:
        """Return the next part; raises Refusal where it is too much."""
        message = await self._receive()
        self._count += len(message.get("body", b""))
        if self._count > self._largest:
            self.excessive = True
            raise Refusal(413, *_words(self._largest), headers={"Connection": "close"})
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on; its end only once the sender can take it."""
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self.excessive and last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._drain()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        count, more = 0, True
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAINING):
                while more and count < _DRAINED:
                    message = await self._receive()
                    count += len(message.get("body", b""))
                    more = message["type"] == "http.request" and message.get("more_body", False)
