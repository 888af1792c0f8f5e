"""The HTTP under every stand-in: one answer a connection, and faults that a client has to live through."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Asked", "Refusal", "Reply", "SpeechService"]

_LARGEST = 8 << 20
_HTML = b"<!DOCTYPE html><html><body>It works!</body></html>"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered; `pieces` go out one by one in chunks, else the body as a whole with its length."""

    body: bytes = b""
    kind: str = "application/json"
    status: int = 200
    pieces: tuple[bytes, ...] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    sounds: bool = False
    """Whether it is speech, which faults spoil."""


class Refusal(Exception):  # noqa: N818 - what a service does, not an error of the test
    """A request that the service turns down."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status)
        self.reply = Reply(json.dumps(body, ensure_ascii=False).encode(), status=status, headers=headers)


class SpeechService(ABC):
    """A service on a port of its own; `fault` spoils every answer that is speech.

    Faults: cut (broken off in the middle), stall (half of it, then nothing), mute (not even a head), trickle (a byte
    now and then, for ever), html, empty. Those of the sound itself (silent, clipped, truncated) and of the service are
    its own.
    """

    def __init__(self, *, fault: str = "", key: str = "") -> None:
        self.fault = fault
        self.key = key
        self.asked: list[Asked] = []
        self.left = asyncio.Event()
        """Set once a client has gone before its answer was whole."""
        self.waiting = asyncio.Event()
        """Set while a client waits for what will not come."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @abstractmethod
    def answer(self, asked: Asked) -> Reply: ...

    def no_key(self, shown: str) -> Refusal:
        return Refusal(
            401, {"error": {"message": f"Incorrect API key provided: {shown}", "type": "invalid_request_error"}}
        )

    def of(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            try:
                shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
                if self.key and shown != self.key:
                    raise self.no_key(shown)
                reply = self.answer(asked)
            except Refusal as refusal:
                reply = refusal.reply
            await self._send(reply, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        except asyncio.CancelledError:
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _send(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self.fault if reply.sounds else ""
        if fault == "mute":
            await self._until_left(reader)
            return
        if fault == "html":
            reply = Reply(_HTML, "text/html; charset=utf-8")
        if fault == "empty":
            reply = replace(reply, body=b"", pieces=None)
        pieces = (reply.body,) if reply.pieces is None else reply.pieces
        size = sum(map(len, pieces))
        head = {"Content-Type": reply.kind, "Connection": "close", **reply.headers}
        chunked = reply.pieces is not None
        head |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}
        lines = [f"HTTP/1.1 {reply.status} Said", *(f"{name}: {value}" for name, value in head.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        while fault == "trickle":
            writer.write(b"1\r\n\0\r\n" if chunked else b"\0")
            await writer.drain()
            await asyncio.sleep(0.02)
        sent = 0
        for piece in pieces:
            if fault in ("cut", "stall"):
                piece = piece[: max(0, size // 2 - sent)]
            sent += len(piece)
            if piece:
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
        if fault == "stall":
            await self._until_left(reader)
        elif fault != "cut" and chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _until_left(self, reader: asyncio.StreamReader) -> None:
        self.waiting.set()
        await reader.read(1)
        self.left.set()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    size = int(headers.get("content-length", 0))
    assert size <= _LARGEST
    body = await reader.readexactly(size)
    parts = urlsplit(target)
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    assert len(dict(pairs)) == len(pairs), "a parameter came twice"
    return Asked(method, parts.path, dict(pairs), headers, body)


def odd_pieces(data: bytes, size: int = 1001) -> tuple[bytes, ...]:
    """Cut a body so that samples are split."""
    return tuple(data[at : at + size] for at in range(0, len(data), size))


def fields(
    given: dict[str, Any], known: dict[str, Callable[[Any], bool]], needed: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Return (name, message, type) of everything that is wrong with what was given, as pydantic says it."""
    wrong = [(name, "Field required", "missing") for name in needed if name not in given]
    wrong += [(name, "Extra inputs are not permitted", "extra_forbidden") for name in given if name not in known]
    wrong += [
        (name, "Input should be valid", "value_error")
        for name in given
        if name in known and not known[name](given[name])
    ]
    return wrong


def a_number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def a_text(value: Any) -> bool:
    return isinstance(value, str)


def one_of(*values: Any) -> Callable[[Any], bool]:
    return lambda value: any(type(value) is type(each) and value == each for each in values)
