"""Game clients in processes of their own, a bridge that they show, and a network that shakes between them."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from avatar_bridge.assembly import Bridge
from avatar_bridge.ports import Game, GameAbilities
from avatar_bridge.settings import Settings, WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

__all__ = ["Client", "House", "client", "commands", "house", "shaken"]

_CHECKOUT = Path(__file__).resolve().parents[1]
_GODOT_PROJECT = _CHECKOUT / "examples" / "godot" / "godot3"
_REFERENCE = Path(__file__).with_name("_game_reference.py")
_SUPPORT = _CHECKOUT / "tests" / "support"
_UNITY = (_CHECKOUT / "unity" / "com.avatarbridge.client" / "Runtime" / "Core", _CHECKOUT / "unity" / "tools")


class Starts:
    """Takes down what games tell of the voice that they play."""

    def __init__(self) -> None:
        self.first: dict[int, float] = {}
        """By utterance, the bridge's time that was first told for its time 0."""

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Nothing to do."""

    def left(self, game: Game) -> None:
        """Nothing to do."""

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Take a `playing`."""
        del game
        if message["type"] == "playing":
            self.first.setdefault(message["utterance"], message["start"])


class House:
    """A bridge with one character, served."""

    def __init__(self, bridge: Bridge, server: Server, starts: Starts) -> None:
        self.bridge = bridge
        self.starts = starts
        self.address = server.game_address
        self.token = server.token

    async def perform(self, script: str) -> None:
        """Perform a script to its end."""
        await self.bridge.perform(script)


@asynccontextmanager
async def house(*, plays: bool) -> AsyncIterator[House]:
    """Yield a bridge on loopback; with `plays` a game plays the voice and owns the clock."""
    settings = Settings.model_validate(
        {
            "voice": {"engine": "tone"},
            "sound": {"speaker": "game" if plays else "none"},
            "drivers": {"game": {}},
            "web": {"port": 0, "avatar": "svg", "token": "a-token-for-the-measurement-only"},
        }
    )
    games = WebGames()
    bridge = Bridge.from_settings(settings, games=games)
    web: WebSettings = settings.web
    async with bridge, Server(bridge, WebAudience(), web, games=games) as server:
        starts = Starts()
        games.attend(games.enter(""), starts)
        yield House(bridge, server, starts)


class Client:
    """A client that prints what it hears as JSON lines."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.lines: list[dict[str, Any]] = []
        self.apart = float("inf")
        """Seconds from the client's own clock to this process's, at most: the least of all lines, pipe included."""
        self._process = process
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        """Take lines until the client ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            now = time.perf_counter()
            if not line.startswith(b"{"):
                continue
            told = _alike(json.loads(line))
            self.apart = min(self.apart, now - told["own"])
            async with self._news:
                self.lines.append(told)
                self._news.notify_all()

    def all(self, what: str) -> list[dict[str, Any]]:
        """Return the lines of one kind."""
        return [line for line in self.lines if line["what"] == what]

    async def wait(self, what: str, count: int = 1, within: float = 60.0) -> None:
        """Wait for the `count`-th line of a kind."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(self.all(what)) >= count)


def _alike(told: dict[str, Any]) -> dict[str, Any]:
    """Return a line of Unity's probe as the others write theirs."""
    if "own" not in told:
        told["own"], told["at"] = told["now"], told["bridge"]
    if told["what"] == "clock":
        told["what"] = "sync"
    if "action" in told:
        told["name"], told["due"] = told["action"], told["start"]
    return told


def commands() -> dict[str, list[str]]:
    """Return how each client that can run here is started, without address and token."""
    found: dict[str, list[str]] = {}
    godot = shutil.which("godot3-server")
    if godot and _GODOT_PROJECT.is_dir():
        found["Godot"] = [godot, "--no-window", "--path", str(_GODOT_PROJECT), "-s", "main.gd", "--brief", "--sync"]
    probe = _mono_probe()
    if probe is not None:
        found["Mono"] = ["mono", str(probe), "--brief"]
    if _SUPPORT.is_dir():
        found["reference"] = [sys.executable, str(_REFERENCE), str(_SUPPORT)]
    return found


@cache
def _mono_probe() -> Path | None:
    """Compile Unity's probe, once; None where it or the compiler is missing."""
    sources = [str(path) for folder in _UNITY for path in sorted(folder.glob("*.cs"))]
    if not all(folder.is_dir() for folder in _UNITY) or not shutil.which("mcs") or not shutil.which("mono"):
        return None
    folder = Path(tempfile.mkdtemp(prefix="game-probe-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "GameProbe.exe"
    subprocess.run(["mcs", "-langversion:6", "-nologo", f"-out:{program}", *sources], check=True, capture_output=True)
    return program


def _addressed(name: str, address: str, token: str) -> list[str]:
    """Return how a client is told where the bridge is."""
    if name == "Mono":
        return [address, "--token", token]
    return [f"--address={address}", f"--token={token}"]


@asynccontextmanager
async def client(name: str, address: str, token: str, *options: str) -> AsyncIterator[Client]:
    """Yield a connected client."""
    process = await asyncio.create_subprocess_exec(
        *commands()[name],
        *_addressed(name, address, token),
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LANG": "en_US.UTF-8"},
        limit=2**24,
    )
    running = Client(name, process)
    listening = asyncio.create_task(running.listen())
    try:
        await running.wait("connected")
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await listening


@asynccontextmanager
async def shaken(address: str, *, most: float, seed: int = 4) -> AsyncIterator[str]:
    """Yield an address that leads to `address` with every piece of data held for 0 to `most` seconds, in order."""
    chance = random.Random(seed)
    host, _, port = address.removeprefix("ws://").partition("/")[0].rpartition(":")
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        passing = asyncio.create_task(_pass_on(held, writer))
        try:
            while data := await reader.read(65536):
                if asks:
                    # the bridge lets nobody in who asks for another address than its own
                    data = re.sub(rb"(?im)^host:[^\r\n]*", b"Host: " + f"{host}:{port}".encode(), data, count=1)
                    asks = False
                await held.put((time.perf_counter() + chance.uniform(0.0, most), data))
        except OSError:
            pass
        await held.put((0.0, b""))
        await passing

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        for ends in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(carry(*ends, asks=ends[0] is reader))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/game"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(held: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    while True:
        due, data = await held.get()
        if not data:
            writer.close()
            return
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            writer.write(data)
            await writer.drain()
        except OSError:
            return
