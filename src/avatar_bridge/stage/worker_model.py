"""A language model in a child process, as the conversation's LanguageModel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from avatar_bridge.core.mind.dialogue import Delayed, Delta, ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError, ModelError, WorkerError
from avatar_bridge.ports import ModelAbilities
from avatar_bridge.stage.worker import Worker

__all__ = ["WorkerModel"]


class WorkerModel:
    """An engine `module:Class` with `reply(request) -> Iterator[ReplyEvent]` in a child process.

    A Delta without text is an engine's sign of life while it works through a prompt; nobody else sees it. Answers are
    made one after another. A child that dies is replaced at once; where it had said nothing yet, the next one answers.
    """

    def __init__(
        self,
        name: str,
        spec: str,
        settings: Mapping[str, Any],
        *,
        start: float = 180.0,
        first_token: float = 60.0,
        stall: float = 20.0,
    ) -> None:
        """Seconds: `start` to load, `first_token` until an answer begins, `stall` for each piece after that."""
        self.name = name
        self._first_token = first_token
        self._stall = stall
        self._worker = Worker(spec, settings, start_timeout=start, reply_timeout=first_token)
        self._open = False
        self._loading = 0.0
        self._replacing: asyncio.Task[None] | None = None

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do, known once it is open."""
        found = self._worker.abilities
        return found if isinstance(found, ModelAbilities) else ModelAbilities(local=True)

    @property
    def pid(self) -> int | None:
        """Process id of the child, None where none runs."""
        return self._worker.pid

    async def open(self) -> None:
        """Load the model; raises ModelError or UsageError with a remedy."""
        clock = asyncio.get_running_loop().time
        began, self._open = clock(), True
        try:
            await self._worker.open()
        except WorkerError as error:
            raise ModelError(f"the model {self.name!r} cannot be loaded: {error}") from error
        self._loading = clock() - began

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the answer as it is made; closing the iterator stops the work at its next token.

        Raises ModelError where the model's process dies or stalls; what came before it stands.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._first_token
        for last in (False, True):
            if self._open and self._worker.pid is None:
                yield Delayed(f"the model {self.name!r} is loading", self._loading)
            begun = False
            try:
                async with aclosing(self._answer(request, deadline)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except WorkerError as error:
                self._replace()
                if begun or last or not self._open or clock() > deadline:
                    raise ModelError(f"the model {self.name!r} failed: {error}") from error

    async def read_ahead(self, request: Request) -> None:
        """Let the model work through a request's messages: an answer to one that begins alike comes sooner.

        Harmless where the engine cannot, or the request does not suit it: the answer will tell.
        """
        self._worker.reply_timeout = self._first_token
        with suppress(AvatarBridgeError):
            async with aclosing(self._worker.stream("read_ahead", request=request)) as signs:
                async for _ in signs:
                    continue
        self._replace()

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what happened to the child since the last call."""
        return self._worker.diagnostics()

    async def close(self) -> None:
        """End the child."""
        self._open = False
        if self._replacing is not None:
            self._replacing.cancel()
            await asyncio.wait({self._replacing})
        await self._worker.close()

    async def _answer(self, request: Request, deadline: float) -> AsyncGenerator[ReplyEvent, None]:
        clock = asyncio.get_running_loop().time
        self._worker.reply_timeout, begun = max(deadline - clock(), 0.0), False
        async with aclosing(self._worker.stream("reply", request=request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta) and not piece.text:
                    if not begun and clock() > deadline:
                        raise ModelError(
                            f"the model {self.name!r} is still reading after {self._first_token:g} s: raise "
                            "first_token in [mind], lower tokens in [memory], or take a smaller model"
                        )
                    continue
                if not begun:
                    begun, self._worker.reply_timeout = True, self._stall
                yield piece

    def _replace(self) -> None:
        """Start another child for the next answer, while nobody waits for it."""
        if self._open and self._worker.pid is None and (self._replacing is None or self._replacing.done()):
            self._replacing = asyncio.create_task(self._reload())

    async def _reload(self) -> None:
        # where that fails, the next answer will tell
        with suppress(AvatarBridgeError):
            await self._worker.open()
