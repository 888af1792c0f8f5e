"""What the bridge's own process costs while it speaks, and how that grows with performances at once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.stand_in import stand_in

SECONDS = 12.0
CHILD = """
import asyncio, json, sys
from avatar_bridge.commands import shell
sys.argv = sys.argv[1:]
from pathlib import Path
import importlib.util
spec = importlib.util.spec_from_file_location("footprint", sys.argv[0])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
shell.run(module.speak(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
"""
BARE = """
import asyncio, sys, time
async def main(seconds):
    loop = asyncio.get_running_loop()
    tick = loop.time()
    end = tick + seconds
    cpu = time.process_time()
    while tick < end:
        tick += 1 / 60
        future = loop.create_future()
        loop.call_at(tick, future.set_result, None)
        await future
    print(100 * (time.process_time() - cpu) / seconds)
asyncio.run(main(float(sys.argv[1])))
"""
SCRIPT = "The [nod]river was wide, and [smile]nobody knew how deep it might be on the other side. " * 8


def measure(quick: bool) -> Iterable[Figure]:
    """Measure one performance with Piper, then 1, 10 and 50 at once with the tone voice."""
    import avatar_bridge

    seconds = 6.0 if quick else SECONDS
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import avatar_bridge"], check=True)
    whole = time.perf_counter() - started
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.perf_counter() - started
    yield Figure(
        f"import avatar_bridge {avatar_bridge.__version__}",
        whole - bare,
        "s",
        target="< 0.3",
        reached=whole - bare < 0.3,
        reference=bare,
        reference_name="an interpreter that imports nothing",
    )
    cpu, memory, idle = asyncio.run(_one("piper", 1, seconds))
    yield _share("bridge process while speaking to one VTube Studio with Piper: CPU", cpu, 6.0, idle)
    yield Figure("the same: memory", memory, "MB", target="<= 120", reached=memory <= 120)
    for count in (1, 10) if quick else (1, 10, 50):
        cpu, memory, _ = asyncio.run(_one("tone", count, seconds))
        yield _share(f"{count} performances at once: CPU", cpu, None, None)
        yield Figure(f"{count} performances at once: memory", memory, "MB")


def _share(name: str, cpu: float, limit: float | None, beside: float | None) -> Figure:
    return Figure(
        name,
        cpu,
        "% of a core",
        target="" if limit is None else f"<= {limit:g}",
        reached=None if limit is None else cpu <= limit,
        reference=beside,
        reference_name="a bare 60 Hz asyncio loop" if beside is not None else "",
    )


async def _one(voice: str, count: int, seconds: float) -> tuple[float, float, float]:
    """Return the process's CPU in % of a core, its resident memory in MB, and the CPU of a bare 60 Hz loop."""
    async with stand_in() as simulator:
        token = str(simulator.folder / "token.json")
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CHILD,
            __file__,
            f"{voice}={simulator.url}",
            token,
            str(count),
            str(seconds),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
    data = json.loads(out)
    return data["cpu"], data["memory"], await asyncio.to_thread(_bare, min(seconds, 4.0))


def _bare(seconds: float) -> float:
    command = [sys.executable, "-c", BARE, str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


async def speak(target: str, token: str, count: int, seconds: float) -> None:
    """Run in the child: `count` bridges speak; print CPU and memory of this process alone."""
    from avatar_bridge.assembly import Bridge
    from avatar_bridge.settings import DriverSettings, Settings, SoundSettings, VoiceSettings

    voice, _, url = target.partition("=")
    settings = Settings(
        voice=VoiceSettings(engine=voice),
        sound=SoundSettings(speaker="none"),
        drivers={
            "vts": DriverSettings(url=url, lead=0.01, options={"token_path": Path(token), "discovery_port": None})
        },
    )
    async with AsyncExitStack() as stack:
        bridges = [await stack.enter_async_context(Bridge.from_settings(settings)) for _ in range(count)]
        for bridge in bridges:
            await bridge.ready()
        speaking = [asyncio.create_task(bridge.perform(SCRIPT)) for bridge in bridges]
        await bridges[0].stage.until(lambda: (bridges[0].stage.heard() or -1.0) > 0.5)
        process = psutil.Process()
        before, at = process.cpu_times(), time.perf_counter()
        await bridges[0].stage.frames(round(seconds * 60))
        after, wall = process.cpu_times(), time.perf_counter() - at
        used = after.user + after.system - before.user - before.system
        print(json.dumps({"cpu": 100 * used / wall, "memory": process.memory_info().rss / 1e6}))
        for bridge in bridges:
            bridge.interrupt()
        await asyncio.wait(speaking)
