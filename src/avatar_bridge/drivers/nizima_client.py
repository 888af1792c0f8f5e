"""A client of nizima LIVE over one connection: concurrent requests matched by id, each with a time-out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.link import Link, incoming
from avatar_bridge.drivers.vts_token import TokenFile
from avatar_bridge.errors import ProtocolError, UnreachableError, WorldError
from avatar_bridge.wire import nizima

__all__ = ["GONE", "TIMEOUT", "NizimaClient", "enter"]

TIMEOUT: Final = 5.0
"""Seconds until an unanswered request counts as lost."""
GONE: Final = "nizima LIVE closed the connection: start it again if it is not running."
_EVENTS: Final = 256
_T = TypeVar("_T", bound=Any)


class NizimaClient:
    """Talks over the open connection of a link; `receive` has to run beside it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pending: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._numbers = 0
        self._events: deque[nizima.Message] = deque(maxlen=_EVENTS)
        self._arrived = asyncio.Event()

    async def request(self, method: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Send a request and return its answer's data.

        Raises ApiError where nizima LIVE refuses, UnreachableError where it does not answer in time or hangs up.
        """
        try:
            async with asyncio.timeout(TIMEOUT):
                return await (await self.post(method, data or {}))
        except TimeoutError:
            raise UnreachableError(
                f"nizima LIVE is connected but did not answer {method} within {TIMEOUT:g} s: is it frozen?"
            ) from None

    async def ask(self, answer: type[_T], method: str, data: Mapping[str, Any] | None = None) -> _T:
        """Send a request and return its answer as a checked value; raises ProtocolError too."""
        checked: _T = nizima.read(answer, await self.request(method, data))
        return checked

    async def post(self, method: str, data: Mapping[str, Any]) -> asyncio.Future[Mapping[str, Any]]:
        """Send a request and return the future of its answer's data; raises UnreachableError."""
        self._numbers += 1
        number = f"ab{self._numbers}"
        future: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_seen)
        self._pending[number] = future
        future.add_done_callback(lambda _: self._pending.pop(number, None))
        await self._link.send(nizima.request(method, data, number))
        return future

    async def event(self) -> nizima.Message:
        """Wait for the next event; the oldest of 256 is lost."""
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    async def receive(self) -> None:
        """Route what comes in until the connection ends; raises UnreachableError then.

        Late answers and broken messages belong to nothing.
        """
        connection = self._link.connection
        try:
            if connection is not None:
                async for text in incoming(connection):
                    self._route(text)
        finally:
            for future in [*self._pending.values()]:
                if not future.done():
                    future.set_exception(UnreachableError(GONE))
        raise UnreachableError(GONE)

    def _route(self, text: str | bytes) -> None:
        try:
            message = nizima.parse(text)
        except ProtocolError:
            return
        if message.kind == "Event":
            self._events.append(message)
            self._arrived.set()
            return
        future = self._pending.pop(message.id, None)
        if future is None or future.done():
            return
        if message.kind == "Error":
            future.set_exception(nizima.ApiError(message.error, message.method))
        else:
            future.set_result(message.data)


def _seen(future: asyncio.Future[Mapping[str, Any]]) -> None:
    """Mark an exception as seen: nobody has to wait for an answer."""
    if not future.cancelled():
        future.exception()


async def enter(
    client: NizimaClient, tokens: TokenFile, *, plugin: str, developer: str
) -> tuple[bool, Diagnostic | None]:
    """Open the session with the stored token, else as a new plugin.

    Returns whether the user has enabled the plugin already, and a remark where its token could not be stored.
    Raises ApiError where nizima LIVE refuses, UnreachableError and ProtocolError.
    """
    token = tokens.read()
    if token is not None:
        try:
            data = {"Name": plugin, "Token": token}
            return (await client.ask(nizima.Enabled, "EstablishConnection", data)).enabled, None
        except nizima.ApiError as error:
            if error.kind != nizima.INVALID_TOKEN:
                raise
            tokens.forget()
    granted = await client.ask(nizima.Token, "RegisterPlugin", {"Name": plugin, "Developer": developer})
    remark = None
    try:
        await asyncio.to_thread(tokens.write, granted.token)
    except WorldError as error:
        remark = Diagnostic(f"The token could not be stored, so nizima LIVE will list the plugin anew: {error}")
    try:
        return (await client.ask(nizima.Enabled, "GetConnectionStatus")).enabled, remark
    except nizima.ApiError:
        return False, remark  # an event says when it is
