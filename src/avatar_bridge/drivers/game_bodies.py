"""The games that show one character, and what each of them is told in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from avatar_bridge.core.motion.motion_map import Action, MotionMap
from avatar_bridge.drivers.game_natives import Body, abilities_of
from avatar_bridge.drivers.game_speech import Speech
from avatar_bridge.ports import Abilities, Command, Game, GameAbilities
from avatar_bridge.wire import game as messages

__all__ = ["Bodies"]


class Bodies:
    """Every game that shows the character, by its id, with what it does by itself of the motion map."""

    def __init__(self, character: int, holder: Callable[[], int | None]) -> None:
        """`character`: its number on the wire; `holder` returns the game that owns the sound."""
        self.abilities = Abilities()
        """What they do together."""
        self._character = character
        self._holder = holder
        self._bodies: dict[int, Body] = {}

    def __len__(self) -> int:
        return len(self._bodies)

    def __contains__(self, number: int) -> bool:
        return number in self._bodies

    def __iter__(self) -> Iterator[Body]:
        return iter(tuple(self._bodies.values()))

    def put(self, game: Game, abilities: GameAbilities) -> Body:
        """Take a game in, or what it can do by now; `match` comes next."""
        body = self._bodies[game.id] = Body(game, abilities)
        return body

    def drop(self, number: int) -> bool:
        """Forget a game; return whether it was here."""
        return self._bodies.pop(number, None) is not None

    def match(self, motion_map: MotionMap) -> list[Body]:
        """Hold the map against the games; return those that now perform something else by themselves."""
        before = {number: body.natives for number, body in self._bodies.items()}
        self.abilities = abilities_of(motion_map, self._bodies.values())
        return [body for number, body in self._bodies.items() if body.natives != before[number]]

    def tell_cues(self, speech: Speech, bodies: Iterable[Body] | None = None) -> None:
        """Tell the cues, encoded once for all games that perform the same by themselves."""
        encoded: list[tuple[Mapping[str, Mapping[str, str]], str]] = []
        for body in self if bodies is None else bodies:
            if "speech" not in body.game.capabilities:
                continue
            message = next((text for natives, text in encoded if natives == body.natives), None)
            if message is None:
                message = speech.told_cues(body.natives)[1]
                encoded.append((body.natives, message))
            body.game.tell(message)

    def tell_time(self, utterance: int, *, at: float, heard: float, running: bool, only: Body | None = None) -> None:
        """Tell where the utterance is to games that do not own its sound."""
        holder = self._holder()
        told: str | None = None
        for body in self if only is None else (only,):
            if body.game.id != holder and "speech" in body.game.capabilities:
                told = told or messages.clock(self._character, utterance, now=at, heard=heard, running=running)
                body.game.tell(told)

    def act(self, action: Action, command: Command, at: float) -> None:
        """Let those who can perform an action outside of any script."""
        for body in self:
            native = body.natives.get(action.name)
            if native is not None:
                told = messages.act(
                    self._character,
                    action.name,
                    kind=action.kind,
                    at=at,
                    strength=command.strength,
                    duration=command.duration,
                    native=native,
                )
                body.game.tell(told)
