"""Deadlines, stalls and retries on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest
import virtual_time
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.dialogue import Delayed, Delta, Finish, ReplyEvent
from avatar_bridge.errors import UnreachableError
from avatar_bridge.llm.asking import Limits, LongWaitError, _Pairs, asked, check_limits
from avatar_bridge.llm.chat_reply import ChatReading
from avatar_bridge.remote import BrokenOffError, Event, ServiceRefusedError

Step = tuple[float, str | Exception]
"""Seconds to wait, then text, "." for the finish, or what is raised."""


def chunk(text: str) -> Event:
    choice = '{"index":0,"delta":{},"finish_reason":"stop"}' if text == "." else ""
    choice = choice or f'{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}'
    return Event("message", f'{{"choices":[{choice}]}}')


def posts(*attempts: Sequence[Step]) -> Callable[[], AsyncGenerator[Event, None]]:
    left = iter(attempts)

    async def post(steps: Sequence[Step]) -> AsyncGenerator[Event, None]:
        for seconds, what in steps:
            await asyncio.sleep(seconds)
            if isinstance(what, Exception):
                raise what
            yield chunk(what)

    return lambda: post(next(left))


def played(
    *attempts: Sequence[Step], first_token: float = 10.0, stall: float = 2.0, drawn: float = 0.5, pace: float = 0.0
) -> tuple[list[tuple[float, ReplyEvent]], Exception | None, float]:
    """Return what came and when, the error at the end, and when that was."""

    async def play() -> tuple[list[tuple[float, ReplyEvent]], Exception | None, float]:
        got: list[tuple[float, ReplyEvent]] = []
        clock = asyncio.get_running_loop().time
        error: Exception | None = None
        limits = Limits(first_token, stall, 1000)
        try:
            async for event in asked(posts(*attempts), lambda: ChatReading("x"), limits, draw=lambda: drawn):
                got.append((clock(), event))
                await asyncio.sleep(pace)
        except (ServiceRefusedError, BrokenOffError, UnreachableError) as raised:
            error = raised
        return got, error, clock()

    return virtual_time.run(play())


def busy(status: int = 429, retry_after: float | None = None) -> ServiceRefusedError:
    return ServiceRefusedError("busy", status=status, retry_after=retry_after)


WHOLE: list[Step] = [(0.0, "hi"), (0.0, ".")]


def test_pauses_grow_and_are_told() -> None:
    got, error, _ = played([(0.0, busy())], [(0.0, busy())], [(0.0, busy())], WHOLE)
    delays = [event.seconds for _, event in got if isinstance(event, Delayed)]
    assert delays == [0.375, 0.75, 1.5]
    assert got[3] == (sum(delays), Delta("hi"))
    assert error is None


@given(drawn=st.floats(0.0, 1.0), refusals=st.integers(1, 30), first_token=st.floats(0.1, 60.0))
def test_no_attempt_begins_past_the_deadline_and_no_pause_is_too_long(
    drawn: float, refusals: int, first_token: float
) -> None:
    got, error, end = played(*[[(0.0, busy(503))]] * refusals, WHOLE, first_token=first_token, drawn=drawn)
    delays = [event.seconds for _, event in got if isinstance(event, Delayed)]
    assert all(0.25 <= seconds <= 8.0 for seconds in delays)
    assert end < first_token
    assert (error is None) == (len(delays) == refusals)


def test_the_wait_that_is_asked_for_is_kept() -> None:
    got, _, _ = played([(0.0, busy(429, 3.0))], WHOLE)
    assert isinstance(got[0][1], Delayed)
    assert 3.0 < got[0][1].seconds < 3.5
    got, error, end = played([(0.0, busy(429, 30.0))], WHOLE)
    assert (got, end) == ([], 0.0)
    assert isinstance(error, ServiceRefusedError)
    assert "first_token" in str(error)


def test_the_deadline_counts_over_all_attempts() -> None:
    _, error, end = played([(3.0, busy())], [(3.0, busy())], [(60.0, "late")], first_token=10.0)
    assert isinstance(error, LongWaitError)
    assert "before that: busy" in str(error)
    assert end == 10.0


def test_a_stall_counts_from_the_last_word() -> None:
    got, error, end = played([(9.0, "a"), (1.5, "b"), (1.9, "c"), (2.1, "d")])
    assert [event for _, event in got] == [Delta("a"), Delta("b"), Delta("c")]
    assert isinstance(error, LongWaitError)
    assert end == pytest.approx(14.4)


def test_chunks_that_say_nothing_are_no_answer() -> None:
    _, error, end = played([(0.0, "a"), *[(0.9, "")] * 20])
    assert isinstance(error, LongWaitError)
    assert end == 2.0
    _, error, end = played([(0.9, "")] * 20, first_token=3.0)
    assert isinstance(error, LongWaitError)
    assert end == 3.0


def test_a_listener_who_takes_his_time_is_no_stall() -> None:
    got, error, _ = played([(0.0, "a"), (0.0, "b"), (0.0, ".")], pace=30.0)
    assert [event for _, event in got][:2] == [Delta("a"), Delta("b")]
    assert error is None


def test_nothing_is_asked_again_once_a_word_came() -> None:
    got, error, _ = played([(0.0, "a"), (0.0, busy(503))], WHOLE)
    assert [event for _, event in got] == [Delta("a")]
    assert isinstance(error, ServiceRefusedError)
    got, error, _ = played([(0.0, "a"), (0.0, BrokenOffError("gone"))], WHOLE)
    assert isinstance(error, BrokenOffError)


def test_a_connection_is_tried_thrice() -> None:
    gone: list[Step] = [(0.0, UnreachableError("gone"))]
    got, error, _ = played(gone, gone, WHOLE)
    assert got[2][1] == Delta("hi")
    got, error, _ = played(gone, gone, gone, WHOLE)
    assert len(got) == 2
    assert str(error) == "gone"


def test_the_figures_after_the_end_are_not_waited_for_long() -> None:
    got, error, end = played([(0.0, "a"), (0.0, "."), (60.0, "b")], stall=30.0)
    assert isinstance(got[-1][1], Finish)
    assert error is None
    assert end == 1.0


@given(st.text(), st.lists(st.integers(0, 60), max_size=8))
def test_halves_of_characters_are_joined_wherever_they_are_cut(text: str, cuts: list[int]) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    ends = sorted({min(2 * cut, len(units)) for cut in cuts} | {len(units)})
    pairs, start, joined = _Pairs(), 0, ""
    for end in ends:
        joined += pairs.whole(units[start:end].decode("utf-16-le", "surrogatepass"))
        start = end
    assert joined == text


def test_limits_that_are_none_are_refused() -> None:
    for limits in (Limits(0, 1, 1), Limits(1, -1, 1), Limits(1, 1, 0)):
        with pytest.raises(ValueError, match="above zero"):
            check_limits(limits)
