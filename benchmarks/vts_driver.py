"""What a frame costs: from the rig's channels to VTube Studio's answer, the simulator in another process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from websockets.asyncio.client import connect

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import FACE_CHANNELS
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.vts import VTubeStudioDriver
from avatar_bridge.simulators.vts import VTubeStudioSimulator
from avatar_bridge.wire.vts import Injection
from avatar_bridge.wire.vts_parameters import INPUTS, Rendering

_RATE = 60.0
_MAP = '[actions.wave]\nmeaning = "waves"\nkind = "gesture"\nvts.hotkey = "Wave"\n'
_SIMULATOR = """
import asyncio, sys
from avatar_bridge.simulators.vts import VTubeStudioSimulator
async def main():
    async with VTubeStudioSimulator() as simulator:
        print(simulator.url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""
_BARE = """
import asyncio
from websockets.asyncio.server import serve
async def answer(connection):
    async for text in connection:
        await connection.send('{"messageType":"InjectParameterDataResponse","requestID":"ab1","data":{}}')
async def main():
    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the cost of making a frame, and of driving one model at 60 Hz, beside a bare WebSocket client."""
    channels = {channel.name: (channel.low + channel.high) / 3 for channel in FACE_CHANNELS}
    rendering = Rendering(INPUTS)
    injection = Injection(rendering.names)
    rounds = 2_000 if quick else 20_000
    begun = time.process_time()
    for _ in range(rounds):
        text = injection.text("ab1", rendering.values(channels))
    made = (time.process_time() - begun) / rounds
    yield Figure(
        "vts frame made (channels to text)", made * 1e6, "us", "<= 100", made <= 1e-4, note=f"{len(text)} bytes"
    )
    seconds = 3.0 if quick else 20.0
    with _process(_BARE) as url:
        bare = asyncio.run(_bare(url, text, seconds))
    with _process(_SIMULATOR) as url, tempfile.TemporaryDirectory() as folder:
        cost, latency, dropped, sent = asyncio.run(_driven(url, channels, seconds, Path(folder)))
    yield Figure(
        "vts frame in all (made, sent, answer matched), CPU",
        cost * 1000,
        "ms",
        "<= 0.5",
        cost <= 0.0005,
        bare * 1000,
        "bare websockets client",
    )
    yield Figure(
        "vts driver at 60 Hz, CPU", cost * _RATE * 100, "% of a core", note=f"{sent} frames, {dropped} dropped"
    )
    yield Figure("vts latency as measured (half of the least round trip)", latency, "ms")
    for outage in (1.0,) if quick else (1.0, 3.0, 10.0):
        gap = asyncio.run(_returned(outage))
        yield Figure(f"vts driver ready after the app's return ({outage:g} s away)", gap, "s", "<= 2", gap <= 2.0)


@contextlib.contextmanager
def _process(code: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


async def _bare(url: str, text: str, seconds: float) -> float:
    """Return the CPU seconds a frame of a client that sends ready text and awaits the answer."""
    async with connect(url, compression=None, proxy=None) as connection:
        frames = int(seconds * _RATE)
        begun, used = time.perf_counter(), time.process_time()
        for index in range(frames):
            await asyncio.sleep(max(begun + index / _RATE - time.perf_counter(), 0))
            await connection.send(text)
            await connection.recv()
        return (time.process_time() - used) / frames


async def _driven(url: str, channels: dict[str, float], seconds: float, folder: Path) -> tuple[float, float, int, int]:
    driver = VTubeStudioDriver(
        motion_map=load_motion_map(_MAP, source="benchmark"),
        url=url,
        token_path=folder / "token.json",
        folders=(),
        probe=False,
        discovery_port=None,
    )
    run = asyncio.create_task(driver.run())
    if not await driver.ready():
        raise RuntimeError(driver.state.detail)
    frames = int(seconds * _RATE)
    begun, used = time.perf_counter(), time.process_time()
    for index in range(frames):
        await asyncio.sleep(max(begun + index / _RATE - time.perf_counter(), 0))
        driver.send_frame(Frame(index / _RATE, channels))
    cost = (time.process_time() - used) / frames
    state = driver.state
    await driver.close()
    await run
    return cost, state.latency_ms or 0.0, state.dropped_frames, state.sent_frames


async def _returned(outage: float) -> float:
    """Return the seconds from the app's return to a driver that is ready again; no broadcasts are heard."""
    async with VTubeStudioSimulator() as simulator:
        with tempfile.TemporaryDirectory() as folder:
            driver = VTubeStudioDriver(
                motion_map=load_motion_map(_MAP, source="benchmark"),
                url=simulator.url,
                token_path=Path(folder) / "token.json",
                folders=(),
                probe=False,
                discovery_port=None,
            )
            run = asyncio.create_task(driver.run())
            await driver.ready()
            simulator.refuse_connections()
            simulator.drop_connections()
            await asyncio.sleep(outage)
            simulator.refuse_connections(False)
            begun = time.perf_counter()
            await simulator.until(lambda: driver.state.status == "ready")
            gap = time.perf_counter() - begun
            await driver.close()
            await run
            return gap
