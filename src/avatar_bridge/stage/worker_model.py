"""A language model in a child process, as the conversation's LanguageModel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from avatar_bridge.core.mind.dialogue import ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import ModelError, WorkerError
from avatar_bridge.ports import ModelAbilities
from avatar_bridge.stage.worker import Worker

__all__ = ["WorkerModel"]


class WorkerModel:
    """An engine `module:Class` with `reply(request) -> Iterator[ReplyEvent]` in a child process."""

    def __init__(
        self, name: str, spec: str, settings: Mapping[str, Any], *, start: float = 180.0, stall: float = 20.0
    ) -> None:
        """Seconds: `start` to load, `stall` for each piece of an answer."""
        self.name = name
        self._worker = Worker(spec, settings, start_timeout=start, reply_timeout=stall)

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do, known once it is open."""
        found = self._worker.abilities
        return found if isinstance(found, ModelAbilities) else ModelAbilities(local=True)

    async def open(self) -> None:
        """Load the model; raises ModelError, UsageError or WorkerError with a remedy."""
        await self._worker.open()

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the answer as it is made; closing the iterator stops the work at its next token."""
        try:
            async with aclosing(self._worker.stream("reply", request=request)) as pieces:
                async for piece in pieces:
                    yield piece
        except WorkerError as error:
            raise ModelError(f"the model {self.name!r} failed: {error}") from error

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what happened to the child since the last call."""
        return self._worker.diagnostics()

    async def close(self) -> None:
        """End the child."""
        await self._worker.close()
