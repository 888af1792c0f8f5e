"""The targets of one show, each in a process of its own, and when each of them acted, on CLOCK_MONOTONIC."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import DriverSettings

__all__ = ["ACTION", "MAP", "Target", "bare_loop", "missing_games", "obs", "vmc", "vts"]

ACTION = "mark"
MAP = """
[actions.mark]
meaning = "a mark that every target shows in its own way"
kind = "prop"
duration = 0.25
fade_in = 0.0
fade_out = 0.0
vts.hotkey = "Wave"
vmc.blend = "Mark"
obs.source = "Mark"
unity.trigger = "Mark"
godot.trigger = "Mark"

[actions.dip]
meaning = "the head goes down and up again"
kind = "gesture"
stroke = 0.2
duration = 0.4
keyframes.head_pitch = [[0.0, 0], [0.2, -14], [0.4, 0]]
"""
_HERE = Path(__file__).parent
_SUPPORT = _HERE.parent / "tests" / "support"
_PICTURE = 1 / 60


class Target:
    """One target: how the bridge drives it, and, once the show is over, when it acted."""

    def __init__(self, name: str, settings: DriverSettings | None = None, *, how: str, streaming: bool) -> None:
        self.name = name
        self.settings = settings
        self.how = how
        """What "acted" means here."""
        self.streaming = streaming
        self.marks: list[float] = []
        """When it began each mark."""
        self.pitch: list[tuple[float, float]] = []
        """When a head's pitch was seen, and the pitch, up to a factor; empty where that is not looked at."""


async def _child(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(_HERE / script), *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )


async def _end(child: asyncio.subprocess.Process) -> list[bytes]:
    """End a child by closing its input; return the lines that it still had."""
    try:
        async with asyncio.timeout(20.0):
            told, _ = await child.communicate(b"")
    except TimeoutError:
        child.kill()
        await child.wait()
        return []
    return told.splitlines()


@asynccontextmanager
async def vts() -> AsyncIterator[Target]:
    """Yield VTube Studio's simulator at 60 pictures a second."""
    how = "the rendered frame in which the app executed the hotkey"
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "vts.jsonl"
        async with stand_in(record=record) as simulator:
            target = Target("VTube Studio", simulator.driver(), how=how, streaming=True)
            yield target
        for line in record.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["kind"] == "request" and row["type"] == "HotkeyTriggerRequest" and row["error"] is None:
                target.marks.append(row["answered_at"])
            elif row["kind"] == "frame" and "FaceAngleY" in row["values"]:
                # a frame shows with the app's next one: half of one later on average
                target.pitch.append((row["t"] + _PICTURE / 2, row["values"]["FaceAngleY"]))


@asynccontextmanager
async def vmc() -> AsyncIterator[Target | str]:
    """Yield a VMC program, python-osc's server with 60 pictures a second; or why there is none."""
    if importlib.util.find_spec("pythonosc") is None:
        yield "VMC is left out: needs python-osc (pip install python-osc)"
        return
    child = await _child("_together_vmc.py", "Mark")
    assert child.stdout is not None
    port = int(await child.stdout.readline())
    # such a program has no smoothing, and shows what came with its next picture
    settings = DriverSettings(driver="vmc", url=f"127.0.0.1:{port}", lead=_PICTURE / 2)
    target = Target("VMC", settings, how="the program's own picture that first had the blendshape", streaming=True)
    try:
        yield target
    finally:
        lines = await _end(child)
    before = 0.0
    for picture in json.loads(lines[-1]) if lines else []:
        weight = picture.get("weight", 0.0)
        if weight > 0.01 >= before:
            target.marks.append(picture["at"])
        before = weight
        target.pitch.append((picture["at"], picture.get("head", 0.0)))


@asynccontextmanager
async def obs() -> AsyncIterator[Target | str]:
    """Yield a real OBS, heard by a second client; or why there is none."""
    if not _SUPPORT.is_dir() or importlib.util.find_spec("simpleobsws") is None:
        yield "OBS is left out: needs the checkout's tests and simpleobsws (pip install simpleobsws pytest)"
        return
    sys.path.insert(0, str(_SUPPORT))
    parts: Any = importlib.import_module("obs_studio")
    if missing := parts.missing_obs():
        yield f"OBS is left out: {missing}"
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with parts.obs_studio(Path(folder), width=320, height=180) as studio:
            kind = {"inputKind": "color_source_v3", "inputSettings": {"width": 50, "height": 50}}
            await studio.ask("CreateInput", sceneName=parts.SCENE, inputName="Mark", sceneItemEnabled=False, **kind)
            video = await studio.ask("GetVideoSettings")
            frame = video["fpsDenominator"] / video["fpsNumerator"]
            settings = DriverSettings(driver="obs", url=studio.url, options={"password": studio.password})
            how = f"OBS's own event at a second client, and its frame of {1000 * frame:.1f} ms that shows it"
            target = Target("OBS", settings, how=how, streaming=False)
            child = await _child("_together_obs.py", studio.url, studio.password)
            assert child.stdout is not None
            await child.stdout.readline()
            try:
                yield target
            finally:
                lines = await _end(child)
            rows = [json.loads(line) for line in lines]
            target.marks += [row["at"] + frame for row in rows if row["shown"]]


@asynccontextmanager
async def bare_loop(take: Callable[[Sequence[tuple[float, float]]], None]) -> AsyncIterator[None]:
    """Run a bare loop beside the show; `take` is given when it woke each time, and how many milliseconds late."""
    child = await _child("_together_loop.py")
    try:
        yield
    finally:
        lines = await _end(child)
    take(json.loads(lines[-1]) if lines else [])


def missing_games(found: dict[str, Any]) -> list[str]:
    """Return a line for each game client that cannot run here."""
    lines = []
    if "Mono" not in found:
        lacking = [name for name in ("mcs", "mono") if shutil.which(name) is None]
        lines.append(f"Unity is left out: needs {' and '.join(lacking) or 'the checkout'} (apt install mono-mcs)")
    if "Godot" not in found:
        lines.append("Godot is left out: needs godot3-server (apt install godot3-server) and the checkout's examples")
    return lines
