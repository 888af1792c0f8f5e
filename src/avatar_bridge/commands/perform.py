"""`perform`: speak tagged text to the configured targets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any

import click

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.live_view import live_view
from avatar_bridge.commands.reading import stream_script
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.settings import Settings
from avatar_bridge.stage.performance import Outcome

__all__ = ["POPUP", "outcome_data", "outcome_lines", "perform"]

POPUP = 60.0
"""Seconds that the user has to allow the plugin in a VTube Studio that runs; then the show begins without it."""


async def perform(source: str, settings: Settings, *, as_json: bool) -> None:
    """Perform the text of `source` (a file, or `-`) as it arrives and print what became of it.

    Where the overlay plays or shows it, its server runs meanwhile, and the show begins once a page is there.
    """
    async with _on_stage(settings) as bridge:
        told = tuple(bridge.notes)
        for note in told:
            click.echo(_note(note), err=True)
        async with live_view(bridge):
            await bridge.ready(within=POPUP)
            outcome = await bridge.perform(stream_script(source))
        data = outcome_data(bridge, outcome)
        lines = list(outcome_lines(bridge, outcome, told))
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    for line in lines:
        click.echo(line, err=True)


@asynccontextmanager
async def _on_stage(settings: Settings) -> AsyncIterator[Bridge]:
    """Yield a running bridge, with its pages where the settings ask for them."""
    shown = any((table.driver or name) == "overlay" for name, table in settings.drivers.items() if table.enabled)
    if not shown and settings.sound.speaker != "overlay":
        async with Bridge.from_settings(settings) as bridge:
            yield bridge
        return
    from avatar_bridge.commands.on_air import on_air

    async with on_air(settings) as (bridge, server, onlooker):
        for note in server.notes:
            click.echo(_note(note), err=True)
        click.echo(f"Open the overlay, in OBS or in a browser: {server.overlay_address}", err=True)
        if not await onlooker.shown(POPUP):
            click.echo("No page has come up, so the show begins without one.", err=True)
        yield bridge


def outcome_data(bridge: Bridge, outcome: Outcome) -> dict[str, Any]:
    """Return an outcome for programs."""
    return {
        "heard": outcome.heard.speech,
        "complete": outcome.heard.complete,
        "duration_s": round(outcome.heard.at, 4),
        "timing": outcome.timeline.timing,
        "first_audio_s": None if outcome.first_audio is None else round(outcome.first_audio, 4),
        "actions": [
            {
                "driver": fired.driver,
                "action": fired.action,
                "due_s": round(fired.due, 4),
                "late_ms": round(fired.late_ms, 2),
            }
            for body in bridge.stage.bodies
            for fired in body.fired
        ],
        "targets": {
            driver.name: {"status": driver.state.status, "detail": driver.state.detail} for driver in bridge.drivers
        },
        "diagnostics": [
            {"message": note.message, "offset": note.offset, "suggestion": note.suggestion}
            for note in gathered(bridge, outcome)
        ],
    }


def outcome_lines(bridge: Bridge, outcome: Outcome, told: Collection[Diagnostic] = ()) -> Iterator[str]:
    """Yield what a person should know afterwards and was not `told` before; nothing when all went well."""
    for note in gathered(bridge, outcome):
        if note in told:
            continue
        yield _note(note)
    for driver in bridge.drivers:
        if driver.state.status != "ready":
            yield f"note: {driver.name} is {driver.state.status}: {driver.state.detail}"


def _note(note: Diagnostic) -> str:
    return f"note: {note.message}" + (f" ({note.suggestion})" if note.suggestion else "")


def gathered(bridge: Bridge, outcome: Outcome) -> list[Diagnostic]:
    """Return every diagnostic of the performance once: the bridge's, the script's, the players' and the targets'."""
    notes = [*bridge.notes, *outcome.timeline.diagnostics]
    for body in bridge.stage.bodies:
        notes += body.diagnostics
        notes += body.driver.state.diagnostics
    notes += bridge.troubles
    return list(dict.fromkeys(notes))
