"""A listening socket that the event loop cannot lose.

On Windows asyncio closes a listening socket for good when a browser is killed while it connects (python/cpython#93821):
no page could come in any more until the bridge was started again.
"""

from __future__ import annotations

import asyncio
import socket

__all__ = ["Listening"]


class Listening(socket.socket):
    """Stays open while it is `kept`; `dropped` is set where the loop has given it up meanwhile."""

    def __init__(self, family: int, kind: int) -> None:
        # asyncio sends at once (TCP_NODELAY) only what it is told to be TCP; else a frame waits for the one before it
        super().__init__(family, kind, socket.IPPROTO_TCP)
        self.kept = False
        self.dropped = asyncio.Event()

    def close(self) -> None:
        """Close, or only take note."""
        if self.kept:
            self.dropped.set()
        else:
            super().close()
