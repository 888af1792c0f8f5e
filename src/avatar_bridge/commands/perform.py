"""`perform`: speak tagged text to the configured targets."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
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
    """Perform the text of `source` (a file, or `-`) as it arrives and print what became of it."""
    async with Bridge.from_settings(settings) as bridge:
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
