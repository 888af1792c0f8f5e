"""Asking a character something over HTTP."""

from __future__ import annotations

import asyncio

import pytest
from served import served

from avatar_bridge.settings import MindSettings

LONG = "This is a story that goes on. " * 30


def script(text: str) -> MindSettings:
    return MindSettings(engine="script", options={"text": text, "first": 0.0})


def test_whoever_waits_is_told_what_was_heard() -> None:
    async def scene() -> None:
        async with served(speed=8.0) as on:
            answer = await on.ask("POST", "/v1/chat", {"text": "Hello?", "name": "Ann", "wait": True})
            assert answer.status == 200
            told = answer.json
            assert (told["heard"], told["cues"], told["error"]) == ("As you say.", ["nod"], "")
            assert told["first_sound"] >= 0.0
            conversation = await on.server.talk.conversation()
            assert [(each.user, each.name) for each in conversation.history.exchanges] == [("Hello?", "Ann")]

    asyncio.run(scene())


def test_who_does_not_wait_may_interrupt() -> None:
    async def scene() -> None:
        async with served(mind=script(LONG), speed=2.0) as on:
            answer = await on.ask("POST", "/v1/chat", {"text": "Tell me a story."})
            assert (answer.status, answer.json) == (202, {"taken": True})
            await on.bridge.stage.until(lambda: (on.bridge.stage.heard() or 0.0) > 1.0)
            stopped = await on.ask("POST", "/v1/interrupt")
            assert LONG.startswith(stopped.json["heard"])
            assert stopped.json["heard"]
            conversation = await on.server.talk.conversation()
            await on.bridge.stage.until(lambda: bool(conversation.history.exchanges))
            assert conversation.history.exchanges[0].interrupted

    asyncio.run(scene())


def test_it_ends_with_the_server() -> None:
    async def scene() -> None:
        async with served(mind=script(LONG)) as on:
            waiting = asyncio.ensure_future(on.ask("POST", "/v1/chat", {"text": "Well?", "wait": True}))
            await on.bridge.stage.until(lambda: (on.bridge.stage.heard() or 0.0) > 0.1)
        assert (await waiting).json["interrupted"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"text": ""}, 422, "text"),
        ({"text": " \n"}, 422, "text"),
        ({"text": "x" * 20_001}, 422, "text"),
        ({"text": "Hi", "who": "me"}, 422, "who"),
        ({"text": "Hi", "character": "nobody"}, 404, "nobody"),
    ],
)
def test_what_cannot_be_asked_is_refused(body: dict[str, str], status: int, words: str) -> None:
    async def scene() -> None:
        async with served() as on:
            answer = await on.ask("POST", "/v1/chat", body)
            assert (answer.status, words in answer.json["error"]) == (status, True)

    asyncio.run(scene())


def test_a_model_that_cannot_be_had_is_told() -> None:
    async def scene() -> None:
        async with served(mind=MindSettings(engine="olama")) as on:
            answer = await on.ask("POST", "/v1/chat", {"text": "Hi"})
            assert answer.status == 503
            assert "ollama" in answer.json["error"]

    asyncio.run(scene())
