"""A client of the VTube Studio API over one WebSocket: concurrent requests matched by id, each with a time-out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from avatar_bridge.errors import ProtocolError, UnreachableError
from avatar_bridge.wire import vts
from avatar_bridge.wire.vts_errors import ApiError
from avatar_bridge.wire.vts_replies import read

__all__ = ["GONE", "TIMEOUT", "VTubeStudioClient", "open_client"]

TIMEOUT = 5.0
"""Seconds until an unanswered request counts as lost; real apps were seen to stall for more than one."""

GONE = "VTube Studio closed the connection: start it again if it is not running."

_EVENTS = 256
_MAX_SIZE = 16 * 2**20
_T = TypeVar("_T", bound=Any)
_WIRE = logging.getLogger(f"{__name__}.wire")
# at its debug level websockets logs what is sent, the user's token among it
_WIRE.setLevel(logging.INFO)


class VTubeStudioClient:
    """One open connection. Use `open_client`, which also closes it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pending: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._numbers = 0
        self._events: deque[vts.Event] = deque(maxlen=_EVENTS)
        self._arrived = asyncio.Event()
        self.closed = asyncio.Event()

    async def request(self, kind: str, data: Mapping[str, Any] | None = None, *, timeout_s: float = TIMEOUT) -> Any:
        """Send a request (`kind` without `Request`) and return its answer's data.

        Raises ApiError where VTube Studio refuses, UnreachableError where it does not answer in time or hangs up.
        """
        number = self.number()
        future = self.expect(number)
        try:
            async with asyncio.timeout(timeout_s):
                await self.send(vts.request(f"{kind}Request", data or {}, number))
                return await future
        except TimeoutError:
            raise UnreachableError(
                f"VTube Studio is connected but did not answer {kind} within {timeout_s:g} s: is it frozen?"
            ) from None
        except ApiError as error:
            raise ApiError(error.error_id, error.text, kind) from None
        finally:
            self._pending.pop(number, None)

    async def ask(self, answer: type[_T], kind: str, data: Mapping[str, Any] | None = None) -> _T:
        """Send a request and return its answer as a checked value; raises ProtocolError too."""
        checked: _T = read(answer, await self.request(kind, data))
        return checked

    def number(self) -> str:
        """Return a request id that was not used before on this connection."""
        self._numbers += 1
        return f"ab{self._numbers}"

    def expect(self, number: str) -> asyncio.Future[Mapping[str, Any]]:
        """Return the future of the answer to request `number`; ends with ApiError or UnreachableError."""
        future: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        if self.closed.is_set():
            future.set_exception(UnreachableError(GONE))
            future.exception()  # marked as seen: whoever waits still gets it
        else:
            self._pending[number] = future
        return future

    async def send(self, text: str) -> None:
        """Send one message; raises UnreachableError where the connection is gone."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise UnreachableError(GONE) from error

    async def echo(self) -> float | None:
        """Return the seconds that a ping takes; None where it is not answered within a second."""
        try:
            async with asyncio.timeout(1.0):
                return await (await self._connection.ping())
        except (ConnectionClosed, TimeoutError):
            return None

    async def event(self) -> vts.Event:
        """Wait for the next event; raises UnreachableError once the connection is gone. The oldest of 256 is lost."""
        while not self._events:
            if self.closed.is_set():
                raise UnreachableError(GONE)
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    async def receive(self) -> None:
        """Route what comes in until the connection ends; late answers and broken messages belong to nothing."""
        try:
            async for text in self._connection:
                self._route(text)
        except ConnectionClosed:
            pass
        finally:
            self._end()

    def _route(self, text: str | bytes) -> None:
        try:
            message = vts.parse(text)
        except ProtocolError:
            return
        if isinstance(message, vts.Event):
            self._events.append(message)
            self._arrived.set()
            return
        future = self._pending.pop(message.request_id, None)
        if future is None or future.done():
            return
        if isinstance(message, vts.Fault):
            future.set_exception(ApiError(message.error_id, message.message))
        else:
            future.set_result(message.data)

    def _end(self) -> None:
        self.closed.set()
        self._arrived.set()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(UnreachableError(GONE))
                future.exception()  # marked as seen: whoever waits still gets it
        self._pending.clear()


@contextlib.asynccontextmanager
async def open_client(url: str, *, timeout_s: float = 3.0) -> AsyncIterator[VTubeStudioClient]:
    """Connect to `url` and yield the client; closes the connection at the end.

    Raises UnreachableError where nothing answers, or something that is no WebSocket server.
    """
    try:
        connection = await connect(
            url,
            compression=None,
            max_size=_MAX_SIZE,
            open_timeout=timeout_s,
            close_timeout=0.5,
            ping_interval=None,
            proxy=None,
            logger=_WIRE,
        )
    except (InvalidURI, ValueError) as error:
        raise UnreachableError(f"{url!r} is no WebSocket address: expected one like ws://127.0.0.1:8001") from error
    except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, EOFError) as error:
        raise UnreachableError(f"VTube Studio does not answer at {url}: start it and load a model.") from error
    client = VTubeStudioClient(connection)
    receiver = asyncio.create_task(client.receive())
    try:
        yield client
    finally:
        await connection.close()
        await asyncio.wait([receiver], timeout=1.0)
        receiver.cancel()
