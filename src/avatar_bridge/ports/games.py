"""The games that show characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Game", "GameAbilities", "GameAttendant", "Games"]


class Game(Protocol):
    """One game that is connected."""

    id: int
    """Counted from 1 since the start of the server."""
    name: str
    """What it says that it is called."""
    engine: str
    """unity, godot, or what else it says."""
    capabilities: frozenset[str]
    """What it takes: sound, motion, speech, captions."""

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this game alone; never blocks. A game that does not read is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class GameAbilities:
    """What a game can do by itself with one character."""

    actions: frozenset[str] = frozenset()
    """Actions that it performs under the motion map's own names."""
    natives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What its body knows, by the key that a map's table names it with: `trigger`, `state`, `clip`, `expression`."""


class GameAttendant(Protocol):
    """Whoever deals with the games that show one character."""

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Bring a game that has just begun to show the character up to the present; again when its abilities change."""
        ...

    def left(self, game: Game) -> None:
        """Learn that a game shows the character no more."""
        ...

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Learn of a message about the character, validated by `wire.game` but for what it means."""
        ...


class Games(Protocol):
    """All the games that are connected, and the characters that they may show."""

    def enter(self, character: str) -> int:
        """Let games show `character` from now on; return its number on the wire, the same for the same name."""
        ...

    def attend(self, character: int, attendant: GameAttendant) -> None:
        """Tell `attendant` of every game that shows the character from now on, and of those that do already."""
        ...

    def tell(self, character: int, message: str | bytes, *, capability: str = "") -> None:
        """Queue a message for every game that shows the character, and has the capability where one is named."""
        ...

    def move(self, character: int, at: float, values: Mapping[str, float]) -> None:
        """Queue the frame to be seen at `at` (bridge's clock), sent with those of other characters; oldest dropped."""
        ...

    def count(self, character: int, capability: str = "") -> int:
        """Return how many games show the character, and have the capability where one is named."""
        ...
