"""A real OBS shows what a streamer's audience would see of the overlay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark_parts import benchmark_part
from chromium import artefact, needs_chromium, until_async, window_async
from obs_studio import ObsStudio, missing_obs, obs_studio
from pictures import difference, near, pixels
from virtual_display import virtual_display

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "examples" / "obs_overlay" / "avatar_bridge.scenes.json"
WIDTH, HEIGHT = 640, 360
BACKDROP = (20, 140, 60)
"""What stands behind the transparent page, as a game would."""
PALETTE = {"hair": (205, 190, 240), "jacket": (255, 130, 110), "skin": (255, 235, 225), "skirt": (55, 60, 115)}
"""What our mascot is known by."""
QUIET = '[sound]\nspeaker = "none"\n'
TEXT = "[wave]Hello everybody, this is the voice of the overlay, and [nod]these are its subtitles. " * 4

pytestmark = [
    pytest.mark.peer,
    needs_chromium,
    pytest.mark.skipif(bool(missing_obs()), reason=missing_obs() or "it is here"),
]


@dataclass
class Stage:
    """A served bridge, its page in a window, and OBS that captures that window's display."""

    bridge: Any
    tab: Any
    obs: ObsStudio

    async def open(self, **options: object) -> None:
        """Show the overlay with these options before the backdrop."""
        await self.tab.goto(self.bridge.overlay(quality="low", **options))
        session = await self.tab.context.new_cdp_session(self.tab)
        colour = dict(zip("rgba", (*BACKDROP, 1), strict=True))
        await session.send("Emulation.setDefaultBackgroundColorOverride", {"color": colour})
        await until_async(self.tab, "window.avatarBridge !== undefined")
        await until_async(self.tab, "avatarBridge.state().ready && avatarBridge.state().frames > 3", 60)

    async def speak(self) -> None:
        """Let it speak, and come back once a subtitle is on the screen."""
        await asyncio.to_thread(self.bridge.call, "POST", "/v1/perform", {"text": TEXT})
        await until_async(self.tab, "avatarBridge.heard() > 1.0")

    async def hush(self) -> None:
        """Interrupt it."""
        await asyncio.to_thread(self.bridge.call, "POST", "/v1/interrupt")

    async def seen(self, name: str) -> np.ndarray:
        """Return what OBS sends to the audience now; kept as an artefact where those are asked for."""
        png = await self.obs.screenshot()
        artefact(f"obs/{name}.png", png)
        return pixels(png)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    served = benchmark_part("_overlay_show").served
    with served("tone", QUIET) as bridge, virtual_display(WIDTH, HEIGHT) as display:
        async with (
            window_async(display, "about:blank", WIDTH, HEIGHT) as tab,
            obs_studio(tmp_path, width=WIDTH, height=HEIGHT) as obs,
        ):
            await obs.capture(display, "Overlay")
            yield Stage(bridge, tab, obs)


async def eventually(stage: Stage, name: str, wanted: Any, seconds: float = 20) -> np.ndarray:
    """Return the first picture of OBS that is as wanted; OBS shows a page some frames later."""
    ends = asyncio.get_running_loop().time() + seconds
    while not wanted(picture := await stage.seen(name)):
        assert asyncio.get_running_loop().time() < ends, f"OBS never showed it; see {name}"
        await asyncio.sleep(0.1)
    return picture


def covered(picture: np.ndarray) -> np.ndarray:
    """Return where something stands before the backdrop."""
    return ~near(picture, BACKDROP, 12)


async def test_obs_shows_the_mascot_as_the_page_draws_it_and_moving_when_it_speaks(stage: Stage) -> None:
    await stage.open(layout="avatar", avatar="vrm")
    await stage.tab.evaluate("avatarBridge.hold({})")
    still = await eventually(stage, "mascot_at_rest", lambda seen: covered(seen).mean() > 0.05)
    ends = asyncio.get_running_loop().time() + 20
    while difference(still, own := pixels(await stage.tab.screenshot())[:HEIGHT, :WIDTH]) > 3:
        assert asyncio.get_running_loop().time() < ends, "OBS shows something else than the page draws"
        still = await stage.seen("mascot_at_rest")
    assert (covered(own) == covered(still)).mean() > 0.98
    assert not covered(still)[:8, :8].any()
    assert len(np.unique(still[covered(still)] // 32, axis=0)) > 15, "a character has many colours"

    await stage.tab.evaluate("avatarBridge.hold(null)")
    await stage.speak()
    await eventually(stage, "mascot_speaking", lambda seen: difference(seen, still) > 0.5)
    await stage.hush()


async def test_obs_shows_the_subtitle_only_where_one_is_asked_for(stage: Stage) -> None:
    def text(picture: np.ndarray) -> float:
        """Return how much of the lower third is as bright as letters are."""
        return float((picture[HEIGHT * 2 // 3 :, :, :3].min(axis=-1) > 235).mean())

    await stage.open(layout="subtitles", theme="outline")
    empty = await eventually(stage, "no_subtitle", lambda seen: near(seen, BACKDROP, 12).mean() > 0.99)
    assert text(empty) < 0.001
    await stage.speak()
    await until_async(stage.tab, "avatarBridge.state().subtitle.length > 12")
    await eventually(stage, "subtitle", lambda seen: text(seen) > 0.005)
    await stage.hush()
    await eventually(stage, "subtitle_gone", lambda seen: text(seen) < 0.001)


async def test_obs_shows_mascot_and_subtitle_together(stage: Stage) -> None:
    await stage.open(layout="both", avatar="vrm")
    await stage.tab.evaluate("avatarBridge.hold({})")
    await eventually(stage, "both_silent", lambda seen: covered(seen)[: HEIGHT // 2].mean() > 0.05)
    frames = await stage.tab.evaluate("avatarBridge.state().frames")
    await until_async(stage.tab, f"avatarBridge.state().frames > {frames + 30}")  # hair and ribbon come to rest
    silent = await stage.seen("both_silent")
    await stage.speak()
    await until_async(stage.tab, "avatarBridge.state().subtitle.length > 12")

    def changed(seen: np.ndarray) -> np.ndarray:
        return np.abs(seen[..., :3].astype(int) - silent[..., :3]).max(axis=-1) > 60

    seen = await eventually(stage, "both_speaking", lambda seen: changed(seen)[HEIGHT * 2 // 3 :].mean() > 0.01)
    assert changed(seen)[: HEIGHT // 2].mean() < 0.02, "the held mascot stays as it is"
    for name, colour in PALETTE.items():
        assert near(seen, colour, 32).mean() > 0.004, f"the mascot's {name} is not to be seen"


async def test_obs_reads_the_scene_collection_of_the_example(tmp_path: Path) -> None:
    async with obs_studio(tmp_path, width=1920, height=1080, collection=COLLECTION) as obs:
        (item,) = (await obs.ask("GetSceneItemList", sceneName="Avatar"))["sceneItems"]
        assert item["sourceName"] == "Avatar Bridge overlay"
        assert item["sceneItemEnabled"]
        transform = item["sceneItemTransform"]
        assert (transform["boundsWidth"], transform["boundsHeight"]) == (1920, 1080)
        told = await obs.ask("GetInputSettings", inputName="Avatar Bridge overlay")
        written = json.loads(COLLECTION.read_text(encoding="utf-8"))["sources"][0]["settings"]
        assert told["inputKind"] == "browser_source"
        assert told["inputSettings"] == written
