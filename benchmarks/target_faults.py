"""Every driver under fault: its target is killed, stalled and started anew while it speaks, beside a healthy one.

All targets are broken at the same time, each by chances of its own; the healthy one, VTube Studio's simulator in a
process of its own, writes down what it was told. A target is back once it is driven and holds what should be held.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import MotionSettings, Settings, SoundSettings, VoiceSettings, WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

__all__ = ["measure"]

_SCRIPT = (
    "[hold]Banana, [mark]banana, banana and banana,[/hold] banana [mark]and banana. "
    "[mark]Banana, [hold]banana and [mark]so on,[/hold] banana. "
)
_BACK = 2.0
"""Seconds that a target may take to be driven and in step again."""
_GIVING_UP = 6.0
_LOOK = 0.005


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
class _Seen:
    """What happened to one target."""

    faults: int = 0
    back: list[float] = field(default_factory=list)
    """Seconds from its return until it was driven and held what it should."""
    out_of_step: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Log:
    """What happened to all."""

    seen: dict[str, _Seen] = field(default_factory=dict)
    escaped: list[str] = field(default_factory=list)
    marks: int = 0
    """Cues that the healthy target was to be given."""
    late_ms: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    """How late the healthy target's cues were started, without and with faults at the others."""
    pressed: int = 0


class _Escaped(logging.Handler):
    """Takes down every error that is logged."""

    def __init__(self, log: _Log) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        if record.name.startswith(("avatar_bridge", "asyncio")):
            self._log.escaped.append(f"{record.name}: {record.getMessage()[:200]}")


def measure(quick: bool) -> Iterator[Figure]:
    """Break every target 20 or 200 times; yield what the drivers made of it."""
    log = asyncio.run(_show(20 if quick else 200))
    yield from _figures(log)


async def _show(count: int, *, calm: int = 3) -> _Log:
    """Speak `calm` times without faults, then until every target had `count` of them."""
    log, parts = _Log(), _part("_faulty_targets")
    handler = _Escaped(log)
    logging.getLogger().addHandler(handler)
    try:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "map.toml").write_text(parts.MAP, encoding="utf-8")
            record = folder / "healthy.jsonl"
            async with AsyncExitStack() as inner:
                healthy = await inner.enter_async_context(stand_in(record=record))
                found = await parts.targets(inner, folder)
                await _perform(inner, parts, folder, {"healthy": healthy.driver()}, found, (calm, count), log)
            rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
            log.pressed = sum(
                row["kind"] == "request" and row["type"] == "HotkeyTriggerRequest" and row["error"] is None
                for row in rows
            )
    finally:
        logging.getLogger().removeHandler(handler)
    return log


async def _perform(
    stack: AsyncExitStack,
    parts: ModuleType,
    folder: Path,
    drivers: dict[str, Any],
    found: list[Any],
    counts: tuple[int, int],
    log: _Log,
) -> None:
    settings = Settings.model_validate(
        {
            "voice": VoiceSettings(engine="tone"),
            "sound": SoundSettings(speaker="none"),
            "motion": MotionSettings(map=str(folder / "map.toml")),
            "drivers": {**drivers, **{target.name: target.settings() for target in found}},
            "web": WebSettings(port=0, avatar="svg"),
        }
    )
    hall = WebGames()
    bridge = await stack.enter_async_context(Bridge.from_settings(settings, games=hall))
    server = await stack.enter_async_context(Server(bridge, WebAudience(), settings.web, games=hall))
    for target in found:
        if isinstance(target, parts.GameTarget):
            target.address, target.token = server.game_address, server.token
            await target.start()
    await bridge.ready()
    await asyncio.sleep(1.0)
    over = asyncio.Event()
    over.set()
    calm, count = counts
    for _ in range(calm):
        await _speak(bridge, over, log, faulty=False)
    over.clear()
    speaking = asyncio.create_task(_speak(bridge, over, log, faulty=True))
    async with asyncio.TaskGroup() as tasks:
        for seed, target in enumerate(found):
            log.seen[target.name] = _Seen()
            tasks.create_task(_torment(bridge, target, count, random.Random(seed), log.seen[target.name]))
    over.set()
    await speaking
    for target in found:
        if not await _within(partial(_rests, target)):
            log.seen[target.name].out_of_step.append("held after the end")
    log.escaped += [str(body.failure) for body in bridge.stage.bodies if body.failure is not None]


