"""What happens in games, on its way to whoever reacts to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from avatar_bridge.core.vocabulary import GameEvent

__all__ = ["MOST", "GameEvents"]

MOST = 256
"""Events that wait for a listener; the oldest are dropped."""


class _Listener:
    def __init__(self, waiting: deque[GameEvent]) -> None:
        self.waiting = waiting
        self.news = asyncio.Event()


class GameEvents:
    """Hands every event to every listener. What came before the first one listened waits for it."""

    def __init__(self) -> None:
        self._before: deque[GameEvent] = deque(maxlen=MOST)
        self._listeners: list[_Listener] = []
        self._closed = False

    def tell(self, event: GameEvent) -> None:
        """Queue an event for every listener; never blocks."""
        if not self._listeners:
            self._before.append(event)
        for listener in self._listeners:
            listener.waiting.append(event)
            listener.news.set()

    def close(self) -> None:
        """End every listening once what waits was taken."""
        self._closed = True
        for listener in self._listeners:
            listener.news.set()

    def listen(self) -> AsyncIterator[GameEvent]:
        """Return the events from now on, one after another, until all is closed."""
        listener = _Listener(deque(self._before, maxlen=MOST))
        self._before.clear()
        self._listeners.append(listener)
        return self._events(listener)

    async def _events(self, listener: _Listener) -> AsyncIterator[GameEvent]:
        try:
            while True:
                while listener.waiting:
                    yield listener.waiting.popleft()
                if self._closed:
                    return
                listener.news.clear()
                await listener.news.wait()
        finally:
            self._listeners.remove(listener)
