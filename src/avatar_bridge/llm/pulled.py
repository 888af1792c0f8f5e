"""A library that hands its results to a callback, read as an iterator that can be given up at any time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

__all__ = ["pulled"]

_T = TypeVar("_T")
_AHEAD = 64
"""Results that wait to be taken; a library that is further ahead waits."""
_PATIENCE = 0.05
"""Seconds after which a library that waits looks whether anybody still listens."""


def pulled(work: Callable[[Callable[[_T], bool]], object]) -> Iterator[_T]:
    """Yield what `work` hands to its callback, which returns True once nobody wants more; raises what `work` raises.

    Closing the iterator makes the callback return True at its next call, and waits until `work` has ended.
    """
    results: queue.Queue[tuple[_T] | None] = queue.Queue(_AHEAD)
    given_up = threading.Event()
    failure: list[Exception] = []

    def put(item: tuple[_T] | None) -> bool:
        while not given_up.is_set():
            try:
                results.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            break
        return given_up.is_set()

    def run() -> None:
        try:
            work(lambda result: put((result,)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the iterator is read
            failure.append(error)
        put(None)

    thread = threading.Thread(target=run, name="pulled", daemon=True)
    thread.start()
    try:
        while (item := results.get()) is not None:
            yield item[0]
        if failure:
            raise failure[0]
    finally:
        given_up.set()
        thread.join()
