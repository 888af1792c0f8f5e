"""`avatar-bridge mcp`: the bridge as a Model Context Protocol server on standard input and output."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from avatar_bridge.assembly import Cast
from avatar_bridge.credentials import find_key
from avatar_bridge.plugins.mcp import CastStage, RemoteStage, mcp_server, tag_guide
from avatar_bridge.remote import Service
from avatar_bridge.settings import Settings

__all__ = ["mcp"]

_TOKEN = "AVATAR_BRIDGE_TOKEN"  # noqa: S105 - the name of the variable


async def mcp(settings: Settings, *, url: str = "") -> None:
    """Answer a program on standard input and output until it hangs up; nothing else is written there.

    `url`: a bridge that runs already, whose token stands in the environment's AVATAR_BRIDGE_TOKEN; empty runs one here.
    """
    if url:
        key = find_key(f"env:{_TOKEN}") if _TOKEN in os.environ else None
        service = Service("the bridge", url, key=key)
        try:
            stage = RemoteStage(service)
            actions = await stage.actions("")
            names = ", ".join(f"[{each['name']}]" for each in actions)
            await mcp_server(stage, tags=f"Its tags: {names}.").run_stdio_async()
        finally:
            await service.close()
        return
    async with _cast(settings) as cast:
        await mcp_server(CastStage(cast), tags=tag_guide(cast)).run_stdio_async()


@asynccontextmanager
async def _cast(settings: Settings) -> AsyncIterator[Cast]:
    """Yield the running cast, with the server of pages and games where they are asked for."""
    if not settings.driven("overlay") and settings.sound.speaker != "overlay" and not settings.gaming:
        async with Cast.from_settings(settings) as cast:
            yield cast
        return
    from avatar_bridge.commands.on_air import cast_on_air

    async with cast_on_air(settings, say=_say) as on:
        _say(f"Open the overlay, in OBS or in a browser: {on.server.overlay_address}")
        yield on.cast


def _say(line: str) -> None:
    click.echo(line, err=True)
