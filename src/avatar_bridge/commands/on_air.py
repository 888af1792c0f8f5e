"""A cast with its pages and games: the server around it, who looks on, and the overlay in the user's browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.commands import browser
from avatar_bridge.commands.arrivals import Arrivals, Notes
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import Game, GameAbilities, Games, Page
from avatar_bridge.settings import DriverSettings, Settings

try:
    from avatar_bridge.web import Server, WebAudience, WebGames
except ImportError as error:
    raise UsageError(f"the pages need more packages ({error}); {registry.remedy('web')}") from error

__all__ = ["GameOnlooker", "OnAir", "Onlooker", "cast_on_air", "on_air", "show", "with_overlay"]

_LOADING = 30.0
"""Seconds that the browser has to come up and to show the avatar."""
_TAKING = 3.0
"""Seconds after which a browser that has not refused the page is opening it; it may answer only when it is closed."""
_CLICK = 20.0
"""Seconds that the user has to click, where the browser plays no sound before a click."""


class Onlooker:
    """Notices when a page shows the avatar and whether it sounds there; an attendant."""

    def __init__(self) -> None:
        self.sound = ""
        """What the last page said of its sound."""
        self._ready = asyncio.Event()
        self._sounding = asyncio.Event()
        self._told = asyncio.Event()

    async def shown(self, within: float) -> bool:
        """Return True once a page shows the avatar and has said how its sound is; False after `within` seconds."""
        return await _within(within, self._ready, self._told)

    async def sounding(self, within: float) -> bool:
        """Return True once a page can be heard; False after `within` seconds."""
        return await _within(within, self._sounding)

    def joined(self, page: Page) -> None:
        """A page that has come up shows nothing yet."""

    def left(self, page: Page) -> None:
        """Nothing is kept of a page."""

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Take what a page says of itself."""
        del page
        if message["type"] == "report" and message.get("ready") is True:
            self._ready.set()
        if message["type"] == "sound":
            self.sound = str(message.get("state"))
            self._told.set()
            if self.sound == "running":
                self._sounding.set()


def with_overlay(settings: Settings) -> Settings:
    """Return settings in which the overlay is a target; as they are where it is one already, or switched off."""
    if any((table.driver or name) == "overlay" for name, table in settings.drivers.items()):
        return settings
    return settings.model_copy(update={"drivers": {**settings.drivers, "overlay": DriverSettings()}})


class GameOnlooker:
    """Notices games that come to show a character and go; an attendant of games."""

    def __init__(self, character: str = "", say: Callable[[str], None] | None = None) -> None:
        """`say` gets a line for each game that comes or goes."""
        self._shown = f"shows {character}" if character else "shows the character"
        self._say = say
        self._here = asyncio.Event()
        self._games: set[int] = set()

    async def shown(self, within: float) -> bool:
        """Return True once a game shows the character; False after `within` seconds."""
        return await _within(within, self._here)

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Notice a game."""
        del abilities
        if self._say is not None and game.id not in self._games:
            self._say(f"The game {game.name!r} {self._shown}.")
        self._games.add(game.id)
        self._here.set()

    def left(self, game: Game) -> None:
        """Forget a game."""
        self._games.discard(game.id)
        if not self._games:
            self._here.clear()
        if self._say is not None:
            self._say(f"The game {game.name!r} has left.")

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Nothing is asked of games here."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """What runs while a cast is on air."""

    cast: Cast
    server: Server
    onlooker: Onlooker
    """Who looks on at the pages."""
    games: Games

    def watch_games(self, character: str = "", say: Callable[[str], None] | None = None) -> GameOnlooker:
        """Return who looks on at the games that show a character."""
        found = GameOnlooker(character, say)
        self.games.attend(self.games.enter(character), found)
        return found


@asynccontextmanager
async def cast_on_air(settings: Settings, *, say: Callable[[str], None] | None = None) -> AsyncIterator[OnAir]:
    """Yield a running cast, the server of its pages and games, and who looks on.

    `say` gets a line for each note, once, and for each overlay and each game that comes and goes.
    """
    audience, games = WebAudience(), WebGames()
    onlooker = Onlooker()
    audience.attend(onlooker)
    cast = Cast.from_settings(settings, audience=audience, games=games)
    server = Server(cast.main, audience, games=games, cast=cast, told=Notes(say) if say else None)
    async with cast, server:
        on = OnAir(cast, server, onlooker, games)
        if say is not None:
            audience.attend(Arrivals(say, lambda: getattr(cast.main.stage.speaker, "page_id", None)))
            for name in games.characters:
                on.watch_games(name, say)
        yield on


@asynccontextmanager
async def on_air(
    settings: Settings, *, say: Callable[[str], None] | None = None
) -> AsyncIterator[tuple[Bridge, Server, Onlooker]]:
    """Yield the main character's running bridge with the overlay as a target, its server, and who looks on.

    `say`: as of `cast_on_air`.
    """
    async with cast_on_air(with_overlay(settings), say=say) as on:
        yield on.cast.main, on.server, on.onlooker


async def show(server: Server, onlooker: Onlooker, say: Callable[[str], None]) -> bool:
    """Open the overlay in the user's browser and wait until it can begin; False where there is no browser."""
    taken = browser.open_address(server.overlay_address)
    await asyncio.wait({taken}, timeout=_TAKING)
    if taken.done() and not taken.result():
        return False
    say("The overlay opens in your browser.")
    if not await onlooker.shown(_LOADING):
        say("The browser does not show it yet; the show begins without it.")
    elif onlooker.sound == "blocked":
        say("Click into the page, for the browser plays no sound before.")
        await onlooker.sounding(_CLICK)
    return True


async def _within(seconds: float, *events: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            for event in events:
                await event.wait()
    except TimeoutError:
        return False
    return True
