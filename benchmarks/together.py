"""One script to everything at once: VTube Studio (simulator), Unity (Mono), Godot, VMC (python-osc) and a real OBS.

Every target is a process of its own and is watched at its own end, on CLOCK_MONOTONIC: for each cue the lines say when
each of them acted, against when it was to be seen. "Acted" is when the target has it in its own picture: see the lines
that begin with "acted at". A target that this machine lacks is left out, and a line says so.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.settings import MotionSettings, Settings, SoundSettings, VoiceSettings, WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

__all__ = ["measure"]

_GAMES = {"Mono": "Unity (Mono)", "Godot": "Godot"}
_OPTIONS = {
    "Mono": ("--natives", "trigger=Mark", "--fps", "500"),
    "Godot": ('--natives={"trigger":["Mark"]}',),
}
"""Both look every 2 ms whether a cue is due: what is compared is the clocks and not the phases of two pictures."""
_FAR = 0.25
"""Seconds from its time within which something counts as a cue's doing."""
_SPREAD_MS, _APART_MS = 25.0, 5.0
_FRAME_MS = 1000 / 60
_SETTLING = 3.0
_BUSY_MS, _NEAR = 5.0, 0.06
"""A machine that is late by so much, within so many seconds of a cue, says nothing about who performs it."""


def _part(name: str) -> ModuleType:
    known = f"avatar_bridge_benchmark_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


@dataclass(slots=True)
class _Show:
    """What one performance left behind."""

    targets: list[Any] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    meant: list[float] = field(default_factory=list)
    """When each mark was to be seen, on this process's CLOCK_MONOTONIC."""
    dips: list[float] = field(default_factory=list)
    leads: dict[str, list[float]] = field(default_factory=dict)
    """By driver: its lead when it was asked, again and again during the show."""
    bare: list[tuple[float, float]] = field(default_factory=list)
    """When a bare loop beside it woke, and how many milliseconds late."""
    troubles: list[str] = field(default_factory=list)


def measure(quick: bool) -> Iterator[Figure]:
    """Perform once, then say of each cue when each target acted."""
    show = asyncio.run(_perform(_script(12 if quick else 48)))
    for line in (*show.absent, *show.troubles):
        yield Figure(line, 0, "")
    for target in show.targets:
        yield Figure(f"acted at {target.name}: {target.how}", len(target.marks), "marks")
    off = {target.name: _offsets(show.meant, target.marks) for target in show.targets}
    yield from _lines(show, off)
    yield from _figures(show, off)


def _script(marks: int) -> str:
    words = ["banana", "cabin", "delta", "ember", "fable", "garden", "harbour", "island"]
    said = []
    for index in range(marks):
        first, second, third = (words[(index + step) % len(words)] for step in (0, 3, 5))
        dip = "[dip]" if index % 3 == 1 else ""
        said.append(f"[mark]{first} and {dip}{second} {third}{'. ' if index % 4 == 3 else ' '}")
    return "All of them stand here, in a row. " + "".join(said) + "And that is all there is."


async def _perform(script: str) -> _Show:
    show, parts, games = _Show(), _part("_together_targets"), _part("_game_processes")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "map.toml").write_text(parts.MAP, encoding="utf-8")
        for open_one in (parts.vts, parts.vmc, parts.obs):
            found = await stack.enter_async_context(open_one())
            (show.absent if isinstance(found, str) else show.targets).append(found)
        names = [name for name in _GAMES if name in games.commands()]
        show.absent += parts.missing_games(games.commands())
        drivers = {target.settings.driver: target.settings for target in show.targets}
        settings = Settings.model_validate(
            {
                "voice": VoiceSettings(engine="tone"),
                "sound": SoundSettings(speaker="none"),
                "motion": MotionSettings(map=str(folder / "map.toml"), liveliness=0.0, seed=3),
                "drivers": {**drivers, **({"game": {}} if names else {})},
                "web": WebSettings(port=0, avatar="svg"),
            }
        )
        hall = WebGames()
        bridge = await stack.enter_async_context(Bridge.from_settings(settings, games=hall))
        server = await stack.enter_async_context(Server(bridge, WebAudience(), settings.web, games=hall))
        clients = {
            name: await stack.enter_async_context(
                games.client(name, server.game_address, server.token, *_OPTIONS[name])
            )
            for name in names
        }
        await bridge.ready()
        await stack.enter_async_context(parts.bare_loop(show.bare.extend))
        await asyncio.sleep(_SETTLING)
        await _speak(bridge, script, show)
        await asyncio.sleep(0.5)
        for name, client in clients.items():
            target = parts.Target(_GAMES[name], how="the client's own word, at the tick that began it", streaming=False)
            target.marks = [line["own"] + client.apart for line in client.all("cue") if line["name"] == parts.ACTION]
            show.targets.append(target)
    return show


async def _speak(bridge: Bridge, script: str, show: _Show) -> None:
    starts: list[float] = []
    speaking = asyncio.create_task(bridge.perform(script))
    while not speaking.done():
        heard = bridge.stage.heard()
        if heard is not None and heard > 0:
            starts.append(time.perf_counter() - heard)
        for body in bridge.stage.bodies:
            show.leads.setdefault(body.driver.name, []).append(body.driver.lead)
        await bridge.stage.frames(1)
    outcome = await speaking
    origin = float(np.median(starts[: int(len(starts) * 0.98)]))
    show.meant = [origin + cue.start for cue in outcome.timeline.cues if cue.name == "mark"]
    show.dips = [origin + cue.at for cue in outcome.timeline.cues if cue.name == "dip"]
    show.troubles = [f"trouble: {each.message}" for body in bridge.stage.bodies for each in body.diagnostics]


