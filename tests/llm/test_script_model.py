"""A scripted model: its times, its replies in turn, and what was recorded."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import virtual_time
from asking import HELLO, told
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.dialogue import Delayed, Delta, Finish, Reasoning, ReplyEvent, ToolDelta, Usage
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm.script import ScriptModel, recorded, scripted_line, scripted_replies

LINES = """
{"at": 0.1, "reasoning": "hm"}
{"at": 0.5, "text": "Hi "}

{"text": "there."}
{"at": 2.0, "tool": {"index": 0, "id": "a", "name": "wave"}}
{"at": 2.5, "finish": "tool_calls", "usage": {"prompt_tokens": 3}}
{"at": 0.2, "delayed": "busy", "seconds": 1.0}
{"at": 0.4, "text": "Oh"}
{"at": 0.6, "error": "the power went"}
{"at": 0.1, "text": "cut"}
"""


def timed(model: ScriptModel) -> tuple[list[tuple[float, ReplyEvent]], str]:
    async def play() -> tuple[list[tuple[float, ReplyEvent]], str]:
        clock = asyncio.get_running_loop().time
        began, got = clock(), []
        try:
            async for event in model.reply(HELLO):
                got.append((round(clock() - began, 6), event))  # noqa: PERF401 - what came before an error counts
        except ModelError as error:
            return got, str(error)
        return got, ""

    return virtual_time.run(play())


def test_replies_come_in_turn_at_their_times_and_begin_anew() -> None:
    model = ScriptModel(text=LINES)
    first = timed(model)
    assert first == (
        [
            (0.1, Reasoning("hm")),
            (0.5, Delta("Hi ")),
            (0.5, Delta("there.")),
            (2.0, ToolDelta(0, "a", "wave")),
            (2.5, Finish("tool_calls", Usage(3))),
        ],
        "",
    )
    assert timed(model) == ([(0.2, Delayed("busy", 1.0)), (0.4, Delta("Oh"))], "the power went")
    cut, error = timed(model)
    assert cut == [(0.1, Delta("cut"))]
    assert "cut off" in error
    assert timed(model) == first


def test_prose_comes_word_by_word(tmp_path: Path) -> None:
    path = tmp_path / "replies.txt"
    path.write_text("[wave] Hello  you.\n---\nBye\n", encoding="utf-8")
    model = ScriptModel(model=str(path), rate=10.0, first=0.5)
    got, error = timed(model)
    assert error == ""
    assert got == [(0.5, Delta("[wave]")), (0.6, Delta(" Hello")), (0.7, Delta("  you.")), (0.7, Finish("stop"))]
    assert timed(model)[0][0] == (0.5, Delta("Bye"))


EVENTS = st.one_of(
    st.builds(Delta, st.text(min_size=1)),
    st.builds(Reasoning, st.text(min_size=1)),
    st.builds(ToolDelta, st.integers(0, 3), st.text(max_size=3), st.text(max_size=3), st.text(max_size=9)),
    st.builds(Delayed, st.text(min_size=1), st.floats(0.0, 9.0)),
)


@given(st.lists(st.tuples(st.floats(0.0, 5.0), EVENTS), max_size=8), st.booleans())
def test_what_is_recorded_is_replayed(steps: list[tuple[float, ReplyEvent]], fails: bool) -> None:
    async def given_reply() -> AsyncGenerator[ReplyEvent, None]:
        for seconds, event in steps:
            await asyncio.sleep(seconds)
            yield event
        if fails:
            raise ModelError("gone")
        yield Finish("length", Usage(1, 2, 3))

    file = io.StringIO()

    async def record() -> str:
        try:
            async for _ in recorded(given_reply(), file):
                pass
        except ModelError as error:
            return str(error)
        return ""

    assert virtual_time.run(record()) == ("gone" if fails else "")
    got, error = timed(ScriptModel(text=file.getvalue()))
    wanted, at = [], 0.0
    for seconds, event in steps:
        at += seconds
        wanted.append((at, event))
    if not fails:
        wanted.append((at, Finish("length", Usage(1, 2, 3))))
    assert error == ("gone" if fails else "")
    assert [event for _, event in got] == [event for _, event in wanted]
    assert [moment for moment, _ in got] == pytest.approx([moment for moment, _ in wanted], abs=1e-4)


def test_leaving_a_recording_leaves_the_model() -> None:
    left = []

    async def endless() -> AsyncGenerator[ReplyEvent, None]:
        try:
            while True:
                yield Delta("x")
        finally:
            left.append(True)

    async def leave() -> None:
        reply = recorded(endless(), io.StringIO())
        await anext(reply)
        await reply.aclose()

    virtual_time.run(leave())
    assert left == [True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"text": "a"}\n{"at": 1}', "line 2: expected"),
        ('{"text": "a", "finish": "stop"}', "exactly one"),
        ('{"text": 3}', "text is to be text"),
        ('{"txt": "a"}', "unknown txt"),
        ('{"finish": "done"}', "one of stop"),
        ('{"finish": "stop", "usage": {"tokens": 3}}', "line 1"),
        ('{"tool": {"number": 3}}', "line 1"),
        ('{"at": -1, "text": "a"}', "seconds from 0"),
        ('{"at": NaN, "text": "a"}', "seconds from 0"),
        ('{"text": "a"', "line 1"),
        ('{"delayed": "x"}', "line 1"),
        ("\n---\n \n", "at least one reply"),
    ],
)
def test_a_script_that_cannot_be_names_its_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        scripted_replies(text, "a.jsonl", rate=1.0, first=0.0)


def test_options_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="needs a file"):
        ScriptModel()
    with pytest.raises(UsageError, match="rate above 0"):
        ScriptModel(text="x", rate=0)
    with pytest.raises(UsageError, match=r"nowhere.txt"):
        ScriptModel(model="nowhere.txt")


async def test_it_is_a_model_like_others() -> None:
    model = ScriptModel(text="{smile} hi", rate=1e6, first=0.0)
    await model.open()
    answer = await told(model)
    await model.close()
    assert (answer.text, answer.error, model.diagnostics()) == ("{smile} hi", "", [])
    assert scripted_line(0.5, Delta("é")) == '{"at": 0.5, "text": "é"}'
