"""A model's answer as it streams: its text for the stage, its thinking left out, its calls of tools carried out."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from avatar_bridge.core.mind.dialogue import (
    Delayed,
    Delta,
    Finish,
    Message,
    Reasoning,
    Request,
    ToolCall,
    ToolDelta,
    Usage,
)
from avatar_bridge.core.mind.history import without_thoughts
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import LanguageModel

__all__ = ["Answer", "Carry"]

Carry = Callable[[ToolCall], Awaitable[str]]
"""Carries out a call of a tool and returns what the model is told; an AvatarBridgeError is told to the model."""

_ROUNDS = 4
"""Times that a model may ask for tools within one answer."""
_THINKING = 20
"""How many times as long as the answer its thinking may be, where it comes with the text."""
_ENDING = 2.0
"""Seconds that a model may take to stop."""
_LONGEST_RESULT = 20_000
_MAYBE_THINKING = re.compile(r"\s*(<\w{0,10})?\s*\Z")


@dataclass(frozen=True, slots=True)
class _Round:
    """A part of the answer that ended in calls: its text is source[start:end]."""

    start: int
    end: int
    calls: tuple[ToolCall, ...]
    results: tuple[str, ...]


class Answer:
    """One answer, asked for as soon as it is made; `texts` gives it to the stage. `stop` ends the model's work."""

    def __init__(self, model: LanguageModel, request: Request, *, carry: Carry | None, longest: int) -> None:
        """`longest`: characters after which an answer that does not end by itself is ended."""
        self.source = ""
        """All its text so far, tags and thinking included."""
        self.worded = False
        """Whether there is a word or a tag outside of thinking."""
        self.thought = False
        """Whether the server told thinking apart from the answer."""
        self.over = False
        self.error = ""
        """Why it could not be had, or broke off."""
        self.finish = ""
        """Why it ended, as the server tells; `longest` where it was ended here."""
        self.usage = Usage()
        self.diagnostics: list[Diagnostic] = []
        self.delays: list[float] = []
        """Seconds that the server asked to wait, each time."""
        self.news = asyncio.Event()
        """Set when `worded`, `over` or `delays` changes."""
        self._model = model
        self._request = request
        self._carry = carry
        self._longest = longest
        self._rounds: list[_Round] = []
        self._worded_at = 0
        self._calls: dict[int, ToolCall] = {}
        self._waiting: deque[str] = deque()
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def texts(self) -> AsyncGenerator[str, None]:
        """Yield its text as it comes; closing it stops the model's work."""
        try:
            while True:
                while self._waiting:
                    yield self._waiting.popleft()
                if self.over:
                    return
                self._more.clear()
                await self._more.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """End the model's work at once, at its server too."""
        self._task.cancel()

    async def ended(self) -> None:
        """Wait until the model has stopped; raises what it raised that no model should."""
        await asyncio.wait({self._task}, timeout=_ENDING)
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    def kept(self, heard: str) -> tuple[str, tuple[Message, ...]]:
        """Return what a history keeps, given how much of `source` was heard: the answer, and calls before it."""
        between: list[Message] = []
        for each in self._rounds:
            text = without_thoughts(heard[each.start : each.end])
            between.append(Message("assistant", text, calls=each.calls))
            between += [
                Message("tool", result, call_id=call.id, name=call.name)
                for call, result in zip(each.calls, each.results, strict=True)
            ]
        start = self._rounds[-1].end if self._rounds else 0
        return without_thoughts(heard[start:]), tuple(between)

    async def _run(self) -> None:
        try:
            for _ in range(_ROUNDS):
                await self._read()
                if not await self._call():
                    break
            else:
                self._note(f"the model asked for tools more than {_ROUNDS} times in one answer; it was ended")
        except AvatarBridgeError as error:
            self.error = str(error)
        finally:
            self.over = True
            self.news.set()
            self._more.set()

    async def _read(self) -> None:
        """Read one answer of the model."""
        self.finish = ""
        async with aclosing(self._model.reply(self._request)) as events:
            async for event in events:
                match event:
                    case Delta(text):
                        self._take(text)
                    case ToolDelta():
                        self._piece(event)
                    case Delayed(_, seconds):
                        self.delays.append(seconds)
                        self.news.set()
                    case Finish(reason, usage):
                        self.finish = reason
                        self.usage = _sum(self.usage, usage)
                    case Reasoning():
                        self.thought = True
                if self.finish == "longest":
                    self._note(f"the answer did not end within {self._longest} characters and was ended")
                    return
        if not self.finish:
            self.error = "the model's answer broke off before its end"

    def _take(self, text: str) -> None:
        if not text:
            return
        self.source += text
        self._waiting.append(text)
        self._more.set()
        if not self.worded and _begins(self.source):
            self.worded = True
            self._worded_at = len(self.source) - len(text)
            self.news.set()
        longest = self._longest if self.worded else self._longest * _THINKING
        if len(self.source) - self._worded_at > longest:
            self.finish = "longest"

    def _piece(self, piece: ToolDelta) -> None:
        call = self._calls.get(piece.index, ToolCall("", "", ""))
        self._calls[piece.index] = replace(
            call,
            id=piece.id or call.id,
            name=call.name + piece.name,
            arguments=(call.arguments + piece.arguments)[:_LONGEST_RESULT],
        )

    async def _call(self) -> bool:
        """Carry out the calls of the round; return whether the model is to go on with the results."""
        calls = tuple(
            replace(call, id=call.id or f"call_{index}") for index, call in sorted(self._calls.items()) if call.name
        )
        self._calls = {}
        if not calls or self.error or self.finish == "longest":
            return False
        if self._carry is None:
            names = ", ".join(call.name for call in calls)
            self._note(f"the model asked for the tools {names}, and there are none here")
            return False
        results = [await self._carried(self._carry, call) for call in calls]
        start = self._rounds[-1].end if self._rounds else 0
        done = _Round(start, len(self.source), calls, tuple(results))
        self._rounds.append(done)
        told = [Message("assistant", without_thoughts(self.source[start:]), calls=calls)]
        told += [
            Message("tool", result, call_id=call.id, name=call.name)
            for call, result in zip(calls, results, strict=True)
        ]
        self._request = replace(self._request, messages=(*self._request.messages, *told))
        if self.source and not self.source[-1].isspace():
            self._take(" ")
            self._rounds[-1] = replace(done, end=len(self.source))
        return True

    async def _carried(self, carry: Carry, call: ToolCall) -> str:
        try:
            return (await carry(call))[:_LONGEST_RESULT]
        except AvatarBridgeError as error:
            self._note(f"the tool {call.name!r} failed: {error}")
            return f"error: {error}"

    def _note(self, message: str) -> None:
        self.diagnostics.append(Diagnostic(message))


def _begins(source: str) -> bool:
    """Return whether a text that has begun holds anything outside of thinking."""
    return not _MAYBE_THINKING.match(source) and bool(without_thoughts(source))


def _sum(one: Usage, other: Usage) -> Usage:
    def add(parts: Sequence[int | None]) -> int | None:
        known = [part for part in parts if part is not None]
        return sum(known) if known else None

    return Usage(
        add((one.prompt_tokens, other.prompt_tokens)),
        add((one.completion_tokens, other.completion_tokens)),
        add((one.cached_tokens, other.cached_tokens)),
    )
