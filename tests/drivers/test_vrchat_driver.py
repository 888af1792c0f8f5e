"""The VRChat driver against a strict VRChat and python-osc's own server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from udp_peers import free_port, python_osc

from avatar_bridge.assembly import Bridge
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.vrchat import VRChatDriver
from avatar_bridge.drivers.vrchat_avatar import find_avatar, osc_folders
from avatar_bridge.drivers.vrchat_chatbox import Chatbox
from avatar_bridge.drivers.vrchat_deeds import Changes
from avatar_bridge.errors import ProtocolError, SettingsError
from avatar_bridge.ports import Adopter, Command, Driver, Follower
from avatar_bridge.settings import Settings, override
from avatar_bridge.simulators.vrchat import VRChatSimulator

MAP = load_motion_map(
    """
[actions.wave]
meaning = "waves"
kind = "gesture"
duration = 0.5
vrchat.parameter = "Wave"

[actions.cheer]
meaning = "cheers"
kind = "gesture"
group = "emote"
duration = 0.5
vrchat = { parameter = "VRCEmote", value = 3 }

[actions.glow]
meaning = "glows"
kind = "expression"
fade_in = 0.2
fade_out = 0.2
weight = 1.0
vrchat = { parameter = "Glow", value = 1.0 }

[actions.hat]
meaning = "hat"
kind = "prop"
vrchat.parameter = "Wavy"