async def _speak(bridge: Bridge, over: asyncio.Event, log: _Log, *, faulty: bool) -> None:
    """Speak again and again, once at least, until it is over; note when the healthy target's cues were started."""
    healthy = next(body for body in bridge.stage.bodies if body.driver.name == "healthy")
    while True:
        outcome = await bridge.perform(_SCRIPT)
        log.marks += sum(cue.name == "mark" for cue in outcome.timeline.cues)
        log.late_ms[faulty] += [fired.late_ms for fired in healthy.fired if fired.action == "mark"]
        if over.is_set():
            return


async def _torment(bridge: Bridge, target: Any, count: int, chance: random.Random, seen: _Seen) -> None:
    driver = next(each for each in bridge.drivers if each.name == target.name)
    for _ in range(count):
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        what = chance.choice(("kill", "stall", "restart"))
        if what == "stall":
            await target.stall(chance.uniform(0.05, 0.8))
        else:
            await target.kill()
            await asyncio.sleep(chance.uniform(0.1, 1.0) if what == "kill" else 0.0)
            await target.start()
        seen.faults += 1
        began = time.perf_counter()
        if await _within(lambda: _in_step(bridge, driver, target)):
            seen.back.append(time.perf_counter() - began)
        if time.perf_counter() - began > _BACK:
            took = time.perf_counter() - began
            seen.out_of_step.append(f"after a {what}: {driver.state.status} and in step after {took:.1f} s")


def _rests(target: Any) -> bool:
    return not target.holds()


async def _within(condition: Callable[[], bool]) -> bool:
    until = time.perf_counter() + _GIVING_UP
    while not condition():
        if time.perf_counter() > until:
            return False
        await asyncio.sleep(_LOOK)
    return True


def _in_step(bridge: Bridge, driver: Any, target: Any) -> bool:
    return bool(driver.state.status == "ready" and target.holds() == _should(bridge))


def _should(bridge: Bridge) -> bool:
    timeline, heard = bridge.timeline, bridge.stage.heard()
    if timeline is None or heard is None:
        return False
    ends = [(cue.start, cue.released) for cue in timeline.cues if cue.name == "hold"]
    return any(start <= heard and (released is None or heard < released) for start, released in ends)


def _figures(log: _Log) -> Iterator[Figure]:
    faults = sum(seen.faults for seen in log.seen.values())
    note = "; ".join(log.escaped[:3])
    name = f"exceptions that escaped in {faults} faults at {len(log.seen)} drivers"
    yield Figure(name, len(log.escaped), "", "0", not log.escaped, note=note)
    missed = log.marks - log.pressed
    name = f"cues that the healthy target missed, of {log.marks}"
    yield Figure(name, missed, "", "0", missed == 0, note="counted at the target")
    for driver, seen in log.seen.items():
        worst = max(seen.back, default=float("nan"))
        yield Figure(
            f"{driver}: driven and in step again after {seen.faults} kills, stalls and restarts, longest",
            worst,
            "s",
            f"<= {_BACK:g}",
            worst <= _BACK,
            note=f"median {float(np.median(seen.back)):.2f}, p95 {float(np.percentile(seen.back, 95)):.2f} s"
            if seen.back
            else "",
        )
        share = 100.0 * (seen.faults - len(seen.out_of_step)) / max(seen.faults, 1)
        told = "; ".join(seen.out_of_step[:3])
        yield Figure(f"{driver}: holds what it should after it", share, "%", "100", share == 100.0, note=told)
    beside = log.late_ms[False]
    yield Figure(
        "healthy target's cues beside the faults, lateness p95",
        float(np.percentile(log.late_ms[True], 95)),
        "ms",
        reference=float(np.percentile(beside, 95)) if beside else None,
        reference_name="the same without faults",
        note=f"{len(log.late_ms[True])} cues, started by the bridge",
    )
