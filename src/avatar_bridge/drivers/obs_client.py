"""A session with OBS: identification, requests that are answered, events as they come."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from avatar_bridge.drivers.link import incoming
from avatar_bridge.errors import AvatarBridgeError, ProtocolError, RefusedError, UnreachableError
from avatar_bridge.wire.obs import (
    NOT_READY,
    REMEDY,
    Answer,
    BatchAnswer,
    Event,
    Hello,
    Identified,
    ObsError,
    Order,
    batch,
    explain_close,
    identify,
    read,
    request,
)

__all__ = ["ObsClient", "parting"]

_GREETING = 3.0
_PATIENCE = 3.0
"""Seconds without an answer after which OBS counts as stalled."""
_BUSY = 0.1
_SETTLING = 0.1
"""Seconds that a scene has to come on air."""
_BUSY_TRIES = 50
_LOOKS = 31
_REFUSALS = frozenset({4002, 4003, 4004, 4005, 4006, 4007, 4009, 4010, 4011, 4012})


class ObsClient:
    """Asks and is answered; `read` must run meanwhile."""

    def __init__(
        self,
        connection: ClientConnection,
        told: Callable[[Event], None],
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`told` hears of every event as it comes."""
        self._connection = connection
        self._told = told
        self._now = now
        self._number = 0
        self._asked: dict[str, asyncio.Future[Answer | BatchAnswer]] = {}
        self._trips: deque[float] = deque(maxlen=_LOOKS)

    @property
    def round_trip(self) -> float | None:
        """The median of the latest round trips in seconds; None before the first."""
        return median(self._trips) if self._trips else None

    async def identify(self, password: SecretStr) -> None:
        """Open the session.

        Raises RefusedError where the password is wrong, ProtocolError where something else than OBS answers.
        """
        secret = password.get_secret_value()
        try:
            async with asyncio.timeout(_GREETING):
                hello = read(await self._connection.recv())
                if not isinstance(hello, Hello):
                    raise ProtocolError(f"expected OBS's hello, got something else; {REMEDY}")
                if hello.authentication is not None and not secret:
                    raise RefusedError(explain_close(4009, password=False))
                await self._connection.send(identify(hello, secret))
                if not isinstance(read(await self._connection.recv()), Identified):
                    raise ProtocolError("expected OBS to open the session, got something else")
        except TimeoutError:
            raise UnreachableError(
                f"something answers at the address, but does not greet as OBS 28 or newer does: {REMEDY}"
            ) from None
        except ConnectionClosed as error:
            raise parting(error, password=bool(secret)) from None

    async def read(self) -> None:
        """Take what OBS says until the connection ends; raises what it ended with."""
        try:
            async for text in incoming(self._connection):
                message = read(text)
                if isinstance(message, Event):
                    self._told(message)
                elif isinstance(message, Answer | BatchAnswer):
                    future = self._asked.pop(message.id, None)
                    if future is not None and not future.done():
                        future.set_result(message)
            await self._connection.wait_closed()
            raise parting(self._connection, password=True)
        except ConnectionClosed as error:
            raise parting(error, password=True) from None

    async def ask(self, request_type: str, **data: Any) -> dict[str, Any]:
        """Return the data of a request's answer; an OBS that is busy is asked again for 5 s.

        Raises ObsError where it is refused, UnreachableError where nothing comes.
        """
        error: ObsError | None = None
        for _ in range(_BUSY_TRIES):
            self._number += 1
            answer = await self._exchange(request(self._number, Order(request_type, data)))
            if not isinstance(answer, Answer):
                raise ProtocolError(f"expected an answer to {request_type}, got one to a batch")
            error = answer.error()
            if error is None:
                return answer.data or {}
            if error.code != NOT_READY:
                raise error
            await asyncio.sleep(_BUSY)
        raise error or ObsError(request_type, NOT_READY)

    async def ask_all(self, orders: Sequence[Order]) -> list[dict[str, Any] | ObsError]:
        """Return the data, or what was refused, of several requests, carried out in their order."""
        if not orders:
            return []
        self._number += 1
        answer = await self._exchange(batch(self._number, orders))
        if not isinstance(answer, BatchAnswer) or len(answer.results) != len(orders):
            raise ProtocolError(f"expected {len(orders)} answers to a batch of {len(orders)} requests")
        return [error if (error := each.error()) else each.data or {} for each in answer.results]

    async def all_answered(self) -> None:
        """Wait until everything asked so far was answered: OBS carries out two batches at once, in no certain order."""
        waiting = list(self._asked.values())
        if waiting:
            await asyncio.wait(waiting)

    async def see_on_air(self, scene: str) -> None:
        """Look whether a scene has come on air, and ask again until it has: in mid-transition OBS may let that fall."""
        while True:
            await asyncio.sleep(_SETTLING)
            if (await self.ask("GetSceneList")).get("currentProgramSceneName") == scene:
                return
            await self.ask("SetCurrentProgramScene", sceneName=scene)

    async def _exchange(self, text: str) -> Answer | BatchAnswer:
        number = str(self._number)
        future: asyncio.Future[Answer | BatchAnswer] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        asked = self._now()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._connection.send(text)
                # who asked may be cancelled; that the answer is still to come must not be forgotten
                answer = await asyncio.shield(future)
        except TimeoutError:
            self._asked.pop(number, None)
            raise UnreachableError(f"OBS has not answered for {_PATIENCE:g} s; it is tried again") from None
        except ConnectionClosed as error:
            raise parting(error, password=True) from None
        self._trips.append(self._now() - asked)
        return answer


def parting(closed: ConnectionClosed | ClientConnection, *, password: bool) -> AvatarBridgeError:
    """Return why a connection ended: a RefusedError where the user has to do something."""
    if isinstance(closed, ConnectionClosed):
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    else:
        code, reason = closed.close_code or 1006, closed.close_reason or ""
    words = explain_close(code, reason, password=password)
    return RefusedError(words) if code in _REFUSALS else UnreachableError(words)
