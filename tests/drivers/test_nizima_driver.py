"""nizima LIVE against its stand-in: permission, pose, expressions, motions, model switches, and what breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.nizima import NizimaDriver
from avatar_bridge.drivers.nizima_client import NizimaClient
from avatar_bridge.errors import UnreachableError
from avatar_bridge.ports import Command, Driver, Witness
from avatar_bridge.simulators.nizima import NizimaSimulator

EXPRESSION = """
[actions.{name}]
meaning = "shows a face"
kind = "expression"
group = "{name}"
minimum_hold = 0.0
nizima.expression = "{face}"
"""
TEXT = (
    EXPRESSION.format(name="smile", face="Smile")
    + EXPRESSION.format(name="blush", face="blushing")
    + """
[actions.wave]
meaning = "waves"
kind = "gesture"
duration = 2.0
nizima.motion = "wave"
[actions.bow]
meaning = "bows"
kind = "gesture"
nizima.motion = "お辞儀"
[actions.lamp]
meaning = "lamp"
kind = "prop"
nizima = { hotkey = "F1", release = "Ctrl+1" }
[actions.broken]
meaning = "a hotkey that is not there"
kind = "gesture"
nizima.hotkey = "F12"
[actions.lacking]
meaning = "an expression that is not there"
kind = "expression"
nizima.expression = "Smiles"
"""
)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def act(action: str, cue: int | None = None, duration: float | None = None) -> Command:
    return Command("act", 0.0, action, cue, 1.0, duration)


def release(action: str, cue: int | None = None) -> Command:
    return Command("release", 0.0, action, cue)


@pytest.fixture
async def nizima() -> AsyncIterator[NizimaSimulator]:
    async with NizimaSimulator(port=0) as program:
        yield program
    assert list(program.faults) == []


@pytest.fixture
async def drive(nizima: NizimaSimulator, tmp_path: Path) -> AsyncIterator[Callable[..., NizimaDriver]]:
    """Start a driver that runs until the test ends."""
    running: list[tuple[NizimaDriver, asyncio.Task[None]]] = []

    def start(**options: Any) -> NizimaDriver:
        given = {"motion_map": load_motion_map(TEXT, source="map"), "url": nizima.url, "token_path": tmp_path / "token"}
        driver = NizimaDriver(**(given | options))
        driver._link._backoff = Backoff(lambda: 0.0, first=0.01, last=0.05)
        running.append((driver, asyncio.create_task(driver.run())))
        return driver

    yield start
    for driver, task in running:
        await driver.close()
        async with asyncio.timeout(10):
            await task


async def test_a_pose_arrives_is_held_and_goes_back_at_the_end(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    driver = drive()
    assert isinstance(driver, Driver)
    assert isinstance(driver, Witness)
    assert await driver.ready() or driver.state.status == "waiting"
    await until(lambda: driver.state.status == "ready")
    assert driver.state.detail == "Driving Natori in nizima LIVE."
    for number in range(20):
        driver.send_frame(Frame(number / 60, {"mouth_open": 0.8, "head_yaw": 10.0}))
        await asyncio.sleep(1 / 60)
    await until(lambda: nizima.values["ParamMouthOpenY"] == 0.8)
    assert nizima.values["ParamAngleX"] == 10
    before = len(nizima.frames)
    await until(lambda: len(nizima.frames) >= before + 3)
    assert nizima.values["ParamMouthOpenY"] == 0.8, "without a new frame the last one is held"
    assert driver.state.latency_ms is not None
    assert 0 < driver.lead <= 0.15
    await driver.close()
    last = nizima.frames[-1].values
    assert (last["ParamMouthOpenY"], last["ParamAngleX"], last["ParamEyeLOpen"]) == (0, 0, 1)
    assert driver.state.status == "closed"


async def test_the_user_is_asked_once_and_the_permission_is_kept(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver], tmp_path: Path
) -> None:
    nizima.set_enabled(False)
    driver = drive(plugin_name="Mine")
    assert not await driver.ready()
    assert driver.state.status == "waiting"
    assert driver.state.detail.startswith("Enable 'Mine' in nizima LIVE's plugin manager")
    driver.send_frame(Frame(0.0, {"mouth_open": 1.0}))
    driver.send_command(act("smile", 1))
    assert nizima.order("enable") == "done: enable"
    await until(lambda: driver.state.status == "ready")
    await nizima.until(lambda: nizima.expressions == {"Smile"})
    nizima.order("disable")
    await until(lambda: driver.state.status == "waiting")
    assert driver.abilities.actions == frozenset()
    nizima.order("enable")
    await until(lambda: driver.state.status == "ready")
    await driver.close()
    again = drive(plugin_name="Mine")
    assert await again.ready()
    assert list(nizima.plugins) == ["Mine"]
    assert nizima.plugins["Mine"] in (tmp_path / "token").read_text(encoding="utf-8")
    nizima.order("remove")
    await until(lambda: again.state.status != "ready")
    await until(lambda: again.state.status == "ready")
    assert list(nizima.plugins) == ["Mine"]


async def test_expressions_motions_and_hotkeys_in_their_order(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    assert driver.abilities.actions == {"smile", "blush", "wave", "bow", "lamp", "broken"}
    assert [(note.message, note.suggestion) for note in driver.abilities.diagnostics] == [
        ("lacking: the model has no expression 'Smiles'.", "Smile")
    ]
    for command in (
        act("smile", 1), act("wave", 2), act("lamp", 3), act("blush", 4), release("smile", 1), release("lamp", 3),
        act("broken"), act("bow"),
    ):  # fmt: skip
        driver.send_command(command)
    await nizima.until(lambda: len(nizima.done) >= 7)
    assert list(nizima.done) == [
        ("StartExpression", "Smile"),
        ("StartMotion", "Wave"),
        ("TriggerModelHotkey", "F1"),
        ("StartExpression", "Blushing"),
        ("StopExpression", "Smile"),
        ("TriggerModelHotkey", "Ctrl+1"),
        ("StartMotion", "お辞儀"),
    ]
    seen = []
    await until(lambda: seen.extend(driver.acted()) or len(seen) >= 7)  # type: ignore[func-returns-value]
    assert [(each.action, each.cue, each.kind) for each in seen[:3]] == [
        ("smile", 1, "act"),
        ("wave", 2, "act"),
        ("lamp", 3, "act"),
    ]
    assert "broken: The model has no such hotkey: look at its hotkeys in nizima LIVE." in [
        note.message for note in driver.state.diagnostics
    ]
    driver.send_command(Command("reset", 0.0))
    await nizima.until(lambda: nizima.expressions == frozenset())
    assert ("StopMotion", "Natori") in nizima.done


async def test_a_hold_ends_when_its_time_is_over_and_at_the_close(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    driver.send_command(act("smile", 1, duration=0.2))
    driver.send_command(act("blush", 2))
    await nizima.until(lambda: nizima.expressions == {"Smile", "Blushing"})
    await nizima.until(lambda: nizima.expressions == {"Blushing"})
    await driver.close()
    assert nizima.expressions == frozenset()


async def test_what_the_user_had_on_is_left_alone(nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]) -> None:
    nizima._stages["1"].active.add("C:/Models/natori/exp/Smile.exp3.json")
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    driver.send_command(act("smile", 1))
    driver.send_command(act("blush", 2))
    await nizima.until(lambda: "Blushing" in nizima.expressions)
    await driver.close()
    assert nizima.expressions == {"Smile"}
    assert ("StopExpression", "Smile") not in nizima.done


async def test_the_user_turns_to_another_model(nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    nizima.load_model("bare")
    await until(lambda: "Bare" in driver.state.detail)
    assert driver.abilities.actions == {"lamp", "broken"}
    assert "its head does not turn" in " ".join(note.message for note in driver.abilities.diagnostics)
    driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
    await nizima.until(lambda: bool(nizima.frames) and nizima.frames[-1].values == {"ParamMouthOpenY": 1.0})
    nizima.load_model(None)
    await until(lambda: driver.state.status == "waiting")
    assert driver.state.detail == "No model is selected in nizima LIVE: click on one there."
    driver.send_command(act("smile", 1))
    nizima.load_model("natori")
    await nizima.until(lambda: nizima.expressions == {"Smile"})
    nizima.load_model("vowels")
    await until(lambda: "Vowels" in driver.state.detail)
    driver.send_frame(Frame(1.0, {"ee": 0.5, "mouth_open": 0.5}))
    await nizima.until(lambda: nizima.values["ParamE"] == 0.5)


async def test_no_model_nobody_there_and_another_map(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    nizima.load_model(None)
    driver = drive(lead=0.05)
    await until(lambda: driver.state.detail.startswith("No model is selected"))
    assert driver.lead == 0.05
    nizima.load_model("natori")
    await until(lambda: driver.state.status == "ready")
    driver.adopt(load_motion_map(EXPRESSION.format(name="grin", face="Smile"), source="other"))
    await until(lambda: driver.abilities.actions == {"grin"})
    await nizima.stop()
    await until(lambda: driver.state.status == "unreachable")
    assert "start it and switch on its plugin function" in driver.state.detail
    driver.send_command(act("grin", 1))
    await nizima.start()
    await nizima.until(lambda: nizima.expressions == {"Smile"})


async def test_frames_to_a_program_that_hangs_are_dropped_and_not_queued(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    nizima.stall()
    for number in range(300):
        driver.send_frame(Frame(number / 60, {"mouth_open": number / 300}))
        await asyncio.sleep(0)
    assert driver.state.dropped_frames >= 290
    before = len(nizima.frames)
    nizima.resume()
    await nizima.until(lambda: bool(nizima.frames) and nizima.frames[-1].values["ParamMouthOpenY"] > 0.99)
    assert len(nizima.frames) - before <= 8


async def test_a_program_that_hangs_is_said_and_found_again(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avatar_bridge.drivers.nizima_stream.TIMEOUT", 0.1)
    monkeypatch.setattr("avatar_bridge.drivers.nizima_client.TIMEOUT", 0.1)
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    nizima.stall()
    driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
    await until(lambda: driver.state.status == "unreachable")
    nizima.resume()
    monkeypatch.undo()
    await until(lambda: driver.state.status == "ready")


async def test_closing_before_a_program_that_hangs_ends(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    driver.send_frame(Frame(0.0, {"mouth_open": 0.5, "head_yaw": 20.0}))
    driver.send_command(act("smile", 1))
    await nizima.until(lambda: nizima.expressions == {"Smile"})
    nizima.stall()
    async with asyncio.timeout(10):
        await driver.close()
    assert driver.state.status == "closed"


@pytest.mark.parametrize(
    "garbage",
    ["no json", "[]", '{"nLPlugin":"1.0.0","Type":"Event","Method":"NotifyEnabledChanged","Data":{"Enabled":"?"}}',
     '{"nLPlugin":"1.0.0","Id":"ab1","Type":"Response","Method":"X"}', "\x00" * 100],
)  # fmt: skip
async def test_whatever_it_says_the_driver_stays(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver], garbage: str
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    for connection in list(nizima.connections):
        await connection.send(garbage)
    before = len(nizima.frames)
    driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
    async with asyncio.timeout(20):
        while len(nizima.frames) <= before or driver.state.status != "ready":
            driver.send_frame(Frame(0.0, {"mouth_open": 0.5}))
            await asyncio.sleep(0.01)


async def test_two_hundred_breaks_stalls_and_restarts(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    """What is handed over while nizima LIVE is there arrives in order; expressions and pose are right after each."""
    chance, driver = random.Random(5), drive()
    await until(lambda: driver.state.status == "ready")
    on: set[str] = set()
    faces = {"smile": "Smile", "blush": "Blushing"}
    for turn in range(200):
        fault = chance.choice(["drop", "stall", "restart", "away", "disable"])
        if fault == "drop":
            nizima.drop()
        elif fault == "stall":
            nizima.stall()
        elif fault == "disable":
            nizima.set_enabled(False)
        else:
            await nizima.stop()
        mouth = round(chance.random(), 2)
        driver.send_frame(Frame(turn / 60, {"mouth_open": mouth}))
        if fault == "away":
            await until(lambda: driver.state.status != "ready")
        name = chance.choice([*faces])
        driver.send_command(release(name, 1) if name in on else act(name, 1))
        on ^= {name}
        nizima.resume()
        if not nizima.running:
            await nizima.start()
        nizima.set_enabled(True)
        wanted = {faces[each] for each in on}
        await nizima.until(lambda: nizima.expressions == wanted)  # noqa: B023
        await until(lambda: driver.state.status == "ready")
        driver.send_frame(Frame(turn / 60, {"mouth_open": mouth}))
        deeds = [("StartMotion", "Wave"), ("StartMotion", "お辞儀")]
        while list(nizima.done)[-2:] != deeds:  # a break that was not noticed yet may take what was sent with it
            before = len(nizima.done)
            driver.send_command(act("wave"))
            driver.send_command(act("bow"))
            await until(lambda: len(nizima.done) >= before + 2 or driver.state.status != "ready")  # noqa: B023
            await until(lambda: driver.state.status == "ready")
        driver.send_frame(Frame(turn / 60, {"mouth_open": mouth}))
        await nizima.until(lambda: abs(nizima.values["ParamMouthOpenY"] - mouth) < 0.01)  # noqa: B023


async def test_what_could_not_be_sent_is_sent_on_the_next_connection(
    drive: Callable[..., NizimaDriver], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = drive()
    await until(lambda: driver.state.status == "ready")
    failed: list[str] = []
    post = NizimaClient.post

    async def breaking(self: NizimaClient, method: str, data: Mapping[str, Any]) -> asyncio.Future[Mapping[str, Any]]:
        if method == "StartMotion" and not failed:
            failed.append(method)
            raise UnreachableError("the cable")
        return await post(self, method, data)

    monkeypatch.setattr(NizimaClient, "post", breaking)
    driver.send_command(act("wave", 3))
    driver.send_command(act("bow", 4))
    done: list[int | None] = []

    def both() -> bool:
        done.extend(each.cue for each in driver.acted())
        return done == [3, 4]

    await until(both)
    assert failed


async def test_what_is_held_and_moves_nothing_else_is_begun_after_the_break_in_which_it_was_due(
    nizima: NizimaSimulator, drive: Callable[..., NizimaDriver]
) -> None:
    bare = load_motion_map(
        '[actions.glow]\nmeaning = "glows"\nkind = "expression"\nnizima.expression = "Smile"\n', source="test"
    )
    driver = drive(motion_map=bare)
    await until(lambda: driver.state.status == "ready")
    await nizima.stop()
    await until(lambda: driver.state.status == "unreachable")
    assert driver.abilities.actions == {"glow"}
    driver.send_command(act("glow", 1))
    await nizima.start()
    await nizima.until(lambda: nizima.expressions == {"Smile"})
