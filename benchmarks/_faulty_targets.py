"""Targets that are killed, stalled and started anew while they are driven, and what each of them holds."""

from __future__ import annotations

import asyncio
import importlib
import socket
import sys
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from avatar_bridge.settings import DriverSettings
from avatar_bridge.simulators.nizima import NizimaSimulator
from avatar_bridge.simulators.obs import ObsSimulator, Studio
from avatar_bridge.simulators.vmc import VmcSimulator
from avatar_bridge.simulators.vnyan import VNyanSimulator
from avatar_bridge.simulators.vrchat import VRChatSimulator
from avatar_bridge.simulators.vts import TokenStore, VTubeStudioSimulator
from avatar_bridge.simulators.warudo import WarudoSimulator

__all__ = ["MAP", "GameTarget", "Target", "targets"]

MAP = """
[actions.hold]
meaning = "something that is there for a while"
kind = "prop"
minimum_hold = 0.0
fade_in = 0.0
fade_out = 0.0
vts.expression = "blush"
vmc.blend = "Hold"
obs.source = "Hold"
nizima.expression = "Smile"
warudo = { action = "hold on", release = "hold off" }
vnyan = { command = "hold", value = "on", release = "hold", release_value = "off" }
vrchat.parameter = "Wave"
game.state = "Hold"

[actions.mark]
meaning = "a mark that the healthy target shows, however late"
kind = "prop"
duration = 0.2
vts.hotkey = "Wave"
"""
_SUPPORT = Path(__file__).resolve().parents[1] / "tests" / "support"


class Target(ABC):
    """One target of one driver. A kill says no goodbye and forgets what its program would; a stall answers nothing."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    @abstractmethod
    def settings(self) -> DriverSettings:
        """Return how the bridge drives it; asked for once it was started."""

    @abstractmethod
    async def start(self) -> None:
        """Come up, on the port of the time before."""

    @abstractmethod
    async def kill(self) -> None:
        """Go down."""

    @abstractmethod
    async def stall(self, seconds: float) -> None:
        """Take and answer nothing for so long."""

    @abstractmethod
    def holds(self) -> bool:
        """Return whether what the action `hold` switches on is on."""


class _Vts(Target):
    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self._tokens, self._port = TokenStore(), 0
        self._app: VTubeStudioSimulator | None = None

    def settings(self) -> DriverSettings:
        options = {
            "token_path": self.folder / "vts.json",
            "discovery_port": None,
            "folders": (),
            "probe": False,
        }
        return DriverSettings(driver="vts", url=f"ws://127.0.0.1:{self._port}", options=options)

    async def start(self) -> None:
        self._app = VTubeStudioSimulator(port=self._port, token_store=self._tokens)
        await self._app.__aenter__()
        self._port = self._app.port

    async def kill(self) -> None:
        if self._app is not None:
            app, self._app = self._app, None
            app.drop_connections()
            await app.__aexit__(None, None, None)

    async def stall(self, seconds: float) -> None:
        if self._app is not None:
            self._app.stall()
            await asyncio.sleep(seconds)
            self._app.resume()

    def holds(self) -> bool:
        return self._app is not None and any("blush" in each.lower() for each in self._app.active_expressions)


class _Socketed(Target):
    """A program with a WebSocket, whose simulator is stopped and started."""

    def __init__(self, name: str, folder: Path, app: Any, options: dict[str, Any] | None = None) -> None:
        super().__init__(name, folder)
        self._app, self._options = app, options or {}

    def settings(self) -> DriverSettings:
        return DriverSettings(driver=self.name, url=self._app.url, options=self._options)

    async def start(self) -> None:
        await self._app.start()

    async def kill(self) -> None:
        self._forget()
        await self._app.stop()

    async def stall(self, seconds: float) -> None:
        self._app.stall()
        await asyncio.sleep(seconds)
        self._app.resume()

    def _forget(self) -> None:
        for told in ("actions", "commands"):
            getattr(self._app, told, set()).clear()

    def holds(self) -> bool:
        match self._app:
            case ObsSimulator():
                return any(item.enabled for item in self._app.studio.items("Stage") if item.source == "Hold")
            case NizimaSimulator():
                return "Smile" in self._app.expressions
            case WarudoSimulator():
                lines = [each.name for each in self._app.actions if each.name in ("hold on", "hold off")]
                return lines[-1:] == ["hold on"]
            case _:
                told = [each.message for each in self._app.commands if each.name == "hold"]
                return told[-1:] == ["on"]


class _Datagrams(Target):
    """A program that listens on a UDP port; while it stalls, the port is there and nobody reads it."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self._port = 0
        self._app: VmcSimulator | VRChatSimulator | None = None

    def settings(self) -> DriverSettings:
        options = {} if self.name == "vmc" else {"listen": 0, "folder": self.folder}
        return DriverSettings(driver=self.name, url=f"127.0.0.1:{self._port}", options=options)

    async def start(self) -> None:
        if self.name == "vmc":
            self._app = VmcSimulator(port=self._port)
        else:
            self._app = VRChatSimulator(port=self._port, tell=0, folder=self.folder)
        await self._app.__aenter__()
        self._port = self._app.port

    async def kill(self) -> None:
        if self._app is not None:
            app, self._app = self._app, None
            await app.__aexit__(None, None, None)

    async def stall(self, seconds: float) -> None:
        await self.kill()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", self._port))
            await asyncio.sleep(seconds)
        await self.start()

    def holds(self) -> bool:
        if isinstance(self._app, VmcSimulator):
            return bool(self._app.frames) and self._app.frames[-1].blends.get("Hold", 0.0) > 0.5
        return self._app is not None and bool(self._app.values.get("Wave", False))


