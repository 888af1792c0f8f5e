"""A real OBS shows what a streamer's audience would see of the overlay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from obs_studio import missing_obs, obs_studio

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "examples" / "obs_overlay" / "avatar_bridge.scenes.json"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(missing_obs()), reason=missing_obs() or "it is here"),
]


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
