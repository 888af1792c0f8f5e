"""python-osc's own server as a peer, and a free UDP port."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

__all__ = ["Heard", "free_port", "python_osc"]


def free_port() -> int:
    """Return a UDP port of the loopback that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Heard:
    """What a python-osc server was given, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[tuple[str, tuple[Any, ...]]] = []
        self._more = threading.Condition()

    def take(self, address: str, *values: Any) -> None:
        """Keep a message."""
        with self._more:
            self.messages.append((address, values))
            self._more.notify_all()

    def wait(self, address: str, count: int, timeout: float = 10.0) -> None:
        """Return once `count` messages came to `address`; raises TimeoutError where they do not."""
        end = time.monotonic() + timeout
        with self._more:
            while sum(each == address for each, _ in self.messages) < count:
                if not self._more.wait(end - time.monotonic()):
                    raise TimeoutError(f"{count} times {address}")


@contextlib.contextmanager
def python_osc(port: int = 0) -> Iterator[Heard]:
    """Serve with python-osc in a thread."""
    dispatcher = Dispatcher()
    server = BlockingOSCUDPServer(("127.0.0.1", port), dispatcher)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    heard = Heard(server.server_address[1])
    dispatcher.set_default_handler(heard.take)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