def _offsets(meant: list[float], acted: list[float]) -> list[float]:
    """Return by how many milliseconds each cue was late; not a number where the target did nothing at its time."""
    times = np.array(acted)
    off = []
    for at in meant:
        near = times[np.abs(times - at) <= _FAR] if len(times) else times
        off.append(1000.0 * float(near[np.argmin(np.abs(near - at))] - at) if len(near) else float("nan"))
    return off


def _lines(show: _Show, off: dict[str, list[float]]) -> Iterator[Figure]:
    """Yield a line for each cue: when it was to be seen, and by how much each target was off."""
    first = show.meant[0] if show.meant else 0.0
    for index, at in enumerate(show.meant):
        told = ", ".join(f"{name} {values[index]:+.1f}" for name, values in off.items())
        name = f"cue {index + 1} [mark], meant for {at - first:.3f} s after the first: spread"
        yield Figure(name, _spread(off, index), "ms", note=f"acted at, ms after that: {told}")


def _spread(off: dict[str, list[float]], index: int) -> float:
    values = [values[index] for values in off.values()]
    return max(values) - min(values) if values else float("nan")


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95)) if values and np.all(np.isfinite(values)) else float("nan")


def _figures(show: _Show, off: dict[str, list[float]]) -> Iterator[Figure]:
    count = len(show.meant)
    missed = sum(not np.isfinite(value) for values in off.values() for value in values)
    doubled = sum(max(len(target.marks) - count, 0) for target in show.targets)
    yield Figure("cues that a target did not act on, or twice", missed + doubled, "", "0", missed + doubled == 0)
    everything = _p95([_spread(off, index) for index in range(count)])
    calm = _calm(show)
    busy = count - len(calm)
    off = {name: [values[index] for index in calm] for name, values in off.items()}
    value = _p95([_spread(off, index) for index in range(len(calm))])
    yield Figure(
        f"spread of {len(calm)} cues over {len(off)} targets, p95",
        value,
        "ms",
        f"<= {_SPREAD_MS:g}",
        value <= _SPREAD_MS,
        _p95([_spread(_without_leads(show, off), index) for index in range(len(calm))]),
        "the same without leads, reckoned",
        f"with {busy} more, at which a bare loop beside was {_BUSY_MS:g} ms late or more: {everything:.1f} ms",
    )
    yield from _each(show, off)
    scheduling = [name for name in off if name in _GAMES.values()]
    if len(scheduling) > 1:
        value = _p95([_spread({name: off[name] for name in scheduling}, index) for index in range(len(calm))])
        note = "both look every 2 ms"
        yield Figure(f"{' and '.join(scheduling)} apart, p95", value, "ms", "<= 5", value <= _APART_MS, note=note)
    late = sorted(late for _, late in show.bare)
    if late:
        name = "a bare loop in a process of its own beside the show, lateness p95"
        yield Figure(name, _p95(late), "ms", note=f"p99 {float(np.percentile(late, 99)):.1f}, most {late[-1]:.1f} ms")


def _calm(show: _Show) -> list[int]:
    """Return the cues at which the machine had time: a bare loop in a process of its own was not much late."""
    busy = np.array([at for at, late in show.bare if late >= _BUSY_MS])
    return [index for index, at in enumerate(show.meant) if not np.any(np.abs(busy - at - 0.01) <= _NEAR)]


def _without_leads(show: _Show, off: dict[str, list[float]]) -> dict[str, list[float]]:
    leads = {
        target.name: 1000.0 * float(np.median(show.leads[target.settings.driver]))
        for target in show.targets
        if target.settings is not None
    }
    return {name: [value + leads.get(name, 0.0) for value in values] for name, values in off.items()}


def _each(show: _Show, off: dict[str, list[float]]) -> Iterator[Figure]:
    for target in show.targets:
        values = off[target.name]
        lead = show.leads.get(target.settings.driver) if target.settings is not None else None
        told = f"median {float(np.median(values)):+.1f} ms" + (
            f", lead {1000 * float(np.median(lead)):.1f} ms" if lead else ""
        )
        value = _p95([abs(each) for each in values])
        limit = _FRAME_MS if target.streaming else None
        yield Figure(
            f"{target.name}: off its time, p95",
            value,
            "ms",
            f"<= {limit:.1f} (one frame)" if limit else "",
            value <= limit if limit else None,
            note=told,
        )
        if target.pitch and show.dips:
            lags = [1000.0 * lag for lag in _dips(show.dips, target.pitch)]
            note = f"{len(lags)} dips by channels, median {float(np.median(lags)):+.1f} ms"
            value = _p95([abs(each) for each in lags])
            name = f"{target.name}: lowest point of the head off its word, p95"
            yield Figure(name, value, "ms", f"<= {_FRAME_MS:.1f} (one frame)", value <= _FRAME_MS, note=note)


def _dips(words: list[float], pitch: list[tuple[float, float]]) -> list[float]:
    """Return by how many seconds each lowest point was late: the vertex of a parabola through the fall and rise."""
    at, values = np.array([row[0] for row in pitch]), np.array([row[1] for row in pitch])
    lags = []
    for word in words:
        around = np.abs(at - word) <= 0.3
        if around.sum() < 8:
            continue
        moved = np.abs(values[around] - np.median(values))
        times = at[around] - word
        centre = float(times[np.argmax(moved)])
        near = np.abs(times - centre) <= 0.07
        curve = np.polyfit(times[near] - centre, moved[near], 2)
        lags.append(centre - float(curve[1] / (2 * curve[0])) if curve[0] < 0 else centre)
    return lags
