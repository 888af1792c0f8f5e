"""A display that nobody sees: Xvfb on a free number, for what must have a window."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["missing_display", "virtual_display"]


def missing_display() -> str:
    """Return why there can be no virtual display here, "" where there can."""
    return "" if shutil.which("Xvfb") else "needs Xvfb: apt install xvfb"


@contextmanager
def virtual_display(width: int, height: int) -> Iterator[str]:
    """Yield the name of a new display (":7") of `width` x `height` pixels in true colour; it ends with the context."""
    read, write = os.pipe()
    options = ["-screen", "0", f"{width}x{height}x24", "+extension", "GLX", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *options], pass_fds=(write,), stderr=subprocess.DEVNULL
    )
    os.close(write)
    try:
        yield f":{_number(read)}"
    finally:
        os.close(read)
        stop(server)


def _number(pipe: int) -> int:
    """Return the number that Xvfb chose; it is told once the display can be used."""
    told = b""
    while not told.endswith(b"\n"):
        if not select.select([pipe], [], [], 30)[0]:
            raise TimeoutError("Xvfb did not say its display within 30 s")
        if not (part := os.read(pipe, 64)):
            raise RuntimeError("Xvfb ended before it had a display")
        told += part
    return int(told)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process kindly, and otherwise after 10 s."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
