"""Lines that somebody types, or another program writes, as they come; and Ctrl-C as something to be heeded."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from types import FrameType

from avatar_bridge.commands.reading import stream_script

__all__ = ["heeding_ctrl_c", "typed_lines"]

_PIECE = 65_536


async def typed_lines() -> AsyncGenerator[str, None]:
    """Yield the lines of standard input as they come, without their ends; raises ScriptError where it is not text."""
    rest = ""
    pieces = _typed() if sys.stdin.isatty() else stream_script("-")
    async with aclosing(pieces):
        async for piece in pieces:
            *lines, rest = (rest + piece).replace("\r\n", "\n").split("\n")
            for line in lines:
                yield line
    if rest:
        yield rest


async def _typed() -> AsyncGenerator[str, None]:
    """Yield what is typed at the terminal.

    It is read raw, in a thread that keeps nothing from ending: a buffered reader could not be let go while it waits,
    and on Windows the raw console alone gives UTF-8.
    """
    loop = asyncio.get_running_loop()
    raw: io.RawIOBase = getattr(sys.stdin.buffer, "raw")  # noqa: B009 - no stub knows it
    while True:
        answer: asyncio.Future[bytes] = loop.create_future()

        def read(answer: asyncio.Future[bytes] = answer) -> None:
            try:
                data = raw.read(_PIECE) or b""
            except (OSError, ValueError):
                data = b""
            with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
                loop.call_soon_threadsafe(_settle, answer, data)

        threading.Thread(target=read, name="typing", daemon=True).start()
        data = await answer
        if not data:
            return
        yield data.decode("utf-8", "replace")


def _settle(answer: asyncio.Future[bytes], data: bytes) -> None:
    if not answer.done():
        answer.set_result(data)


@contextmanager
def heeding_ctrl_c(heed: Callable[[], None]) -> Iterator[None]:
    """Call `heed` on the event loop at each Ctrl-C while the block runs; without effect outside the main thread."""
    loop = asyncio.get_running_loop()

    def heard(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(heed)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
