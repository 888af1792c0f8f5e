"""What games ask for: say, interrupt and act run through the show as those of the HTTP API do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from avatar_bridge.ports import Game
from avatar_bridge.web.games import WebGames
from avatar_bridge.web.refusals import Refusal
from avatar_bridge.web.show import Show
from avatar_bridge.wire import game as messages

__all__ = ["GameRequests"]

_MOST: Final = 64
"""Requests that may wait for their utterance to begin; more are refused."""


class GameRequests:
    """Answers every request with a `result`; only actions of a character's motion map can be caused."""

    def __init__(self, show: Show, games: WebGames) -> None:
        """Ask `show` for what `games` want; set `take` as `games.on_request`."""
        self._show = show
        self._games = games
        self._waiting: set[asyncio.Task[None]] = set()

    def take(self, game: Game, character: int, message: Mapping[str, Any]) -> None:
        """Do what a game asks; its result is told at once, of a say once it has begun or was refused."""
        name = self._games.characters[character]
        number = str(message.get("id") or "")
        try:
            match message["type"]:
                case "say" if len(self._waiting) >= _MOST:
                    words = f"{_MOST} requests wait already"
                    game.tell(messages.result(number, ok=False, words=words, suggestion="wait for a result"))
                    return
                case "say":
                    task = asyncio.get_running_loop().create_task(self._say(game, name, message["text"], number))
                    self._waiting.add(task)
                    task.add_done_callback(self._waiting.discard)
                    return
                case "interrupt":
                    self._show.find(name).interrupt()
                case "act":
                    duration, strength = message.get("duration"), message.get("strength", 1.0)
                    self._show.act(message["action"], strength=strength, duration=duration, character=name)
                case _:
                    return
        except Refusal as refusal:
            game.tell(_refused(number, refusal))
            return
        game.tell(messages.result(number, ok=True))

    def close(self) -> None:
        """Take nothing more, forget what waits."""
        for task in self._waiting:
            task.cancel()

    async def _say(self, game: Game, name: str, text: str, number: str) -> None:
        try:
            await self._show.perform(text, character=name)
        except Refusal as refusal:
            game.tell(_refused(number, refusal))
        else:
            game.tell(messages.result(number, ok=True))


def _refused(number: str, refusal: Refusal) -> str:
    return messages.result(number, ok=False, words=refusal.detail, suggestion=refusal.suggestion or None)
