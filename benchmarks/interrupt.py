"""How fast an interrupt silences everything, from the call to what the simulator received."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import Settings, SoundSettings, VoiceSettings

SCRIPT = "[happy]Anna and Omar are on an island, [nod]and all around are avocados, apples and oranges. " * 6
FRAME_MS = 1000 / 60


@dataclass(frozen=True, slots=True)
class Stop:
    """One interrupt."""

    called: float
    """When it was called, by `perf_counter`."""
    returned: float
    again: float
    """When the next utterance was asked for."""


def measure(quick: bool) -> Iterable[Figure]:
    """Interrupt speech at random moments; read what the target received afterwards."""
    rounds = 15 if quick else 60
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "frames.jsonl"
        stops, bare = asyncio.run(_interrupt(rounds, record))
        rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    frames = [(row["t"], row["values"].get("MouthOpen", 0.0)) for row in rows if row["kind"] == "frame"]
    calls = [1000 * (stop.returned - stop.called) for stop in stops]
    last_open, closed = [], []
    for stop in stops:
        after = [(at, mouth) for at, mouth in frames if stop.called < at < stop.again]
        opened = [at for at, mouth in after if mouth > 0.02]
        shut = [at for at, mouth in after if mouth <= 0.02]
        last_open.append(1000 * (max(opened) - stop.called) if opened else 0.0)
        closed.append(1000 * (min(shut) - stop.called) if shut else float("inf"))
    beside = float(np.percentile(bare, 99))
    yield _figure("the call itself (sound stopped, closing frame handed over), p99", calls, 10.0)
    yield _figure("interrupt to the last frame with an open mouth at the target, p99", last_open, 10.0, beside)
    yield _figure(
        "interrupt to the first frame with a closed mouth at the target, p99", closed, 10.0 + FRAME_MS, beside
    )


def _figure(name: str, values: list[float], limit: float, beside: float | None = None) -> Figure:
    value = float(np.percentile(values, 99))
    return Figure(
        f"{name} of {len(values)}",
        value,
        "ms",
        target=f"<= {limit:.1f}",
        reached=value <= limit,
        reference=beside,
        reference_name="loopback round trip in the same run, p99" if beside is not None else "",
    )


async def _interrupt(rounds: int, record: Path) -> tuple[list[Stop], list[float]]:
    generator = random.Random(7)
    stops: list[Stop] = []
    async with stand_in(record=record) as simulator:
        settings = Settings(
            voice=VoiceSettings(engine="auto"),
            sound=SoundSettings(speaker="none"),
            drivers={"vts": simulator.driver()},
        )
        async with Bridge.from_settings(settings) as bridge:
            await bridge.ready()
            for _ in range(rounds):
                speaking = asyncio.create_task(bridge.perform(SCRIPT))
                moment = generator.uniform(0.3, 2.0)
                await bridge.stage.until(lambda moment=moment: (bridge.stage.heard() or -1.0) > moment)  # type: ignore[misc]
                called = time.perf_counter()
                bridge.interrupt()
                returned = time.perf_counter()
                await asyncio.wait({speaking})
                await bridge.stage.frames(12)
                stops.append(Stop(called, returned, time.perf_counter()))
        return stops, await _round_trips(100)


async def _round_trips(count: int) -> list[float]:
    """Return milliseconds of bare TCP echoes on this machine's loopback."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    trips = []
    for _ in range(count):
        sent = time.perf_counter()
        writer.write(b"x" * 900)
        await reader.readexactly(900)
        trips.append(1000 * (time.perf_counter() - sent))
        await asyncio.sleep(FRAME_MS / 1000)
    writer.close()
    server.close()
    return trips
