"""Lateness of a 60 Hz beat on an idle event loop: the loop's own timer against the ticker thread, in one run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import numpy as np

from avatar_bridge.commands.bench import Figure
from avatar_bridge.stage.clock import SystemClock

_BEAT = 1 / 60


async def _beat(clock: SystemClock, seconds: float) -> tuple[np.ndarray, float]:
    """Return each beat's lateness in ms, and the processor time spent, in percent of a core."""
    late = []
    start, busy = clock.time(), time.process_time()
    for beat in range(1, int(seconds / _BEAT)):
        await clock.wait_until(start + beat * _BEAT)
        late.append((clock.time() - start - beat * _BEAT) * 1000)
    return np.array(late), 100 * (time.process_time() - busy) / (clock.time() - start)


async def _turns(seconds: float) -> dict[bool, tuple[np.ndarray, float]]:
    """Beat by turns, so that what else the machine does falls on both."""
    late: dict[bool, list[np.ndarray]] = {False: [], True: []}
    busy: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(6):
        ticker = turn % 2 == 1
        lateness, share = await _beat(SystemClock(ticker=ticker), seconds / 3)
        late[ticker].append(lateness)
        busy[ticker].append(share)
    return {ticker: (np.concatenate(late[ticker]), float(np.mean(busy[ticker]))) for ticker in (False, True)}


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the lateness and the cost of both ways of waiting."""
    measured = asyncio.run(_turns(3.0 if quick else 15.0))
    (timer, timer_cost), (ticker, ticker_cost) = measured[False], measured[True]
    for name, percent in (("p50", 50), ("p99", 99), ("max", 100)):
        values = {True: float(np.percentile(ticker, percent)), False: float(np.percentile(timer, percent))}
        yield Figure(
            f"60 Hz beat, ticker thread, lateness {name}",
            values[True],
            "ms",
            reference=values[False],
            reference_name="loop timer",
            note="the thread is in use",
        )
    yield Figure(
        "60 Hz beat, ticker thread, processor",
        ticker_cost,
        "% of a core",
        reference=timer_cost,
        reference_name="loop timer",
    )
