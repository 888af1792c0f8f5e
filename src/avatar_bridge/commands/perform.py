"""`perform`: speak tagged text to the configured targets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any

import click

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.finding import in_words
from avatar_bridge.commands.live_view import live_view
from avatar_bridge.commands.reading import stream_script
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Witness
from avatar_bridge.settings import Settings
from avatar_bridge.stage.body import Body, Fired
from avatar_bridge.stage.performance import Outcome

__all__ = ["POPUP", "acted_lines", "outcome_data", "outcome_lines", "perform"]

POPUP = 60.0
"""Seconds that the user has to allow the plugin in a VTube Studio that runs; then the show begins without it."""
_LAST_WORDS = 18
"""Frames in which targets may still tell that they acted, after the last word."""


async def perform(source: str, settings: Settings, *, as_json: bool, character: str = "", acted: bool = False) -> None:
    """Perform the text of `source` (a file, or `-`) as it arrives and print what became of it.

    Where the overlay or a game plays or shows it, its server runs meanwhile, and the show begins once one is there.
    `character`: who performs, empty for the main one; `acted`: print when each target acted, as it tells.
    """
    async with _on_stage(settings, character) as bridge:
        told = tuple(bridge.notes)
        for note in told:
            click.echo(_note(note), err=True)
        async with live_view(bridge) as shown:
            await bridge.ready(within=POPUP)
            outcome = await bridge.perform(stream_script(source))
            if any(isinstance(driver, Witness) for driver in bridge.drivers):
                await bridge.stage.frames(_LAST_WORDS)
        data = outcome_data(bridge, outcome)
        lines = list(outcome_lines(bridge, outcome, (*told, *shown)))
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif acted:
        for line in acted_lines(bridge):
            click.echo(line)
    for line in lines:
        click.echo(line, err=True)


@asynccontextmanager
async def _on_stage(settings: Settings, character: str = "") -> AsyncIterator[Bridge]:
    """Yield the running bridge of a character, with its pages and games where the settings ask for them."""
    paged = settings.driven("overlay") or settings.sound.speaker == "overlay"
    if not character and not settings.characters and not paged and not settings.gaming:
        async with Bridge.from_settings(settings) as bridge:
            yield bridge
        return
    from avatar_bridge.commands.on_air import cast_on_air

    async with cast_on_air(settings) as on:
        bridge = on.cast.find(character)
        for note in on.server.notes:
            click.echo(_note(note), err=True)
        if paged and not character:
            click.echo(f"Open the overlay, in OBS or in a browser: {on.server.overlay_address}", err=True)
            if not await on.onlooker.shown(POPUP):
                click.echo("No page has come up, so the show begins without one.", err=True)
        if bridge.settings.driven("game") or bridge.settings.sound.speaker == "game":
            click.echo(f"Let the game connect to {on.server.game_address}, token {on.server.token}", err=True)
            if not await on.watch_games(character).shown(POPUP):
                click.echo("No game has come, so the show begins without one.", err=True)
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
                **_seen(body, fired),
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
    notes = [note for note in gathered(bridge, outcome) if note not in told]
    yield from map(_note, notes)
    said = {note.suggestion for note in (*notes, *told)}
    for driver in bridge.drivers:
        if driver.state.status != "ready" and driver.state.detail not in said:
            yield f"note: {driver.name} is {driver.state.status}: {driver.state.detail}"


def acted_lines(bridge: Bridge) -> Iterator[str]:
    """Yield a table of when each target acted on each cue: by its own word where it tells, else as it was sent."""
    rows = [
        (fired.due, fired.cue, fired.action, fired.driver, _seen(body, fired), fired.late_ms)
        for body in bridge.stage.bodies
        for fired in body.fired
    ]
    if not rows:
        yield "no target acted on anything"
        return
    width = max(len("target"), *(len(row[3]) for row in rows))
    named = max(len("action"), *(len(row[2]) for row in rows))
    yield f"{'action':<{named}}  {'target':<{width}}  {'due s':>8}  {'acted s':>8}  {'off ms':>7}"
    for due, _, action, driver, seen, late_ms in sorted(rows, key=lambda row: row[:4]):
        told = f"{seen['seen_s']:8.3f}  {seen['off_ms']:7.1f}" if seen else f"{'sent':>8}  {late_ms:7.1f}"
        yield f"{action:<{named}}  {driver:<{width}}  {due:8.3f}  {told}"


def _seen(body: Body, fired: Fired) -> dict[str, float]:
    """Return when the target showed an action, where it told."""
    found = next((seen for seen in body.seen if seen.cue == fired.cue), None)
    return {} if found is None else {"seen_s": round(found.at, 4), "off_ms": round(found.off_ms, 2)}


def _note(note: Diagnostic) -> str:
    return f"note: {in_words(note)}"


def gathered(bridge: Bridge, outcome: Outcome) -> list[Diagnostic]:
    """Return every diagnostic of the performance once: the bridge's, the script's, the players' and the targets'."""
    notes = [*bridge.notes, *outcome.timeline.diagnostics]
    for body in bridge.stage.bodies:
        notes += body.diagnostics
        notes += body.driver.state.diagnostics
    notes += bridge.troubles
    return list(dict.fromkeys(notes))
