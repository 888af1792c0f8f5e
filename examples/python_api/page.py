"""A program with the overlay in it: open the page it prints, and it greets you. Usage: page.py [bridge.toml]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from avatar_bridge import Bridge
from avatar_bridge.settings import DriverSettings, Settings, read_settings
from avatar_bridge.web import Server, WebAudience

GREETING = "[wave]Hello! I live in this page, and your program gives me my words. [nod]Let's begin!"


def with_overlay(settings: Settings) -> Settings:
    """Return the settings with the overlay as a target: it shows the body, and the page plays the sound."""
    return settings.model_copy(update={"drivers": {**settings.drivers, "overlay": DriverSettings()}})


async def main(path: str | None) -> None:
    """Serve the pages, wait for one, and speak in it."""
    audience = WebAudience()
    settings = read_settings(Path(path) if path else None)
    bridge = Bridge.from_settings(with_overlay(settings), audience=audience)
    async with bridge, Server(bridge, audience) as server:
        print("open:", server.overlay_address, flush=True)
        while not any(page.kind == "overlay" for page in audience.pages):
            await bridge.stage.frames(6)
        await bridge.ready()
        outcome = await bridge.perform(GREETING)
        print("heard:", outcome.heard.speech, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
