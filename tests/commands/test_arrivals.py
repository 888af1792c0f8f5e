"""What the terminal tells of pages and of notes while the show runs."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

from websockets.asyncio.client import connect

from avatar_bridge.commands.arrivals import Arrivals, Notes
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Page
from avatar_bridge.settings import Settings, override

QUIET = {"voice.engine": "tone", "sound.speaker": "overlay", "web.port": 0, "web.avatar": "svg"}


def page(number: int, *streams: str, kind: str = "overlay") -> Page:
    return cast("Page", SimpleNamespace(id=number, kind=kind, streams=frozenset(streams)))


def sound(state: str) -> dict[str, Any]:
    return {"type": "sound", "state": state}


def test_a_note_is_said_once() -> None:
    said: list[str] = []
    notes = Notes(said.append)
    for _ in range(3):
        notes(Diagnostic("it rains", suggestion="take a hat"))
        notes(Diagnostic("it snows"))
    assert said == ["note: it rains (take a hat)", "note: it snows"]


def test_who_comes_who_goes_and_who_has_the_sound() -> None:
    said: list[str] = []
    having: list[int | None] = [None]
    arrivals = Arrivals(said.append, lambda: having[0])
    first, second, mute, studio = page(1, "sound"), page(2, "sound"), page(3), page(4, "sound", kind="studio")
    for each in (first, second, mute, studio):
        arrivals.joined(each)
    arrivals.received(first, sound("blocked"))
    having[0] = 1
    arrivals.received(first, sound("running"))
    arrivals.received(first, sound("running"))
    arrivals.received(second, sound("running"))
    arrivals.received(studio, sound("running"))
    arrivals.received(first, {"type": "report"})
    having[0] = 2
    arrivals.left(first)
    arrivals.left(studio)
    assert said == [
        "overlay 3 is open, without sound",
        "overlay 1 is open, its browser plays no sound before a click into it",
        "overlay 1: it has the sound",
        "overlay 2 is open, overlay 1 has the sound",
        "overlay 1 is gone",
        "overlay 2 has the sound now",
    ]


async def test_a_show_tells_its_notes_once_and_its_pages() -> None:
    said: list[str] = []
    settings = override(Settings(), QUIET).model_copy(update={"drivers": {}})
    async with on_air(settings, say=said.append) as (bridge, server, _):
        address = f"{server.address.replace('http', 'ws')}/v1/events?token={server.token}"
        async with connect(address, proxy=None) as overlay:
            await overlay.send(json.dumps({"type": "hello", "kind": "overlay", "streams": ["sound"]}))
            await overlay.send(json.dumps(sound("running")))
            async with asyncio.timeout(10):
                await bridge.stage.until(lambda: len(said) == 1)
        async with asyncio.timeout(10):
            await bridge.stage.until(lambda: len(said) == 2)
        for _ in range(2):
            await bridge.perform("[dansce]One.")
        bridge.notes.append(Diagnostic("something else"))
        async with asyncio.timeout(10):
            await bridge.stage.until(lambda: "note: something else" in said)
    assert said[:2] == ["overlay 1 is open, it has the sound", "overlay 1 is gone"]
    assert sum("dansce" in line for line in said) == 1
