"""`maps check --target` against OBS or nizima LIVE: what a map asks for and the running program lacks."""

from __future__ import annotations

import asyncio

from avatar_bridge import registry
from avatar_bridge.assembly import build_drivers
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import UnreachableError
from avatar_bridge.ports import TargetState
from avatar_bridge.settings import DriverSettings, Settings

__all__ = ["TARGETS", "look", "missing"]

TARGETS = ("obs", "nizima")
"""Programs that tell by themselves what they have."""
_TRYING = 4.0
"""Seconds that a driver has to reach its target."""


async def missing(name: str, settings: Settings, *, target: str, url: str | None = None) -> list[Diagnostic]:
    """Return what the map `name` asks for and the running program lacks, each with the nearest name that it has.

    The program's address and password are those of the settings' first table for it; `url` overrides the address.
    Raises UnreachableError where it cannot be asked, saying what to do.
    """
    motion_map = registry.read_map(name)
    tables = settings.drivers.items()
    called = next((each for each, table in tables if (table.driver or each) == target), target)
    table = settings.drivers.get(called, DriverSettings())
    table = table.model_copy(update={"enabled": True} | ({"url": url} if url else {}))
    state = await look(called, settings.model_copy(update={"drivers": {called: table}}), motion_map)
    if state.status != "ready":
        raise UnreachableError(f"{called} cannot be asked: {state.detail}")
    return list(state.diagnostics)


async def look(name: str, settings: Settings, motion_map: MotionMap) -> TargetState:
    """Return how the target is after its driver has tried to reach it; nothing is done there.

    Raises what building the driver raises (UsageError, SettingsError).
    """
    alone = settings.model_copy(update={"drivers": {name: settings.drivers[name]}})
    driver = build_drivers(alone, motion_map)[0]
    running = asyncio.create_task(driver.run())
    try:
        async with asyncio.timeout(_TRYING):
            await driver.ready()
    except TimeoutError:
        pass
    state = driver.state
    await driver.close()
    running.cancel()
    await asyncio.wait({running})
    return state