class GameTarget(Target):
    """The reference client of the game protocol, which comes to the bridge by itself."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.address = self.token = ""
        self._client: Any = None

    def settings(self) -> DriverSettings:
        return DriverSettings(driver="game")

    async def start(self) -> None:
        if not self.address:
            return  # the bridge is not there yet
        kind: Any = importlib.import_module("game_client")
        abilities = {"name": "", "sound": False, "actions": [], "natives": {"state": ["Hold"]}}
        self._client = kind.GameClient(self.address, self.token, characters=[abilities])
        await self._client.__aenter__()

    async def kill(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            client._socket.transport.abort()  # noqa: SLF001 - a process that ends says nothing
            with suppress(OSError):
                await client.__aexit__(None, None, None)

    async def stall(self, seconds: float) -> None:
        if self._client is not None:
            transport = self._client._socket.transport  # noqa: SLF001
            with suppress(RuntimeError):
                transport.pause_reading()
            await asyncio.sleep(seconds)
            with suppress(RuntimeError):
                transport.resume_reading()

    def holds(self) -> bool:
        if self._client is None:
            return False
        return any(cue["name"] == "hold" for shown in self._client.shown.values() for cue in shown.cues.held)


async def targets(stack: AsyncExitStack, folder: Path) -> list[Target]:
    """Return one started target for each driver; they end with `stack`."""
    studio = Studio("Stage")
    studio.place("Stage", "Hold", enabled=False)
    found: list[Target] = [
        _Vts("vts", folder),
        _Socketed("obs", folder, ObsSimulator(studio=studio)),
        _Socketed("nizima", folder, NizimaSimulator(port=0), {"token_path": folder / "nizima.json"}),
        _Socketed("warudo", folder, WarudoSimulator(port=0), {"motion": False}),
        _Socketed("vnyan", folder, VNyanSimulator(port=0), {"motion": False}),
        _Datagrams("vmc", folder),
        _Datagrams("vrchat", folder),
    ]
    if _SUPPORT.is_dir():
        sys.path.insert(0, str(_SUPPORT))
        found.append(GameTarget("game", folder))
    for target in found:
        await target.start()
        stack.push_async_callback(target.kill)
    return found
