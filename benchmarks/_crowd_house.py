"""A cast of many characters with one game that shows them all, in a process of its own: what it costs, as one line.

Arguments: characters, how many of them speak at a time, seconds, interrupts.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands import shell
from avatar_bridge.commands.on_air import OnAir, cast_on_air
from avatar_bridge.settings import Settings

_CLIENT = Path(__file__).with_name("_crowd_client.py")
_TOKEN = "a-token-for-the-measurement-only"
_SCRIPT = (
    "[wave]Hello there! We have been [nod]here since the morning, and [smile]everything is fresh. "
    "Are you [tilt]looking for something? "
)
_SETTLING = 4.0
"""Seconds that pass before anything is measured: everybody speaks, and the lead has settled."""
_REFERENCE = """
import asyncio, json, sys, time
async def main(seconds):
    loop = asyncio.get_running_loop()
    late, tick = [], loop.time()
    end = tick + seconds
    while tick < end:
        tick += 1 / 60
        future = loop.create_future()
        loop.call_at(tick, future.set_result, None)
        await future
        late.append(1000 * (loop.time() - tick))
    print(json.dumps(late))
sys.stdin.readline()
asyncio.run(main(float(sys.argv[1])))
"""


def _settings(count: int) -> Settings:
    others: dict[str, Any] = {f"npc {number}": {"drivers": {"game": {}}} for number in range(1, count)}
    return Settings.model_validate(
        {
            "voice": {"engine": "tone"},
            "sound": {"speaker": "game"},
            "drivers": {"game": {}},
            "characters": others,
            "web": {"port": 0, "avatar": "svg", "token": _TOKEN},
        }
    )


class Ticks:
    """Takes down every tick: the `at` of the main character's frame, its deadline, and when all frames were made."""

    def __init__(self, on: OnAir) -> None:
        (self._driver,) = on.cast.main.drivers
        last = tuple(on.cast)[-1].stage
        self._frame = last.frame
        self.taken: list[tuple[float, float, float]] = []
        setattr(last, "frame", self._observed)  # noqa: B010 - a method, so a plain assignment is refused

    def _observed(self, now: float, late: float) -> None:
        self._frame(now, late)
        self.taken.append((now + self._driver.lead, now - late, time.perf_counter()))


class Talk:
    """Characters that speak on and on, and what became of it."""

    def __init__(self) -> None:
        self.complete = self.interrupted = self.cues = self.fired = 0

    async def go_on(self, bridge: Bridge, late: float) -> None:
        """Speak until cancelled, from `late` seconds on."""
        await asyncio.sleep(late)
        while True:
            outcome = await bridge.perform(_SCRIPT)
            self.interrupted += outcome.interrupted
            if not outcome.interrupted:
                self.complete += outcome.heard.complete
                self.cues += len(outcome.timeline.cues)
                self.fired += sum(len(body.fired) for body in bridge.stage.bodies)
            await asyncio.sleep(0.3)


async def _child(*command: str) -> asyncio.subprocess.Process:
    pipe = subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, *command, stdin=pipe, stdout=pipe, limit=2**26)


async def _asked(process: asyncio.subprocess.Process, line: str = "") -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(f"{line}\n".encode())
    answer = await process.stdout.readline()
    return json.loads(answer)


def _spent(mine: psutil.Process, others: set[int]) -> float:
    """Return seconds of CPU of this process and of its children but those in `others`."""
    total = 0.0
    for process in (mine, *(child for child in mine.children() if child.pid not in others)):
        times = process.cpu_times()
        total += times.user + times.system
    return total


async def main(count: int, speaking: int, seconds: float, interrupts: int) -> None:
    """Run the show, print what was measured."""
    began = time.perf_counter()
    found: dict[str, Any] = {}
    async with cast_on_air(_settings(count)) as on:
        found["start_s"] = time.perf_counter() - began
        names = json.dumps(list(on.cast.names))
        game = await _child(str(_CLIENT), on.server.game_address, _TOKEN, names)
        bare = await _child("-c", _REFERENCE, str(seconds))
        await _asked(game)
        talk, ticks = Talk(), Ticks(on)
        bridges = tuple(on.cast)[:speaking]
        talking = [asyncio.create_task(talk.go_on(bridge, 0.217 * n)) for n, bridge in enumerate(bridges)]
        await asyncio.sleep(_SETTLING)
        mine = psutil.Process()
        found["children"] = len(mine.children()) - 2
        cpu, at = _spent(mine, {game.pid, bare.pid}), time.perf_counter()
        found["reference"] = await _asked(bare, "go")
        until = time.perf_counter()
        found["cpu"] = 100 * (_spent(mine, {game.pid, bare.pid}) - cpu) / (until - at)
        found["memory"] = mine.memory_info().rss / 1e6
        found["window"] = at, until
        if interrupts:
            found["interrupts_ms"] = (await _asked(game, f"interrupts {interrupts}"))["took_ms"]
        await asyncio.sleep(0.2)
        found["game"] = await _asked(game, "end")
        found["ticks"] = ticks.taken
        found["talk"] = vars(talk)
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await asyncio.gather(game.wait(), bare.wait())
        closing = time.perf_counter()
    found["close_s"] = time.perf_counter() - closing
    print(json.dumps(found))


if __name__ == "__main__":
    shell.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
