"""What `soak.py` runs in a process of its own, with Python's development mode on: a show that goes wrong all the time.

`python -X dev _soak_show.py soak|chaos|long AMOUNT` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from _soak_chaos import chaos
from _soak_parts import Log, interrupt, seen, settings
from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import Settings, SoundSettings, VoiceSettings


def census() -> dict[str, float]:
    """Count what this process holds."""
    gc.collect()
    process = psutil.Process()
    return {
        "memory_mb": process.memory_info().rss / 1e6,
        "traced_mb": tracemalloc.get_traced_memory()[0] / 1e6,
        "tasks": len(asyncio.all_tasks()),
        "threads": process.num_threads(),
        "files": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        "children": len(process.children(recursive=True)),
    }


async def soak(seconds: float) -> dict[str, Any]:
    """Perform back to back, interrupt, replace, act and change state; count what grows."""
    rng, log = random.Random(3), Log()
    async with stand_in() as simulator:
        made = Settings(
            voice=VoiceSettings(engine="tone", options={"speed": 2.0}),
            sound=SoundSettings(speaker="none"),
            drivers={"vts": simulator.driver()},
        )
        async with Bridge.from_settings(made) as bridge:
            await bridge.ready()
            counts, performed = [], 0
            started = time.perf_counter()
            marks = [seconds * share for share in (0.25, 0.4, 0.55, 0.7, 0.85, 1.0)]
            while marks:
                await _short(bridge, rng, log)
                performed += 1
                if time.perf_counter() - started >= marks[0]:
                    if len(marks) == 6:
                        tracemalloc.start()
                    await bridge.stage.frames(90)
                    counts.append(census())
                    marks.pop(0)
            top = [str(line) for line in tracemalloc.take_snapshot().statistics("lineno")[:6]]
            tracemalloc.stop()
    return {"performed": performed, "counts": counts, "top": top, **seen(log)}


async def _short(bridge: Bridge, rng: random.Random, log: Log) -> None:
    script = rng.choice(
        ("[happy]Hello there. [nod]Well.", "[wave]Hi, hi. [smile]And [wink]on[/smile].", "One. [pause 0.2] Two? [no!")
    )
    speaking = [asyncio.create_task(bridge.perform(script))]
    for _ in range(rng.randrange(4)):
        await asyncio.sleep(rng.uniform(0.0, 0.4))
        match rng.randrange(5):
            case 0:
                interrupt(bridge, log)
            case 1:
                speaking.append(asyncio.create_task(bridge.perform(script)))
            case 2:
                bridge.act(rng.choice(["nod", "wink", "happy", "laugh"]), duration=0.5)
            case 3:
                bridge.enter(rng.choice(["idle", "listening", "thinking"]))
            case _:
                speaking[0].cancel()
    for result in await asyncio.gather(*speaking, return_exceptions=True):
        if isinstance(result, Exception):
            log.wrong.append(f"perform raised {result!r}")


async def long(seconds: float) -> dict[str, Any]:
    """Stream a megabyte, 200,000 tags and a reply that never ends; interrupt each after some seconds."""
    told: dict[str, Any] = {}

    async def endless() -> AsyncIterator[str]:
        yield "Banana, banana and banana. "
        await asyncio.Event().wait()

    async def streamed(text: str) -> AsyncIterator[str]:
        for at in range(0, len(text), 4):
            yield text[at : at + 4]

    megabyte = "Banana, [nod]banana and banana, or whatever there is. " * 19_000
    cases: dict[str, Callable[[], Any]] = {
        "1 MB streamed in 4 characters": lambda: streamed(megabyte),
        "1 MB at once": lambda: iter([megabyte]),
        "1 MB without a full stop": lambda: streamed("banana " * 150_000),
        "200,000 tags at once": lambda: iter(["[nod]" * 200_000 + " Banana."]),
        "200,000 tags before a word": lambda: streamed("[nod]" * 200_000 + " Banana."),
        "a reply that never ends": endless,
    }
    with tempfile.TemporaryDirectory() as name:
        async with Bridge.from_settings(settings(Path(name))) as bridge:
            for kind, make in cases.items():
                log = Log()
                beat = asyncio.create_task(_beats(bridge))
                before = psutil.Process().memory_info().rss / 1e6
                speaking = asyncio.create_task(bridge.perform(make()))
                await asyncio.wait({speaking}, timeout=seconds)
                grown = psutil.Process().memory_info().rss / 1e6 - before
                interrupt(bridge, log)
                called = time.perf_counter()
                with suppress(Exception):
                    await speaking
                ended = 1000 * (time.perf_counter() - called)
                beat.cancel()
                worst = (await asyncio.gather(beat, return_exceptions=True))[0]
                told[kind] = {"call_ms": log.calls_ms[0], "ended_ms": ended, "mb": grown, "beat_ms": worst}
    return {"long": told, **seen(Log())}


async def _beats(bridge: Bridge) -> float:
    worst = 0.0
    last = time.perf_counter()
    try:
        while True:
            await bridge.stage.frames(1)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now
    except asyncio.CancelledError:
        return 1000 * worst


if __name__ == "__main__":
    amount = float(sys.argv[2])
    match sys.argv[1]:
        case "chaos":
            print(json.dumps(asyncio.run(chaos(int(amount), int(sys.argv[3])))))
        case "soak":
            print(json.dumps(asyncio.run(soak(amount))))
        case _:
            print(json.dumps(asyncio.run(long(amount))))
