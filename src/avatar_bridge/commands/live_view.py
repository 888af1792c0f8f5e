"""What happens on stage: a picture where a terminal and the extra `view` are there, else told line by line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.finding import in_words
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.stage.body import Fired

if TYPE_CHECKING:
    from avatar_bridge.commands.live_picture import Picture

__all__ = ["live_view", "word_of"]

_LOOK = 4
"""Frames between two looks: fifteen a second, as often as the picture is drawn."""


@asynccontextmanager
async def live_view(bridge: Bridge) -> AsyncIterator[list[Diagnostic]]:
    """Show what the bridge does while the block runs: a picture on a terminal, lines elsewhere; both on stderr.

    Gives the list of what has been told by then and need not be told again.
    """
    picture, drawing = _picture(bridge)
    notes: list[Diagnostic] = []
    watching = asyncio.create_task(_watch(bridge, picture) if picture else _tell(bridge, notes))
    try:
        with drawing:
            yield notes
            if picture:
                picture.look()
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def _picture(bridge: Bridge) -> tuple[Picture | None, AbstractContextManager[object]]:
    """Return what is drawn and what draws it; nothing where there is no terminal or no `rich`."""
    if find_spec("rich"):
        from avatar_bridge.commands import live_picture

        picture = live_picture.Picture(bridge)
        if drawing := live_picture.drawing(picture):
            return picture, drawing
    return None, nullcontext()


async def _watch(bridge: Bridge, picture: Picture) -> None:
    while True:
        picture.look()
        await bridge.stage.frames(_LOOK)


async def _tell(bridge: Bridge, notes: list[Diagnostic]) -> None:
    """Print a line for each action and each change of a target, and for what a target lacks, as soon as it is known."""
    told: dict[str, str] = {}
    seen: dict[int, list[Fired]] = {}
    while True:
        for index, body in enumerate(bridge.stage.bodies):
            state = body.driver.state
            line = f"{body.driver.name}: {state.status}{': ' + state.detail if state.detail else ''}"
            if told.get(body.driver.name) != line:
                told[body.driver.name] = line
                _say(line)
            for note in state.diagnostics:
                if note not in notes:
                    notes.append(note)
                    _say(f"note: {in_words(note)}")
            if body.missed is not None and told.get(f"{body.driver.name} missed") != body.missed.message:
                told[f"{body.driver.name} missed"] = body.missed.message
                _say(body.missed.message)
            fired = list(body.fired)
            for item in fired[_already(fired, seen.get(index, [])) :]:
                word = word_of(bridge.timeline, item)
                _say(f"{item.due:z7.2f} s  {item.action:<14} {word}  ({item.driver}, {item.late_ms:.1f} ms late)")
            seen[index] = fired
        await bridge.stage.frames(3)


def _already(fired: list[Fired], seen: list[Fired]) -> int:
    if not seen:
        return 0
    last = seen[-1]
    return next((index + 1 for index in reversed(range(len(fired))) if fired[index] is last), 0)


def word_of(timeline: Timeline | None, fired: Fired) -> str:
    """Return where an action belongs, for people: its word, or the end; "" where it came from no script."""
    if timeline is None:
        return ""
    cue = next((cue for cue in timeline.cues if cue.name == fired.action and cue.start == fired.due), None)
    if cue is None:
        return ""
    word = next((word for word in timeline.words if word.char + len(word.text) > cue.char), None)
    return f"on “{word.text}”" if word else "at the end"


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
