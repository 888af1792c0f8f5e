"""A simulator in a child process that breaks on request: one JSON request a line in, one JSON answer a line out."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import connect

from avatar_bridge.simulators.vts import VTubeStudioSimulator

__all__ = ["Target"]


class Target:
    """The child as its user sees it. `stop`, `go_on`, `kill` and `restart` act on the process, `tell` on the app."""

    def __init__(self) -> None:
        self.port = 0
        self._child: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.restart()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}"

    async def restart(self) -> None:
        """Start it on the port that it had; on a free one at first."""
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__)), str(self.port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.port = (await self._answer())["port"]

    async def kill(self) -> None:
        """End it without a word."""
        if self._child is not None and self._child.stdin is not None:
            if self._child.returncode is None:
                self._child.kill()
            await self._child.wait()
            self._child.stdin.close()

    def stop(self) -> None:
        """Halt the process: connected, and silent."""
        if self._child is not None:
            self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a halt."""
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)

    async def tell(self, do: str, *arguments: Any) -> dict[str, Any]:
        """Do something to the app; return what it shows afterwards."""
        if self._child is None or self._child.stdin is None:
            raise RuntimeError("the target was not started")
        self._child.stdin.write(json.dumps([do, *arguments]).encode() + b"\n")
        return await self._answer()

    async def look(self) -> dict[str, Any]:
        """Return what the app shows: mouth, active expressions, hotkeys executed."""
        return await self.tell("look")

    async def _answer(self) -> dict[str, Any]:
        if self._child is None or self._child.stdout is None:
            raise RuntimeError("the target was not started")
        answer: dict[str, Any] = json.loads(await asyncio.wait_for(self._child.stdout.readline(), 30.0))
        return answer


async def _own_the_mouth(url: str, seconds: float) -> None:
    """Be another plugin that holds MouthOpen for so long."""

    async def ask(kind: str, **data: Any) -> dict[str, Any]:
        head = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": kind}
        await socket.send(json.dumps({**head, "messageType": f"{kind}Request", "data": data}))
        answer: dict[str, dict[str, Any]] = json.loads(await socket.recv())
        return answer["data"]

    plugin = {"pluginName": "Another", "pluginDeveloper": "Somebody"}
    async with connect(url) as socket:
        token = (await ask("AuthenticationToken", **plugin))["authenticationToken"]
        await ask("Authentication", **plugin, authenticationToken=token)
        for _ in range(round(seconds * 20)):
            await ask("InjectParameterData", mode="set", parameterValues=[{"id": "MouthOpen", "value": 0.0}])
            await asyncio.sleep(0.05)


async def _obey(simulator: VTubeStudioSimulator, do: str, arguments: list[Any]) -> None:
    match do:
        case "look":
            pass
        case "foreign":
            await _own_the_mouth(simulator.url, *arguments)
        case _:
            getattr(simulator, do)(*arguments)


async def _main(port: int) -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    async with VTubeStudioSimulator(port=port) as simulator:
        threading.Thread(target=read, daemon=True).start()
        print(json.dumps({"port": simulator.port}), flush=True)
        while line := await lines.get():
            do, *arguments = json.loads(line)
            await _obey(simulator, do, arguments)
            shown = {
                "mouth": simulator.parameters["MouthOpen"],
                "frames": len(simulator.frames),
                "active": simulator.active_expressions,
                "hotkeys": sum(fired.name == "Wave" for fired in simulator.hotkeys_fired),
            }
            print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
