"""A reply on its way through the proxy: to the stage with its tags, to the program without them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from avatar_bridge.core.script.untagged import Untagged

__all__ = ["Reply", "Whole"]

Chunk = dict[str, Any]

_LONGEST = 100_000
"""Characters of a reply that the character speaks: two hours."""


class Reply:
    """Takes the server's chunks and gives those for the program; `script` is what the character performs meanwhile."""

    def __init__(self, untagged: Callable[[], Untagged] | None) -> None:
        """`untagged` makes what takes the tags out; None leaves them in."""
        self.began = asyncio.Event()
        """Set once there is text to perform."""
        self.stopped = asyncio.Event()
        """Set once the performance was interrupted: nobody wants to hear the rest."""
        self._reading = untagged() if untagged is not None else None
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._length = 0
        self._last: Chunk = {}
        self._ended = False

    def take(self, chunk: Chunk) -> list[Chunk]:
        """Return the chunks to pass on in the place of one of the server's."""
        choice = _choice(chunk)
        if choice is None:
            return [chunk]
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            self._perform(text)
        self._last = {key: value for key, value in chunk.items() if key not in ("choices", "usage")}
        if self._reading is None:
            return [chunk]
        passed: list[Chunk] = []
        if isinstance(text, str) and isinstance(delta, dict):
            # what was held back must not be said behind the end
            shown = self._reading.feed(text)
            if choice.get("finish_reason"):
                shown += self._close()
            chunk = {**chunk, "choices": [{**choice, "delta": {**delta, "content": shown}}]}
            empty = not shown and set(delta) <= {"content", "role"} and "role" not in delta
            return [] if empty and not choice.get("finish_reason") else [chunk]
        if choice.get("finish_reason") and (rest := self._close()):
            passed.append(self._text(rest))
        return [*passed, chunk]

    def end(self) -> list[Chunk]:
        """Say that nothing follows, and return what was still held back."""
        if self._ended:
            return []
        self._ended = True
        self._pieces.put_nowait(None)
        rest = self._close() if self._reading is not None else ""
        return [self._text(rest)] if rest else []

    async def script(self) -> AsyncGenerator[str, None]:
        """Yield the reply with its tags as it comes; closing it early sets `stopped`."""
        over = False
        try:
            while (piece := await self._pieces.get()) is not None:
                yield piece
            over = True
        finally:
            if not over:
                self.stopped.set()

    def finish(self, reason: str) -> Chunk:
        """Return a last chunk, where the server's own does not come any more."""
        return {**self._last, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}

    def _perform(self, text: str) -> None:
        # an answer without an end passes on and on; what waits to be spoken does not grow with it
        self._length += len(text)
        if self._length <= _LONGEST:
            self._pieces.put_nowait(text)
            self.began.set()

    def _close(self) -> str:
        reading, self._reading = self._reading, Untagged()
        return reading.close() if reading is not None else ""

    def _text(self, text: str) -> Chunk:
        return {**self._last, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


class Whole:
    """Puts chunks together to one answer, for a program that does not stream."""

    def __init__(self) -> None:
        self._frame: Chunk = {}
        self._message: Chunk = {"role": "assistant", "content": None}
        self._calls: dict[int, Chunk] = {}
        self._reason: str | None = None
        self._usage: Any = None

    def take(self, chunk: Chunk) -> None:
        """Take one chunk."""
        self._frame |= {key: value for key, value in chunk.items() if key not in ("choices", "usage", "object")}
        self._usage = chunk.get("usage") or self._usage
        choice = _choice(chunk)
        if choice is None:
            return
        self._reason = choice.get("finish_reason") or self._reason
        delta = choice.get("delta")
        for key, value in (delta if isinstance(delta, dict) else {}).items():
            if key == "tool_calls":
                for call in value if isinstance(value, list) else ():
                    if isinstance(call, dict):
                        self._call(call)
            elif key != "role" and isinstance(value, str):
                self._message[key] = (self._message.get(key) or "") + value

    def answer(self) -> Chunk:
        """Return the whole answer."""
        message = dict(self._message)
        if self._calls:
            message["tool_calls"] = [self._calls[index] for index in sorted(self._calls)]
        choice = {"index": 0, "message": message, "finish_reason": self._reason or "stop"}
        told = {"usage": self._usage} if self._usage else {}
        return {**self._frame, "object": "chat.completion", "choices": [choice], **told}

    def _call(self, piece: Chunk) -> None:
        index = piece.get("index")
        call = self._calls.setdefault(
            index if isinstance(index, int) else 0,
            {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
        )
        call["id"] = piece.get("id") or call["id"]
        given = piece.get("function")
        function = given if isinstance(given, dict) else {}
        for key in ("name", "arguments"):
            told = function.get(key)
            call["function"][key] += told if isinstance(told, str) else ""


def _choice(chunk: Chunk) -> Chunk | None:
    choices = chunk.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
