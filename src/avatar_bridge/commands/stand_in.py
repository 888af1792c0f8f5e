"""The VTube Studio simulator in a process of its own, for whoever needs a target."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from avatar_bridge.errors import WorkerError
from avatar_bridge.settings import DriverSettings

__all__ = ["StandIn", "stand_in"]

_START = 20.0
"""Seconds that it may take to start."""
_PARTING = 5.0
"""Seconds that it may take to end."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A simulator that runs."""

    url: str
    folder: Path
    """A folder that lives as long as it does."""

    def driver(self, lead: float | None = None) -> DriverSettings:
        """Return the settings of a driver for it; its token is forgotten with it."""
        options = {"token_path": self.folder / "token.json", "discovery_port": None}
        return DriverSettings(driver="vts", url=self.url, lead=lead, options=options)


@asynccontextmanager
async def stand_in(*, record: Path | None = None, model: str = "akari") -> AsyncIterator[StandIn]:
    """Run a simulator on a free port; `record` gets what it receives. Raises WorkerError when it does not start."""
    command = [sys.executable, "-m", "avatar_bridge", "simulate", "vts", "--port", "0", "--model", model]
    command += ["--no-view", "--no-broadcast", *(["--record", str(record)] if record else [])]
    with tempfile.TemporaryDirectory(prefix="avatar-bridge-", ignore_cleanup_errors=True) as folder:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            start_new_session=sys.platform != "win32",
        )
        reading: asyncio.Task[bytes] | None = None
        try:
            url = await _address(child)
            if child.stdout is not None:
                reading = asyncio.create_task(child.stdout.read())
            yield StandIn(url, Path(folder))
        finally:
            await _end(child)
            if reading:
                await reading


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ask the process to end, and end it where it does not."""
    if child.returncode is None:
        child.terminate()
    try:
        async with asyncio.timeout(_PARTING):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


async def _address(child: asyncio.subprocess.Process) -> str:
    line = b""
    if child.stdout is not None:
        try:
            async with asyncio.timeout(_START):
                line = await child.stdout.readline()
        except TimeoutError:
            pass
    found = re.search(r"ws://\S+", line.decode("utf-8", "replace"))
    if found is None:
        raise WorkerError("the simulator did not start; run `avatar-bridge simulate vts` to see why")
    return found.group()
