"""A bare loop in a process of its own that wakes every 5 ms: when it did, and how many milliseconds late."""

from __future__ import annotations

import asyncio
import json
import sys
import time

__all__: list[str] = []

_EVERY = 0.005


async def _main() -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    woken: list[tuple[float, float]] = []
    due = loop.time()
    while not over.done():
        due += _EVERY
        await asyncio.sleep(max(due - loop.time(), 0.0))
        woken.append((time.perf_counter(), 1000.0 * (loop.time() - due)))
        due = max(due, loop.time() - _EVERY)
    print(json.dumps(woken))


if __name__ == "__main__":
    asyncio.run(_main())
