"""A model that replays what was written or recorded, at the times that it was: for tests, shows and rehearsals."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TextIO, get_args

from avatar_bridge.core.mind.dialogue import (
    Delayed,
    Delta,
    Finish,
    Reasoning,
    ReplyEvent,
    Request,
    ToolDelta,
    Usage,
)
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.files import read_text
from avatar_bridge.ports import Clock, ModelAbilities

__all__ = ["ScriptModel", "recorded", "scripted_line", "scripted_replies"]

Step = tuple[float, ReplyEvent | ModelError]
"""Seconds since the reply began, and what comes then."""

_TOKEN = re.compile(r"\s*\S+|\s+$")
_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)
_KINDS = ("text", "reasoning", "tool", "delayed", "finish", "error")
_Reason = Literal["stop", "length", "tool_calls", "content_filter"]
_REASONS: dict[str, _Reason] = {reason: reason for reason in get_args(_Reason)}


class _LoopClock:
    """The event loop's own clock."""

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    async def wait_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.time()))


class ScriptModel:
    """Gives the replies of a file in turn, and from the first again after the last.

    `model` is the file: JSON lines (`{"at": 0.2, "text": "Hi"}`; reasoning, tool, delayed, finish, error), or plain
    text with `---` between replies, which comes after `first` seconds at `rate` words a second.
    """

    def __init__(
        self,
        *,
        name: str = "script",
        model: str = "",
        rate: float = 20.0,
        first: float = 0.2,
        text: str = "",
        clock: Clock | None = None,
    ) -> None:
        """`text` stands in place of a file; raises UsageError for what cannot be replayed, naming file and line."""
        if not rate > 0 or not first >= 0:
            raise UsageError(f"mind.options: expected rate above 0 and first from 0 on, got {rate:g} and {first:g}")
        if not model and not text:
            raise UsageError("the model 'script' needs a file to replay: put its path in [mind] model")
        self.name = name
        self._clock: Clock = clock or _LoopClock()
        source = model or "text"
        self._replies = scripted_replies(text or read_text(Path(model), UsageError), source, rate=rate, first=first)
        self._next = 0

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do: it looks at nothing that it is asked."""
        return ModelAbilities(images=True, tools=True, local=True)

    async def open(self) -> None:
        """Do nothing: the file is read already."""

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the next reply at its times; raises ModelError where the file has an error, or no finish."""
        del request
        steps = self._replies[self._next % len(self._replies)]
        self._next += 1
        began = self._clock.time()
        for at, event in steps:
            if began + at > self._clock.time():
                await self._clock.wait_until(began + at)
            if isinstance(event, ModelError):
                raise ModelError(str(event))
            yield event
            if isinstance(event, Finish):
                return
        raise ModelError(f"the answer of the model {self.name!r} was cut off: its file has no finish there")

    def diagnostics(self) -> list[Diagnostic]:
        """Return nothing: nothing goes wrong."""
        return []

    async def close(self) -> None:
        """Do nothing: nothing is open."""


def scripted_replies(text: str, source: str, *, rate: float, first: float) -> list[list[Step]]:
    """Return the replies of a file's text; raises UsageError with `source` and the line."""
    beginning = text.lstrip()
    replies = _of_lines(text, source) if beginning.startswith('{"') else _of_prose(text, rate, first)
    if not replies:
        raise UsageError(f"{source}: expected at least one reply, found none")
    return replies


def _of_prose(text: str, rate: float, first: float) -> list[list[Step]]:
    replies: list[list[Step]] = []
    for part in _BETWEEN.split(text):
        words = _TOKEN.findall(part.strip())
        if words:
            steps: list[Step] = [(first + index / rate, Delta(word)) for index, word in enumerate(words)]
            replies.append([*steps, (steps[-1][0], Finish("stop"))])
    return replies


def _of_lines(text: str, source: str) -> list[list[Step]]:
    replies: list[list[Step]] = [[]]
    at = 0.0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            at = float(row.get("at", at)) if isinstance(row, dict) else at
            if not 0 <= at < float("inf"):
                raise ValueError("at is to be seconds from 0 on")
            event = _event(row)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UsageError(
                f'{source}, line {number}: expected {{"at": seconds, "text": "..."}} or another of '
                f"{', '.join(_KINDS)}: {error}"
            ) from None
        replies[-1].append((at, event))
        if isinstance(event, Finish | ModelError):
            replies.append([])
            at = 0.0
    return [reply for reply in replies if reply]


def _event(row: Any) -> ReplyEvent | ModelError:
    """Return the event of a line; raises ValueError, TypeError or KeyError for what is none."""
    if not isinstance(row, dict):
        raise TypeError("this is no object")
    kinds = [kind for kind in _KINDS if kind in row]
    extra = set(row) - {"at", "seconds", "usage", *_KINDS}
    if len(kinds) != 1 or extra:
        raise ValueError(f"unknown {', '.join(sorted(extra))}" if extra else "exactly one of them belongs in a line")
    kind, value = kinds[0], row[kinds[0]]
    if kind == "tool":
        return ToolDelta(**value)
    if not isinstance(value, str):
        raise TypeError(f"{kind} is to be text")
    if kind == "finish":
        if value not in _REASONS:
            raise ValueError(f"finish is to be one of {', '.join(_REASONS)}")
        return Finish(_REASONS[value], Usage(**row.get("usage", {})))
    if kind == "delayed":
        return Delayed(value, float(row["seconds"]))
    if kind == "error":
        return ModelError(value)
    return Delta(value) if kind == "text" else Reasoning(value)


def scripted_line(at: float, event: ReplyEvent | ModelError) -> str:
    """Return the line of a script for an event, `at` seconds after the reply began."""
    row: dict[str, Any] = {"at": round(at, 6)}
    if isinstance(event, Delta):
        row["text"] = event.text
    elif isinstance(event, Reasoning):
        row["reasoning"] = event.text
    elif isinstance(event, ToolDelta):
        row["tool"] = _fields(event)
    elif isinstance(event, Delayed):
        row |= {"delayed": event.reason, "seconds": event.seconds}
    elif isinstance(event, Finish):
        row |= {"finish": event.reason, "usage": _fields(event.usage)}
    else:
        row["error"] = str(event)
    return json.dumps(row, ensure_ascii=False)


def _fields(value: ToolDelta | Usage) -> dict[str, Any]:
    return {name: given for name, given in asdict(value).items() if given is not None}


async def recorded(
    events: AsyncGenerator[ReplyEvent, None], file: TextIO, clock: Clock | None = None
) -> AsyncGenerator[ReplyEvent, None]:
    """Yield a model's reply as it comes, and write it into `file` (opened with encoding="utf-8") as a script."""
    times: Clock = clock or _LoopClock()
    began = times.time()
    try:
        async with aclosing(events):
            async for event in events:
                file.write(scripted_line(times.time() - began, event) + "\n")
                yield event
    except ModelError as error:
        file.write(scripted_line(times.time() - began, error) + "\n")
        raise
