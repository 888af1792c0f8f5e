"""What a classifier in a child process says a segment feels like: asked before it is voiced, taken if it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError, WorkerError
from avatar_bridge.stage.worker import Worker

__all__ = ["Classifier", "Question", "WorkerClassifier"]

_CERTAIN = 0.5
"""How likely a feeling is to be at least."""
_MOST_ASKED = 4
"""Questions that wait at once; a classifier that cannot follow is not asked more."""


class Question:
    """One text that was asked about."""

    def __init__(self, asked: asyncio.Task[str | None] | None = None) -> None:
        self._asked = asked

    def answer(self) -> str | None:
        """Return the feeling where it is known by now, else None; never waits, and a later answer is not waited for."""
        if self._asked is None:
            return None
        if self._asked.done():
            return None if self._asked.cancelled() else self._asked.result()
        self._asked.cancel()
        return None

    async def known(self) -> str | None:
        """Return the feeling, however long that takes; None where none is certain."""
        return await self._asked if self._asked is not None else None


class Classifier(Protocol):
    """Tells what a text feels like."""

    def ask(self, text: str) -> Question:
        """Ask what `text` feels like (happy, sad, angry, surprised, relaxed, neutral); never blocks."""
        ...


class WorkerClassifier:
    """A classifier engine `module:Class` with `classify(text) -> (feeling, likelihood)` in a child process.

    It loads while the show goes on: until then, and wherever it is late, nothing is known. It never delays speech.
    """

    def __init__(self, spec: str, settings: Mapping[str, Any], *, start: float = 180.0, patience: float = 5.0) -> None:
        """Seconds: `start` to load, `patience` for one answer, after which the child is replaced."""
        self._worker = Worker(spec, settings, start_timeout=start, reply_timeout=patience)
        self._asked: set[asyncio.Task[str | None]] = set()
        self._loading: asyncio.Task[None] | None = None
        self._troubles: list[Diagnostic] = []

    async def open(self) -> None:
        """Begin to load; returns at once, what goes wrong is told by `diagnostics`."""
        self._loading = asyncio.create_task(self._load())

    async def loaded(self) -> bool:
        """Wait until it was loaded, or cannot be; True where it answers."""
        if self._loading is not None:
            await asyncio.wait({self._loading})
        return self._worker.pid is not None

    def ask(self, text: str) -> Question:
        """Ask what `text` feels like; one that is not loaded, or behind, is not asked."""
        ready = self._loading is not None and self._loading.done() and self._worker.pid is not None
        if not ready or not text.strip() or len(self._asked) >= _MOST_ASKED:
            return Question()
        task = asyncio.create_task(self._classify(text))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        return Question(task)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        news, self._troubles = [*self._troubles, *self._worker.diagnostics()], []
        return news

    async def close(self) -> None:
        """End the child."""
        tasks = [*self._asked, *([self._loading] if self._loading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._worker.close()

    async def _load(self) -> None:
        try:
            await self._worker.open()
        except AvatarBridgeError as error:
            self._troubles.append(Diagnostic(f"the words alone tell the feelings: {error}"))

    async def _classify(self, text: str) -> str | None:
        try:
            feeling, likelihood = await self._worker.request("classify", text=text)
        except AvatarBridgeError as error:
            self._troubles.append(Diagnostic(f"the words alone tell the feelings of a segment: {error}"))
            if isinstance(error, WorkerError):
                with suppress(AvatarBridgeError):
                    await self._worker.open()
            return None
        return feeling if likelihood >= _CERTAIN else None
