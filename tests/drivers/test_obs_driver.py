"""The OBS driver against the simulator: what it does, what it takes back, what it says."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.ports import Adopter, Command, Driver, Follower, Witness
from avatar_bridge.simulators.obs import ObsSimulator
from avatar_bridge.wire.obs_scenery import Scenery

MAP = """
[actions.brb]
meaning = "be right back"
kind = "scene"
obs.scene = "BRB"
obs.transition = "Cut"
obs.back = true
[actions.chatting]
meaning = "stay in the other scene"
kind = "scene"
obs.scene = "Just Chatting"
[actions.confetti]
meaning = "confetti"
kind = "prop"
obs.source = "Confetti"
[actions.balloons]
meaning = "balloons"
kind = "prop"
duration = 0.05
obs.source = "Balloons"
[actions.party]
meaning = "everything at once"
kind = "prop"
obs.source = ["Confetti", "Balloons"]
obs.mute = "Mic"
obs.media = "Jingle"
obs.hotkey = "OBSBasic.Screenshot"
obs.keys = "ctrl+shift+f5"
[actions.glow]
meaning = "glow"
kind = "prop"
obs.source = "Avatar"
obs.filter = "Glow"
[actions.hop]
meaning = "hop"
kind = "prop"
obs.source = "Avatar"
obs.by_y = -50
obs.scale = 1.5
obs.over = 0.05
[actions.hide]
meaning = "hide"
kind = "prop"
obs.source = "Avatar"
obs.hide = true
[actions.jingle]
meaning = "jingle"
kind = "prop"
duration = 20
obs.media = "Jingle"
"""


def motion_map(text: str = MAP) -> MotionMap:
    return load_motion_map(text, source="test.toml")


def act(action: str, cue: int | None = None, duration: float | None = None) -> Command:
    return Command("act", 0.0, action, cue, duration=duration)


def release(action: str, cue: int | None = None) -> Command:
    return Command("release", 0.0, action, cue)


RESET = Command("reset", 0.0)


@asynccontextmanager
async def driven(simulator: ObsSimulator, text: str = MAP, **options: Any) -> AsyncIterator[ObsDriver]:
    options = {"password": simulator.password, "jitter": lambda: 1.0, **options}
    driver = ObsDriver(motion_map=motion_map(text), url=simulator.url, **options)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.run())
        async with asyncio.timeout(10):
            await driver.ready()
        try:
            yield driver
        finally:
            await driver.close()


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError("it did not come to pass")
        await asyncio.sleep(0.005)


@pytest.fixture
async def obs() -> AsyncIterator[ObsSimulator]:
    async with ObsSimulator(password="geheim") as simulator:
        yield simulator


def shown(obs: ObsSimulator, source: str, container: str = "Main") -> bool:
    return obs.studio.item(container, source).enabled


def test_it_is_what_it_says() -> None:
    driver = ObsDriver(motion_map=motion_map())
    for kind in (Driver, Adopter, Follower, Witness):
        assert isinstance(driver, kind)


async def test_all_that_the_map_asks_for_is_native(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        assert driver.state.status == "ready"
        assert driver.abilities.actions == set(motion_map().actions)
        assert driver.abilities.diagnostics == ()
        driver.send_frame(Frame(0.0, {}))
        await until(lambda: driver.state.latency_ms is not None)
        assert driver.lead > obs.studio.fps**-1


async def test_a_scene_is_shown_and_left_again_with_the_streamers_transition(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(act("brb", 1))
        await until(lambda: obs.studio.program == "BRB")
        assert obs.studio.transition == "Cut"
        driver.send_command(release("brb", 1))
        await until(lambda: obs.studio.program == "Main" and obs.studio.transition == "Fade")
        assert [(each.action, each.cue, each.kind) for each in driver.acted()] == [
            ("brb", 1, "act"),
            ("brb", 1, "release"),
        ]


async def test_a_scene_that_stays_is_not_left(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(act("chatting"))
        await until(lambda: obs.studio.program == "Just Chatting")
        driver.send_command(release("chatting"))
        driver.send_command(RESET)
        driver.send_command(act("hide"))
        await until(lambda: not shown(obs, "Avatar", "Just Chatting"))
    assert obs.studio.program == "Just Chatting"
    assert shown(obs, "Avatar", "Just Chatting")
    assert shown(obs, "Avatar")


async def test_a_scene_that_the_streamer_changed_is_theirs(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(act("brb"))
        await until(lambda: [each.kind for each in driver.acted()] == ["act"])
        obs.by_hand("SetCurrentProgramScene", sceneName="Just Chatting")
        await until(lambda: driver._switches.scenery.program == "Just Chatting")
        driver.send_command(release("brb"))
        driver.send_command(act("hide"))
        await until(lambda: not shown(obs, "Avatar", "Just Chatting"))
    assert obs.studio.program == "Just Chatting"


async def test_everything_at_once_and_back(obs: ObsSimulator) -> None:
    studio = obs.studio
    async with driven(obs) as driver:
        driver.send_command(act("party", 3))
        await until(lambda: studio.inputs["Mic"].muted is True)
        assert shown(obs, "Confetti")
        assert shown(obs, "Balloons", "Decorations")
        assert studio.inputs["Jingle"].media == "OBS_MEDIA_STATE_PLAYING"
        assert studio.pressed == ["OBSBasic.Screenshot", "control+shift+OBS_KEY_F5"]
        driver.send_command(RESET)
        await until(lambda: studio.inputs["Mic"].muted is False)
        assert not shown(obs, "Confetti")
        assert not shown(obs, "Balloons", "Decorations")
        assert studio.inputs["Jingle"].media == "OBS_MEDIA_STATE_STOPPED"


async def test_what_is_held_for_a_time_ends_by_itself(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(act("balloons"))
        await until(lambda: [each.kind for each in driver.acted()] == ["act"])
        await until(lambda: not shown(obs, "Balloons", "Decorations"))
        states = [each.data["sceneItemEnabled"] for each in obs.requests if each.type == "SetSceneItemEnabled"]
        assert states == [True, False]


async def test_two_that_hold_the_same_thing(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(act("confetti", 1))
        driver.send_command(act("party", 2))
        await until(lambda: shown(obs, "Confetti"))
        driver.send_command(release("confetti", 1))
        driver.send_command(act("glow"))
        await until(lambda: obs.studio.filters["Avatar"][0].enabled)
        assert shown(obs, "Confetti")
        driver.send_command(release("party", 2))
        await until(lambda: not shown(obs, "Confetti"))
    assert not obs.studio.filters["Avatar"][0].enabled


async def test_what_was_on_stays_on(obs: ObsSimulator) -> None:
    obs.by_hand("SetInputMute", inputName="Mic", inputMuted=True)
    obs.studio.item("Main", "Confetti").enabled = True
    async with driven(obs) as driver:
        driver.send_command(act("party"))
        await until(lambda: shown(obs, "Balloons", "Decorations"))
        driver.send_command(release("party"))
        await until(lambda: not shown(obs, "Balloons", "Decorations"))
        assert shown(obs, "Confetti")
        assert obs.studio.inputs["Mic"].muted


async def test_an_item_moves_there_and_back_exactly(obs: ObsSimulator) -> None:
    item = obs.studio.item("Main", "Avatar")
    item.transform |= {"positionX": 123.4, "positionY": 56.7, "scaleX": -0.5, "scaleY": 0.25}
    before = dict(item.transform)
    async with driven(obs) as driver:
        driver.send_command(act("hop"))
        await until(lambda: item.transform["positionY"] == pytest.approx(6.7))
        assert item.transform["scaleX"] == pytest.approx(-0.75)
        assert item.transform["scaleY"] == pytest.approx(0.375)
        driver.send_command(release("hop"))
        await until(lambda: item.transform == before)
        assert [each.kind for each in driver.acted()] == ["act", "release"]


async def test_an_item_that_the_streamer_moved_is_theirs(obs: ObsSimulator) -> None:
    item = obs.studio.item("Main", "Avatar")
    async with driven(obs) as driver:
        driver.send_command(act("hop"))
        await until(lambda: item.transform["positionY"] == -50)
        item.transform |= {"positionX": 700.0}
        driver.send_command(release("hop"))
        await until(lambda: not driver._switches._motion._moving)
        assert item.transform["positionX"] == 700.0


async def test_close_puts_everything_back(obs: ObsSimulator) -> None:
    item = obs.studio.item("Main", "Avatar")
    before = dict(item.transform)
    async with driven(obs) as driver:
        for name in ("hop", "glow", "confetti", "brb", "jingle"):
            driver.send_command(act(name))
        await until(lambda: obs.studio.program == "BRB" and item.transform["positionY"] == -50)
    assert obs.studio.program == "Main"
    assert obs.studio.transition == "Fade"
    assert item.transform == before
    assert not shown(obs, "Confetti")
    assert not obs.studio.filters["Avatar"][0].enabled
    assert obs.studio.inputs["Jingle"].media == "OBS_MEDIA_STATE_STOPPED"
    assert driver.state.status == "closed"


async def test_what_is_missing_is_named_with_the_nearest(obs: ObsSimulator) -> None:
    text = """
