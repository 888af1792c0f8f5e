"""Warudo and VNyan against their stand-ins: what is due arrives, what is held ends, and a break costs little."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.vmc_with_cues import VmcWithCues
from avatar_bridge.drivers.vnyan import VNyanDriver
from avatar_bridge.drivers.warudo import WarudoDriver
from avatar_bridge.errors import UnreachableError
from avatar_bridge.ports import Command, Driver
from avatar_bridge.simulators.vnyan import VNyanSimulator
from avatar_bridge.simulators.warudo import WarudoSimulator

HELD = """
[actions.{name}]
meaning = "held"
kind = "expression"
group = "{group}"
minimum_hold = 0.0
channels.cheek = 0.5
warudo = {{ action = "{name} on", release = "{name} off" }}
vnyan = {{ command = "{name}", value = "on", release = "{name}", release_value = "off" }}
"""
SHOT = """
[actions.{name}]
meaning = "once"
kind = "gesture"
keyframes.head_yaw = [[0, 0]]
warudo.action = "{name}"
vnyan.command = "{name}"
"""
NUMBERED = [f"n{number}" for number in range(10)]
TEXT = HELD.format(name="blush", group="cheeks") + HELD.format(name="star", group="cheeks")
TEXT += HELD.format(name="hat", group="hat") + "".join(SHOT.format(name=name) for name in ["wave", *NUMBERED])


class Pair:
    """A driver and its program, whose port stays the same over restarts."""

    def __init__(
        self, kind: type[VmcWithCues], program: WarudoSimulator | VNyanSimulator, motion_map: MotionMap
    ) -> None:
        self.kind, self.program, self.map = kind, program, motion_map
        self.driver: VmcWithCues = self.make()
        self.running: asyncio.Task[None] | None = None

    def make(self, **options: Any) -> VmcWithCues:
        given: dict[str, Any] = {"motion_map": self.map, "url": self.program.url, "motion": False}
        driver = self.kind(**(given | options))
        if driver._cues is not None:
            driver._cues.link._backoff = Backoff(lambda: 0.0, first=0.01, last=0.05)
        return driver

    def run(self) -> None:
        self.running = asyncio.create_task(self.driver.run())

    def told(self) -> list[str]:
        if isinstance(self.program, WarudoSimulator):
            return [each.name for each in self.program.actions]
        return [f"{each.name} {each.message}".strip() for each in self.program.commands]

    async def connected(self) -> None:
        await until(lambda: self.driver._cues is not None and self.driver._cues.connected)

    async def arrives(self, *lines: str) -> None:
        try:
            await self.program.until(lambda: self.told()[-len(lines) :] == list(lines))
        except TimeoutError:
            raise AssertionError(f"expected {lines} at the end of {self.told()}") from None


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@pytest.fixture(params=["warudo", "vnyan"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    motion_map = load_motion_map(TEXT, source="map")
    kinds = {"warudo": (WarudoDriver, WarudoSimulator), "vnyan": (VNyanDriver, VNyanSimulator)}
    kind, simulator = kinds[request.param]
    async with simulator(port=0) as program:
        made = Pair(kind, program, motion_map)
        yield made
        await made.driver.close()
        if made.running is not None:
            async with asyncio.timeout(10):
                await made.running
        assert list(program.faults) == []


def act(action: str, cue: int | None = None, duration: float | None = None) -> Command:
    return Command("act", 0.0, action, cue, 1.0, duration)


async def test_what_is_due_arrives_and_what_is_held_ends(pair: Pair) -> None:
    pair.run()
    driver = pair.driver
    assert isinstance(driver, Driver)
    assert await driver.ready()
    await pair.connected()
    assert {"wave", "blush"} <= driver.abilities.actions
    driver.send_command(act("wave"))
    driver.send_command(act("blush", 1))
    driver.send_command(act("hat", 2))
    driver.send_command(act("star", 3))
    driver.send_command(Command("release", 0.0, "hat", 2))
    driver.send_command(act("unknown"))
    await pair.arrives("wave", "blush on", "hat on", "blush off", "star on", "hat off")
    driver.send_command(Command("reset", 0.0))
    await pair.arrives("hat off", "star off")
    driver.send_command(act("hat", 4))
    await pair.arrives("hat on")
    await driver.close()
    await pair.arrives("hat on", "hat off")
    assert driver.state.status == "closed"
    assert driver.abilities.actions == frozenset()


async def test_a_hold_ends_when_its_time_is_over(pair: Pair) -> None:
    pair.run()
    await pair.connected()
    pair.driver.send_command(act("hat", 1, duration=0.3))
    await pair.arrives("hat on", "hat off")


async def test_a_program_that_starts_anew_is_told_again_what_is_held_and_what_was_missed_is_said(pair: Pair) -> None:
    driver, program = pair.driver, pair.program
    pair.run()
    await pair.connected()
    driver.send_command(act("hat", 1))
    driver.send_command(act("star", 2))
    await pair.arrives("hat on", "star on")
    await program.stop()
    await until(lambda: driver.state.status == "unreachable")
    assert driver.abilities.actions == frozenset(), "channels move it while nobody can be told"
    driver.send_command(Command("release", 0.0, "star", 2))
    driver.send_command(act("wave"))
    assert [note.message for note in driver.state.diagnostics] == [
        f"wave: {pair.kind.app} was not connected when it was due."
    ]
    await program.start()
    await pair.connected()
    await pair.arrives("star off", "hat on")


async def test_what_is_held_and_moves_nothing_else_is_told_even_if_it_began_during_a_break(pair: Pair) -> None:
    driver, program = pair.driver, pair.program
    bare = HELD.format(name="halo", group="halo").replace("channels.cheek = 0.5\n", "")
    driver.adopt(load_motion_map(TEXT + bare, source="map"))
    pair.run()
    await pair.connected()
    await program.stop()
    await until(lambda: driver.state.status == "unreachable")
    assert driver.abilities.actions == {"halo"}
    driver.send_command(act("halo", 1))
    await program.start()
    await pair.connected()
    await pair.arrives("halo on")
    driver.send_command(Command("release", 0.0, "halo", 1))
    await pair.arrives("halo on", "halo off")


async def test_nobody_there_says_what_to_do(pair: Pair) -> None:
    await pair.program.stop()
    pair.run()
    assert not await pair.driver.ready()
    assert pair.driver.state.status == "unreachable"
    assert "start it" in pair.driver.state.detail


async def test_motion_and_actions_can_be_switched_off_each(pair: Pair) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        pair.driver = pair.make(motion=True, motion_url=f"127.0.0.1:{receiver.getsockname()[1]}", lead=0.1)
        pair.run()
        await pair.connected()
        pair.driver.send_frame(Frame(0.0, {"mouth_open": 1.0}))
        assert b"/VMC/Ext/" in await asyncio.to_thread(receiver.recv, 2000)
        assert pair.driver.lead == 0.1
        assert await pair.driver.ready()
        state = pair.driver.state
        assert state.detail.startswith("Motion: Sending to ")
        assert "Actions: Connected" in state.detail
        await pair.driver.close()
    assert pair.make(lead=None).lead == 0.02
    silent = pair.make(actions=False)
    assert silent.state.status == "refused"
    assert not await silent.ready()
    await silent.close()
    body = pair.make(motion=True, actions=False)
    body.send_command(act("wave"))
    assert body.abilities.actions == frozenset()
    await body.close()


async def test_another_map_is_acted_by(pair: Pair) -> None:
    pair.run()
    await pair.connected()
    pair.driver.adopt(load_motion_map(SHOT.format(name="dance"), source="other"))
    pair.driver.send_command(act("wave"))
    pair.driver.send_command(act("dance"))
    await pair.arrives("dance")
    assert pair.told() == ["dance"]
    assert pair.driver.abilities.actions == {"dance"}


async def test_closing_before_a_program_that_hangs_ends(pair: Pair) -> None:
    pair.run()
    await pair.connected()
    pair.driver.send_command(act("hat", 1))
    await pair.arrives("hat on")
    pair.program.stall()
    async with asyncio.timeout(10):
        await pair.driver.close()
    assert pair.driver.state.status == "closed"
    pair.program.resume()
    await pair.arrives("hat on", "hat off")


async def test_what_a_break_kept_from_leaving_goes_out_after_it_while_it_is_fresh(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.run()
    await pair.connected()
    cues = pair.driver._cues
    assert cues is not None
    send, failed = cues.link.send, asyncio.Event()

    async def fail_once(message: str | bytes) -> None:
        if failed.is_set():
            await send(message)
            return
        failed.set()
        raise UnreachableError("broken in mid-air")

    monkeypatch.setattr(cues.link, "send", fail_once)
    pair.driver.send_command(act("wave"))
    pair.driver.send_command(act("n1"))
    await pair.arrives("wave", "n1")
    failed.clear()
    monkeypatch.setattr("avatar_bridge.drivers.cue_socket._LATE", -1.0)
    pair.driver.send_command(act("n2"))
    await until(failed.is_set)
    await until(lambda: "n2" in cues.missed)
    assert pair.told() == ["wave", "n1"]


async def test_two_hundred_breaks_stalls_and_restarts(pair: Pair) -> None:
    """What is handed over while the program is there arrives in order; what is held is right after each of them."""
    chance, driver, program = random.Random(4), pair.driver, pair.program
    pair.run()
    await pair.connected()
    held = False
    for turn in range(200):
        fault = chance.choice(["drop", "stall", "restart", "away"])
        before = len(pair.told())
        if fault == "drop":
            program.drop()
        elif fault == "stall":
            program.stall()
        else:
            await program.stop()
        driver.send_frame(Frame(turn / 60, {"mouth_open": 0.5}))
        driver.send_command(act("wave"))  # nobody can know whether this one arrives
        if fault == "away":
            await until(lambda: not driver._cues.connected)  # type: ignore[union-attr]
        if chance.random() < 0.5:
            held = not held
            driver.send_command(act("hat", 1) if held else Command("release", 0.0, "hat", 1))
        program.resume()
        if not program.running:
            await program.start()
        await program.until(lambda: bool(program.connections))
        await pair.connected()
        wanted = chance.sample(NUMBERED, 3)
        start = len(pair.told())
        while (
            len(pair.told()) < start + 3 or pair.told()[-3:] != wanted
        ):  # a break that was not noticed yet takes what was sent with it
            before = len(pair.told())
            for name in wanted:
                driver.send_command(act(name))
            await until(lambda: len(pair.told()) >= before + 3 or not driver._cues.connected)  # type: ignore[union-attr]  # noqa: B023
            await pair.connected()
        seen = [line for line in pair.told() if line.startswith("hat")]
        if held:
            assert seen[-1] == "hat on"
        elif seen:
            assert seen[-1] == "hat off"
    assert pair.running is not None
    assert not pair.running.done()
