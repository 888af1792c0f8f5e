"""An NPC for a game: it greets the player who comes near. Usage: npc.py [bridge.toml]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from avatar_bridge import Bridge, read_settings
from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.settings import DriverSettings, Settings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

CLOSE = 1.5
"""Metres at which the NPC feels crowded."""


def with_game(settings: Settings) -> Settings:
    """Return the settings with the game as a target: it shows the body, and plays the voice where it asks for it."""
    return settings.model_copy(update={"drivers": {**settings.drivers, "game": DriverSettings()}})


class Npc:
    """What the NPC remembers, and what it says to what happens."""

    def __init__(self) -> None:
        self.visits = 0

    def answer(self, event: GameEvent) -> str | None:
        """Return the tagged text to say; None where the event means nothing to it. Events come from outside."""
        if event.name == "player_near":
            self.visits += 1
            distance = event.data.get("distance")
            if isinstance(distance, int | float) and distance < CLOSE:
                return "[surprised]Oh! You are quick on your feet. [/surprised][nod]Welcome."
            if self.visits == 1:
                return "[wave]Hello, traveller! [smile]I have not seen you here before."
            return "[nod]Ah, it is you again. [smile]Come closer!"
        if event.name == "player_left":
            return "[wave]Safe travels!"
        return None


async def listen(bridge: Bridge) -> None:
    """React to what happens in the game until the bridge closes; a new event cuts short what is being said."""
    npc = Npc()
    async with asyncio.TaskGroup() as speaking:
        async for event in bridge.events():
            text = npc.answer(event)
            print(f"{event.game}: {event.name}", "" if text else "(nothing to say)", flush=True)
            if text:
                speaking.create_task(say(bridge, text))


async def say(bridge: Bridge, text: str) -> None:
    """Speak and print what was heard of it."""
    outcome = await bridge.perform(text)
    print("heard:", outcome.heard.speech, flush=True)


async def main(path: str | None) -> None:
    """Serve the game's socket and react until Ctrl-C."""
    audience, games = WebAudience(), WebGames()
    settings = read_settings(Path(path) if path else Path(__file__).with_name("bridge.toml"))
    bridge = Bridge.from_settings(with_game(settings), audience=audience, games=games)
    async with bridge, Server(bridge, audience, games=games) as server:
        print("address:", server.game_address, flush=True)
        print("token:", server.token, flush=True)
        await listen(bridge)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
    except KeyboardInterrupt:
        print("bye")
