"""Where VTube Studio is: what it broadcasts by UDP every two seconds, and the usual address."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.vts import broadcast
from avatar_bridge.wire.vts_errors import API_OFF, explain
from avatar_bridge.wire.vts_replies import Broadcast

__all__ = ["DEFAULT_PORT", "DISCOVERY_PORT", "Discovery", "Instance", "Search"]

DEFAULT_PORT = 8001
DISCOVERY_PORT = 47779
_FRESH = 5.0
_HEARD_WITHIN = 2.3


@dataclass(frozen=True, slots=True)
class Instance:
    """A running VTube Studio that was heard of."""

    id: str
    port: int
    active: bool
    """Whether its API is switched on."""
    title: str
    """Its window's title; several instances differ in it."""
    seen: float


class Discovery:
    """Listens for this machine's broadcasts, beside others that do; says nothing where the port is taken."""

    def __init__(self, port: int | None = DISCOVERY_PORT, now: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._now = now
        self._instances: dict[str, Instance] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.heard = asyncio.Event()
        """Set at every broadcast; whoever waits clears it."""

    async def open(self) -> None:
        """Start to listen; never raises: without broadcasts the address is simply tried."""
        if self._port is None or self._transport is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform == "darwin":  # where the line above does not let several listen
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.setblocking(False)
            listener.bind(("", self._port))
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Listener(self._hear), sock=listener
            )
        except OSError:
            listener.close()

    def close(self) -> None:
        """Stop to listen."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def listening(self) -> bool:
        """Whether broadcasts can be heard at all."""
        return self._transport is not None

    def instances(self) -> list[Instance]:
        """Return what was heard of within the last five seconds, by port."""
        oldest = self._now() - _FRESH
        return sorted((item for item in self._instances.values() if item.seen >= oldest), key=lambda item: item.port)

    def at(self, url: str) -> Instance | None:
        """Return the instance that listens at `url`, where it was heard of."""
        port = _place(url)[1]
        return next((item for item in self.instances() if item.port == port), None)

    def _hear(self, datagram: bytes) -> None:
        said: Broadcast | None = broadcast(datagram)
        if said is not None:
            key = said.instance_id or str(said.port)
            self._instances[key] = Instance(key, said.port, said.active, said.window_title, self._now())
            self.heard.set()


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        # an app on another machine says a port of that machine, which means nothing on this one
        if _is_here(addr[0]):
            self._hear(data)


def _is_here(host: str) -> bool:
    """Return whether an address is this machine's own: no other can be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((host, 0))
        except OSError:
            return False
    return True


def _place(url: str) -> tuple[str | None, int | None]:
    """Return host and port of an address; None where it has none."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port
    except ValueError:
        return None, None


class Search:
    """Which addresses to try, when, and what to say where none answers."""

    def __init__(
        self, url: str | None, *, title: str | None, port: int | None, backoff: Backoff, now: Callable[[], float]
    ) -> None:
        """A given `url` stands; `title` chooses among several instances by their window's title."""
        self._url, self._title = url, title
        self._backoff = backoff
        self._remembered: str | None = None
        self._again = asyncio.Event()
        self.discovery = Discovery(port, now)

    def urls(self) -> list[str]:
        """Return the addresses to try, best first.

        A given address stands; only the instance that once answered there is followed to another port. Without one:
        the instances with the right window and no other, or those heard of whose API is on, else the usual port.
        127.0.0.1 comes before localhost, which some systems resolve to an address that VTube Studio does not serve.
        """
        instances = self.discovery.instances()
        active = [item for item in instances if item.active]
        if self._url is not None:
            host, port = _place(self._url)
            urls = [self._url.replace("localhost", "127.0.0.1", 1), self._url] if host == "localhost" else [self._url]
            return urls + [
                f"ws://127.0.0.1:{item.port}" for item in active if item.id == self._remembered and item.port != port
            ]
        named = [item for item in instances if self._title and self._title.casefold() in item.title.casefold()]
        if self._title is not None and self.listening:
            return [f"ws://{host}:{item.port}" for item in named for host in ("127.0.0.1", "localhost")]
        ports = [
            *(item.port for item in active if item.id == self._remembered),
            *(item.port for item in active),
            DEFAULT_PORT,
        ]
        return [f"ws://{host}:{port}" for port in dict.fromkeys(ports) for host in ("127.0.0.1", "localhost")]

    @property
    def listening(self) -> bool:
        """Whether broadcasts can be heard at all."""
        return self.discovery.listening

    def met(self, url: str) -> None:
        """Remember the instance that answered, and start the backoff anew."""
        instance = self.discovery.at(url)
        self._remembered = instance.id if instance is not None else self._remembered
        self._backoff.reset()

    def retry(self) -> None:
        """End a wait now."""
        self._again.set()

    async def listen(self) -> bool:
        """Wait for a broadcast as long as one takes at most; return whether an app that can be reached was heard."""
        if self._url is not None or not self.listening:
            return False
        try:
            async with asyncio.timeout(_HEARD_WITHIN):
                await self._announced()
        except TimeoutError:
            return False
        return True

    async def wait(self, *, refused: bool) -> None:
        """Wait for the next attempt: the backoff, a broadcast of an app that can be reached, or `retry`.

        After the user said no (`refused`) only `retry` ends it: nobody is asked again unbidden.
        """
        self._again.clear()
        self.discovery.heard.clear()
        if refused:
            await self._again.wait()
            return
        waits = [asyncio.ensure_future(self._again.wait()), asyncio.ensure_future(self._announced())]
        try:
            await asyncio.wait(waits, timeout=self._backoff.next(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def _announced(self) -> None:
        while True:
            await self.discovery.heard.wait()
            self.discovery.heard.clear()
            if any(instance is not None and instance.active for instance in map(self.discovery.at, self.urls())):
                return

    def explain(self, url: str, text: str) -> str:
        """Return what is wrong at `url`: `text`, or better where broadcasts tell more."""
        heard = self.discovery.instances()
        if (
            self._title is not None
            and heard
            and self._title.casefold() not in str([item.title for item in heard]).casefold()
        ):
            titles = ", ".join(item.title for item in heard)
            return f"No VTube Studio window is called {self._title!r}: choose one of {titles}."
        here = self.discovery.at(url)
        others = [str(item.port) for item in heard if item.active]
        if (here is not None and not here.active) or (self._url is None and heard and not others):
            return explain(API_OFF, "")
        if here is None and others:
            return f"{text} A VTube Studio answers on port {', '.join(others)}: is another port set here?"
        return text

    def several(self) -> Diagnostic | None:
        """Return a remark where more than one VTube Studio runs and none was chosen."""
        titles = [item.title for item in self.discovery.instances() if item.active]
        if len(titles) < 2 or self._url is not None or self._title is not None:
            return None
        return Diagnostic(
            f"{len(titles)} instances of VTube Studio run; the first that answered is driven.",
            suggestion=f"Choose one by its window's title: {', '.join(titles)}.",
        )
