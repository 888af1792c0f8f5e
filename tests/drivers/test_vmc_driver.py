"""The VMC driver against the strict receiver and python-osc's own server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from udp_peers import free_port, python_osc

from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.osc_socket import Address, addresses
from avatar_bridge.drivers.vmc import VmcDriver
from avatar_bridge.drivers.vmc_presets import PRESETS
from avatar_bridge.errors import SettingsError
from avatar_bridge.ports import Adopter, Command, Driver
from avatar_bridge.simulators.vmc import VmcSimulator

VRM = Path(__file__).parents[2] / "src" / "avatar_bridge" / "web" / "static" / "mascot.vrm"
MAP = load_motion_map(
    """
[actions.heart]
meaning = "heart eyes"
kind = "expression"
fade_in = 0.2
fade_out = 0.4
weight = 1.0
vmc.blend = "Heart"

[actions.tears]
meaning = "tears"
kind = "expression"
fade_in = 0.2
weight = 1.0
vmc = { blend = "Tears", weight = 0.5 }

[actions.joy]
meaning = "joy"
kind = "gesture"
vmc.blend = "Joy"

[actions.wrong]
meaning = "wrong"
kind = "prop"
vmc = { clip = "Heart" }
""",
    source="test.toml",
)
SPOKEN = {"aa": 0.6, "mouth_open": 0.6, "head_yaw": 12.0}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def drive() -> AsyncIterator[Callable[..., VmcDriver]]:
    running: list[tuple[VmcDriver, asyncio.Task[None]]] = []

    def start(url: str | None = None, **options: Any) -> VmcDriver:
        driver = VmcDriver(**({"motion_map": MAP} | options), url=url)
        running.append((driver, asyncio.create_task(driver.run())))
        return driver

    yield start
    for driver, task in running:
        await driver.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def receiver() -> AsyncIterator[VmcSimulator]:
    async with VmcSimulator(port=0) as simulator:
        yield simulator
    simulator.check()


async def play(driver: VmcDriver, receiver: VmcSimulator, frames: int, values: dict[str, float] | None = None) -> None:
    """Send frames one by one, each once the last has arrived."""
    for number in range(frames):
        driver.send_frame(Frame(number / 60, values or {}))
        await receiver.wait(1)


async def test_frames_arrive_whole_and_by_the_rules(drive: Callable[..., VmcDriver], receiver: VmcSimulator) -> None:
    driver = drive(receiver.url, perfect_sync=True)
    assert isinstance(driver, Driver)
    assert isinstance(driver, Adopter)
    assert await driver.ready()
    await play(driver, receiver, 30, SPOKEN)
    frame = receiver.frames[-1]
    assert frame.loaded
    assert len(frame.bones) == 54
    assert frame.blends["jawOpen"] > 0.3
    assert frame.root == (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert driver.state.status == "ready"
    assert driver.state.sent_frames >= 30
    times = [each.time for each in receiver.frames]
    assert times == sorted(times, key=lambda time: time or 0.0)


async def test_python_osc_reads_every_message_typed_and_in_order(drive: Callable[..., VmcDriver]) -> None:
    with python_osc() as heard:
        driver = drive(f"127.0.0.1:{heard.port}")
        assert await driver.ready()
        for number in range(20):
            driver.send_frame(Frame(number / 60, SPOKEN))
            await asyncio.to_thread(heard.wait, "/VMC/Ext/Blend/Apply", number + 2)
    starts = [index for index, (address, _) in enumerate(heard.messages) if address == "/VMC/Ext/OK"]
    assert len(starts) >= 21
    frame = heard.messages[starts[5] : starts[6]]
    order = [address.removeprefix("/VMC/Ext/") for address, _ in frame]
    assert order == ["OK", "T", "Root/Pos", *["Bone/Pos"] * 54, *["Blend/Val"] * (36 + 2), "Blend/Apply"]
    assert frame[0][1] == (1,)
    assert type(frame[0][1][0]) is int
    for address, values in frame[2:-1]:
        assert isinstance(values[0], str), address
        assert all(type(value) is float for value in values[1:]), address
    blends = {values[0]: values[1] for address, values in frame if address == "/VMC/Ext/Blend/Val"}
    assert blends["A"] == blends["aa"] == pytest.approx(0.6)


async def test_a_held_blend_comes_stays_and_goes(drive: Callable[..., VmcDriver], receiver: VmcSimulator) -> None:
    clock = Clock()
    driver = drive(receiver.url, now=clock)
    assert await driver.ready()
    assert driver.abilities.actions == {"heart", "tears", "joy"}
    seen: list[float] = []

    async def after(seconds: float) -> float:
        clock.now += seconds
        await play(driver, receiver, 1)
        seen.append(receiver.frames[-1].blends["Heart"])
        return seen[-1]

    driver.send_command(Command("act", 0.0, "heart", 1, 0.8))
    assert await after(0.0) == 0.0
    assert await after(0.1) == pytest.approx(0.4, abs=0.01)
    assert await after(1.0) == pytest.approx(0.8)
    driver.send_command(Command("release", 0.0, "heart", 1))
    assert await after(0.2) == pytest.approx(0.4, abs=0.01)
    assert await after(0.3) == 0.0
    driver.send_command(Command("act", 0.0, "heart", 2))
    assert await after(1.0) == 1.0
    driver.send_command(Command("act", 0.0, "tears", 3))
    assert 0.0 < await after(0.1) < 1.0
    assert await after(0.5) == 0.0
    assert receiver.frames[-1].blends["Tears"] == 0.5
    driver.send_command(Command("reset", 0.0))
    await after(0.5)
    assert receiver.frames[-1].blends["Tears"] == 0.0
    driver.send_command(Command("act", 0.0, "joy", 4, 1.0, 0.5))
    await after(0.3)
    assert receiver.frames[-1].blends["Joy"] == 1.0
    assert receiver.frames[-1].blends["happy"] == 1.0
    await after(2.0)
    assert receiver.frames[-1].blends["Joy"] == 0.0


async def test_what_comes_without_a_fade_waits_for_no_frame(
    drive: Callable[..., VmcDriver], receiver: VmcSimulator
) -> None:
    clock = Clock()
    sudden = load_motion_map(
        '[actions.flash]\nmeaning = "flash"\nkind = "prop"\nfade_in = 0.0\nvmc.blend = "Flash"\n', source="test"
    )
    driver = drive(receiver.url, now=clock, motion_map=sudden)
    assert await driver.ready()
    await play(driver, receiver, 1)
    driver.send_command(Command("act", 0.0, "flash", 1))
    shown = await receiver.wait(1, timeout=5.0) if receiver.frames[-1].blends["Flash"] == 0.0 else receiver.frames[-1]
    assert shown.blends["Flash"] == 1.0


async def test_a_port_nobody_listens_on_is_told_and_fed_until_somebody_does(drive: Callable[..., VmcDriver]) -> None:
    port = free_port()
    driver = drive(str(port), preset="vseeface")
    assert not await driver.ready()
    state = driver.state
    assert state.status == "unreachable"
    assert f"Nobody listens on 127.0.0.1:{port}: start VSeeFace" in state.detail
    driver.send_command(Command("act", 0.0, "heart"))
    driver.send_frame(Frame(0.0, SPOKEN))
    async with VmcSimulator(port=port) as receiver:
        frame = await receiver.wait(2)
        assert frame.blends["A"] == pytest.approx(0.6)
        assert frame.blends["Heart"] > 0.0
        async with asyncio.timeout(5):
            while driver.state.status != "ready":
                await receiver.wait(1)
        receiver.check()
    async with asyncio.timeout(5):
        while driver.state.status != "unreachable":
            driver.send_frame(Frame(0.0, SPOKEN))
            await asyncio.sleep(0.01)


async def test_two_receivers_get_the_same_and_one_that_is_missing_delays_nobody(
    drive: Callable[..., VmcDriver],
) -> None:
    nobody = free_port()
    async with VmcSimulator(port=0) as first, VmcSimulator(port=0) as second:
        driver = drive(f"{first.port}, 127.0.0.1:{nobody}, udp://{second.url}")
        assert await driver.ready()
        await play(driver, first, 10, SPOKEN)
        await second.wait(0)
        assert second.frames[-1].blends == first.frames[-1].blends
        assert driver.state.status == "ready"
        assert f"Nobody listens on 127.0.0.1:{nobody}" in driver.state.detail
        first.check()
        second.check()


async def test_closing_rests_and_closes_the_mouth(drive: Callable[..., VmcDriver], receiver: VmcSimulator) -> None:
    driver = drive(receiver.url)
    assert await driver.ready()
    driver.send_command(Command("act", 0.0, "heart"))
    await play(driver, receiver, 5, SPOKEN | {"left_upper_arm_z": 120.0})
    raised = receiver.frames[-1].bones["LeftUpperArm"]
    before = receiver.count
    async with asyncio.timeout(2):
        closing = asyncio.create_task(driver.close())
        await asyncio.sleep(0)
        # whoever still plays hands frames over meanwhile
        driver.send_frame(Frame(1.0, SPOKEN))
        driver.send_command(Command("act", 0.0, "heart"))
        await closing
        await receiver.wait(before + 3 - receiver.count)
    frame = receiver.frames[-1]
    assert frame.bones["LeftUpperArm"] != raised
    assert not any(frame.blends.values())
    assert driver.state.status == "closed"
    count = driver.state.sent_frames
    driver.send_frame(Frame(0.0, SPOKEN))
    assert driver.state.sent_frames == count


async def test_a_pause_in_the_frames_is_no_lost_tracking(
    drive: Callable[..., VmcDriver], receiver: VmcSimulator
) -> None:
    driver = drive(receiver.url)
    assert await driver.ready()
    await play(driver, receiver, 1, SPOKEN)
    frame = await receiver.wait(2)
    assert frame.blends["A"] == pytest.approx(0.6)


async def test_another_map_has_other_blends(drive: Callable[..., VmcDriver], receiver: VmcSimulator) -> None:
    driver = drive(
        receiver.url,
        motion_map=load_motion_map('[actions.x]\nmeaning = "x"\nkind = "prop"\nvmc.blend = "X"\n', source="x"),
    )
    assert await driver.ready()
    driver.adopt(MAP)
    assert driver.abilities.actions == {"heart", "tears", "joy"}
    await play(driver, receiver, 1)
    assert "Heart" in receiver.frames[-1].blends
    receiver.complaints.clear()  # the blendshape X is rightly missed


async def test_a_name_that_is_not_known_is_told(drive: Callable[..., VmcDriver]) -> None:
    driver = drive("no-such-host.invalid:39539")
    assert not await driver.ready()
    assert "is not found" in driver.state.detail
    driver.send_frame(Frame(0.0, SPOKEN))


@pytest.mark.parametrize("url", ["127.0.0.1:0", "127.0.0.1:99999", "http://x/y", "::", ""])
async def test_a_bad_address_is_told(url: str, drive: Callable[..., VmcDriver]) -> None:
    driver = drive(url or " , ")
    assert not await driver.ready()
    assert driver.state.status == "refused"
    assert "expected one like" in driver.state.detail


async def test_a_name_with_both_kinds_of_address_is_reached_over_ipv4(drive: Callable[..., VmcDriver]) -> None:
    async with VmcSimulator(port=0) as receiver:
        driver = drive(f"localhost:{receiver.port}")
        assert await driver.ready()
        await receiver.wait(1)


def test_addresses_have_many_forms() -> None:
    assert addresses(None, 39539) == ([Address("127.0.0.1", 39539)], "")
    assert addresses("39540", 1)[0] == [Address("127.0.0.1", 39540)]
    assert addresses("studio, 192.168.0.2:5", 7)[0] == [Address("studio", 7), Address("192.168.0.2", 5)]
    assert addresses("udp://localhost:39539/", 7)[0] == [Address("localhost", 39539)]
    assert addresses("[::1]:39539", 7)[0] == [Address("::1", 39539)]


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_address_is_read_or_explained(url: str) -> None:
    found, fault = addresses(url, 39539)
    assert bool(found) != bool(fault)


def test_the_map_and_the_model_are_checked() -> None:
    driver = VmcDriver(motion_map=MAP, model=VRM)
    told = {note.message: note.suggestion for note in driver.state.diagnostics}
    assert any("wrong: expected vmc = { blend" in message for message in told)
    assert any("no blendshape 'Heart'" in message for message in told)
    assert VmcDriver(motion_map=MAP, model="nowhere.vrm").state.diagnostics[0].suggestion is not None


def test_options_are_checked_and_presets_differ() -> None:
    with pytest.raises(SettingsError, match="did you mean 'vseeface'"):
        VmcDriver(motion_map=MAP, preset="VSeeFac")
    with pytest.raises(SettingsError, match="expected 0 or 1"):
        VmcDriver(motion_map=MAP, vrm=2)  # type: ignore[arg-type]
    assert VmcDriver(motion_map=MAP).lead == PRESETS["vmc"].lead
    assert VmcDriver(motion_map=MAP, lead=0.2).lead == 0.2


async def test_a_program_with_a_body_of_its_own_gets_the_face(
    drive: Callable[..., VmcDriver], receiver: VmcSimulator
) -> None:
    driver = drive(receiver.url, preset="virtualmotioncapture")
    assert await driver.ready()
    await play(driver, receiver, 1, SPOKEN)
    assert not receiver.frames[-1].bones
    assert receiver.frames[-1].blends["A"] == pytest.approx(0.6)


async def test_a_receiver_that_comes_and_goes_never_raises(drive: Callable[..., VmcDriver]) -> None:
    port = free_port()
    driver = drive(str(port))
    for round_ in range(20):
        for _ in range(10):
            driver.send_frame(Frame(0.0, SPOKEN))
        driver.send_command(Command("act" if round_ % 2 else "release", 0.0, "heart"))
        async with VmcSimulator(port=port) as receiver:
            await play(driver, receiver, 2, SPOKEN)
    assert driver.state.diagnostics
