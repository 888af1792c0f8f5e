"""The hub of games on a line of the tests' own: who was taken out is gone for everybody, whenever that happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.ports import Game, GameAbilities
from avatar_bridge.web import WebGames, audience
from avatar_bridge.web.game_seat import GameSeat
from avatar_bridge.wire.game_reports import Hello, read

CLAIM = {"type": "sound", "character": 0, "claim": True}


class Wire:
    """An outlet that takes everything until `stuck`."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.on_relief: Callable[[], None] | None = None
        self.stuck = stuck
        self.codes: list[int] = []
        self.taken: list[bytes] = []

    @property
    def congested(self) -> bool:
        return self.stuck

    @property
    def usable(self) -> bool:
        return not self.codes

    def put(self, wire: bytes) -> None:
        self.taken.append(wire)

    def hang_up(self, code: int, reason: str) -> None:
        del reason
        self.codes.append(code)


class Guest:
    """An attendant that remembers; it tells each game that joins `words` messages."""

    def __init__(self, words: int = 0) -> None:
        self.here: list[str] = []
        self.heard = 0
        self._words = words

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        del abilities
        self.here.append(game.name)
        for _ in range(self._words):
            game.tell("{}")

    def left(self, game: Game) -> None:
        if game.name in self.here:
            self.here.remove(game.name)

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        del game, message
        self.heard += 1


def admit(games: WebGames, wire: Wire, *, name: str = "Farm", **more: Any) -> GameSeat:
    said = read({"type": "hello", "protocol": 1, "client": {"name": name}, "capabilities": ["sound"], **more})
    assert isinstance(said, Hello)
    return games.admit(wire, said, now=0.0, version="0", protocol=1)


def test_a_game_that_cannot_take_its_welcome_is_nowhere_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "_MOST_MESSAGES", 5)
    games = WebGames()
    first, second = Guest(words=10), Guest()
    for each in (first, second):
        games.attend(games.enter(""), each)
    wire = Wire(stuck=True)
    admit(games, wire, characters=[{"sound": True}])
    assert wire.codes == [audience.TOO_SLOW]
    assert games.games == ()
    assert (first.here, second.here) == ([], [])
    assert first.heard == second.heard == 0, "its claim is not taken up"


async def test_what_a_game_said_before_it_was_taken_out_gives_it_no_sound() -> None:
    games = WebGames()
    speaker = GameSpeaker(games)
    await speaker.open()
    game = admit(games, Wire())
    games.hear(game, 0, CLAIM)
    assert speaker.game_id == game.id
    games.leave(game)
    assert not speaker.audible
    games.hear(game, 0, CLAIM)  # it lay unread at the socket
    games.learn(game, 0, GameAbilities())
    assert not speaker.audible


def test_an_attendant_that_comes_later_meets_only_who_is_still_here(monkeypatch: pytest.MonkeyPatch) -> None:
    games = WebGames()
    games.enter("")
    wires = [Wire(), Wire()]
    one, two = (admit(games, wire, name=name) for wire, name in zip(wires, ("One", "Two"), strict=True))
    monkeypatch.setattr(audience, "_MOST_MESSAGES", 5)
    wires[1].stuck = True

    class Gossip(Guest):
        def joined(self, game: Game, abilities: GameAbilities) -> None:
            super().joined(game, abilities)
            for _ in range(10):
                two.tell("{}")

    gossip = Gossip()
    games.attend(0, gossip)
    assert gossip.here == ["One"]
    assert games.games == (one,)


def test_a_thousand_wrong_names_are_not_all_looked_up() -> None:
    games = WebGames()
    for number in range(100):
        games.enter(f"villager {number}")
    wire = Wire()
    named = [{"name": f"vilager no {number}"} for number in range(999)]
    game = admit(games, wire, characters=[*named, {"name": "VILLAGER 7"}])
    assert set(game.characters) == {7}
    assert wire.taken[0].count(b'"nearest"') == 20
