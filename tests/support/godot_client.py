"""The Godot client as a process: what it heard, as the JSON lines that its probe prints."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

__all__ = ["GODOT", "PROJECT", "GodotClient", "godot"]

GODOT = shutil.which("godot3-server")
PROJECT = Path(__file__).resolve().parents[2] / "examples" / "godot" / "godot3"


class GodotClient:
    """One running probe."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.heard: list[dict[str, Any]] = []
        """Every line so far."""
        self.noise: list[str] = []
        """What is no JSON: the engine's own words, its script errors among them."""
        self._process = process
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode("utf-8", "replace").strip()
            async with self._news:
                if text.startswith("{"):
                    self.heard.append(json.loads(text))
                elif text:
                    self.noise.append(text)
                self._news.notify_all()

    def stop(self) -> None:
        """End it as a crash would."""
        self._process.kill()

    def all(self, what: str) -> list[dict[str, Any]]:
        """Return the lines of one kind."""
        return [each for each in self.heard if each["what"] == what]

    async def wait(self, what: str, count: int = 1, within: float = 15.0) -> dict[str, Any]:
        """Return the `count`-th line of a kind, as soon as it is there."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: len(self.all(what)) >= count)
        except TimeoutError:
            raise AssertionError(f"no {what!r} ({count}) but {self.heard[-20:]} and {self.noise[-20:]}") from None
        return self.all(what)[count - 1]


@asynccontextmanager
async def godot(address: str, token: str, *options: str) -> AsyncIterator[GodotClient]:
    """Yield a probe that connects to a bridge; it is ended on the way out and must have met no script error."""
    assert GODOT is not None
    process = await asyncio.create_subprocess_exec(
        GODOT,
        "--no-window",
        "--path",
        str(PROJECT),
        "-s",
        "main.gd",
        f"--address={address}",
        f"--token={token}",
        "--brief",
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LANG": "en_US.UTF-8"},
        limit=2**24,
    )
    client = GodotClient(process)
    listening = asyncio.create_task(client.listen())
    try:
        yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await listening
    errors = [line for line in client.noise if "SCRIPT ERROR" in line or "Parse Error" in line]
    assert not errors, client.noise
