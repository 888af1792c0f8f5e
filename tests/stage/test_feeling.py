from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.stage.feeling import Question, WorkerClassifier

FEELER = "worker_engines:Feeler"


@pytest.fixture(autouse=True)
def _engines_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@asynccontextmanager
async def feeler(**settings: Any) -> AsyncIterator[WorkerClassifier]:
    made = WorkerClassifier(FEELER, settings, start=30.0, patience=20.0)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def known(question: Question) -> str | None:
    assert question._asked is not None, "it was not asked"
    await asyncio.wait({question._asked})
    return question.answer()


async def test_a_feeling_is_told_once_it_is_known_and_only_if_it_is_sure() -> None:
    async with feeler() as made:
        assert await made.loaded()
        assert await known(made.ask("I am so happy")) == "happy"
        assert await known(made.ask("am I sad?")) is None
        assert made.ask("  ").answer() is None
        assert made.diagnostics() == []


async def test_nothing_is_waited_for() -> None:
    async with feeler() as made:
        assert made.ask("not yet loaded: happy").answer() is None
        await made.loaded()
        late = made.ask("this is sad")
        assert late.answer() is None
        assert await known(made.ask("I am angry")) == "angry"
        assert late.answer() is None


async def test_one_that_cannot_follow_is_not_asked_more() -> None:
    async with feeler() as made:
        await made.loaded()
        questions = [made.ask("hang on") for _ in range(9)]
        assert sum(question._asked is not None for question in questions) == 4


async def test_one_that_dies_is_replaced(tmp_path: Path) -> None:
    async with feeler(once=str(tmp_path / "once")) as made:
        await made.loaded()
        assert await known(made.ask("crash sad")) is None
        assert "the words alone tell the feelings" in made.diagnostics()[0].message
        assert await known(made.ask("crash sad")) == "sad"


async def test_one_that_cannot_load_is_reported_and_harmless() -> None:
    async with feeler(load="fail") as made:
        assert not await made.loaded()
        assert made.ask("happy").answer() is None
        assert "the words alone tell the feelings: the voice needs a package" in made.diagnostics()[0].message
