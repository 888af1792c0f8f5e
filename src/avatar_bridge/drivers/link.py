"""A WebSocket to a target that is kept: connected, connected again, and how it is in one plain sentence."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from avatar_bridge.drivers.backoff import Backoff
from avatar_bridge.errors import AvatarBridgeError, RefusedError

__all__ = ["Link", "Session", "Status"]

Status = Literal["connecting", "waiting", "ready", "unreachable", "refused", "closed"]
Session = Callable[[ClientConnection], Awaitable[None]]
"""What is done with an open connection until it ends; a RefusedError says that the user has to do something."""

_OPENING = 3.0
_PARTING = 2.0
_LARGEST = 16 * 2**20
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

    async def run(self) -> None:
        """Keep the connection until cancelled or closed."""
        if self._closed:
            return
        async with asyncio.TaskGroup() as tasks:
            self._keeper = tasks.create_task(self._keep())

    async def ready(self) -> bool:
        """Wait until the first attempt has ended; True when the target can be driven."""
        await self._first.wait()
        return self.status == "ready"

    async def close(self) -> None:
        """End the session and the connection, within two seconds."""
        self._closed = True
        if self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()
            await asyncio.wait([self._keeper], timeout=_PARTING)
        self.tell("closed", "")
        self._first.set()

    async def _keep(self) -> None:
        while True:
            await self._attempt()
            self._first.set()
            await asyncio.sleep(self._backoff.next())

    async def _attempt(self) -> None:
        try:
            async with connect(
                self.url,
                subprotocols=self._subprotocols,
                compression=None,
                max_size=_LARGEST,
                open_timeout=_OPENING,
                close_timeout=0.5,
                ping_interval=None,
                proxy=None,
                logger=_WIRE,
            ) as connection:
                self.connection = connection
                await self._session(connection)
                self.tell("unreachable", f"{self._app} closed the connection: {self._remedy}.")
        except RefusedError as error:
            self.tell("refused", str(error))
        except AvatarBridgeError as error:
            self.tell("unreachable", str(error))
        except (InvalidURI, ValueError) as error:
            self.tell(
                "refused", f"{self.url!r} is no WebSocket address ({error}); expected one like ws://127.0.0.1:1234."
            )
        except ConnectionClosed:
            self.tell("unreachable", f"{self._app} closed the connection: {self._remedy}.")
        except (OSError, TimeoutError, InvalidHandshake, EOFError):
            self.tell("unreachable", f"{self._app} does not answer at {self.url}: {self._remedy}.")
        finally:
            self.connection = None
