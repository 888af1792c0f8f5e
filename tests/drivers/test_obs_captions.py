"""Captions for OBS: on the playhead, two seconds apart, ended where the speech was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from stories import performed

from avatar_bridge import registry
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.drivers.obs_captions import ObsCaptions
from avatar_bridge.simulators.obs import ObsSimulator

EXAMPLE = Path(__file__).parents[2] / "examples" / "vtuber_stream" / "stream_map.toml"
SCRIPT = "The first sentence takes quite a while to say. The second one takes a while as well. Done."
NO_SOUND = np.zeros(0, dtype=np.float32)


class Moment:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Client:
    """Takes captions down."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def ask(self, request_type: str, *, captionText: str) -> dict[str, str]:  # noqa: N803
        assert request_type == "SendStreamCaption"
        self.said.append(captionText)
        return {}


@asynccontextmanager
async def captioned(script: str = SCRIPT) -> AsyncIterator[tuple[ObsCaptions, Client, Moment, list[Diagnostic]]]:
    now, client, told = Moment(), Client(), []
    captions = ObsCaptions(now, report=lambda _, diagnostic: told.append(diagnostic))
    task = asyncio.create_task(captions.run(client))  # type: ignore[arg-type]
    timeline = performed(script)
    await settle()
    captions.began(1, timeline)
    captions.grew(timeline, None, NO_SOUND, 24_000)
    try:
        yield captions, client, now, told
    finally:
        task.cancel()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_caption_is_sent_when_its_first_word_is_heard() -> None:
    async with captioned() as (captions, client, now, _):
        await settle()
        assert client.said == []
        for tick in range(600):
            now.now = tick / 60
            captions.tick(tick / 60)
            await settle()
        assert " ".join(" ".join(client.said).split()) == SCRIPT
        assert len(client.said) > 1


async def test_an_interrupt_leaves_what_was_heard() -> None:
    async with captioned() as (captions, client, now, _):
        timeline = performed(SCRIPT)
        now.now = 1.0
        captions.tick(1.0)
        await settle()
        assert len(client.said) == 1
        heard = timeline.heard(1.0)
        captions.ended(heard)
        now.now = 3.5
        captions.began(2, timeline)
        captions._wake.set()
        await settle()
        assert client.said[1].split() == heard.shown.split()
        assert client.said[0].startswith(" ".join(heard.shown.split())[:20])


async def test_nothing_heard_clears_the_caption() -> None:
    async with captioned() as (captions, client, now, _):
        timeline = performed(SCRIPT)
        captions.tick(timeline.words[0].at)
        await settle()
        assert len(client.said) == 1
        captions.ended(timeline.heard(0.0))
        now.now = 2.5
        captions._wake.set()
        await settle()
        assert client.said[1:] == [""]


async def test_what_cannot_be_written_is_told_once() -> None:
    async with captioned("こんにちは、みなさん。") as (captions, client, now, told):
        now.now = 1.0
        captions.tick(5.0)
        await settle()
        assert [text for text in client.said if any(char.isalnum() for char in text)] == []
        assert ["Western letters only" in each.message for each in told] == [True]


async def test_the_example_is_all_native_in_the_simulated_obs() -> None:
    motion_map = registry.read_map(EXAMPLE)
    async with ObsSimulator(password="secret") as obs:
        driver = ObsDriver(motion_map=motion_map, url=obs.url, password="secret")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(driver.run())
            assert await driver.ready()
            expected = {action.name for action in motion_map.actions.values() if "obs" in action.targets}
            assert driver.abilities.actions == expected
            assert len(expected) >= 6
            await driver.close()
