"""A WebSocket to a target that is kept: connected, connected again, and how it is in one plain sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from avatar_bridge.backoff import Backoff
from avatar_bridge.errors import AvatarBridgeError, RefusedError, UnreachableError

__all__ = ["Link", "Session", "Status", "incoming"]

Status = Literal["connecting", "waiting", "ready", "unreachable", "refused", "closed"]
Session = Callable[[ClientConnection], Awaitable[None]]
"""What is done with an open connection until it ends; a RefusedError says that the user has to do something."""

_OPENING = 3.0
_PARTING = 1.5
_PATIENCE = 5.0
_CLOSING = 0.25
_OTHER_WAY = 0.1
"""Seconds after which a name's next address is tried beside the one before."""
_LARGEST = 16 * 2**20
_EXPECTED = (AvatarBridgeError, ConnectionClosed, OSError, TimeoutError, EOFError)
_WIRE = logging.getLogger(f"{__name__}.wire")
# at its debug level websockets logs what is sent, passwords among it
_WIRE.setLevel(logging.INFO)


class Link:
    """Keeps one connection to the program `app` at `url`, with pauses of at most 1.5 s between attempts.

    `run` owns it until cancelled or closed. Every error of the session becomes the link's state; none is raised.
    """

    def __init__(
        self,
        url: str,
        session: Session,
        *,
        app: str,
        remedy: str,
        subprotocols: Sequence[str] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`remedy`: what the user does where nothing answers: "start it and switch on its API"."""
        self.url = url
        self.status: Status = "connecting"
        self.detail = f"Looking for {app}."
        self.connection: ClientConnection | None = None
        """The open connection; None while there is none."""
        self._session, self._app, self._remedy = session, app, remedy
        self._subprotocols = [Subprotocol(each) for each in subprotocols] if subprotocols else None
        self._backoff = Backoff(jitter, first=0.25, last=1.5)
        self._first = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    def tell(self, status: Status, detail: str) -> None:
        """Set how the target is; `ready` and `waiting` end the wait for the first attempt."""
        self.status, self.detail = status, detail
        if status in ("ready", "waiting"):
            self._first.set()
        if status == "ready":
            self._backoff.reset()

    async def send(self, message: str | bytes) -> None:
        """Send one message over the open connection.

        Raises UnreachableError where there is none, it breaks, or the program takes nothing for five seconds.
        """
        if self.connection is None:
            raise UnreachableError(self._gone)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.connection.send(message)
        except ConnectionClosed:
            raise UnreachableError(self._gone) from None
        except TimeoutError:
            raise UnreachableError(
                f"{self._app} is connected but has taken nothing for {_PATIENCE:g} s: it hangs. "
                "Restart it if this stays."
            ) from None

    async def run(self) -> None:
        """Keep the connection until cancelled or closed."""
        if self._closed:
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                self._keeper = tasks.create_task(self._keep())
        finally:
            self.tell("closed", "")
            self._first.set()

    async def ready(self) -> bool:
        """Wait until the first attempt has ended; True when the target can be driven."""
        await self._first.wait()
        return self.status == "ready"

    async def close(self) -> None:
        """End the session and the connection, within two seconds; what does not end by then is cut off."""
        self._closed = True
        if self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()
            _, late = await asyncio.wait([self._keeper], timeout=_PARTING)
            if late and self.connection is not None:
                self.connection.transport.abort()
        self.tell("closed", "")
        self._first.set()

    @property
    def _gone(self) -> str:
        return f"{self._app} closed the connection: {self._remedy}."

    async def _keep(self) -> None:
        while True:
            async with asyncio.TaskGroup() as tasks:
                # in a task of its own: one that fails in the very moment of a cancellation must not swallow it, and
                # Python 3.11 counts a nested group's failure as a cancellation of the task that holds it
                tasks.create_task(self._attempt())
            self._first.set()
            await asyncio.sleep(self._backoff.next())

    async def _attempt(self) -> None:
        try:
            connection = await connect(
                self.url,
                subprotocols=self._subprotocols,
                compression=None,
                max_size=_LARGEST,
                open_timeout=_OPENING,
                close_timeout=_CLOSING,
                ping_interval=None,
                proxy=None,
                # `localhost` is ::1 first, where Windows takes two seconds to say that nobody listens
                happy_eyeballs_delay=_OTHER_WAY,
                logger=_WIRE,
            )
        except (InvalidURI, ValueError) as error:
            self.tell(
                "refused", f"{self.url!r} is no WebSocket address ({error}); expected one like ws://127.0.0.1:1234."
            )
        except InvalidStatus:
            self.tell(
                "unreachable", f"What answers at {self.url} is not {self._app}: is another port or path set there?"
            )
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, EOFError):
            self.tell("unreachable", f"{self._app} does not answer at {self.url}: {self._remedy}.")
        else:
            await self._meet(connection)

    async def _meet(self, connection: ClientConnection) -> None:
        """Hold the session; whatever ends it becomes the state."""
        self.connection = connection
        try:
            try:
                await self._session(connection)
            finally:
                await _part(connection)
            self.tell("unreachable", self._gone)
        except BaseExceptionGroup as group:  # a session of several tasks
            known, unknown = group.split(_EXPECTED)
            if known is None or unknown is not None:
                raise
            self._ended(_foremost(known))
        except _EXPECTED as error:
            self._ended(error)
        finally:
            self.connection = None

    def _ended(self, error: BaseException) -> None:
        if isinstance(error, AvatarBridgeError):
            self.tell("refused" if isinstance(error, RefusedError) else "unreachable", str(error))
        else:
            self.tell("unreachable", self._gone)


async def incoming(connection: ClientConnection) -> AsyncIterator[str | bytes]:
    """Yield what the program says until the connection ends, each message acknowledged at once.

    A program that leaves Nagle's algorithm on holds a small message back until the one before is acknowledged, which
    systems put off by 40 ms and more. Whatever is sent carries the acknowledgement, and RFC 6455 has an unasked pong
    ignored.
    """
    async for message in connection:
        with contextlib.suppress(ConnectionClosed):  # what came before the end counts all the same
            await connection.pong()
        yield message


async def _part(connection: ClientConnection) -> None:
    """Close the connection, or cut it off where the program takes not even that."""
    try:
        async with asyncio.timeout(2 * _CLOSING):
            await connection.close()
    except TimeoutError:
        connection.transport.abort()


def _foremost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of the group that tells the user most: a refusal, then one of ours, then any."""
    for kind in (RefusedError, AvatarBridgeError, BaseException):
        found: BaseException | None = group.subgroup(kind)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is not None:
            return found
    return group
