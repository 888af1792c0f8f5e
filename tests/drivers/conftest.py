from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_vts import ScriptedVts

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.drivers.vts import VTubeStudioDriver

MAP = """
[actions.wave]
meaning = "waves"
kind = "gesture"
vts.hotkey = "Wave"

[actions.blush]
meaning = "blushes"
kind = "expression"
vts.hotkey = "blush"

[actions.star]
meaning = "star eyes"
kind = "expression"
vts.expression = "star"

[actions.puff]
meaning = "puffs"
kind = "expression"
vts.parameters = { CheekPuff = 0.8 }

[actions.dance]
meaning = "dances"
kind = "gesture"
vts.hotkey = "Waves"

[actions.nod]
meaning = "nods"
kind = "gesture"
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]
"""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar_bridge.drivers.vts_stream.RETRY_FOREIGN", 0.3)
    monkeypatch.setattr("avatar_bridge.drivers.vts_session.BUSY", 0.05)


@pytest.fixture
def vts_map() -> MotionMap:
    return load_motion_map(MAP, source="test.toml")


@pytest.fixture
async def vts() -> AsyncIterator[ScriptedVts]:
    async with ScriptedVts() as server:
        yield server


@pytest.fixture
async def drive(tmp_path: Path, vts_map: MotionMap) -> AsyncIterator[Callable[..., Any]]:
    """Start a driver that runs until the test ends."""
    running: list[tuple[VTubeStudioDriver, asyncio.Task[None]]] = []

    def start(**settings: Any) -> VTubeStudioDriver:
        given = {
            "motion_map": vts_map,
            "token_path": tmp_path / "token.json",
            "folders": (),
            "probe": False,
            "discovery_port": None,
            "jitter": lambda: 0.0,
        }
        driver = VTubeStudioDriver(**(given | settings))
        running.append((driver, asyncio.create_task(driver.run())))
        return driver

    yield start
    for driver, task in running:
        await driver.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
