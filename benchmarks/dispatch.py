"""How late frames and cues leave against the playhead, beside a bare 60 Hz loop that runs at the same time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import MotionSettings, Settings, SoundSettings

SENTENCES = (
    "The [nod]answer is simple, and I will [smile]tell you all about it in a moment. ",
    "We [tilt]walked along the river for an hour, and then [wave]somebody called us from the bridge. ",
    "It was [surprised]late when the last train [look_left]left the station without a single passenger. ",
)
REFERENCE = """
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
asyncio.run(main(float(sys.argv[1])))
"""


def measure(quick: bool) -> Iterable[Figure]:
    """Speak for a minute with Piper in its worker to the simulator and read the trace."""
    seconds = 12.0 if quick else 60.0
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.jsonl"
        reference = asyncio.run(_perform(seconds, trace))
        rows = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    frames = np.array([row["late_ms"] for row in rows if row["kind"] == "frame"])
    cues = np.array([row["late_ms"] for row in rows if row["kind"] == "act" and row["due_s"] > 0.1])
    for share, limit in ((50, 1.0), (99, 5.0)):
        beside = float(np.percentile(reference, share))
        for name, values in (("frames", frames), ("cues", cues)):
            value = float(np.percentile(values, share))
            yield Figure(
                f"dispatch lateness of {len(values)} {name}, p{share}",
                value,
                "ms",
                target=f"<= reference + {limit:g}",
                reached=value <= beside + limit,
                reference=beside,
                reference_name="bare asyncio loop at the same time",
            )


async def _perform(seconds: float, trace: Path) -> list[float]:
    async with stand_in() as simulator:
        settings = Settings(
            sound=SoundSettings(speaker="none"),
            motion=MotionSettings(seed=1),
            drivers={"vts": simulator.driver()},
            trace=trace,
        )
        async with Bridge.from_settings(settings) as bridge:
            await bridge.ready()
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", REFERENCE, str(seconds), stdout=subprocess.PIPE
            )
            script = "".join(SENTENCES[index % len(SENTENCES)] for index in range(int(seconds / 4) + 2))
            speaking = asyncio.create_task(bridge.perform(script))
            out, _ = await child.communicate()
            bridge.interrupt()
            await asyncio.wait({speaking})
    late: list[float] = json.loads(out)
    return late
