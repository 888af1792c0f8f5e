"""A UDP socket to one receiver: never blocks, and tells as far as UDP can whether anybody listens."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Address", "OscSocket", "addresses"]

_QUIET: Final = 1.5
"""Seconds without a refusal after which a receiver counts as there."""
_ADDRESS: Final = re.compile(
    r"^(?:(?:udp|osc)://)?(?:(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/]+)(?::|$))?(?P<port>[0-9]{0,5})/?$"
)
_EXAMPLE: Final = "expected one like 127.0.0.1:39539, or several with commas between them"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a receiver is."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as it is written in settings."""
        return f"{self.host}:{self.port}"


def addresses(url: str | None, port: int) -> tuple[list[Address], str]:
    """Return the addresses in `url` (commas between them; without a port: `port`), and what is wrong with it."""
    found: list[Address] = []
    for part in (url or "127.0.0.1").split(","):
        text = part.strip()
        bare = text.isascii() and text.isdigit() and len(text) < 6
        match = None if bare or not text else _ADDRESS.match(text)
        host = "127.0.0.1" if bare or match is None else match["host"] or "127.0.0.1"
        number = int(text) if bare else int(match["port"] or port) if match else 0
        if not 0 < number < 65536:
            return [], f"{text!r} is no address: {_EXAMPLE}."
        found.append(Address(host.strip("[]"), number))
    return list(dict.fromkeys(found)), ""


async def _resolve(address: Address) -> tuple[socket.AddressFamily, tuple[str, int]] | None:
    """Return family and address to connect to, looked up off the event loop; None where the name is not known.

    Of several addresses an IPv4 one: that is where these programs listen.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return None
    family, _, _, _, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    return socket.AddressFamily(family), (str(place[0]), int(place[1]))


class OscSocket:
    """Sends to one receiver at once or not at all; what the system says of earlier packets is in `refused`."""

    def __init__(self, address: Address, now: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self.dropped = 0
        """Packets that the system had no room for."""
        self._now = now
        self._socket: socket.socket | None = None
        self._closed = False
        self._refused_at: float | None = None

    @property
    def open(self) -> bool:
        """True once packets can leave."""
        return self._socket is not None

    @property
    def refused(self) -> bool:
        """True where the receiving machine said within the last 1.5 s that nobody listens on the port."""
        return self._refused_at is not None and self._now() - self._refused_at < _QUIET

    async def find(self) -> bool:
        """Look the name up and get ready to send; False where that cannot be done now."""
        place = await _resolve(self.address)
        return not self._closed and place is not None and self.connect(*place)

    def connect(self, family: socket.AddressFamily, place: tuple[str, int]) -> bool:
        """Prepare to send to a resolved address; False where the system has no way there."""
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.connect(place)
        except OSError:
            made.close()
            return False
        self._socket = made
        return True

    def send(self, packets: Iterable[bytes]) -> None:
        """Send packets in their order; none waits."""
        if self._socket is None:
            return
        self.listen()
        for packet in packets:
            try:
                self._socket.send(packet)
            except (ConnectionRefusedError, ConnectionResetError):
                # this tells of an earlier packet, and this one did not leave
                self._refused_at = self._now()
                self._again(packet)
            except OSError:
                self.dropped += 1

    def _again(self, packet: bytes) -> None:
        if self._socket is not None:
            try:
                self._socket.send(packet)
            except OSError:
                self.dropped += 1

    def listen(self) -> None:
        """Take up what the system knows of earlier packets (Windows tells it to the reader only)."""
        if self._socket is None:
            return
        for _ in range(8):
            try:
                self._socket.recv(64)
            except (ConnectionRefusedError, ConnectionResetError):
                self._refused_at = self._now()
            except OSError:
                return

    def close(self) -> None:
        """Give the socket back, for good."""
        self._closed = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None