[actions.a]
meaning = "a"
kind = "prop"
obs.scene = "Brb"
[actions.b]
meaning = "b"
kind = "prop"
obs.source = "Confeti"
[actions.c]
meaning = "c"
kind = "prop"
obs.source = "Avatar"
obs.filter = "Gloww"
[actions.d]
meaning = "d"
kind = "prop"
obs.mute = "Background"
[actions.e]
meaning = "e"
kind = "prop"
obs.sauce = "Confetti"
[actions.f]
meaning = "f"
kind = "prop"
obs.source = "Confetti"
obs.in = "BRB"
"""
    async with driven(obs, text) as driver:
        assert driver.abilities.actions == frozenset()
        told = [each.message for each in driver.abilities.diagnostics]
        assert told[0].startswith("e: obs.sauce is not known")
        assert told[1:] == [
            "a: OBS has no scene 'Brb'; did you mean 'BRB'?",
            "b: OBS has no source 'Confeti'; did you mean 'Confetti'?",
            "c: OBS has no filter 'Gloww' on 'Avatar'; did you mean 'Glow'?",
            "d: 'Background' has no sound in OBS that could be muted",
            "f: OBS has no source 'Confetti' in the scene 'BRB'",
        ]
        assert driver.state.diagnostics == driver.abilities.diagnostics
        obs.studio.place("Main", "Confeti")
        obs.tell(1 << 7, "SceneItemCreated", sceneName="Main", sourceName="Confeti", sceneItemId=99, sceneItemIndex=0)
        await until(lambda: "b" in driver.abilities.actions)
        driver.adopt(motion_map())
        await until(lambda: "party" in driver.abilities.actions)


@pytest.mark.parametrize(
    ("given", "words"),
    [("falsch", "did not accept the password"), ("", "asks for a password, and none was given")],
)
async def test_a_wrong_password_is_said_and_never_told(
    obs: ObsSimulator, given: str, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AVATAR_BRIDGE_OBS_PASSWORD", raising=False)
    caplog.set_level(logging.DEBUG)
    async with driven(obs, password=given) as driver:
        assert driver.state.status == "refused"
        assert words in driver.state.detail
        assert "Show Connect Info" in driver.state.detail
        obs.password = given
        await until(lambda: driver.state.status == "ready")
    told = repr(driver.state) + repr(driver.__dict__) + caplog.text
    assert not given or given not in told


async def test_the_password_may_come_from_the_environment(obs: ObsSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_BRIDGE_OBS_PASSWORD", "geheim")
    async with driven(obs, password="") as driver:
        assert driver.state.status == "ready"


async def test_nobody_there() -> None:
    async with ObsSimulator() as gone:
        url = gone.url
    driver = ObsDriver(motion_map=motion_map(), url=url)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.run())
        assert not await driver.ready()
        assert driver.state.status == "unreachable"
        assert "Tools > WebSocket Server Settings" in driver.state.detail
        driver.send_command(act("confetti"))
        await driver.close()


async def test_what_is_held_is_put_right_after_a_restart(obs: ObsSimulator) -> None:
    item = obs.studio.item("Main", "Avatar")
    async with driven(obs) as driver:
        driver.send_command(act("confetti", 1))
        driver.send_command(act("hop", 2))
        await until(lambda: shown(obs, "Confetti") and item.transform["positionY"] == -50)
        await obs.stop()
        await until(lambda: driver.state.status == "unreachable")
        obs.studio.item("Main", "Confetti").enabled = False
        item.transform |= {"positionY": 0.0, "scaleX": 1.0, "scaleY": 1.0}
        await obs.start()
        await until(lambda: shown(obs, "Confetti") and item.transform["positionY"] == -50)
        await obs.stop()
        await until(lambda: driver.state.status == "unreachable")
        driver.send_command(release("confetti", 1))
        driver.send_command(release("hop", 2))
        driver.send_command(act("glow", 3))
        driver.send_command(act("balloons", 4))
        await asyncio.sleep(0.06)
        await obs.start()
        await until(lambda: not shown(obs, "Confetti") and item.transform["positionY"] == 0)
        await until(lambda: obs.studio.filters["Avatar"][0].enabled)
        assert not shown(obs, "Balloons", "Decorations")
        assert any("balloons: OBS was not connected" in each.message for each in driver.state.diagnostics)
    assert not obs.studio.filters["Avatar"][0].enabled


async def test_obs_that_closes_says_so(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        obs.tell(1, "ExitStarted")
        await until(lambda: "OBS is closing" in driver.state.detail)


async def test_what_is_built_in_mid_show_does_not_confuse_what_is_held(obs: ObsSimulator) -> None:
    """OBS is looked at anew again and again while things are switched on and off."""
    async with driven(obs) as driver:
        for number in range(60):
            driver._changed.set()
            driver.send_command(act("confetti", number))
            if number % 3:
                await asyncio.sleep(0.002 * (number % 7))
            driver.send_command(release("confetti", number))
            if number % 2:
                await asyncio.sleep(0.05 - 0.0005 * number)
        driver.send_command(act("glow", 99))
        await until(lambda: obs.studio.filters["Avatar"][0].enabled)
        assert not shown(obs, "Confetti")
        assert not driver._switches.scenery.values["item", "Main", "Confetti"]


async def test_nothing_that_the_map_does_not_name_is_ever_asked_for(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        driver.send_command(
            Command("act", 0.0, "OBSBasic.StartStreaming", 1, fields={"hotkey": "OBSBasic.StartStreaming"})
        )
        driver.send_command(act("glow"))
        await until(lambda: obs.studio.filters["Avatar"][0].enabled)
    assert obs.studio.pressed == []
    names = {each.type for each in obs.requests if not each.type.startswith("Get")}
    assert names == {"SetSourceFilterEnabled"}


async def test_what_is_set_by_hand_while_it_looks_around_counts(obs: ObsSimulator) -> None:
    async with driven(obs) as driver:
        switches, gate = driver._switches, asyncio.Event()

        async def reading() -> Scenery:
            seen = copy.deepcopy(switches.scenery)
            await gate.wait()
            return seen

        looking = asyncio.create_task(switches.look(reading()))
        await asyncio.sleep(0)
        obs.by_hand("SetSceneItemEnabled", sceneName="Main", sceneItemId=3, sceneItemEnabled=True)
        await until(lambda: ("item", "Main", "Confetti") in switches._told)
        gate.set()
        await looking
        driver.send_command(act("confetti"))
        driver.send_command(act("glow"))
        await until(lambda: obs.studio.filters["Avatar"][0].enabled)
        driver.send_command(RESET)
        await until(lambda: not obs.studio.filters["Avatar"][0].enabled)
        assert shown(obs, "Confetti")
