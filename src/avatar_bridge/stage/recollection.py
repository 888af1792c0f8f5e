"""What a conversation knows of its past: the history in mind, the memory in its file, and summaries made between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from avatar_bridge.core.mind.dialogue import Delta, Request
from avatar_bridge.core.mind.history import Exchange, History, extract, summary_request, without_thoughts
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import LanguageModel, ReadsAhead
from avatar_bridge.stage.memory import Memory

__all__ = ["Recollection"]

_LATELY = 6
_CLOSING = 2.0
"""Seconds that a summary may take to stop."""
_LONGEST = 8000
"""Characters of a summary that the model may write; what its room does not hold is cut."""


class Recollection:
    """One conversation's past. What cannot be kept in the file is still known until the end."""

    def __init__(
        self, model: LanguageModel, history: History, memory: Memory | None, character: str, *, summary: bool
    ) -> None:
        """`summary`: whether the model sums up what the history has no room for."""
        self.history = history
        self._model = model
        self._memory = memory
        self._character = character
        self._sums = summary
        self._ids: list[int] = []
        self._loading: asyncio.Task[None] | None = None
        self._resting: asyncio.Task[None] | None = None
        self._diagnostics: list[Diagnostic] = []

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        found = [*self._diagnostics, *(self._memory.diagnostics() if self._memory else ())]
        self._diagnostics = []
        return found

    async def open(self) -> None:
        """Remember what was said before; harmless when done already."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.wait({self._loading})
        self._loading.result()

    async def close(self) -> None:
        """Stop what is done between turns."""
        if self._resting is not None:
            self._resting.cancel()
            await asyncio.wait({self._resting}, timeout=_CLOSING)

    async def begin(self, asked: Exchange) -> int:
        """Keep what was asked, before it is answered; return where."""
        return await self._memory.begin(self._character, asked) if self._memory else 0

    async def jot(self, kept: int, exchange: Exchange) -> None:
        """Note in the memory what was heard so far of a turn that is not over."""
        if self._memory is not None and kept:
            await self._memory.finish(kept, exchange)

    async def finish(self, keeping: asyncio.Future[int], exchange: Exchange) -> None:
        """Take a turn that is over into the history, and its answer into the memory."""
        kept = await keeping
        self.history.add(exchange)
        self._ids.append(kept)
        if self._memory is not None and kept:
            await self._memory.finish(kept, exchange)

    async def prepare(self, asked: Exchange) -> tuple[str, ...]:
        """Get ready for a request; return what was said lately, `asked` last.

        What is done between turns gives way to it. Where there is no room at all, the oldest turns go, without asking
        the model.
        """
        if self._resting is not None:
            self._resting.cancel()
        if leaving := self.history.overflow(hard=True, more=self.history.cost(asked)):
            await self._fold(leaving, "")
        lately = [text for each in self.history.exchanges[-_LATELY:] for text in (each.user, each.said) if text]
        return (*lately[-_LATELY:], asked.user)

    def rest(self, system: str) -> None:
        """Between turns, begin to sum up what has no room any more, and to let the model read ahead."""
        busy = self._resting is not None and not self._resting.done()
        if not busy and (self.history.overflow() or isinstance(self._model, ReadsAhead)):
            self._resting = asyncio.create_task(self._rest(system))

    async def forget(self) -> int:
        """Forget all, in the file too; return how many turns that were."""
        await self.open()
        await self.close()
        gone = len(self.history.exchanges)
        self.history.exchanges.clear()
        self.history.summary = ""
        self._ids.clear()
        return max(gone, await self._memory.forget(self._character)) if self._memory else gone

    async def export(self) -> list[dict[str, Any]]:
        """Return every turn that is remembered, oldest first, as JSON values."""
        await self.open()
        if self._memory is not None and (kept := await self._memory.export(self._character)):
            return kept
        return [
            {"name": each.name, "user": each.user, "said": each.said, "interrupted": each.interrupted}
            for each in self.history.exchanges
        ]

    async def _load(self) -> None:
        if self._memory is not None:
            found = await self._memory.load(self._character)
            self.history.summary = found.summary
            self.history.exchanges[:0] = found.exchanges
            self._ids[:0] = found.ids

    async def _fold(self, leaving: int, summary: str) -> None:
        """Let the oldest turns give way to a summary; to one made without the model where there is none."""
        history = self.history
        if not summary:
            summary = extract(history.summary, history.exchanges[:leaving], history.room, history.count)
        history.fold(leaving, summary)
        gone, self._ids = self._ids[:leaving], self._ids[leaving:]
        await self._write_down(gone)

    async def _write_down(self, gone: Sequence[int]) -> None:
        if self._memory is not None:
            await asyncio.shield(self._memory.fold(self._character, gone, self.history.summary))

    async def _rest(self, system: str) -> None:
        if leaving := self.history.overflow():
            await self._sum_up(leaving)
        if isinstance(self._model, ReadsAhead):
            await self._model.read_ahead(Request(self.history.messages(system)))

    async def _sum_up(self, leaving: int) -> None:
        history = self.history
        summary = ""
        if self._sums:
            messages = summary_request(history.summary, history.exchanges[:leaving], history.room)
            try:
                async with aclosing(self._model.reply(Request(messages, max_tokens=history.room))) as events:
                    async for event in events:
                        summary += event.text if isinstance(event, Delta) else ""
                        if len(summary) > _LONGEST:
                            break
            except AvatarBridgeError as error:
                summary = ""
                self._diagnostics.append(Diagnostic(f"the model did not sum up what was said earlier: {error}"))
        await self._fold(leaving, without_thoughts(summary))
