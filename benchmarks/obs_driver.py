"""How soon OBS has done what it was told, by its own events: a real OBS where there is one, else the simulator."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.ports import Command
from avatar_bridge.simulators.obs import ObsSimulator, Studio

_SUPPORT = Path(__file__).resolve().parents[1] / "tests" / "support"
_MAP = """
[actions.box]
meaning = "a box"
kind = "prop"
obs.source = "Box"
"""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the delay from a command to OBS's event, in milliseconds, beside that of the simulator."""
    rounds = 20 if quick else 100
    simulated = asyncio.run(_simulated(rounds))
    real = asyncio.run(_real(rounds))
    delays, what = (real, "real OBS") if real else (simulated, "simulator: no OBS on this machine")
    p95 = statistics.quantiles(delays, n=20)[-1]
    beside = statistics.quantiles(simulated, n=20)[-1]
    yield Figure(
        "OBS acts after a command, p95",
        p95,
        "ms",
        "<= 25",
        p95 <= 25,
        beside,
        "the simulator",
        f"{what}, n={len(delays)}",
    )
    yield Figure("OBS acts after a command, median", statistics.median(delays), "ms", note=what)


async def _simulated(rounds: int) -> list[float]:
    studio = Studio("Stage")
    studio.place("Stage", "Box", enabled=False)
    async with ObsSimulator(studio=studio) as obs, _driven(obs.url, "") as driver:
        return await _delays(driver, rounds)


async def _real(rounds: int) -> list[float]:
    if not _SUPPORT.is_dir():
        return []
    sys.path.insert(0, str(_SUPPORT))
    from obs_studio import SCENE, missing_obs, obs_studio

    if missing_obs():
        return []
    with tempfile.TemporaryDirectory() as folder:
        async with obs_studio(Path(folder)) as obs:
            kind = {"inputName": "Box", "inputKind": "color_source_v3", "inputSettings": {"width": 50, "height": 50}}
            await obs.ask("CreateInput", sceneName=SCENE, sceneItemEnabled=False, **kind)
            async with _driven(obs.url, obs.password) as driver:
                return await _delays(driver, rounds)


@asynccontextmanager
async def _driven(url: str, password: str) -> AsyncIterator[ObsDriver]:
    driver = ObsDriver(motion_map=load_motion_map(_MAP, source="benchmark"), url=url, password=password)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.run())
        await driver.ready()
        yield driver
        await driver.close()


async def _delays(driver: ObsDriver, rounds: int) -> list[float]:
    await asyncio.sleep(0.5)  # OBS has just begun
    frame = driver.lead - (driver.state.latency_ms or 0.0) / 1000
    delays: list[float] = []
    for cue in range(rounds):
        for kind in ("act", "release"):
            driver.acted()
            began = time.perf_counter()
            driver.send_command(Command("act" if kind == "act" else "release", 0.0, "box", cue))
            delays.append(1000 * (await _seen(driver) - frame - began))
            await asyncio.sleep(0.02)
    return delays


async def _seen(driver: ObsDriver) -> float:
    for _ in range(5000):
        if acted := driver.acted():
            return acted[0].at
        await asyncio.sleep(0.001)
    raise TimeoutError("OBS did not act within 5 s")
