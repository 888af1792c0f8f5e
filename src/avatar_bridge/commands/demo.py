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
from avatar_bridge.commands.finding import in_words
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


async def demo(settings: Settings, *, report: Path, as_json: bool, open_page: bool) -> None:
    """Perform the demonstration script in the overlay and at a running VTube Studio, else at the simulator.

    A report is left. With `open_page` the overlay is opened in the user's browser, and what it shows stays until the
    user ends it.
    """
    script = registry.data_file("demo.txt").read_text(encoding="utf-8")
    async with _target(settings) as (chosen, note), _on_stage(chosen, open_page=open_page) as (bridge, stays):
        told = (note, *bridge.notes)
        for missed in told:
            _say(in_words(missed))
        async with live_view(bridge) as shown:
            await bridge.ready(within=POPUP)
            outcome = await bridge.perform(script, keep_audio=True)
        data = outcome_data(bridge, outcome)
        lines = list(outcome_lines(bridge, outcome, (*told, *shown)))
        write_atomically(report, await asyncio.to_thread(_page, bridge, outcome))
        if as_json:
            click.echo(json.dumps(data | {"report": str(report)}, ensure_ascii=False, indent=2))
        for line in lines:
            _say(line)
        _say(f"The report is in {report}: open it in a browser.")
        if stays:
            _say("Go on in the studio, as long as you like; Ctrl-C ends it.")
            await asyncio.Event().wait()


@asynccontextmanager
async def _on_stage(settings: Settings, *, open_page: bool) -> AsyncIterator[tuple[Bridge, bool]]:
    """Yield a running bridge with its pages, and whether they are to stay; without them where they cannot be served."""
    if registry.missing_packages("web"):
        _say(f"The overlay and the studio are left out: {registry.remedy('web')}.")
        async with Bridge.from_settings(settings) as bridge:
            yield bridge, False
        return
    from avatar_bridge.commands import on_air

    async with on_air.on_air(settings) as (bridge, server, onlooker):
        for note in server.notes:
            _say(in_words(note))
        _say(f"Overlay: {server.overlay_address}")
        _say(f"Studio:  {server.studio_address}")
        yield bridge, open_page and await on_air.show(server, onlooker, _say)


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
