from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from scripted_vts import RefusalError, ScriptedVts, until

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.ports import Adopter, Command, Driver

Drive = Callable[..., Any]


def frame(**values: float) -> Frame:
    return Frame(0.0, values)


def act(action: str, *, cue: int = 0, duration: float | None = None) -> Command:
    return Command("act", 0.0, action, cue, duration=duration)


def release(action: str, *, cue: int | None = 0) -> Command:
    return Command("release", 0.0, action, cue)


async def test_is_ready_and_sends_a_frame(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    assert isinstance(driver, Driver)
    assert await driver.ready()
    driver.send_frame(frame(mouth_open=1.0, head_yaw=12.0))
    await until(lambda: vts.frames)
    sent = vts.frames[0]
    assert set(sent) == set(vts.parameters)
    assert sent["FaceAngleX"] == 12.0
    assert sent["MouthSmile"] == 0.5
    assert sent["EyeOpenLeft"] == 1.0
    assert driver.state.status == "ready"
    assert driver.state.sent_frames >= 1
    await until(lambda: driver.state.latency_ms is not None)
    assert 0.0 < driver.lead <= 0.15


async def test_a_given_lead_stands(vts: ScriptedVts, drive: Drive) -> None:
    assert drive(url=vts.url, lead=0.04).lead == 0.04


async def test_the_last_frame_is_repeated_within_a_second(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_frame(frame(head_yaw=5.0))
    await until(lambda: len(vts.frames) >= 2, timeout_s=3.0)
    assert {item["FaceAngleX"] for item in vts.frames} == {5.0}


async def test_no_more_in_flight_than_answered_and_the_oldest_waiting_dropped(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    vts.gate.clear()
    for step in range(30):
        driver.send_frame(frame(head_yaw=float(step)))
        await asyncio.sleep(0)
    await until(lambda: vts.seen["InjectParameterData"] >= 2)
    assert vts.seen["InjectParameterData"] <= 4
    assert driver.state.dropped_frames >= 20
    vts.gate.set()
    await until(lambda: vts.frames and vts.frames[-1]["FaceAngleX"] == 29.0)


async def test_an_unknown_parameter_is_dropped_reported_once_and_the_frame_repeated(
    vts: ScriptedVts, drive: Drive
) -> None:
    def inject(data: dict[str, Any]) -> Any:
        if any(item["id"] == "MouthX" for item in data["parameterValues"]):
            raise RefusalError(453, "Parameter MouthX not found. Did you create it yet? Keep in mind, ...")
        return vts.on_InjectParameterData(data)

    vts.answers["InjectParameterData"] = inject
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_frame(frame(head_yaw=7.0))
    await until(lambda: vts.frames)
    assert vts.frames[0]["FaceAngleX"] == 7.0
    for _ in range(5):
        received = len(vts.frames)
        driver.send_frame(frame())
        await until(lambda: len(vts.frames) > received)  # noqa: B023 - awaited before the next round
    assert [d.message for d in driver.state.diagnostics if "MouthX" in d.message] == [
        "This VTube Studio has no parameter MouthX: it is left out."
    ]


async def test_a_parameter_of_another_plugin_is_left_explained_and_taken_back(vts: ScriptedVts, drive: Drive) -> None:
    owned = {"MouthOpen"}

    def inject(data: dict[str, Any]) -> Any:
        if any(item["id"] in owned for item in data["parameterValues"]):
            raise RefusalError(454, "A parameter is already controlled by another plugin.")  # names none
        return vts.on_InjectParameterData(data)

    vts.answers["InjectParameterData"] = inject
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_frame(frame(head_yaw=7.0))
    await until(lambda: any("FaceAngleX" in item and "FaceAngleY" in item for item in vts.frames))
    assert not any("MouthOpen" in item for item in vts.frames)
    assert any("Another plugin controls MouthOpen" in d.message for d in driver.state.diagnostics)
    owned.clear()
    await until(lambda: any("MouthOpen" in item and len(item) > 2 for item in vts.frames))
    assert not any("Another plugin" in d.message for d in driver.state.diagnostics)


async def test_abilities_follow_the_model_and_name_what_is_missing(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    assert driver.abilities.actions == {"wave", "blush", "star", "puff"}
    (missing,) = driver.abilities.diagnostics
    assert missing.message == "dance: the model has no hotkey 'Waves'."
    assert missing.suggestion == "Wave"


async def test_a_toggle_hotkey_is_set_by_state_never_fired(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    driver.send_command(act("blush", cue=1))
    driver.send_command(release("blush", cue=0))
    driver.send_command(act("wave"))
    await until(lambda: vts.fired)
    assert vts.active["blush.exp3.json"], "the second cue still holds it"
    driver.send_command(release("blush", cue=1))
    await until(lambda: not vts.active["blush.exp3.json"])
    assert vts.fired == ["h-wave"]


async def test_what_the_user_had_on_stays_on(vts: ScriptedVts, drive: Drive) -> None:
    vts.active["star.exp3.json"] = True
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("star"))
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    driver.send_command(Command("reset", 0.0))
    await until(lambda: not vts.active["blush.exp3.json"])
    assert vts.active["star.exp3.json"]
    assert not any(k == "ExpressionActivation" and d["expressionFile"].startswith("star") for k, d in vts.requests)


async def test_a_duration_ends_a_hold(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("star", duration=0.05))
    await until(lambda: vts.seen["ExpressionActivation"] == 2)
    assert not vts.active["star.exp3.json"]


async def test_held_parameters_lie_over_the_frames(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_frame(frame())
    await until(lambda: vts.frames)
    assert vts.frames[-1]["CheekPuff"] == 0.0
    driver.send_command(act("puff"))
    driver.send_frame(frame())
    await until(lambda: vts.frames[-1]["CheekPuff"] == 0.8)
    driver.send_command(release("puff"))
    driver.send_frame(frame())
    await until(lambda: vts.frames[-1]["CheekPuff"] == 0.0)


async def test_a_hotkey_on_cooldown_is_tried_again(vts: ScriptedVts, drive: Drive) -> None:
    def trigger(data: dict[str, Any]) -> Any:
        if vts.seen["HotkeyTrigger"] < 3:
            raise RefusalError(203, "cooldown")
        return vts.on_HotkeyTrigger(data)

    vts.answers["HotkeyTrigger"] = trigger
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("wave"))
    await until(lambda: vts.fired == ["h-wave"])


async def test_an_interrupt_ends_the_retries(vts: ScriptedVts, drive: Drive) -> None:
    def trigger(_: dict[str, Any]) -> Any:
        raise RefusalError(203, "cooldown")

    def retrying() -> bool:
        return any("_trigger" in repr(task.get_coro()) for task in asyncio.all_tasks())

    vts.answers["HotkeyTrigger"] = trigger
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("wave"))
    await until(lambda: vts.seen["HotkeyTrigger"] >= 1)
    assert retrying()
    driver.send_command(Command("reset", 0.0))
    vts.answers.pop("HotkeyTrigger")
    await until(lambda: not retrying())
    assert vts.fired == []


async def test_close_shuts_the_mouth_and_switches_off(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    driver.send_frame(frame(mouth_open=1.0))
    await until(lambda: vts.active["blush.exp3.json"] and vts.frames)
    await driver.close()
    await until(lambda: not vts.connections)
    assert not vts.active["blush.exp3.json"]
    assert vts.frames[-1]["MouthOpen"] == 0.0
    assert driver.state.status == "closed"


async def test_close_eases_the_pose_to_rest_with_a_closed_mouth(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_frame(frame(mouth_open=1.0, head_roll=20.0))
    await until(lambda: bool(vts.frames))
    posed = vts.frames[-1]["FaceAngleZ"]
    taken = len(vts.frames)
    await driver.close()
    last = vts.frames[taken - 1 :]
    steps = [abs(after["FaceAngleZ"] - before["FaceAngleZ"]) for before, after in pairwise(last)]
    assert abs(posed) > 10
    assert max(steps) < abs(posed) / 4
    assert last[-1]["FaceAngleZ"] == 0.0
    assert {values["MouthOpen"] for values in last[1:]} == {0.0}


async def test_close_switches_off_what_was_not_yet_answered(vts: ScriptedVts, drive: Drive) -> None:
    async def slow(data: dict[str, Any]) -> Any:
        vts.on_ExpressionActivation(data)
        await asyncio.Event().wait()

    vts.answers["ExpressionActivation"] = slow
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    await driver.close()
    assert not vts.active["blush.exp3.json"]


async def test_cancelling_run_switches_off_too(vts: ScriptedVts, drive: Drive, vts_map: Any, tmp_path: Any) -> None:
    from avatar_bridge.drivers.vts import VTubeStudioDriver

    driver = VTubeStudioDriver(
        motion_map=vts_map, url=vts.url, token_path=tmp_path / "t", folders=(), probe=False, discovery_port=None
    )
    run = asyncio.create_task(driver.run())
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    run.cancel()
    await asyncio.wait([run])
    assert not vts.active["blush.exp3.json"]
    del drive


async def test_a_closed_app_is_found_again_and_holds_are_restored(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    await vts.stop()
    await until(lambda: driver.state.status == "unreachable")
    assert "start it" in driver.state.detail
    driver.send_command(act("wave"))
    driver.send_frame(frame(mouth_open=1.0))
    vts.active["blush.exp3.json"] = False
    await vts.start()
    await until(lambda: driver.state.status == "ready")
    await until(lambda: vts.active["blush.exp3.json"])
    assert vts.fired == []
    assert any("wave" in d.message and "not connected" in d.message for d in driver.state.diagnostics)


async def test_a_cut_connection_resynchronises_without_owning_less(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    vts.drop()
    await until(lambda: vts.seen["Authentication"] == 2 and driver.state.status == "ready")
    driver.send_command(release("blush"))
    await until(lambda: not vts.active["blush.exp3.json"])


async def test_a_hung_app_is_said_and_left(vts: ScriptedVts, drive: Drive, monkeypatch: Any) -> None:
    monkeypatch.setattr("avatar_bridge.drivers.vts_stream.TIMEOUT", 0.3)
    driver = drive(url=vts.url)
    await driver.ready()
    vts.silent.add("InjectParameterData")
    driver.send_frame(frame())
    details: set[str] = set()
    await until(lambda: details.add(driver.state.detail) or vts.seen["Authentication"] == 2)
    assert any("has not answered" in detail for detail in details)
    vts.silent.clear()
    await until(lambda: driver.state.status == "ready")


async def test_nothing_there(drive: Drive) -> None:
    driver = drive(url="ws://127.0.0.1:9")
    assert not await driver.ready()
    assert driver.state.status == "unreachable"
    assert "start it" in driver.state.detail


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ws://127.0.0.1:port", "8001", "", "ws://", "ws://[::1"])
async def test_not_even_an_address(url: str, drive: Drive) -> None:
    driver = drive(url=url)
    assert not await driver.ready()
    assert "ws://127.0.0.1:8001" in driver.state.detail


async def test_the_pop_up_is_waited_for_then_the_token_kept(vts: ScriptedVts, drive: Drive, tmp_path: Any) -> None:
    allowed = asyncio.Event()

    async def token(_: dict[str, Any]) -> Any:
        await allowed.wait()
        return {"authenticationToken": vts.token}

    vts.answers["AuthenticationToken"] = token
    driver = drive(url=vts.url)
    await until(lambda: driver.state.status == "waiting")
    assert "press Allow" in driver.state.detail
    allowed.set()
    assert await driver.ready()
    assert json.loads((tmp_path / "token.json").read_text(encoding="utf-8"))["token"] == vts.token


async def test_a_denied_pop_up_is_not_asked_again_unbidden(vts: ScriptedVts, drive: Drive) -> None:
    def deny(_: dict[str, Any]) -> Any:
        raise RefusalError(50, "User denied authentication request for your plugin.")

    vts.answers["AuthenticationToken"] = deny
    driver = drive(url=vts.url)
    assert not await driver.ready()
    assert driver.state.status == "refused"
    assert "denied" in driver.state.detail
    assert vts.seen["AuthenticationToken"] == 1
    vts.answers.pop("AuthenticationToken")
    driver.retry()
    await until(lambda: driver.state.status == "ready")


async def test_another_pop_up_is_open(vts: ScriptedVts, drive: Drive) -> None:
    def busy(_: dict[str, Any]) -> Any:
        if vts.seen["AuthenticationToken"] < 2:
            raise RefusalError(51, "ongoing")
        return {"authenticationToken": vts.token}

    vts.answers["AuthenticationToken"] = busy
    driver = drive(url=vts.url)
    await until(lambda: "Another plugin's question" in driver.state.detail)
    assert driver.state.status == "waiting"
    assert await driver.ready()


async def test_a_revoked_token_is_asked_for_anew(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    vts.token = "b" * 64

    def revoked(data: dict[str, Any]) -> Any:
        if vts.seen["AuthenticationToken"] < 2:
            raise RefusalError(8, "Current session is not authenticated.")
        return vts.on_InjectParameterData(data)

    vts.answers["InjectParameterData"] = revoked
    driver.send_frame(frame())
    await until(lambda: vts.seen["AuthenticationToken"] == 2 and driver.state.status == "ready")
    driver.send_frame(frame(head_yaw=3.0))
    await until(lambda: vts.frames)


async def test_the_api_is_switched_off(vts: ScriptedVts, drive: Drive) -> None:
    def off(_: dict[str, Any]) -> Any:
        raise RefusalError(1, "deactivated")

    driver = drive(url=vts.url)
    await driver.ready()
    vts.answers["InjectParameterData"] = vts.answers["Authentication"] = off
    driver.send_frame(frame())
    await until(lambda: "Allow Plugin API access" in driver.state.detail)
    vts.answers.clear()
    await until(lambda: driver.state.status == "ready")


async def test_no_model_then_one(vts: ScriptedVts, drive: Drive) -> None:
    model, vts.model = vts.model, {"modelLoaded": False}
    driver = drive(url=vts.url)
    assert not await driver.ready()
    assert driver.state.status == "waiting"
    assert "no model" in driver.state.detail
    driver.send_frame(frame())
    vts.model = model
    await vts.event("ModelLoadedEvent", {"modelLoaded": True, "modelName": "Akari", "modelID": "m1"})
    await until(lambda: driver.state.status == "ready")
    assert vts.frames == []


async def test_a_model_switch_resolves_the_map_again_and_holds_on(vts: ScriptedVts, drive: Drive) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    await vts.event("ModelLoadedEvent", {"modelLoaded": False, "modelName": "Akari", "modelID": "m1"})
    await until(lambda: driver.state.status == "waiting")
    vts.model = {"modelLoaded": True, "modelName": "Second", "modelID": "m2", "vtsModelName": "second.vtube.json"}
    vts.hotkeys = [{"name": "", "type": "ToggleExpression", "file": "Blush.exp3.json", "hotkeyID": "x"}]
    vts.active = {"Blush.exp3.json": False}
    await vts.event("ModelLoadedEvent", {"modelLoaded": True, "modelName": "Second", "modelID": "m2"})
    await until(lambda: vts.active["Blush.exp3.json"])
    assert driver.abilities.actions == {"blush", "puff"}
    driver.send_command(release("blush"))
    await until(lambda: not vts.active["Blush.exp3.json"])


async def test_an_event_never_answers_a_request(vts: ScriptedVts, drive: Drive) -> None:
    async def state(data: dict[str, Any]) -> Any:
        for number in range(1, 60):
            await vts.event("ModelOutlineEvent", {"expressions": []}, f"ab{number}")
        return vts.on_ExpressionState(data)

    driver = drive(url=vts.url)
    await driver.ready()
    vts.active["star.exp3.json"] = True
    vts.answers["ExpressionState"] = state
    driver.send_command(act("star"))
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    switched = [data["expressionFile"] for kind, data in vts.requests if kind == "ExpressionActivation"]
    assert switched == ["blush.exp3.json"], "the events were not taken for the answer that star is on"


def mended(motion_map: MotionMap) -> MotionMap:
    """Return the map with its one wrong hotkey put right."""
    dance = motion_map.actions["dance"].model_copy(update={"targets": {"vts": {"hotkey": "Wave"}}})
    return replace(motion_map, actions={**motion_map.actions, "dance": dance})


async def test_another_map_is_gone_over_to_while_it_runs(vts: ScriptedVts, drive: Drive, vts_map: MotionMap) -> None:
    driver = drive(url=vts.url)
    await driver.ready()
    driver.send_command(act("blush"))
    await until(lambda: vts.active["blush.exp3.json"])
    driver.adopt(mended(vts_map))
    assert driver.abilities.actions == {"wave", "blush", "star", "puff", "dance"}
    assert driver.abilities.diagnostics == ()
    driver.send_command(act("dance"))
    await until(lambda: vts.fired)
    assert vts.active["blush.exp3.json"], "what is held stays held"
    driver.adopt(vts_map)
    assert "dance" not in driver.abilities.actions
    assert isinstance(driver, Adopter)


async def test_another_map_without_a_connection_counts_once_there_is_one(
    vts: ScriptedVts, drive: Drive, vts_map: MotionMap
) -> None:
    driver = drive(url=vts.url)
    driver.adopt(mended(vts_map))
    assert driver.state.status == "connecting"
    assert await driver.ready()
    assert "dance" in driver.abilities.actions
