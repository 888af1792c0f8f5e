from __future__ import annotations

import asyncio
import threading

import pytest

from avatar_bridge.ports import Clock
from avatar_bridge.stage.clock import SystemClock, Ticker


@pytest.mark.parametrize("ticker", [False, True])
async def test_it_never_wakes_early_and_wakes_in_order(ticker: bool) -> None:
    clock: Clock = SystemClock(ticker=ticker)
    start, woken = clock.time(), []

    async def wake(after: float) -> None:
        await clock.wait_until(start + after)
        assert clock.time() >= start + after
        woken.append(after)

    delays = [0.09, 0.0, 0.05, 0.002, 0.03, -1.0]
    await asyncio.gather(*map(wake, delays))
    assert woken == [0.0, -1.0, 0.002, 0.03, 0.05, 0.09]


@pytest.mark.parametrize("ticker", [False, True])
async def test_a_cancelled_wait_disturbs_nobody(ticker: bool) -> None:
    clock = SystemClock(ticker=ticker)
    task = asyncio.create_task(clock.wait_until(clock.time() + 0.01))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.wait_until(clock.time() + 0.02)


def test_a_loop_that_closes_while_somebody_waits_does_not_end_the_thread() -> None:
    clock = SystemClock(ticker=True)

    async def leave() -> None:
        task = asyncio.create_task(clock.wait_until(clock.time() + 0.02))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    asyncio.run(clock.wait_until(clock.time() + 0.03))


async def test_the_thread_ends_when_nothing_is_wanted_and_starts_again() -> None:
    ticker = Ticker()
    loop = asyncio.get_running_loop()
    clock = SystemClock()
    await ticker.wake(clock.time())
    threads = [thread for thread in threading.enumerate() if thread is ticker._thread]
    await asyncio.wait_for(loop.run_in_executor(None, threads[0].join), 20)
    assert ticker._thread is None
    await asyncio.wait_for(ticker.wake(clock.time()), 20)
