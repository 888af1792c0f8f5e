"""The OBS driver against a real OBS Studio: what it shows, what its stream says."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from cea608 import captions
from obs_studio import SCENE, ObsStudio, missing_obs, obs_studio

from avatar_bridge.assembly import Bridge, build_voice
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.ports import Command
from avatar_bridge.settings import VoiceSettings

pytestmark = [pytest.mark.peer, pytest.mark.skipif(bool(missing_obs()), reason=missing_obs() or "OBS is here")]

MAP = """
[actions.brb]
meaning = "be right back"
kind = "scene"
obs.scene = "BRB"
obs.back = true
obs.transition = "Cut"
[actions.box]
meaning = "a box"
kind = "prop"
obs.source = "Box"
[actions.glow]
meaning = "glow"
kind = "prop"
obs.source = "Box"
obs.filter = "Glow"
[actions.hop]
meaning = "hop"
kind = "prop"
obs.source = "Box"
obs.by_x = 80
obs.scale = 2
obs.over = 0.2
[actions.jingle]
meaning = "jingle"
kind = "prop"
duration = 30
obs.media = "Jingle"
[actions.quiet]
meaning = "quiet"
kind = "prop"
obs.mute = "Jingle"
[actions.shot]
meaning = "screenshot"
kind = "prop"
obs.hotkey = "OBSBasic.ResetStats"
obs.keys = "ctrl+shift+F9"
[actions.wrong]
meaning = "wrong"
kind = "prop"
obs.source = "Bax"
"""
ACTIONS = ("brb", "box", "glow", "hop", "jingle", "quiet", "shot")


PLAYING = "OBS_MEDIA_STATE_PLAYING"


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError("it did not come to pass")
        await asyncio.sleep(0.01)


async def furnish(obs: ObsStudio, folder: Path) -> None:
    await obs.ask("CreateScene", sceneName="BRB")
    box = {"color": 0xFF0000FF, "width": 50, "height": 50}
    # a medium that restarts on activation ends when its scene goes off air
    for name, kind, settings, shown in (
        ("Box", "color_source_v3", box, False),
        ("Jingle", "ffmpeg_source", {"local_file": str(folder / "jingle.wav"), "restart_on_activate": False}, True),
    ):
        await obs.ask(
            "CreateInput",
            sceneName=SCENE,
            inputName=name,
            inputKind=kind,
            inputSettings=settings,
            sceneItemEnabled=shown,
        )
    await obs.ask("CreateSourceFilter", sourceName="Box", filterName="Glow", filterKind="color_filter_v2")
    await obs.ask("SetSourceFilterEnabled", sourceName="Box", filterName="Glow", filterEnabled=False)


async def stands(obs: ObsStudio) -> dict[str, Any]:
    """Return everything that the actions change."""
    items = (await obs.ask("GetSceneItemList", sceneName=SCENE))["sceneItems"]
    filters = (await obs.ask("GetSourceFilterList", sourceName="Box"))["filters"]
    transition = await obs.ask("GetSceneTransitionList")
    return {
        "items": {each["sourceName"]: (each["sceneItemEnabled"], each["sceneItemTransform"]) for each in items},
        "filters": {each["filterName"]: each["filterEnabled"] for each in filters},
        "mute": (await obs.ask("GetInputMute", inputName="Jingle"))["inputMuted"],
        "scene": (await obs.ask("GetCurrentProgramScene"))["currentProgramSceneName"],
        "transition": transition["currentSceneTransitionName"],
    }


@asynccontextmanager
async def driven(obs: ObsStudio) -> AsyncIterator[ObsDriver]:
    motion_map = load_motion_map(MAP, source="test.toml")
    driver = ObsDriver(motion_map=motion_map, url=obs.url, password=obs.password)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.run())
        assert await driver.ready(), driver.state.detail
        try:
            yield driver
        finally:
            await driver.close()


async def test_every_action_is_done_and_taken_back(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "jingle.wav", np.zeros(48_000 * 20, dtype=np.float32), 48_000)
    async with obs_studio(tmp_path) as obs:
        await furnish(obs, tmp_path)
        before = await stands(obs)
        async with driven(obs) as driver:
            assert driver.abilities.actions == set(ACTIONS), driver.abilities.diagnostics
            (missing,) = driver.abilities.diagnostics
            assert missing.message == "wrong: OBS has no source 'Bax'; did you mean 'Box'?"
            for cue, name in enumerate(ACTIONS):
                driver.send_command(Command("act", 0.0, name, cue))
            seen: list[tuple[str, str]] = []

            def all_acted(kind: str) -> bool:
                seen.extend((each.action, each.kind) for each in driver.acted())
                return {action for action, told in seen if told == kind} >= set(ACTIONS)

            await until(lambda: all_acted("act"))
            await until(lambda: driver._switches._motion._moving["move", SCENE, "Box"].arrived)
            during = await stands(obs)
            assert during["scene"] == "BRB"
            assert during["items"]["Box"][0]
            assert during["items"]["Box"][1]["positionX"] == pytest.approx(80)
            assert during["items"]["Box"][1]["scaleX"] == pytest.approx(2)
            assert during["filters"] == {"Glow": True}
            assert during["mute"]
            for cue, name in enumerate(ACTIONS):
                driver.send_command(Command("release", 0.0, name, cue))
            await until(lambda: not driver._switches._holds.touched() and not driver._switches._motion._moving)
            await until(lambda: driver._switches.scenery.transition == "Fade")
            assert await stands(obs) == before
            await comes_to(obs, "GetMediaInputStatus", lambda told: told["mediaState"] != PLAYING, inputName="Jingle")
            driver.send_command(Command("act", 0.0, "box", 1))
            driver.send_command(Command("act", 0.0, "hop", 2))
            driver.send_command(Command("act", 0.0, "brb", 3))
            await until(lambda: "brb" in {each.action for each in driver.acted()})
            assert driver.state.diagnostics == (missing,)
        on_air = before["scene"]
        await comes_to(obs, "GetSceneList", lambda told: told["currentProgramSceneName"] == on_air)
        assert await stands(obs) == before


async def test_a_wrong_password_is_refused_in_words(tmp_path: Path) -> None:
    async with obs_studio(tmp_path) as obs:
        driver = ObsDriver(motion_map=load_motion_map(MAP, source="test.toml"), url=obs.url, password="wrong")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(driver.run())
            assert not await driver.ready()
            assert driver.state.status == "refused"
            assert "did not accept the password" in driver.state.detail
            await driver.close()


SCRIPT = (
    "Welcome to the stream, everybody! Today we are going to paint a dragon with seven heads. "
    "It won't be easy. The café's sign says “Größe: 3½ mètres”, and that is only one wing of it. Let's begin."
)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on this machine (apt install ffmpeg)")
async def test_the_stream_carries_the_words_as_captions(tmp_path: Path) -> None:
    recorded = tmp_path / "stream.flv"
    async with obs_studio(tmp_path, width=320, height=180) as obs, received(obs, recorded):
        motion_map = load_motion_map(MAP, source="test.toml")
        driver = ObsDriver(motion_map=motion_map, url=obs.url, password=obs.password)
        voice, _ = build_voice(VoiceSettings(engine="tone"))
        bridge = Bridge(voice=voice, speaker=SilentSpeaker(), drivers=[driver], motion_map=motion_map)
        async with bridge:
            await bridge.ready()
            said = await bridge.perform(SCRIPT)
            speaking = asyncio.create_task(bridge.perform("Now this sentence is not heard to its end by anyone."))
            await until(lambda: driver._captions is not None and bool(driver._captions._shown))
            await until(lambda: bridge.stage.speaker.heard() > 1.0)
            cut = bridge.interrupt()
            await speaking
            await until(lambda: not driver._captions._waiting)  # type: ignore[union-attr]
            await asyncio.sleep(5.0)  # OBS shows each for two seconds; nothing tells when it has
    shown = captions(annex_b(recorded))
    assert all(len(line) <= 32 for each in shown for line in each.split("\n"))
    assert all(len(each.split("\n")) <= 2 for each in shown)
    whole = " ".join(" ".join(shown).split())
    assert said.heard.speech.startswith("Welcome")
    assert whole.startswith(SCRIPT)
    assert shown[-1].split() == cut.shown.split()


@asynccontextmanager
async def received(obs: ObsStudio, path: Path) -> AsyncIterator[None]:
    """Let OBS stream to this machine, and what it streams be kept."""
    address = obs_address()
    command = ["ffmpeg", "-loglevel", "error", "-listen", "1", "-i", f"{address}/live/key", "-c", "copy", str(path)]
    sink = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        process = psutil.Process(sink.pid)
        await until(lambda: any(each.status == psutil.CONN_LISTEN for each in process.net_connections()))
        settings = {"server": f"{address}/live", "key": "key"}
        await obs.ask("SetStreamServiceSettings", streamServiceType="rtmp_custom", streamServiceSettings=settings)
        await obs.ask("StartStream")
        await comes_to(obs, "GetStreamStatus", lambda told: told["outputDuration"] > 300)
        yield
        await obs.ask("StopStream")
        async with asyncio.timeout(15):
            await sink.wait()
    finally:
        if sink.returncode is None:
            sink.kill()
            await sink.wait()


async def comes_to(obs: ObsStudio, request: str, condition: Callable[[dict[str, Any]], bool], **data: Any) -> None:
    """Ask OBS until what it answers is as it should be."""
    for _ in range(300):
        if condition(await obs.ask(request, **data)):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{request} did not come to be as expected")


def obs_address() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"rtmp://127.0.0.1:{probe.getsockname()[1]}"


def annex_b(path: Path) -> bytes:
    options = ["-c", "copy", "-an", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-"]
    done = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", str(path), *options], capture_output=True, check=True)
    return done.stdout
