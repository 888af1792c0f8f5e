"""The stage's clock: monotonic seconds, and waiting for an absolute time without an event loop's coarse timer."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time

__all__ = ["SystemClock", "Ticker"]

_NEAR = 0.025
"""Seconds before a deadline at which the ticker takes over from the event loop's own timer."""
_NAP = 0.005
"""Longest single sleep of the ticker's thread: a nearer deadline given meanwhile is late by this much at most."""


def _fulfil(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Ticker:
    """A thread that wakes event loops at given times.

    `time.sleep` is exact to a fraction of a millisecond on every system (on Windows from Python 3.11 on), where an
    event loop on Windows wakes in steps of 15.6 ms and elsewhere in whole milliseconds. The thread runs only while a
    deadline is near, ends by itself after a second without one, and never keeps a program from ending.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._due: list[tuple[float, int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._number = 0
        self._thread: threading.Thread | None = None

    def wake(self, at: float) -> asyncio.Future[None]:
        """Return a future of the running loop that is done as soon after `at` (time.perf_counter) as can be."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._number += 1
            heapq.heappush(self._due, (at, self._number, loop, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
                self._thread.start()
        self._wanted.set()
        return future

    def _run(self) -> None:
        while True:
            with self._lock:
                at = self._due[0][0] if self._due else None
                if at is None:
                    self._wanted.clear()
            if at is None:
                if not self._wanted.wait(1.0) and self._retire():
                    return
                continue
            rest = at - time.perf_counter()
            if rest > 0:
                time.sleep(min(rest, _NAP))
                continue
            self._deliver()

    def _retire(self) -> bool:
        with self._lock:
            if self._due:
                return False
            self._thread = None
            return True

    def _deliver(self) -> None:
        now = time.perf_counter()
        with self._lock:
            due = []
            while self._due and self._due[0][0] <= now:
                due.append(heapq.heappop(self._due))
        for _, _, loop, future in due:
            if future.cancelled():
                continue
            try:
                loop.call_soon_threadsafe(_fulfil, future)
            except RuntimeError:
                # the loop was closed while somebody still waited in it
                continue


_TICKER = Ticker()


class SystemClock:
    """The machine's monotonic clock as a ports.Clock; `time` is time.perf_counter.

    ticker: True wakes through the ticker's thread, False through the loop's own timer. benchmarks/ticker.py has both:
    the thread is never worse, costs the same, and is what makes 60 Hz possible on Windows, so it is used everywhere.
    """

    def __init__(self, *, ticker: bool = True) -> None:
        self._ticker = ticker

    def time(self) -> float:
        """Return seconds on a monotonic scale, of sub-microsecond resolution."""
        return time.perf_counter()

    async def wait_until(self, at: float) -> None:
        """Return as soon after `at` as the machine allows, never before; at once when `at` is past."""
        loop = asyncio.get_running_loop()
        while (rest := at - time.perf_counter()) > 0:
            if self._ticker and rest <= _NEAR:
                await _TICKER.wake(at)
                continue
            future: asyncio.Future[None] = loop.create_future()
            timer = loop.call_at(loop.time() + (rest - _NEAR / 2 if self._ticker else rest), _fulfil, future)
            try:
                await future
            finally:
                timer.cancel()
