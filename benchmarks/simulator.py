"""The VTube Studio simulator under load: 1, 20 and 100 clients at 60 Hz, beside a server that only echoes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from avatar_bridge.commands.bench import Figure
from avatar_bridge.simulators.vts import TokenStore, VTubeStudioSimulator
from avatar_bridge.simulators.vts.session import Plugin

__all__ = ["measure"]

_LOAD = Path(__file__).with_name("_vts_load.py")


async def _load(url: str, clients: int, seconds: float) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_LOAD), url, str(clients), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


async def _echo(clients: int, seconds: float) -> dict[str, Any]:
    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        return await _load(f"ws://127.0.0.1:{port}", clients, seconds)


async def _simulator(clients: int, seconds: float) -> dict[str, Any]:
    store = TokenStore()
    store.tokens = {Plugin(f"Plugin {number:03d}", "Load"): "token" for number in range(clients)}
    async with VTubeStudioSimulator(token_store=store) as vts:
        frame, start, work = vts.studio.frame, time.perf_counter(), time.process_time()
        seen = await _load(vts.url, clients, seconds)
        wall = time.perf_counter() - start
        seen["fps"] = (vts.studio.frame - frame) / wall
        seen["cpu"] = 100 * (time.process_time() - work) / wall
        seen["injected"] = len(vts.frames)
    return seen


def measure(quick: bool) -> Iterator[Figure]:
    """Yield lost frames, answer times, render rate and CPU for growing numbers of clients."""
    seconds = 2.0 if quick else 8.0
    for clients in (1, 20, 100):
        echo = asyncio.run(_echo(clients, seconds))
        seen = asyncio.run(_simulator(clients, seconds))
        name = f"simulator, {clients} clients at 60 Hz"
        lost = seen["wanted"] - seen["injected"]
        yield Figure(f"{name}: lost injections", lost, "of " + str(seen["wanted"]), "0", lost == 0)
        for part in ("p50_ms", "p99_ms"):
            note = "answers wait for the next of 60 render frames a second"
            yield Figure(
                f"{name}: answer {part[:3]}",
                seen[part],
                "ms",
                reference=echo[part],
                reference_name="bare echo server",
                note=note if part == "p50_ms" else "",
            )
        yield Figure(f"{name}: render frames", seen["fps"], "a second")
        yield Figure(f"{name}: CPU", seen["cpu"], "% of a core")
