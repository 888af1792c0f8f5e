from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from avatar_bridge.core.mind.dialogue import Delayed, Delta, Finish, Message, Reasoning, ReplyEvent, Request, Usage
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.ports import ModelAbilities
from avatar_bridge.stage.worker_model import WorkerModel

TALKER = "worker_engines:Talker"


@pytest.fixture(autouse=True)
def _engines_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@asynccontextmanager
async def talker(
    start: float = 30.0, first_token: float = 20.0, stall: float = 20.0, **settings: Any
) -> AsyncIterator[WorkerModel]:
    model = WorkerModel("talker", TALKER, settings, start=start, first_token=first_token, stall=stall)
    await model.open()
    try:
        yield model
    finally:
        await model.close()


def asked(text: str) -> Request:
    return Request((Message("system", "be kind"), Message("user", text)), max_tokens=5)


async def answer(model: WorkerModel, text: str) -> list[ReplyEvent]:
    async with aclosing(model.reply(asked(text))) as events:
        return [event async for event in events]


async def told(model: WorkerModel, text: str, came: list[ReplyEvent]) -> None:
    async for event in model.reply(asked(text)):
        came.append(event)  # noqa: PERF401 - what came before an error counts


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("it did not come true within 20 s")


async def test_an_answer_comes_piece_by_piece_and_signs_of_life_stay_inside() -> None:
    async with talker() as model:
        assert model.abilities == ModelAbilities(tags=True, local=True, context=99)
        events = await answer(model, "think well then")
    assert events == [Reasoning("hm"), Delta("well"), Delta("then"), Finish("stop", Usage(3, 4, None))]


async def test_a_closed_answer_stops_and_the_next_one_is_in_step() -> None:
    async with talker() as model:
        for _ in range(3):
            async with aclosing(model.reply(asked("endless"))) as events:
                for _ in range(20):
                    assert await anext(events) == Delta("0")
            assert (await answer(model, "one"))[0] == Delta("one")
        assert model.diagnostics() == []


async def test_a_cancelled_task_stops_the_work() -> None:
    async with talker() as model:
        task = asyncio.create_task(answer(model, "read"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await answer(model, "two"))[0] == Delta("two")


@pytest.mark.parametrize("fault", ["die", "crash", "starve"])
async def test_a_child_that_dies_before_it_said_anything_is_replaced_and_asked_again(
    fault: str, tmp_path: Path
) -> None:
    async with talker(once=str(tmp_path / "once")) as model:
        first = model.pid
        delayed, *rest = await answer(model, f"{fault} well")
        assert isinstance(delayed, Delayed)
        assert "loading" in delayed.reason
        assert rest[:2] == [Delta(fault), Delta("well")]
        assert model.pid not in (None, first)
        assert "another takes its place" in model.diagnostics()[0].message


async def test_what_came_before_a_death_stands_and_the_child_is_replaced_at_once() -> None:
    async with talker() as model:
        first = model.pid
        came: list[ReplyEvent] = []
        with pytest.raises(ModelError, match=r"the model 'talker' failed: .*ZeroDivisionError"):
            await told(model, "one two crash three", came)
        assert came == [Delta("one"), Delta("two")]
        await until(lambda: model.pid not in (None, first))
        assert await answer(model, "again") == [Delta("again"), Finish("stop", Usage(3, 4, None))]


async def test_killed_from_outside_while_idle() -> None:
    async with talker() as model:
        await answer(model, "one")
        first = model.pid
        assert first is not None
        psutil.Process(first).kill()
        assert (await answer(model, "two"))[-2] == Delta("two")


async def test_a_stall_in_mid_answer_ends_it() -> None:
    async with talker(stall=1.0) as model:
        came: list[ReplyEvent] = []
        with pytest.raises(ModelError, match="made no progress for 1 s"):
            await told(model, "one hang two", came)
        assert came == [Delta("one")]
        assert (await answer(model, "well"))[-2] == Delta("well")


async def test_an_answer_that_does_not_begin_is_given_up_in_time() -> None:
    async with talker(first_token=0.5, stall=9.0) as model:
        with pytest.raises(ModelError, match=r"still reading after 0\.5 s: raise first_token"):
            await answer(model, "read")
        with pytest.raises(ModelError, match="made no progress"):
            await answer(model, "hang")
        await until(lambda: model.pid is not None)


async def test_the_engines_own_error_passes_and_kills_nobody() -> None:
    async with talker() as model:
        first = model.pid
        with pytest.raises(ModelError, match=r"^it is too long$"):
            await answer(model, "one refuse")
        assert (await answer(model, "two"))[0] == Delta("two")
        assert model.pid == first


async def test_reading_ahead_says_nothing_and_harms_nothing() -> None:
    async with talker() as model:
        await model.read_ahead(asked("one two"))
        first = model.pid
        await model.read_ahead(asked("crash"))
        await until(lambda: model.pid not in (None, first))
        assert (await answer(model, "one"))[-2] == Delta("one")
    deaf = WorkerModel("deaf", "worker_engines:Obedient", {})
    await deaf.open()
    pid = deaf.pid
    await deaf.read_ahead(asked("one"))
    assert deaf.pid == pid
    with pytest.raises(UsageError, match="the engine Obedient has no 'reply'"):
        await answer(deaf, "one")
    await deaf.close()


@pytest.mark.parametrize(
    ("load", "kind", "message"),
    [("die", ModelError, "ended with exit code 3"), ("hang", ModelError, "no progress for 2 s")],
)
async def test_what_cannot_load_says_why(load: str, kind: type, message: str) -> None:
    model = WorkerModel("talker", TALKER, {"load": load}, start=2 if load == "hang" else 30)
    with pytest.raises(kind, match=message):
        await model.open()
    await model.close()


async def test_a_closed_model_stays_closed() -> None:
    model = WorkerModel("talker", TALKER, {})
    with pytest.raises(ModelError, match="is closed; open it"):
        await answer(model, "one")
    await model.open()
    await model.close()
    with pytest.raises(ModelError, match="is closed; open it"):
        await answer(model, "one")
    assert model.pid is None
