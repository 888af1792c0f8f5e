"""`serve`: the bridge with its overlay, its studio and its API, until it is stopped."""

from __future__ import annotations

import asyncio
import json
from typing import TextIO

import click

from avatar_bridge.commands import browser
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.settings import Settings
from avatar_bridge.web import Server

__all__ = ["address_lines", "serve"]


async def serve(
    settings: Settings, *, as_json: bool = False, open_page: bool = False, out: TextIO | None = None
) -> None:
    """Run the bridge and its server until cancelled; say where the pages are on `out` (standard output), once.

    What arises meanwhile is told on standard error, as it is in the studio.
    With `open_page` the studio is opened in the user's browser.
    """
    async with on_air(settings, say=_say) as (_, server, _):
        for line in address_lines(server, as_json=as_json, gaming=settings.gaming):
            click.echo(line, file=out)
        if open_page:
            browser.open_address(server.studio_address).add_done_callback(_told)
        await asyncio.Event().wait()


def _say(line: str) -> None:
    click.echo(line, err=True)


def _told(taken: asyncio.Future[bool]) -> None:
    if not taken.result():
        _say("note: there is no browser to open the studio in (open its address on another screen)")


def address_lines(server: Server, *, as_json: bool, gaming: bool = False) -> list[str]:
    """Return where the pages and the games' socket are: for people, or one JSON object for programs.

    People are told of the socket where a game is a target (`gaming`).
    """
    if as_json:
        told = {
            "address": server.address,
            "overlay": server.overlay_address,
            "studio": server.studio_address,
            "game": server.game_address,
            "token": server.token,
        }
        return [json.dumps(told)]
    lines = [
        f"Overlay, for a browser source in OBS: {server.overlay_address}",
        f"Studio, for your second screen:       {server.studio_address}",
    ]
    if gaming:
        lines += [
            f"Games connect to:                     {server.game_address}",
            f"with the token:                       {server.token}",
        ]
    return lines
