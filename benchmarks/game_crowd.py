"""A crowd in one game: 1, 10 and 100 characters over one connection, all alive, up to ten of them speaking at a time.

Bridge, game and reference loop are processes of their own. Lateness is when a tick's motion came to the game, after the
tick's deadline; a tick that was left out counts with the motion of the next. CPU is the bridge's with its voices'.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure

__all__ = ["measure"]

_HOUSE = Path(__file__).with_name("_crowd_house.py")
_FRAME = 1 / 60
_FRAME_MS = 1000 * _FRAME
_STARTING = 5.0
"""Seconds that a hundred characters may take to come up, of our own."""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield CPU, lateness, what was lost, interrupts, memory and start of casts of 1, 10 and 100 characters."""
    seconds, interrupts = (6.0, 10) if quick else (60.0, 100)
    before: tuple[int, float] | None = None
    for count in (1, 10, 100):
        command = [sys.executable, str(_HOUSE), str(count), str(min(count, 10)), str(seconds), str(interrupts)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        yield from _figures(count, told)
        memory = told["memory"]
        name = f"{count} character{'s' * (count > 1)}: memory of the bridge"
        more = "" if before is None else f"{1000 * (memory - before[1]) / (count - before[0]):.0f} kB for each more"
        yield Figure(name, memory, "MB", note=more)
        before = count, memory


def _figures(count: int, told: dict[str, Any]) -> Iterator[Figure]:
    crowd = f"{count} character{'s' * (count > 1)}"
    whole = count == 100
    cpu = told["cpu"]
    note = f"{told['children']} process of voices"
    limit = "<= 100" if whole else ""
    yield Figure(f"{crowd}: CPU of the bridge", cpu, "% of a core", limit, cpu <= 100 if whole else None, note=note)
    late, lost = _lateness(count, told)
    beside = float(np.percentile(told["reference"], 99))
    value = float(np.percentile(late, 99))
    yield Figure(
        f"{crowd}: motion comes after its tick, p99",
        value,
        "ms",
        "<= reference + 1 frame",
        value <= beside + _FRAME_MS,
        beside,
        "bare asyncio loop at the same time",
        f"p50 {np.percentile(late, 50):.2f}, p99.9 {np.percentile(late, 99.9):.2f} of {len(late)} ticks",
    )
    yield lost
    took = told["interrupts_ms"]
    yield Figure(
        f"{crowd}: one is interrupted, to its cancel at the game, p99",
        float(np.percentile(took, 99)),
        "ms",
        note=f"p50 {np.percentile(took, 50):.2f}, of {len(took)}; the game asks over the same connection",
    )
    start = told["start_s"]
    limit = f"<= {_STARTING:g}" if whole else ""
    yield Figure(f"{crowd}: until all are here", start, "s", limit, start <= _STARTING if whole else None)
    yield Figure(f"{crowd}: until all are gone", told["close_s"], "s")


def _lateness(count: int, told: dict[str, Any]) -> tuple[list[float], Figure]:
    """Return by how many milliseconds each tick's motion came late, and what was lost."""
    came = {at: arrival for at, arrival, moved in told["game"]["messages"] if moved == count}
    begin, end = told["window"]
    ticks = [(at, deadline) for at, deadline, _ in told["ticks"] if begin <= deadline < end]
    late: list[float] = []
    missed = left_out = 0
    before = ticks[0][1] - _FRAME
    for at, deadline in ticks:
        arrival = came.get(at)
        missed += arrival is None
        skipped = round((deadline - before) / _FRAME) - 1
        left_out += skipped
        if arrival is not None:
            late += [1000 * (arrival - deadline + back * _FRAME) for back in range(skipped + 1)]
        before = deadline
    talk = told["talk"]
    cues = talk["cues"] - talk["fired"]
    lost = missed + told["game"]["gaps"] + cues
    note = (
        f"of {len(ticks)} ticks and {talk['cues']} cues in {talk['complete']} utterances; "
        f"{left_out} ticks left out as the one before took too long"
    )
    crowd = f"{count} character{'s' * (count > 1)}"
    return late, Figure(f"{crowd}: motion messages and cues lost", float(lost), "", "0", lost == 0, note=note)
