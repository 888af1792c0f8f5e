"""Games without sockets, on virtual time: the reference client joined to a hub that is a list."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from game_client import CAPABILITIES, GameClient, Shown
from virtual_time import VirtualClock

from avatar_bridge.ports import GameAbilities, GameAttendant
from avatar_bridge.wire.game_reports import Abilities, parsed, read

__all__ = ["Hall", "HallGame"]


class Hall:
    """Whoever shows characters; implements `ports.Games`."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.games: dict[int, HallGame] = {}
        self.moved: list[tuple[float, int, float, Mapping[str, float]]] = []
        self._attendants: dict[int, list[GameAttendant]] = {}
        self._count = 0

    def enter(self, character: str) -> int:
        if character not in self.names:
            self.names.append(character)
        return self.names.index(character)

    def attend(self, character: int, attendant: GameAttendant) -> None:
        self._attendants.setdefault(character, []).append(attendant)
        for game in self.games.values():
            if character in game.shows:
                attendant.joined(game, game.shows[character])

    def tell(self, character: int, message: str | bytes, *, capability: str = "") -> None:
        for game in tuple(self.games.values()):
            if character in game.shows and (not capability or capability in game.capabilities):
                game.tell(message)

    def move(self, character: int, at: float, values: Mapping[str, float]) -> None:
        self.moved.append((VirtualClock().time(), character, at, values))

    def count(self, character: int, capability: str = "") -> int:
        return sum(
            character in game.shows and (not capability or capability in game.capabilities)
            for game in self.games.values()
        )

    def join(self, game: HallGame, *, claims: Sequence[int] = ()) -> HallGame:
        """Let a game in, as the hub does: those who attend first, then what it claims."""
        self.games[game.id] = game
        game.start()
        for number, abilities in game.shows.items():
            for attendant in self._attendants.get(number, ()):
                attendant.joined(game, abilities)
            if number in claims:
                self.hear(game, {"type": "sound", "character": number, "claim": True})
        return game

    def leave(self, game: HallGame) -> None:
        """Take a game out, without a word of its own."""
        if self.games.pop(game.id, None) is None:
            return
        game.end()
        for number in game.shows:
            for attendant in self._attendants.get(number, ()):
                attendant.left(game)

    def hear(self, game: HallGame, message: Mapping[str, Any]) -> None:
        """Take a game's message as the hub does: validated."""
        if game.id not in self.games:
            return
        said = read(parsed(json.dumps(message)))
        assert not isinstance(said, str)
        if isinstance(said, Abilities):
            natives: dict[str, frozenset[str]] = {key: frozenset(names) for key, names in said.natives.items()}
            game.shows[said.character] = GameAbilities(frozenset(said.actions), natives)
            for attendant in self._attendants.get(said.character, ()):
                attendant.joined(game, game.shows[said.character])
            return
        of = game.shows if message["type"] == "report" else [message.get("character", 0)]
        for number in tuple(of):
            for attendant in self._attendants.get(number, ()):
                attendant.received(game, said.model_dump())

    def next_id(self) -> int:
        self._count += 1
        return self._count


class HallGame(GameClient):
    """A game that hears and is heard `delay` seconds later; implements `ports.Game`."""

    def __init__(
        self,
        hall: Hall,
        *,
        name: str = "",
        engine: str = "unity",
        shows: Mapping[int, GameAbilities] | None = None,
        capabilities: Sequence[str] = CAPABILITIES,
        delay: float = 0.001,
        latency: float = 0.02,
    ) -> None:
        self.id = hall.next_id()
        self.name = name or f"game {self.id}"
        self.engine = engine
        self.capabilities = frozenset(capabilities)
        self.shows = dict(shows or {0: GameAbilities()})
        self.delay = delay
        self.mute = False
        self._inward: deque[str | bytes] = deque()
        self._outward: deque[dict[str, Any]] = deque()
        super().__init__("", "", characters=(), latency=latency, now=VirtualClock().time)
        self._hall = hall

    def start(self) -> None:
        now = self._now()
        for _ in range(4):
            self.sync.take(now, now, now)  # one clock for all: nothing has to be found out
        self.shown = {number: Shown(number, self._hall.names[number], self._latency) for number in self.shows}
        self._tasks = [asyncio.ensure_future(each) for each in (self._tick(), self._report())]

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    def tell(self, message: str | bytes) -> None:
        # timers of one moment fire in any order, messages arrive in theirs
        self._inward.append(message)
        asyncio.get_running_loop().call_later(self.delay, self._arrive)

    def _arrive(self) -> None:
        message = self._inward.popleft()
        if self.id not in self._hall.games:
            return
        if isinstance(message, bytes):
            self._take_binary(message)
            return
        read_message = json.loads(message)
        self._keep(read_message)
        self._take(read_message)

    async def send(self, kind: str, **fields: Any) -> None:
        message = {"type": kind, **fields}
        self.said.append(message)
        if not self.mute:
            self._outward.append(message)
            asyncio.get_running_loop().call_later(self.delay, self._depart)

    def _depart(self) -> None:
        self._hall.hear(self, self._outward.popleft())
