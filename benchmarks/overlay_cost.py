"""What a frame costs the bridge's process while pages are open: mixing, encoding, sockets, captions and clock."""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.settings import Settings
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.web import Server, WebAudience

__all__ = ["measure"]

_CLIENTS = Path(__file__).with_name("_overlay_clients.py")
_TEXT = "Here we are again, [nod]and I am glad to see you. [wave]Shall we go on? [smile]I think that we shall. "
_SETTINGS = {
    "voice": {"engine": "tone"},
    "drivers": {"overlay": {}},
    "web": {"port": 0},
}
_TARGETS = {1: 0.5, 10: 0.8}
_FRAME = 1 / 60


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the milliseconds of processor time a frame with one page and with ten, speaking and silent."""
    seconds = 3 if quick else 12
    for pages, target in _TARGETS.items():
        for speaking in (True, False):
            bare = statistics.median(asyncio.run(_bare(max(3, seconds // 3))))
            costs, seen = asyncio.run(_costs(pages, seconds, speaking=speaking))
            cost = statistics.median(costs)
            yield Figure(
                f"a frame with {pages} overlay page{'s' if pages > 1 else ''}, {'speaking' if speaking else 'silent'}",
                cost,
                "ms CPU",
                f"<= {target}",
                cost <= target,
                bare,
                "60 Hz loop that writes one message to one socket, just before",
                f"median of {len(costs)} s, worst {max(costs):.2f}; every page saw {100 * seen:.1f} % of the frames",
            )


async def _costs(pages: int, seconds: int, *, speaking: bool) -> tuple[list[float], float]:
    """Return milliseconds of CPU a frame, second by second, and which part of the frames the worst page saw."""
    audience = WebAudience()
    bridge = Bridge.from_settings(Settings.model_validate(_SETTINGS), audience=audience)
    server = Server(bridge, audience)
    async with bridge, server:
        url = f"{server.address.replace('http', 'ws')}/v1/events?token={server.token}"
        async with _clients(url, pages) as process:
            stage, (driver,) = bridge.stage, bridge.drivers
            talk = asyncio.create_task(bridge.perform(_TEXT * seconds)) if speaking else None
            await stage.frames(90)
            await _seen(process)
            sent = driver.state.sent_frames
            costs = [await _second(lambda: stage.frames(60)) for _ in range(seconds)]
            sent = driver.state.sent_frames - sent
            seen = await _seen(process)
            if talk is not None:
                bridge.interrupt()
                await talk
            return costs, seen / sent


async def _bare(seconds: int) -> list[float]:
    """Return the same of a loop on absolute deadlines that writes 152 bytes to a socket that is read elsewhere."""
    here, there = socket.socketpair()
    with here, there:
        loop = asyncio.get_running_loop()
        here.setblocking(False)
        reading = threading.Thread(target=lambda: any(iter(lambda: not there.recv(4096), True)), daemon=True)
        reading.start()
        clock = SystemClock()

        async def beat() -> None:
            at = clock.time()
            for _ in range(60):
                at += _FRAME
                await clock.wait_until(at)
                await loop.sock_sendall(here, bytes(152))

        costs = [await _second(beat) for _ in range(seconds)]
        here.shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(reading.join)
    return costs


async def _second(work: Callable[[], Awaitable[None]]) -> float:
    """Return milliseconds of CPU a frame while `work` takes sixty of them."""
    cpu, began = time.process_time(), time.perf_counter()
    await work()
    return 1000 * (time.process_time() - cpu) * _FRAME / (time.perf_counter() - began)


async def _seen(process: asyncio.subprocess.Process) -> int:
    """Return how many frames the page with the fewest has seen since it was asked last."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    return int(await process.stdout.readline())


@asynccontextmanager
async def _clients(url: str, pages: int) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_CLIENTS), url, str(pages), stdin=pipe, stdout=pipe
    )
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
