"""What simulators of programs with a WebSocket have in common: the port, the record, and faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from avatar_bridge.errors import UsageError, WorldError

__all__ = ["SocketSimulator"]

_LOG = 100_000
_SAID = 50
_LARGEST = 16 * 2**20


class SocketSimulator(ABC):
    """A program with a WebSocket server; a subclass says what it does with what it is told.

    `host` and `port` are where it listens (0: any free port, the same one after a restart), `record` takes one JSON
    line for everything received.
    """

    app = "the program"
    path = "/"
    """The only path that is served; "" serves every path."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, record: Path | None = None) -> None:
        self.host, self.port = host, port
        self.faults: deque[str] = deque(maxlen=_LOG)
        """What a client did that the program's documents do not allow, a sentence each."""
        self.connections: set[ServerConnection] = set()
        self._said: deque[str] = deque(maxlen=_SAID)
        self._count = 0
        self._record = record
        self._file: TextIO | None = None
        self._server: Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._stalled: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"ws://{self.host}:{self.port}{self.path if self.path != '/' else ''}"

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._server is not None

    async def __aenter__(self) -> Self:
        """Start it; raises WorldError where the port or the file cannot be opened."""
        if self._record is not None:
            try:
                self._file = self._record.open("w", encoding="utf-8", newline="\n")
            except OSError as error:
                raise WorldError(f"{self._record} cannot be written ({error.strerror}): choose another file") from error
        try:
            await self.start()
        except BaseException:
            self._shut()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        await self.stop()
        self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    async def start(self) -> None:
        """Listen, again after a `stop`; raises WorldError where the port is taken."""
        try:
            self._server = await serve(
                self._meet,
                self.host,
                self.port,
                process_request=self._admit,
                compression=None,
                max_size=_LARGEST,
                close_timeout=0.2,
                ping_interval=None,
            )
        except OSError as error:
            raise WorldError(
                f"port {self.port} of {self.host} cannot be opened ({error.strerror}): choose another with --port"
            ) from error
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Break every connection and close the port, as a program does that ends."""
        if self._server is None:
            return
        self.resume()
        self.drop()
        self._server.close()
        await self._server.wait_closed()
        self._server = None
        self._changed()

    def drop(self) -> None:
        """Break every connection without a close."""
        for connection in self.connections:
            connection.transport.abort()

    def stall(self, seconds: float | None = None) -> None:
        """Stop reading and answering, for some seconds or until `resume`."""
        self.resume()
        self._flowing.clear()
        for connection in self.connections:
            self._pause(connection, True)
        if seconds is not None:
            self._stalled = asyncio.get_running_loop().call_later(seconds, self.resume)

    def resume(self) -> None:
        """Go on after a stall."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self._flowing.set()
        for connection in self.connections:
            self._pause(connection, False)

    @staticmethod
    def _pause(connection: ServerConnection, pause: bool) -> None:
        with contextlib.suppress(RuntimeError):  # its transport is closing
            connection.transport.pause_reading() if pause else connection.transport.resume_reading()

    def refuse(self, on: bool = True) -> None:
        """Turn new connections away, or take them again."""
        self._refusing = on

    def order(self, line: str) -> str:
        """Carry out `stall [SECONDS]`, `resume`, `drop` or `refuse on|off`; return what to tell about it."""
        word, _, rest = line.strip().partition(" ")
        orders = self.orders()
        if not word:
            return ""
        if word not in orders:
            return f"there is no order {word!r}; these are understood: {', '.join(orders)}"
        try:
            orders[word](rest.strip())
        except (ValueError, KeyError):
            return f"not understood: {line.strip()!r}"
        except UsageError as error:
            return f"not done: {error}"
        return f"done: {line.strip()}"

    def orders(self) -> dict[str, Callable[[str], object]]:
        """Return what can be ordered by its first word; each takes the rest of the line."""
        switch = {"": True, "on": True, "off": False}
        return {
            "stall": lambda rest: self.stall(float(rest) if rest else None),
            "resume": lambda _: self.resume(),
            "drop": lambda _: self.drop(),
            "refuse": lambda rest: self.refuse(switch[rest]),
        }

    def describe(self) -> list[str]:
        """Return the lines that tell people how it is, and the last 50 things that happened, each with its number."""
        return [f"connections: {len(self.connections)}", *self._said]

    def say(self, text: str) -> None:
        """Tell people that something happened."""
        self._count += 1
        self._said.append(f"{self._count} {text}")

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until the condition holds, looking at whatever happens; raises TimeoutError where it does not."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _changed(self) -> None:
        self._news.set()

    def fault(self, text: str) -> None:
        """Note what the client should not have done."""
        self.faults.append(text)
        self.say(f"fault: {text}")
        self.note("fault", text=text)

    def note(self, kind: str, **fields: Any) -> None:
        """Write a line of the record; its `t` is `time.perf_counter()`, its `wall` Unix seconds."""
        self._changed()
        if self._file is None:
            return
        row = {"t": time.perf_counter(), "wall": time.time(), "kind": kind, **fields}
        try:
            self._file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            self._file.flush()
        except (OSError, ValueError):
            self._file = None

    async def joined(self, connection: ServerConnection) -> None:  # noqa: B027 - most have nothing to do here
        """Do what the program does when a client has connected."""

    @abstractmethod
    async def received(self, connection: ServerConnection, message: str | bytes) -> None:
        """Do what the program does with a message."""

    async def left(self, connection: ServerConnection) -> None:  # noqa: B027 - most have nothing to do here
        """Do what the program does when a client is gone."""

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refusing:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "refused\n")
        if self.path not in ("", request.path):
            self.fault(f"{self.app} serves {self.path} and not {request.path}")
            return connection.respond(HTTPStatus.NOT_FOUND, "no such path\n")
        return None

    async def _meet(self, connection: ServerConnection) -> None:
        self.connections.add(connection)
        self._pause(connection, not self._flowing.is_set())
        self.note("connect")
        try:
            await self.joined(connection)
            async for message in self._messages(connection):
                await self.received(connection, message)
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)
            await self.left(connection)
            self.note("disconnect")

    async def _messages(self, connection: ServerConnection) -> AsyncIterator[str | bytes]:
        async for message in connection:
            await self._flowing.wait()
            yield message
