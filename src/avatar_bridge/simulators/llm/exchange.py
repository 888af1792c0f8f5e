"""As much of HTTP/1.1 as a service needs that must be able to break it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

__all__ = ["ClientGoneError", "Exchange", "Question", "read_question"]

_LARGEST_HEAD = 64 << 10
_LARGEST_BODY = 32 << 20


class ClientGoneError(Exception):
    """The client closed the connection."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


async def read_question(reader: asyncio.StreamReader) -> Question | None:
    """Return the next request of a connection; None where it ended, or what came is no request."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, version = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(head) > _LARGEST_HEAD or not 0 <= length <= _LARGEST_BODY or not version.startswith("HTTP/1."):
            return None
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    return Question(method, path.partition("?")[0], headers, body)


class Exchange:
    """One answer on a connection, byte by byte; it notices a client that leaves."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._leaving = asyncio.ensure_future(reader.read(1))

    async def close(self) -> bytes:
        """Stop watching; return what came meanwhile."""
        if self._leaving.done():
            with contextlib.suppress(ConnectionError):
                return self._leaving.result()
            return b""
        self._leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await self._leaving
        return b""

    async def answer(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        self._head(status, {"Content-Length": str(len(data)), **kind, **(headers or {})})
        await self.send(data, chunked=False)

    async def begin(self, headers: Mapping[str, str]) -> None:
        """Begin a chunked answer."""
        self._head(200, {"Transfer-Encoding": "chunked", **headers})
        await self.send(b"", chunked=False)

    async def send(self, data: bytes, *, chunked: bool = True) -> None:
        """Send some of it; raises ClientGoneError where nobody takes it."""
        if self._leaving.done():
            raise ClientGoneError
        if chunked:
            if not data:
                return
            data = b"%x\r\n%b\r\n" % (len(data), data)
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            raise ClientGoneError from None

    async def end(self) -> None:
        """End a chunked answer."""
        await self.send(b"0\r\n\r\n", chunked=False)

    async def wait(self, seconds: float | None) -> None:
        """Wait, for good where None; raises ClientGoneError when the client leaves meanwhile."""
        if seconds == 0:
            await asyncio.sleep(0)
        else:
            await asyncio.wait({self._leaving}, timeout=seconds)
        if self._leaving.done():
            raise ClientGoneError

    async def until(self, event: asyncio.Event) -> None:
        """Wait for an event; raises ClientGoneError when the client leaves first."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({self._leaving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not event.is_set():
            raise ClientGoneError

    def drop(self) -> None:
        """Break the connection in mid-answer."""
        self._writer.transport.abort()

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self._writer.write("\r\n".join(lines).encode("latin-1"))
