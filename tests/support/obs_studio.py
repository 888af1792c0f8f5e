"""A real OBS Studio that nobody sees: in a folder of its own, spoken to over obs-websocket, ended for sure."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from virtual_display import missing_display, stop, virtual_display

__all__ = ["ObsStudio", "missing_obs", "obs_studio"]

SCENE = "Stage"


def missing_obs() -> str:
    """Return why no OBS can be started here, "" where one can."""
    if shutil.which("obs") is None:
        return "no OBS Studio on this machine (apt install obs-studio obs-plugins libgl1-mesa-dri)"
    return missing_display()


class ObsStudio:
    """A running OBS with one scene, spoken to as any obs-websocket client would."""

    def __init__(self, client: Any, display: str, *, url: str = "", password: str = "") -> None:
        self.display = display
        self.url, self.password = url, password
        self._client = client

    async def ask(self, request: str, **data: Any) -> dict[str, Any]:
        """Send one request of obs-websocket 5 and return its answer's data.

        Raises:
            RuntimeError: OBS refused it; its comment is told.
        """
        import simpleobsws

        answer = await self._client.call(simpleobsws.Request(request, data or None))
        if not answer.ok():
            raise RuntimeError(f"OBS refused {request}: {answer.requestStatus.code} {answer.requestStatus.comment}")
        return answer.responseData or {}

    async def capture(self, display: str, name: str) -> None:
        """Put what a display shows into the scene as the source `name`."""
        settings = {"advanced": True, "server": display, "screen": 0, "show_cursor": False}
        await self.ask(
            "CreateInput",
            sceneName=SCENE,
            inputName=name,
            inputKind="xshm_input",
            inputSettings=settings,
            sceneItemEnabled=True,
        )

    async def screenshot(self, source: str = SCENE) -> bytes:
        """Return what a source or the scene shows now, as PNG."""
        answer = await self.ask("GetSourceScreenshot", sourceName=source, imageFormat="png")
        return base64.b64decode(answer["imageData"].partition(",")[2])


@asynccontextmanager
async def obs_studio(
    folder: Path, *, width: int = 640, height: int = 360, collection: Path | None = None
) -> AsyncIterator[ObsStudio]:
    """Yield a running OBS whose canvas is `width` x `height` and whose scene "Stage" is on air.

    With a scene `collection` it has that one's scenes besides.
    """
    simpleobsws = pytest.importorskip("simpleobsws", reason="needs simpleobsws (pip install simpleobsws)")
    port, password = _free_port(), secrets.token_urlsafe(12)
    with ExitStack() as stack:
        display = stack.enter_context(virtual_display(1280, 800))
        _write_settings(folder, port, password, width, height)
        if collection is not None:
            scenes = folder / "config" / "obs-studio" / "basic" / "scenes"
            scenes.mkdir(parents=True)
            shutil.copy(collection, scenes / "Untitled.json")
        process = _start(folder, display)
        stack.callback(stop, process)
        await _answers(process, port, folder)
        parameters = simpleobsws.IdentificationParameters(eventSubscriptions=0)
        client = simpleobsws.WebSocketClient(f"ws://127.0.0.1:{port}", password, parameters)
        await client.connect()
        try:
            await asyncio.wait_for(client.wait_until_identified(), 20)
            obs = ObsStudio(client, display, url=f"ws://127.0.0.1:{port}", password=password)
            await _scene(obs)
            yield obs
        finally:
            await client.disconnect()


async def _scene(obs: ObsStudio) -> None:
    """Make our scene; the port answers a little before OBS has loaded its own."""
    for _ in range(100):
        try:
            await obs.ask("CreateScene", sceneName=SCENE)
            return await _on_air(obs)
        except RuntimeError as error:
            if "207" not in str(error):  # 207: not ready
                raise
            await asyncio.sleep(0.1)
    raise TimeoutError("OBS was not ready within 10 s of answering")


async def _on_air(obs: ObsStudio) -> None:
    await obs.ask("SetCurrentProgramScene", sceneName=SCENE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_settings(folder: Path, port: int, password: str, width: int, height: int) -> None:
    settings = folder / "config" / "obs-studio"
    profile = settings / "basic" / "profiles" / "Untitled"
    profile.mkdir(parents=True)
    (folder / "run").mkdir(mode=0o700)
    (settings / "global.ini").write_text(
        "[General]\nFirstRun=true\nEnableAutoUpdates=false\n"
        "[Basic]\nProfile=Untitled\nProfileDir=Untitled\nSceneCollection=Untitled\nSceneCollectionFile=Untitled\n"
        "[OBSWebSocket]\nFirstLoad=false\nServerEnabled=true\nAlertsEnabled=false\nAuthRequired=true\n"
        f"ServerPort={port}\nServerPassword={password}\n",
        encoding="utf-8",
    )
    (profile / "basic.ini").write_text(
        f"[Video]\nBaseCX={width}\nBaseCY={height}\nOutputCX={width}\nOutputCY={height}\nFPSType=0\nFPSCommon=30\n",
        encoding="utf-8",
    )


def _start(folder: Path, display: str) -> subprocess.Popen[bytes]:
    # a package imported by some other test may have pointed Qt to its own plugins
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    environment = inherited | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "DISPLAY": display,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "QT_QPA_PLATFORM": "xcb",
    }
    options = ["--multi", "--collection", "Untitled", "--profile", "Untitled", "--disable-missing-files-check"]
    with (folder / "obs.log").open("wb") as log:
        return subprocess.Popen(["obs", *options], env=environment, stdout=log, stderr=log)


async def _answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    ends = asyncio.get_running_loop().time() + 60
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            log = (folder / "obs.log").read_text(encoding="utf-8", errors="replace")[-2000:]
            if process.poll() is not None:
                raise RuntimeError(f"OBS ended with {process.returncode}: {log}") from None
            if asyncio.get_running_loop().time() > ends:
                raise TimeoutError(f"OBS did not answer on port {port} within 60 s: {log}") from None
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return await writer.wait_closed()
