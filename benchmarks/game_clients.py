"""Clients of the game protocol, each in a process of its own against a real bridge on loopback.

Clock: how far a client's idea of the bridge's clock is off (both processes read CLOCK_MONOTONIC; the constant between
their zeros is the least of what their lines, stamped on one side and read on the other, say: 0.1 ms too much at most).
Cues: how far after its start each cue was begun, and how far apart the clients began it. Sound: whether it ran dry
while every piece of data was held for up to 100 ms, and how far the told start is from when the output took sample 0.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure

__all__ = ["measure"]

SCRIPT = (
    "Hello there, and welcome! [nod] This goes on for a few sentences. [wave] One after the other they are spoken, "
    "[nod] and each is heard at its time. [happy] That is all there is to it, [nod] and so it ends."
)
_JITTER = 0.1
_BUFFERS_MS = {"Godot": 512 / 44.1, "Mono": 1024 / 48.0}
"""One buffer of the output: Godot's without a sound card, and the one that Unity's probe plays at."""
_QUICK = ("Godot", "reference")
"""Clients that look every 2 ms whether a cue is due; Unity's probe does so 60 times a second, as a game does."""
_SETTLING = 1.0
"""Seconds in which the first four pings are answered, the first of them by a client that still warms up."""
_CLOCK_MS, _APART_MS = 2.0, 5.0


def _part(name: str) -> ModuleType:
    known = f"avatar_bridge_benchmark_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of every client that can run here; 5 minutes of sound each, 30 s where `quick`."""
    processes = _part("_game_processes")
    names = list(processes.commands())
    yield from asyncio.run(_in_time(processes, names, shows=1 if quick else 4))
    for name in names:
        yield from asyncio.run(_sounding(processes, name, seconds=30.0 if quick else 300.0))


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95)) if values else float("nan")


async def _in_time(processes: ModuleType, names: list[str], *, shows: int) -> list[Figure]:
    """Return clock errors and cue times of all clients in the same shows."""
    figures: list[Figure] = []
    async with processes.house(plays=False) as house:
        clients: list[Any] = []
        async with asyncio.TaskGroup() as tasks:
            over = asyncio.Event()
            here = asyncio.Barrier(len(names) + 1)
            for name in names:
                tasks.create_task(_stay(processes, house, name, clients, here, over))
            await here.wait()
            await asyncio.sleep(3.0)
            for _ in range(shows):
                await house.perform(SCRIPT)
            await asyncio.sleep(0.5)
            over.set()
    for client in clients:
        settled = client.all("connected")[0]["own"] + _SETTLING
        looks = [line for line in client.all("sync") if line["own"] >= settled]
        errors = [abs(line["offset"] - client.apart) * 1000.0 for line in looks]
        note = f"{len(errors)} looks, from {_SETTLING:.0f} s after the welcome on"
        value = _p95(errors)
        figures.append(
            Figure(f"{client.name}: clock offset error p95", value, "ms", "<= 2", value <= _CLOCK_MS, note=note)
        )
        late = [(line["heard"] - line["due"]) * 1000.0 for line in client.all("cue") if "due" in line]
        if late:
            figures.append(
                Figure(f"{client.name}: a cue begins after its start, p95", _p95(late), "ms", note=f"{len(late)} cues")
            )
    figures += _apart(clients)
    return figures


async def _stay(
    processes: ModuleType, house: Any, name: str, clients: list[Any], here: asyncio.Barrier, over: asyncio.Event
) -> None:
    async with processes.client(name, house.address, house.token) as client:
        clients.append(client)
        await here.wait()
        await over.wait()


def _apart(clients: list[Any]) -> list[Figure]:
    quick = [client for client in clients if client.name in _QUICK]
    begun = [[(line["name"], line["at"]) for line in client.all("cue")] for client in quick]
    if len(begun) < 2 or len({len(each) for each in begun}) != 1:
        return []
    spread = [(max(at for _, at in cue) - min(at for _, at in cue)) * 1000.0 for cue in zip(*begun, strict=True) if cue]
    value = _p95(spread)
    note = f"{len(spread)} cues of {' and '.join(client.name for client in quick)}, both looking every 2 ms"
    return [Figure("the same cue in two clients, apart p95", value, "ms", "<= 5", value <= _APART_MS, note=note)]


async def _sounding(processes: ModuleType, name: str, *, seconds: float) -> list[Figure]:
    """Return underruns and the playhead's error of one client that plays the voice."""
    figures: list[Figure] = []
    async with processes.house(plays=True) as house:
        async with processes.client(name, house.address, house.token, "--sound") as client:
            await asyncio.sleep(1.5)
            shows = 2 if seconds < 60.0 else 6
            for _ in range(shows):
                await house.perform(SCRIPT)
            await client.wait("ended", shows)
            told = house.starts.first
            ended = [line for line in client.all("ended") if "taken_at" in line and line["utterance"] in told]
            if ended:
                value = max(abs(line["taken_at"] - told[line["utterance"]]) * 1000.0 for line in ended)
                buffer = _BUFFERS_MS[name]
                figures.append(
                    Figure(
                        f"{name}: told start against when the output took sample 0, greatest",
                        value,
                        "ms",
                        f"<= {buffer:.1f} (one buffer)",
                        value <= buffer,
                        note=f"{len(ended)} utterances",
                    )
                )
        async with (
            processes.shaken(house.address, most=_JITTER) as address,
            processes.client(name, address, house.token, "--sound") as client,
        ):
            await asyncio.sleep(1.5)
            until = time.perf_counter() + seconds
            played = 0
            while time.perf_counter() < until:
                await house.perform(SCRIPT)
                played += 1
                await client.wait("ended", played)
            dry = sum(line["underruns"] for line in client.all("ended"))
            note = f"{played} utterances in {seconds:.0f} s, every piece held for 0..100 ms"
            figures.append(Figure(f"{name}: underruns with jitter", dry, "", "0", dry == 0, note=note))
    return figures
