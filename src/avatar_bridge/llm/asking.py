"""Asking a server for an answer: again while it is busy, no longer than one may wait, no more than one may hear."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Protocol

from avatar_bridge.core.mind.dialogue import Delayed, Delta, Finish, Reasoning, ReplyEvent, ToolDelta
from avatar_bridge.errors import PeerError, UnreachableError
from avatar_bridge.remote import BrokenOffError, Event, ServiceRefusedError

__all__ = ["Limits", "LongWaitError", "Reading", "asked", "check_limits"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_AFTER_END = 1.0
"""Seconds that the figures may take after the answer's end."""
_LEFTOVERS = 0.2
"""Seconds that the end of the connection's data may take after that."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_CONNECTIONS = 3
"""Attempts to get a connection at all: a server that does not run is told at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may take."""

    first_token: float
    """Seconds until its first word or tool call, retries and thinking and all."""
    stall: float
    """Seconds between two pieces of it; what is no part of the answer does not count."""
    longest: int
    """Characters, thinking included."""


class Reading(Protocol):
    """Reads the events of one answer."""

    done: bool
    ended: bool

    def feed(self, event: Event) -> Iterable[ReplyEvent]:
        """Return what an event holds."""
        ...

    def end(self) -> Finish:
        """Return how the answer ended; raises BrokenOffError where it was cut."""
        ...


class LongWaitError(UnreachableError):
    """A server did not answer in the time that it was given."""


class _Pairs:
    """Joins the halves of a character that a server cut in two, as those do whose strings are UTF-16."""

    def __init__(self) -> None:
        self._half = ""

    def whole(self, text: str) -> str:
        """Return what is whole of the text so far."""
        text = self._half + text
        self._half = ""
        if not _SURROGATE.search(text):
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def check_limits(limits: Limits) -> Limits:
    """Return the limits as they are; raises ValueError for what is no limit."""
    if not (limits.first_token > 0 and limits.stall > 0 and limits.longest > 0):
        raise ValueError("expected first_token, stall and longest above zero")
    return limits


async def asked(
    post: Callable[[], AsyncGenerator[Event, None]],
    reading: Callable[[], Reading],
    limits: Limits,
    *,
    draw: Callable[[], float] = random.random,
) -> AsyncGenerator[ReplyEvent, None]:
    """Yield the answer, Finish last; closing it closes the connection.

    `post` asks once, `reading` reads once. Until the first Delta or ToolDelta, what passes is asked again after a
    growing, jittered pause, each told by a Delayed. Raises what `post` and `reading` raise, and LongWaitError.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + limits.first_token
    begun = False
    refusals = lost = 0
    reason = ""
    while True:
        try:
            async with aclosing(_read(post(), reading(), deadline, limits)) as events:
                async for event in events:
                    begun = begun or isinstance(event, Delta | ToolDelta)
                    yield event
            return
        except (ServiceRefusedError, BrokenOffError, UnreachableError) as error:
            refused = isinstance(error, ServiceRefusedError)
            refusals, lost = (refusals + 1, lost) if refused else (refusals, lost + 1)
            if begun or not _passes(error, lost):
                if reason and not begun and isinstance(error, LongWaitError):
                    raise LongWaitError(f"{error}; before that: {reason}") from None
                raise
            pause = _pause(error, refusals + lost, draw())
            if clock() + pause >= deadline:
                raise _given_up(error, refusals + lost, pause, limits) from None
            reason = str(error)
        yield Delayed(reason, pause)
        await asyncio.sleep(pause)


def _passes(error: PeerError | UnreachableError, lost: int) -> bool:
    if isinstance(error, ServiceRefusedError):
        return error.passing
    return not isinstance(error, LongWaitError) and lost < _CONNECTIONS


def _pause(error: PeerError | UnreachableError, tries: int, drawn: float) -> float:
    """Return seconds: what the server asks for and a little more, else twice as long each time, by half at random."""
    wanted = error.retry_after if isinstance(error, ServiceRefusedError) else None
    if wanted is not None:
        return wanted + 0.1 + 0.1 * drawn * min(wanted, _LONGEST_PAUSE)
    pause = min(_FIRST_PAUSE * 2.0 ** min(tries - 1, 10), _LONGEST_PAUSE)
    return pause * (0.5 + drawn / 2)


def _given_up(error: PeerError | UnreachableError, tries: int, pause: float, limits: Limits) -> Exception:
    times = "once" if tries == 1 else f"{tries} times"
    message = (
        f"{error}; asked {times}; the next attempt, in {pause:.1f} s, would be past the {limits.first_token:g} s that "
        "an answer may take to begin (first_token in [mind])"
    )
    if isinstance(error, ServiceRefusedError):
        return ServiceRefusedError(message, status=error.status, retry_after=error.retry_after, code=error.code)
    return LongWaitError(message)


async def _read(
    events: AsyncGenerator[Event, None], reading: Reading, deadline: float, limits: Limits
) -> AsyncGenerator[ReplyEvent, None]:
    """Yield one attempt's answer."""
    clock = asyncio.get_running_loop().time
    pairs = _Pairs()
    length = 0
    begun = False
    due = deadline
    async with aclosing(events):
        while not reading.done:
            try:
                async with asyncio.timeout_at(due):
                    event = await anext(events, None)
            except TimeoutError:
                if reading.ended:
                    break
                raise _silent(begun, due >= deadline, length, limits) from None
            if event is None:
                break
            news = False
            for piece in reading.feed(event):
                if isinstance(piece, Delta):
                    piece = Delta(pairs.whole(piece.text))
                    if not piece.text:
                        continue
                length += _length(piece)
                if length > limits.longest:
                    raise PeerError(
                        f"the answer has no end: more than {limits.longest} characters came; it was stopped"
                    )
                news = True
                begun = begun or not isinstance(piece, Reasoning)
                yield piece
            if news:
                due = clock() + limits.stall if begun else min(deadline, clock() + limits.stall)
            if reading.ended:
                due = min(due, clock() + _AFTER_END)
        yield reading.end()
        # a connection whose answer was read to its end serves for the next one
        with suppress(TimeoutError, PeerError, UnreachableError):
            async with asyncio.timeout(_LEFTOVERS if reading.done else 0.0):
                await anext(events, None)


def _silent(begun: bool, late: bool, length: int, limits: Limits) -> LongWaitError:
    if begun or not late:
        return LongWaitError(f"the answer broke off: nothing more of it came for {limits.stall:g} s (stall in [mind])")
    if length:
        return LongWaitError(
            f"the model was still thinking after {limits.first_token:g} s (first_token in [mind]): let it think less "
            '(reasoning = "off" in [mind.options]), or give it longer'
        )
    return LongWaitError(
        f"no answer began within {limits.first_token:g} s (first_token in [mind]): the server is overloaded, or the "
        "model too large for it"
    )


def _length(piece: ReplyEvent) -> int:
    if isinstance(piece, Delta | Reasoning):
        return len(piece.text)
    return len(piece.arguments) if isinstance(piece, ToolDelta) else 0
