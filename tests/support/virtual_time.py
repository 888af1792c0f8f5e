"""An event loop whose time jumps to the next deadline, so that a minute of speech takes no time to test."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Value = TypeVar("_Value")


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen: the test waits for something outside of virtual time")
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


class VirtualClock:
    """The stage's clock on a virtual loop."""

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    async def wait_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.time()))


def run(work: Coroutine[Any, Any, _Value]) -> _Value:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
