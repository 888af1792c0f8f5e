"""What simulators that listen on a UDP port have in common: the port, the record, and what was against the rules."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from avatar_bridge.errors import ProtocolError, WorldError
from avatar_bridge.simulators.journal import Journal

__all__ = ["DatagramSimulator", "listen"]

_ROOM: Final = 1 << 20
_TOLD: Final = 200


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self._received(data)


async def listen(app: str, host: str, port: int, received: Callable[[bytes], None]) -> asyncio.DatagramTransport:
    """Return the open port (0: any); raises WorldError with a remedy where it is taken."""
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Listener(received), local_addr=(host, port))
    except OSError as error:
        raise WorldError(
            f"the {app} simulator cannot listen on {host}:{port} ({error.strerror}): "
            "end what listens there, or give another port"
        ) from error
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
    return transport


class DatagramSimulator(ABC):
    """A program behind a UDP port; use it with `async with`."""

    app: ClassVar[str]
    """What it stands in for."""

    def __init__(self, host: str, port: int, record: Path | None) -> None:
        """`port` 0 takes any; `record` is a file that gets a line for whatever `note` is told."""
        self.host, self.port = host, port
        self.complaints: Counter[str] = Counter()
        """What was against the rules, and how often; at most 200 different ones."""
        self._record = record
        self._journal: Journal | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def url(self) -> str:
        """The address to send to."""
        return f"{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """True while the port is open."""
        return self._transport is not None

    async def __aenter__(self) -> Self:
        """Listen; raises WorldError where the port is taken or the record cannot be written."""
        self._journal = Journal(self._record)
        try:
            self._transport = await listen(self.app, self.host, self.port, self.received)
        except BaseException:
            self._journal.close()
            raise
        self.port = int(self._transport.get_extra_info("sockname")[1])
        self.opened()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port and the record."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            # the port is given back in the loop's next round
            await asyncio.sleep(0)
        if self._journal is not None:
            self._journal.close()

    def opened(self) -> None:  # noqa: B027 - most have nothing to do here
        """Do what comes first once the port is open."""

    @abstractmethod
    def received(self, data: bytes) -> None:
        """Take a packet."""

    def check(self) -> None:
        """Raise ProtocolError with everything that was against the rules."""
        if self.complaints:
            told = "; ".join(f"{text} ({times}x)" for text, times in self.complaints.items())
            raise ProtocolError(f"against {self.app}'s rules: {told}")

    def note(self, kind: str, at: float, **row: Any) -> None:
        """Write a line into the record, where there is one."""
        if self._journal is not None:
            self._journal.write(kind, at, **row)

    def complain(self, text: str, at: float) -> None:
        """Count something that is against the rules."""
        if text in self.complaints or len(self.complaints) < _TOLD:
            self.complaints[text] += 1
        self.note("fault", at, text=text)
