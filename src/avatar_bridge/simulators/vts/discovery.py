"""The UDP announcement on port 47779, every two seconds, whether the API is on or off."""

from __future__ import annotations

import contextlib
import socket
import sys
from types import TracebackType
from typing import Any, Self

from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.session import envelope

__all__ = ["DISCOVERY_PORT", "Broadcast"]

DISCOVERY_PORT = 47779
_NAME = "VTubeStudioAPIStateBroadcast"


class Broadcast:
    """The sending socket. By default nothing leaves the loopback; `host` may name another address."""

    def __init__(self, port: int, host: str | None, options: Options) -> None:
        loopback = "127.0.0.1" if sys.platform == "win32" else "127.255.255.255"
        self._address = (loopback if host is None else host, port)
        self._options = options
        self._instance = ""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, active: bool, port: int, instance: str) -> None:
        """Announce once; the first `instance` stays. A network that is down is nobody's fault."""
        self._instance = self._instance or instance
        data: dict[str, Any] = {
            "active": active,
            "port": port,
            "instanceID": self._instance,
            "windowTitle": self._options.window_title,
        }
        if self._options.undocumented_fields:
            data["trackingPort"] = 21412
        with contextlib.suppress(OSError):
            self._socket.sendto(envelope(_NAME, _NAME, data), self._address)
