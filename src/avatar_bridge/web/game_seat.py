"""One connected game: its place at the socket, what it shows, and how much it may ask."""

from __future__ import annotations

from typing import Final

from avatar_bridge.ports import GameAbilities
from avatar_bridge.web.audience import Seat
from avatar_bridge.web.outlet import Outlet
from avatar_bridge.wire.game_reports import Abilities, Character, Client

__all__ = ["Allowance", "GameSeat", "abilities_of"]

CAPABILITIES: Final = frozenset({"sound", "motion", "speech", "captions"})


class Allowance:
    """How many of something may come: `burst` at once, `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._since: float | None = None

    def take(self, now: float) -> bool:
        """Return True where one more may come at `now` (monotonic seconds)."""
        if self._since is not None:
            self._left = min(self._burst, self._left + self._rate * max(0.0, now - self._since))
        self._since = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class GameSeat:
    """One game (`ports.Game`)."""

    def __init__(self, line: Outlet, *, number: int, client: Client, capabilities: frozenset[str]) -> None:
        self.id = number
        self.name = client.name or f"game {number}"
        self.engine = client.engine
        self.capabilities = capabilities & CAPABILITIES
        self.characters: dict[int, GameAbilities] = {}
        """What it shows, by the character's number."""
        self.seat = Seat(line, number=number, kind="game", streams=frozenset(), name=client.name)
        self.events = Allowance(rate=100.0, burst=100.0)
        self.requests = Allowance(rate=20.0, burst=20.0)
        self.faults = Allowance(rate=100.0 / 60.0, burst=100.0)
        self.notes = Allowance(rate=5.0, burst=20.0)
        self.told: set[str] = set()
        """Types that it was told are not known."""

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this game alone; never blocks. A game that does not read is dropped."""
        self.seat.tell(message)


def abilities_of(said: Character | Abilities) -> GameAbilities:
    """Return what a game said that it can do with a character."""
    return GameAbilities(
        actions=frozenset(said.actions),
        natives={key: frozenset(names) for key, names in said.natives.items()},
    )
