"""The games that are connected, the characters that they show, and the motion that goes to them together."""

from __future__ import annotations

import asyncio
import difflib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from avatar_bridge.core.vocabulary import Diagnostic, GameEvent, name_key
from avatar_bridge.ports import Game, GameAbilities, GameAttendant
from avatar_bridge.web.audience import GOING_AWAY, Seat
from avatar_bridge.web.game_seat import GameSeat, abilities_of
from avatar_bridge.web.outlet import Outlet, encoded
from avatar_bridge.wire import game as messages
from avatar_bridge.wire.game_binary import character_frame, motion
from avatar_bridge.wire.game_reports import Hello

__all__ = ["WebGames"]

_NOTES: Final = 50
_MOST: Final = 65_535
"""Characters at most: their numbers have 16 bits."""
_MOST_UNKNOWN: Final = 20
"""Names that nobody has, of which a game is told."""

_log = logging.getLogger(__name__)


class WebGames:
    """Everybody on the game socket (`ports.Games`). Use it in the event loop's own thread."""

    def __init__(self) -> None:
        self.notes: deque[Diagnostic] = deque(maxlen=_NOTES)
        """What happened to games, in plain words; the oldest are dropped."""
        self.on_event: Callable[[GameEvent], None] | None = None
        """Called with what happened in a game."""
        self.on_request: Callable[[Game, int, Mapping[str, Any]], None] | None = None
        """Called with a game's say, interrupt or act and its character's number; answers by `Game.tell`."""
        self._names: list[str] = []
        self._attendants: dict[int, list[GameAttendant]] = {}
        self._games: dict[int, GameSeat] = {}
        self._shown: dict[tuple[int, str], tuple[GameSeat, ...]] = {}
        self._movers: dict[frozenset[int], tuple[GameSeat, ...]] = {}
        self._moved: dict[int, bytes] = {}
        self._sequence = 0
        self._count = 0

    @property
    def characters(self) -> tuple[str, ...]:
        """Names of the characters that games may show; a character's number is its place here."""
        return tuple(self._names)

    @property
    def games(self) -> tuple[Game, ...]:
        """Those who are here, in the order in which they came."""
        return tuple(self._games.values())

    def enter(self, character: str) -> int:
        """Let games show `character` from now on; return its number on the wire, the same for the same name."""
        for number, name in enumerate(self._names):
            if name_key(name) == name_key(character):
                return number
        if len(self._names) >= _MOST:
            raise ValueError(f"expected at most {_MOST} characters, got another: {character[:80]!r}")
        self._names.append(character)
        return len(self._names) - 1

    def attend(self, character: int, attendant: GameAttendant) -> None:
        """Tell `attendant` of every game that shows the character from now on, and of those that do already.

        An attendant that raises is told of nothing more, with a note.
        """
        self._attendants.setdefault(character, []).append(attendant)
        for game in self._showing(character):
            self._introduce(game, character, attendant)

    def unattend(self, character: int, attendant: GameAttendant) -> None:
        """Tell `attendant` nothing more of the character; harmless where it does not attend."""
        attendants = self._attendants.get(character, [])
        if attendant in attendants:
            attendants.remove(attendant)

    def tell(self, character: int, message: str | bytes, *, capability: str = "") -> None:
        """Queue a message for every game that shows the character, and has the capability where one is named."""
        games = self._shown.get((character, capability))
        if not games:
            return
        wire = encoded(message)
        for game in games:
            game.seat.put(wire, frame=False)

    def move(self, character: int, at: float, values: Mapping[str, float]) -> None:
        """Queue the frame to be seen at `at` (bridge's clock).

        All that move within one turn of the event loop go out in one message; of one character the newest counts.
        """
        if (character, "motion") not in self._shown:
            return
        if not self._moved:
            asyncio.get_running_loop().call_soon(self._send_motion)
        self._moved[character] = character_frame(character, at, values)

    def count(self, character: int, capability: str = "") -> int:
        """Return how many games show the character, and have the capability where one is named."""
        return len(self._shown.get((character, capability), ()))

    def admit(self, line: Outlet, hello: Hello, *, now: float, version: str, protocol: int) -> GameSeat:
        """Give a game its place, welcome it, and let the attendants bring it up to the present."""
        self._count += 1
        game = GameSeat(line, number=self._count, client=hello.client, capabilities=frozenset(hello.capabilities))
        game.seat.given_up = lambda seat, what: self._note(game, seat, what)
        claimed, unknown = self._cast(game, hello)
        game.tell(
            messages.welcome(
                session=game.id,
                now=now,
                version=version,
                characters=[(number, self._names[number]) for number in game.characters],
                unknown=unknown,
                protocol=protocol,
            )
        )
        self._games[game.id] = game
        self._sort()
        for number in tuple(game.characters):
            for attendant in tuple(self._attendants.get(number, ())):
                self._introduce(game, number, attendant)
            if number in claimed:
                self.hear(game, number, {"type": "sound", "character": number, "claim": True})
        return game

    def leave(self, game: GameSeat) -> None:
        """Take a game out; harmless where it is gone."""
        if self._games.pop(game.id, None) is None:
            return
        self._sort()
        for number in game.characters:
            for attendant in tuple(self._attendants.get(number, ())):
                with self._contained(number, attendant):
                    attendant.left(game)

    def hear(self, game: GameSeat, character: int, message: Mapping[str, Any]) -> None:
        """Pass on what a game said of a character that it shows; nothing of one that was taken out meanwhile."""
        for attendant in tuple(self._attendants.get(character, ())):
            if game.id not in self._games:
                return
            with self._contained(character, attendant):
                attendant.received(game, message)

    def learn(self, game: GameSeat, character: int, abilities: GameAbilities) -> None:
        """Take in that a game can do other things with a character from now on."""
        game.characters[character] = abilities
        for attendant in tuple(self._attendants.get(character, ())):
            self._introduce(game, character, attendant)

    def dismiss(self) -> None:
        """Close every connection: the server goes."""
        for game in tuple(self._games.values()):
            game.seat.dismiss(GOING_AWAY, "the bridge closes")
            self.leave(game)

    def _introduce(self, game: GameSeat, character: int, attendant: GameAttendant) -> None:
        """Tell an attendant of a game; what it tells the game may be too much, and one that was taken out never joins.

        `left` would not come for it any more, and whoever counts on it would wait for a game that is gone.
        """
        if game.id in self._games:
            with self._contained(character, attendant):
                attendant.joined(game, game.characters[character])

    def _cast(self, game: GameSeat, hello: Hello) -> tuple[set[int], list[tuple[str, str, str | None]]]:
        """Find the characters that a game asks for; return whose sound it claims, and names that nobody has."""
        claimed: set[int] = set()
        unknown: list[tuple[str, str, str | None]] = []
        if not hello.characters:
            game.characters[0] = GameAbilities()
        numbers = {name_key(name): number for number, name in enumerate(self._names)}
        for asked in hello.characters:
            # empty means the main character: the unnamed, else the first
            number = numbers.get(name_key(asked.name), None if asked.name else 0)
            if number is None:
                if len(unknown) < _MOST_UNKNOWN:  # the nearest name is dear to find
                    unknown.append((asked.name, *self._nobody(asked.name)))
                continue
            game.characters[number] = abilities_of(asked)
            if asked.sound:
                claimed.add(number)
        return claimed, unknown

    def _nobody(self, name: str) -> tuple[str, str | None]:
        named = [each for each in self._names if each]
        near = difflib.get_close_matches(name, named, n=1, cutoff=0.5)
        there = ", ".join(repr(each) for each in named[:10]) or "only the main one, without a name"
        return f"no character is called {name!r}; there is {there}", near[0] if near else None

    def _showing(self, character: int) -> tuple[GameSeat, ...]:
        return self._shown.get((character, ""), ())

    def _sort(self) -> None:
        shown: dict[tuple[int, str], list[GameSeat]] = {}
        movers: dict[frozenset[int], list[GameSeat]] = {}
        for game in self._games.values():
            for number in game.characters:
                for capability in ("", *game.capabilities):
                    shown.setdefault((number, capability), []).append(game)
            if "motion" in game.capabilities and game.characters:
                movers.setdefault(frozenset(game.characters), []).append(game)
        self._shown = {key: tuple(games) for key, games in shown.items()}
        self._movers = {key: tuple(games) for key, games in movers.items()}

    def _send_motion(self) -> None:
        moved, self._moved = self._moved, {}
        self._sequence += 1
        for characters, games in self._movers.items():
            frames = [packed for number, packed in moved.items() if number in characters]
            if frames:
                wire = encoded(motion(self._sequence, frames))
                for game in games:
                    game.seat.put(wire, frame=True)

    def _note(self, game: GameSeat, seat: Seat, what: str) -> None:
        self.notes.append(
            Diagnostic(
                f"the game {game.name!r} ({seat.id}) {what} and was disconnected",
                suggestion="let it read its socket in a thread or coroutine of its own; it connects again by itself",
            )
        )
        self.leave(game)

    @contextmanager
    def _contained(self, character: int, attendant: GameAttendant) -> Iterator[None]:
        """Let nothing that an attendant raises reach the others or the game."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whoever attends may be anybody's; it is reported and left out
            _log.exception("an attendant of a game failed")
            self.unattend(character, attendant)
            self.notes.append(
                Diagnostic(
                    f"{type(attendant).__name__} attends to the games no more, since it failed: {error!r}",
                    suggestion="this is a defect of it: please report it to its author",
                )
            )
