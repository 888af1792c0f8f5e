"""What games ask of the show: a result for each, and no more at once than can be waited for."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from avatar_bridge.web import WebGames
from avatar_bridge.web.game_requests import GameRequests
from avatar_bridge.web.show import Show


class Asking:
    """A game that remembers what it was told."""

    id, name, engine, capabilities = 1, "Farm", "", frozenset({"speech"})

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def tell(self, message: str | bytes) -> None:
        self.told.append(json.loads(message))


class Waiting:
    """A show in which nothing begins until it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()

    async def perform(self, text: str, *, character: str = "") -> None:
        del text, character
        await self.let.wait()


async def test_more_than_sixty_four_that_wait_are_refused_in_words_and_each_has_its_result() -> None:
    games, show, game = WebGames(), Waiting(), Asking()
    number = games.enter("")
    requests = GameRequests(cast("Show", show), games)
    for count in range(65):
        requests.take(game, number, {"type": "say", "text": "Hi!", "id": f"a{count}"})
    (refused,) = game.told
    assert (refused["id"], refused["ok"]) == ("a64", False)
    assert "64 requests wait already" in refused["message"]
    show.let.set()
    async with asyncio.timeout(10):
        while requests._waiting:  # noqa: ASYNC110 - a result has no event of its own
            await asyncio.sleep(0)
    assert {each["id"] for each in game.told if each["ok"]} == {f"a{count}" for count in range(64)}
    requests.take(game, number, {"type": "say", "text": "And now?", "id": "b"})
    async with asyncio.timeout(10):
        while game.told[-1]["id"] != "b":  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert game.told[-1]["ok"]
