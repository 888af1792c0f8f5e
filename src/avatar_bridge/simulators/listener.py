"""A UDP port that a simulator listens on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from avatar_bridge.errors import WorldError

__all__ = ["listen"]

_ROOM: Final = 1 << 20


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