[actions.wrong]
meaning = "wrong"
kind = "prop"
vrchat = { name = "Hat" }
""",
    source="test.toml",
)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def drive() -> AsyncIterator[Callable[..., VRChatDriver]]:
    running: list[tuple[VRChatDriver, asyncio.Task[None]]] = []

    def start(url: str, **options: Any) -> VRChatDriver:
        driver = VRChatDriver(**({"motion_map": MAP, "listen": 0} | options), url=url)
        running.append((driver, asyncio.create_task(driver.run())))
        return driver

    yield start
    for driver, task in running:
        await driver.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - packets have no event
            await asyncio.sleep(0.005)


async def test_the_face_arrives_typed_as_the_avatar_wants_it(
    drive: Callable[..., VRChatDriver], tmp_path: Path
) -> None:
    ear = free_port()
    async with VRChatSimulator(port=0, tell=ear, folder=tmp_path) as vrchat:
        driver = drive(vrchat.url, listen=ear, folder=tmp_path)
        assert isinstance(driver, Driver)
        assert isinstance(driver, Adopter)
        assert isinstance(driver, Follower)
        assert await driver.ready()
        await until(lambda: vrchat.unknown["AB/HeadYaw"] > 0)
        vrchat.wear("avtr_0-1", vrchat.types)
        await until(lambda: "the avatar Sample" in driver.state.detail)
        await until(lambda: "FT/v2/JawOpen" in vrchat.values)
        vrchat.unknown.clear()
        driver.send_frame(
            Frame(0.0, {"mouth_open": 0.8, "aa": 0.8, "gaze_y": 1.0, "blink_left": 1.0, "blink_right": 1.0})
        )
        await until(lambda: vrchat.values["AB/MouthOpen"] == pytest.approx(0.8, abs=0.01))
        assert vrchat.values["AB/Speaking"] is True
        assert vrchat.values["FT/v2/JawOpen"] > 0.5
        await until(lambda: vrchat.eyes["/tracking/eye/EyesClosedAmount"] == (1.0,))
        assert vrchat.eyes["/tracking/eye/CenterPitchYaw"] == (-15.0, 0.0)
        assert not vrchat.unknown
        driver.send_command(Command("act", 0.0, "wave"))
        await until(lambda: vrchat.values.get("Wave") is True)
        await driver.close()
        await until(lambda: vrchat.values["AB/MouthOpen"] == 0.0 and vrchat.values["Wave"] is False)
        vrchat.check()


async def test_only_what_changes_is_sent_and_no_faster_than_asked(drive: Callable[..., VRChatDriver]) -> None:
    clock = Clock()
    with python_osc() as heard:
        driver = drive(f"127.0.0.1:{heard.port}", now=clock, rate=10.0)
        assert await driver.ready()
        await asyncio.to_thread(heard.wait, "/tracking/eye/EyesClosedAmount", 1)
        heard.messages.clear()
        for tick in range(60):
            clock.now += 1 / 60
            driver.send_frame(Frame(tick / 60, {"mouth_open": 0.5 + tick / 200, "cheek": 0.5}))
        driver.send_command(Command("act", 0.0, "wave"))
        await asyncio.to_thread(heard.wait, "/avatar/parameters/Wave", 1)
    count = {address: sum(each == address for each, _ in heard.messages) for address, _ in heard.messages}
    assert 9 <= count["/avatar/parameters/AB/MouthOpen"] <= 11
    assert count["/avatar/parameters/AB/Cheek"] == count["/avatar/parameters/AB/Speaking"] == 1
    assert "/avatar/parameters/AB/HeadYaw" not in count
    assert [values for address, values in heard.messages if address.endswith("Wave")] == [(True,)]


async def test_actions_set_and_set_back_and_the_users_own_switches_stay(drive: Callable[..., VRChatDriver]) -> None:
    clock = Clock()
    async with VRChatSimulator(port=0, tell=0) as vrchat:
        driver = drive(vrchat.url, now=clock)
        assert await driver.ready()
        await until(lambda: "AB/MouthOpen" in vrchat.values)
        assert not {"Wave", "VRCEmote", "Glow"} & vrchat.values.keys()
        assert driver.abilities.actions == {"wave", "cheer", "glow", "hat"}
        driver.send_command(Command("act", 0.0, "cheer", 1))
        await until(lambda: vrchat.values.get("VRCEmote") == 3)
        clock.now += 0.6
        await until(lambda: vrchat.values["VRCEmote"] == 0)
        driver.send_command(Command("act", 0.0, "glow", 2))
        clock.now += 0.1
        driver.send_frame(Frame(0.0, {}))
        await until(lambda: vrchat.values.get("Glow") == pytest.approx(0.5, abs=0.01))
        clock.now += 1.0
        driver.send_frame(Frame(0.0, {}))
        await until(lambda: vrchat.values["Glow"] == 1.0)
        driver.send_command(Command("release", 0.0, "glow", 2))
        clock.now += 1.0
        await until(lambda: vrchat.values["Glow"] == 0.0)
        clock.now += 10.0
        vrchat.values.clear()
        await until(lambda: "AB/MouthOpen" in vrchat.values)
        assert not {"Wave", "VRCEmote", "Glow"} & vrchat.values.keys()
        vrchat.check()


async def test_what_the_avatar_lacks_is_told_with_the_nearest_name(
    drive: Callable[..., VRChatDriver], tmp_path: Path
) -> None:
    ear = free_port()
    async with VRChatSimulator(port=0, tell=ear, folder=tmp_path) as vrchat:
        driver = drive(vrchat.url, listen=ear, folder=tmp_path)
        assert await driver.ready()
        vrchat.wear("avtr_0-1", vrchat.types)
        await until(lambda: "the avatar Sample" in driver.state.detail)
        assert driver.abilities.actions == {"wave", "cheer", "glow"}
        told = {note.message: note.suggestion for note in driver.state.diagnostics}
        assert told["hat: the avatar Sample has no parameter 'Wavy'"] == "did you mean 'Wave'?"
        assert any(message.startswith("wrong: expected vrchat = {") for message in told)


async def test_vrchat_that_is_not_there_and_comes(drive: Callable[..., VRChatDriver]) -> None:
    port = free_port()
    driver = drive(str(port))
    assert not await driver.ready()
    assert f"Nobody listens on 127.0.0.1:{port}: start VRChat" in driver.state.detail
    driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
    driver.send_command(Command("act", 0.0, "glow"))
    async with VRChatSimulator(port=port, tell=0) as vrchat:
        await until(lambda: vrchat.values.get("AB/MouthOpen", 0.0) != 0.0 and vrchat.values.get("Glow", 0.0) != 0.0)
        await until(lambda: driver.state.status == "ready")


async def test_a_port_that_another_program_has_is_told(drive: Callable[..., VRChatDriver]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        driver = drive("127.0.0.1:9", listen=taken.getsockname()[1])
        await driver.ready()
        assert any("is taken" in note.message for note in driver.state.diagnostics)


def test_a_file_that_is_not_vrchats_is_refused_and_no_other_is_ever_read(tmp_path: Path) -> None:
    file = tmp_path / "usr_1" / "Avatars" / "avtr_1.json"
    file.parent.mkdir(parents=True)
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(ProtocolError):
        find_avatar("avtr_1", [tmp_path])
    for name in ("../../secret", "avtr_*", "avtr_1/../x", "", "avtr_2"):
        assert find_avatar(name, [tmp_path]) is None
    assert all("LocalLow" in str(folder) for folder in osc_folders(tmp_path))


def placed(index: int, text: str, at: float) -> PlacedSegment:
    return PlacedSegment(index, text, 0, at, 1.0, 0.0, "phonemes", 0.0)


def test_the_chatbox_shows_lines_when_heard_and_no_faster_than_vrchat_takes_them() -> None:
    box = Chatbox()
    box.begin()
    for index, at in enumerate((0.2, 0.8, 1.0, 3.0)):
        box.add(placed(index, f"line {index}", at))
    assert box.due(10.0) is None
    box.heard(10.0, 0.0)
    assert box.due(10.0) is None
    box.heard(11.0, 0.4)
    assert box.due(11.0) == "line 0"
    assert box.due(11.9) is None
    assert box.due(12.4) == "line 2"
    assert box.due(13.0) is None
    box.end()
    assert box.due(20.0) is None


async def test_what_is_said_is_in_the_chatbox(drive: Callable[..., VRChatDriver]) -> None:
    async with VRChatSimulator(port=0, tell=0) as vrchat:
        driver = drive(vrchat.url, chatbox=True)
        assert await driver.ready()
        driver.began(1, None)  # type: ignore[arg-type]
        driver.grew(None, placed(0, "Hello there!", 0.0), None, 0)  # type: ignore[arg-type]
        driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
        await until(lambda: bool(vrchat.chat))
        assert vrchat.chat[-1].text == "Hello there!"
        driver.grew(None, placed(1, "Never heard.", 60.0), None, 0)  # type: ignore[arg-type]
        driver.ended(HeardText("Hello there!", "Hello there!", 1.0, False))
        vrchat.check()


def test_changes_forget_what_is_wanted_no_more() -> None:
    changes = Changes(0.1, 3.0)
    assert len(changes.due(0.0, {"/a": (1.0,), "/b": (True,)})) == 2
    assert changes.due(0.2, {"/a": (1.0,), "/b": (True,)}) == []
    assert changes.due(0.25, {"/a": (1.0,)}) == []
    assert changes.due(0.3, {"/a": (1.0,), "/b": (True,)}) == [("/b", (True,))]
    assert changes.due(0.31, {"/a": (0.5,), "/b": (False,)}) == [("/a", (0.5,)), ("/b", (False,))]
    assert changes.due(0.35, {"/a": (0.4,), "/b": (False,)}) == []
    assert len(changes.due(3.1, {"/a": (0.4,), "/b": (False,)})) == 2


def test_a_rate_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SettingsError, match="1 to 60"):
        VRChatDriver(motion_map=MAP, rate=0.0)


async def test_a_bridge_speaks_in_the_chatbox_and_moves_the_mouth() -> None:
    async with VRChatSimulator(port=0, tell=0) as vrchat:
        options = {"chatbox": True, "listen": 0}
        settings = override(
            Settings(),
            {
                "voice.engine": "tone",
                "sound.speaker": "none",
                "drivers": {"vrchat": {"url": vrchat.url, "options": options}},
            },
        )
        async with Bridge.from_settings(settings) as bridge:
            await bridge.ready()
            await bridge.perform("Hello there! [smile] How are you?")
            assert bridge.troubles == []
        await until(lambda: vrchat.values["AB/MouthOpen"] == 0.0)
        assert vrchat.chat[0].text == "Hello there!"
        assert max(value for _, name, value in vrchat.arrivals if name == "AB/MouthOpen") > 0.3
        vrchat.check()


async def test_nothing_that_a_map_or_an_avatar_says_makes_it_raise(
    drive: Callable[..., VRChatDriver], tmp_path: Path
) -> None:
    ear = free_port()
    odd = load_motion_map(
        """
[actions.a]
meaning = "a"
kind = "prop"
vrchat = { parameter = "A \\u0000 #*?", value = 99999999999 }

[actions.b]
meaning = "b"
kind = "prop"
vrchat = { parameter = "", value = -5 }
""",
        source="odd.toml",
    )
    async with VRChatSimulator(port=0, tell=ear, folder=tmp_path) as vrchat:
        driver = drive(vrchat.url, motion_map=odd, listen=ear, folder=tmp_path)
        assert await driver.ready()
        for name in odd.actions:
            driver.send_command(Command("act", 0.0, name))
        await until(lambda: "A______" in vrchat.unknown)
        vrchat.wear("avtr_0-1", {"AB/Mouth Open": "Float", "AB/Cheek#2": "Float", "AB/MouthOpen": "Float"})
        await until(lambda: "AB/MouthOpen" in vrchat.values)
        driver.send_frame(Frame(0.0, {"mouth_open": 0.5, "cheek": 0.5}))
        running = [task for task in asyncio.all_tasks() if "run" in repr(task.get_coro())]
        await driver.close()
        await asyncio.wait(running, timeout=5)
        assert all(task.done() and task.exception() is None for task in running)
