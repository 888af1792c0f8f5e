"""The driver against the strict simulator, which was written from the documents alone."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.ports import Command
from avatar_bridge.simulators.vts import SAMPLES, Options, TokenStore, VTubeStudioSimulator

Drive = Callable[..., Any]
STRICT = Options(types="strict")


def frame(**values: float) -> Frame:
    return Frame(0.0, values)


def act(action: str, cue: int = 0) -> Command:
    return Command("act", 0.0, action, cue)


@pytest.mark.parametrize("sample", ["akari", "bare"])
async def test_a_nudge_finds_how_far_the_mouth_and_eyes_go(sample: str, drive: Drive) -> None:
    async with VTubeStudioSimulator(models=[SAMPLES[sample]], options=STRICT) as sim:
        driver = drive(url=sim.url, probe=True)
        assert await driver.ready()
        assert driver.abilities.derived == {"body_yaw", "body_pitch", "body_roll"}
        driver.send_frame(frame(mouth_open=1.0, head_yaw=12.0, gaze_x=0.5))
        await sim.until(lambda: sim.live2d["ParamMouthOpenY"] == pytest.approx(1.0, abs=0.01))
        assert sim.live2d["ParamEyeLOpen"] == pytest.approx(1.0, abs=0.01)
        assert sim.live2d["ParamAngleX"] == pytest.approx(12.0)
        assert sim.live2d["ParamEyeBallX"] == pytest.approx(0.5)
        assert sim.live2d["ParamMouthForm"] == pytest.approx(0.0, abs=0.01)
        sim.check()


async def test_a_model_file_is_read_instead_of_a_nudge_and_left_as_it_is(drive: Drive, tmp_path: Path) -> None:
    sample = SAMPLES["bare"]
    row = {"Input": "MouthOpen", "OutputLive2D": "ParamMouthOpenY", "InputRangeLower": 0.0, "InputRangeUpper": 0.4}
    file = tmp_path / "bare" / "Bare.vtube.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"ModelID": sample.model_id, "Name": "Bare", "ParameterSettings": [row]}), "utf-8")
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    async with VTubeStudioSimulator(models=[sample]) as sim:
        driver = drive(url=sim.url, probe=True, folders=(tmp_path,))
        assert await driver.ready()
        assert not sim.frames
        driver.send_frame(frame(mouth_open=1.0))
        await sim.until(lambda: sim.frames)
        assert sim.frames[0].values["MouthOpen"] == pytest.approx(0.4)
        await driver.close()
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    "options",
    [
        Options(types="strict", event_order="adversarial", event_request_id="subscription", extra_fields=True),
        Options(types="strict", voice_parameters=False, fragment_bytes=64),
        Options(types="strict", undocumented_fields=False, event_order="adversarial"),
    ],
)
async def test_every_unsettled_point_either_way(options: Options, drive: Drive) -> None:
    async with VTubeStudioSimulator(options=options) as sim:
        driver = drive(url=sim.url)
        assert await driver.ready()
        driver.send_command(act("blush"))
        driver.send_command(act("wave"))
        driver.send_frame(frame(mouth_open=0.5))
        await sim.until(lambda: sim.active_expressions and sim.hotkeys_fired and sim.frames)
        driver.send_command(Command("reset", 0.0))
        await sim.until(lambda: not sim.active_expressions)
        assert not [d for d in driver.state.diagnostics if "dance" not in d.message and "star" not in d.message]
        sim.check()


async def test_a_burst_of_the_same_hotkey_passes_the_cooldown(drive: Drive) -> None:
    async with VTubeStudioSimulator(options=STRICT) as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        for cue in range(4):
            driver.send_command(act("wave", cue))
        await sim.until(lambda: len(sim.hotkeys_fired) == 4)


async def test_a_hotkey_that_the_app_is_slow_to_execute_is_asked_for_earlier(drive: Drive) -> None:
    async with VTubeStudioSimulator(options=STRICT, fps=20.0) as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        assert "wave" not in driver.abilities.delays
        for cue in range(3):
            driver.send_command(act("wave", cue))
            await sim.until(lambda cue=cue: len(sim.hotkeys_fired) > cue)
        await sim.until(lambda: bool(driver.abilities.delays))
        assert 0.0 < driver.abilities.delays["wave"] <= 0.15
        assert set(driver.abilities.delays) < driver.abilities.actions


async def test_a_toggle_that_the_user_has_on_is_left_on(drive: Drive) -> None:
    async with VTubeStudioSimulator() as sim:
        sim.press_hotkey("Blush")
        await sim.until(lambda: sim.active_expressions)
        driver = drive(url=sim.url)
        await driver.ready()
        driver.send_command(act("blush"))
        await sim.until(lambda: any(request.message_type == "ExpressionStateRequest" for request in sim.requests))
        await driver.close()
        assert sim.active_expressions == ("Blush.exp3.json",)


async def test_a_stall_costs_frames_and_nothing_else(drive: Drive) -> None:
    async with VTubeStudioSimulator() as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        sim.stall()
        for step in range(40):
            driver.send_frame(frame(head_yaw=step / 2))
            await asyncio.sleep(0)
        assert driver.state.dropped_frames > 0
        sim.resume()
        await sim.until(lambda: sim.frames and sim.frames[-1].values["FaceAngleX"] == 19.5)
        assert len(sim.frames) <= 6
        assert driver.state.status == "ready"


async def test_another_plugin_owns_the_mouth(drive: Drive) -> None:
    async with VTubeStudioSimulator() as sim:
        first, second = drive(url=sim.url, plugin_name="First"), drive(url=sim.url)
        await first.ready()
        first.send_frame(frame(mouth_open=1.0))
        await sim.until(lambda: sim.frames)
        await second.ready()
        second.send_frame(frame(mouth_open=0.2))
        await sim.until(lambda: any("Another plugin" in d.message for d in second.state.diagnostics))
        await first.close()
        second.send_frame(frame(mouth_open=0.2))
        await sim.until(lambda: not any("Another plugin" in d.message for d in second.state.diagnostics))
        await sim.until(lambda: {"MouthOpen", "FaceAngleX"} <= set(sim.frames[-1].values))


async def test_a_model_switch_in_mid_utterance(drive: Drive) -> None:
    options = Options(model_load_seconds=(0.1, 0.2))
    async with VTubeStudioSimulator(options=options) as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        driver.send_command(act("blush"))
        await sim.until(lambda: sim.active_expressions)
        sim.load_model("Bare")
        await sim.until(lambda: "blush" not in driver.abilities.actions and driver.state.status == "ready")
        sim.load_model("Akari", instantly=True)
        await sim.until(lambda: "blush" in driver.abilities.actions)
        driver.send_frame(frame(head_yaw=9.0))
        await sim.until(lambda: sim.frames and sim.frames[-1].values["FaceAngleX"] == 9.0)
        await driver.close()
        assert not sim.active_expressions


async def test_no_model(drive: Drive) -> None:
    async with VTubeStudioSimulator() as sim:
        sim.unload_model()
        driver = drive(url=sim.url)
        assert not await driver.ready()
        assert "no model" in driver.state.detail
        sim.load_model("Akari", instantly=True)
        await sim.until(lambda: driver.state.status == "ready")


@pytest.mark.parametrize("number", [8, 50])
async def test_a_revoked_token_leads_to_a_new_question(number: Any, drive: Drive) -> None:
    options = Options(revoked_error=number)
    async with VTubeStudioSimulator(options=options) as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        assert sim.revoke() == 1
        driver.send_frame(frame())
        await sim.until(lambda: sum(r.message_type == "AuthenticationTokenRequest" for r in sim.requests) == 2)
        await sim.until(lambda: driver.state.status == "ready")


async def test_the_pop_up_denied_and_left_open(drive: Drive) -> None:
    async with VTubeStudioSimulator(options=Options(popup="wait")) as sim:
        driver = drive(url=sim.url)
        await sim.until(lambda: sim.popup is not None)
        assert driver.state.status == "waiting"
        other = drive(url=sim.url, plugin_name="Other")
        await sim.until(lambda: "Another plugin's question" in other.state.detail)
        await other.close()
        sim.deny()
        assert not await driver.ready()
        assert driver.state.status == "refused"


@pytest.mark.parametrize("off", ["closes", "refuses"])
async def test_the_api_switched_off_and_on(off: Any, drive: Drive) -> None:
    async with VTubeStudioSimulator(options=Options(api_off=off)) as sim:
        driver = drive(url=sim.url)
        await driver.ready()
        sim.set_api_active(False)
        driver.send_frame(frame())
        await sim.until(lambda: driver.state.status == "unreachable")
        sim.set_api_active(True)
        await sim.until(lambda: driver.state.status == "ready")


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_broadcasts_tell_the_port_and_that_the_api_is_off(drive: Drive) -> None:
    udp = free_udp_port()
    options = Options(broadcast_seconds=0.1)
    async with VTubeStudioSimulator(options=options, broadcast=udp) as sim:
        driver = drive(url=None, discovery_port=udp)
        await sim.until(lambda: driver.state.status == "ready")
        sim.set_api_active(False)
        await sim.until(lambda: "Allow Plugin API access" in driver.state.detail)
        sim.set_api_active(True)
        await sim.until(lambda: driver.state.status == "ready")


async def test_among_two_instances_one_is_chosen_by_its_window(drive: Drive) -> None:
    udp = free_udp_port()
    quick = {"broadcast_seconds": 0.1}
    async with (
        VTubeStudioSimulator(options=Options(window_title="VTube Studio", **quick), broadcast=udp) as first,
        VTubeStudioSimulator(options=Options(window_title="VTube Studio 2", **quick), broadcast=udp) as second,
    ):
        driver = drive(url=None, discovery_port=udp, window_title="studio 2")
        await second.until(lambda: driver.state.status == "ready")
        assert (first.connections, second.connections) == (0, 1)


async def test_a_changed_port_is_followed(drive: Drive) -> None:
    udp = free_udp_port()
    options = Options(broadcast_seconds=0.1)
    store = TokenStore()
    async with VTubeStudioSimulator(options=options, broadcast=udp, token_store=store) as sim:
        driver = drive(url=None, discovery_port=udp)
        await sim.until(lambda: driver.state.status == "ready")
    async with VTubeStudioSimulator(options=options, broadcast=udp, token_store=store) as sim:
        await sim.until(lambda: driver.state.status == "ready" and sim.connections)
        driver.send_frame(frame())
        await sim.until(lambda: sim.frames)
