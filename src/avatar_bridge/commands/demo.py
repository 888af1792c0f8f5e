"""`demo`: the whole thing on a bare machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge, build_mixer
from avatar_bridge.commands.doctor import listening, look_for_vts
from avatar_bridge.commands.live_view import live_view
from avatar_bridge.commands.perform import POPUP, outcome_data, outcome_lines
from avatar_bridge.commands.render import Rendering, report_page
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.core.timeline.rehearsal import rehearse
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.files import write_atomically
from avatar_bridge.settings import Settings
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.wire.report import Delivery, Target

__all__ = ["demo"]


async def demo(settings: Settings, *, report: Path, as_json: bool) -> None:
    """Perform the demonstration script at a running VTube Studio, else at the simulator, and leave a report."""
    script = registry.data_file("demo.txt").read_text(encoding="utf-8")
    async with _target(settings) as (chosen, note):
        bridge = Bridge.from_settings(chosen)
        bridge.notes.append(note)
        async with bridge:
            told = tuple(bridge.notes)
            for missed in told:
                _say(missed.message + (f" ({missed.suggestion})" if missed.suggestion else ""))
            async with live_view(bridge):
                await bridge.ready(within=POPUP)
                outcome = await bridge.perform(script, keep_audio=True)
            data = outcome_data(bridge, outcome)
            lines = list(outcome_lines(bridge, outcome, told))
            page = await asyncio.to_thread(_page, bridge, outcome)
    write_atomically(report, page)
    if as_json:
        click.echo(json.dumps(data | {"report": str(report)}, ensure_ascii=False, indent=2))
    for line in lines:
        _say(line)
    _say(f"The report is in {report}: open it in a browser.")


def _page(bridge: Bridge, outcome: Outcome) -> str:
    frames = rehearse(outcome.timeline, build_mixer(bridge.settings.motion))
    rendering = Rendering(outcome.timeline, outcome.samples, outcome.rate, frames)
    deliveries = [
        Delivery(fired.driver, fired.action, fired.due, fired.late_ms)
        for body in bridge.stage.bodies
        for fired in body.fired
    ]
    targets = [
        Target(driver.name, driver.state.status, driver.state.latency_ms, driver.state.detail)
        for driver in bridge.drivers
    ]
    return report_page(rendering, deliveries=deliveries, targets=targets)


@asynccontextmanager
async def _target(settings: Settings) -> AsyncIterator[tuple[Settings, Diagnostic]]:
    """Yield settings with a target that answers: what is configured, a VTube Studio that runs, or the simulator."""
    table = settings.drivers.get("vts")
    if table is None or not table.enabled or table.url:
        yield settings, Diagnostic("The targets are those of your settings.")
        return
    if await listening() or await look_for_vts():
        yield settings, Diagnostic("VTube Studio runs: allow the plugin there when it asks.")
        return
    async with stand_in() as simulator:
        drivers = {**settings.drivers, "vts": simulator.driver(table.lead)}
        changed = settings.model_copy(update={"drivers": drivers})
        yield changed, Diagnostic("No VTube Studio answers here, so the simulator stands in for it.")


def _say(line: str) -> None:
    click.echo(line, err=True)
