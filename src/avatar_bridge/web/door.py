"""A caller's connection before it has said what it wants: what it may take of time and of places."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_WITHIN", "MOST_CALLERS", "Door"]

HEAD_WITHIN: Final = 10.0
"""Seconds in which the head of a request is to be there, from its first byte or from the connection on."""

MOST_CALLERS: Final = 500
"""Connections at one time, pages included; who comes then is hung up on."""


class Door(H11Protocol):
    """uvicorn's HTTP connection, which hangs up on half a request that does not go on."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a caller in, or not."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CALLERS:
            transport.abort()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the caller."""
        super().connection_lost(exc)
        self._rest()

    def _watch(self) -> None:
        """Set a limit to half a head, take it away from everything else."""
        if not self._half():
            self._rest()
        elif self._limit is None:
            self._limit = self.loop.call_later(HEAD_WITHIN, self.transport.abort)

    def _half(self) -> bool:
        """Return True where the head of a request is waited for; a connection kept alive between two is not half."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return False
        return self.cycle is None or (self.cycle.response_complete and bool(self.conn.trailing_data[0]))

    def _rest(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
