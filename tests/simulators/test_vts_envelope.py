"""Points 1 to 11 of the conformance list: the envelope and its errors, over a real socket."""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest
from vts_harness import API, App, body, client
from websockets.asyncio.client import connect

from avatar_bridge.simulators.pytest_fixtures import SimulatorFactory
from avatar_bridge.simulators.vts import Options, VTubeStudioSimulator

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def test_point_01_missing_request_id_is_generated(vts_simulator: VTubeStudioSimulator):
    async with connect(vts_simulator.url) as socket:
        await socket.send(json.dumps(body("APIStateRequest")))
        answer = json.loads(await socket.recv())
    assert UUID.fullmatch(answer["requestID"])
    assert answer["messageType"] == "APIStateResponse"


async def test_point_02_state_before_authentication(vts_simulator: VTubeStudioSimulator):
    async with connect(vts_simulator.url) as socket:
        await socket.send(json.dumps(body("APIStateRequest", requestID="MyIDWithLessThan64Characters")))
        answer = json.loads(await socket.recv())
    assert list(answer) == ["apiName", "apiVersion", "timestamp", "messageType", "requestID", "data"]
    assert abs(answer["timestamp"] - time.time() * 1000) < 60_000
    assert answer["requestID"] == "MyIDWithLessThan64Characters"
    assert answer["data"] == {"active": True, "vTubeStudioVersion": "1.35.10", "currentSessionAuthenticated": False}


@pytest.mark.parametrize("broken", ["{", "", "[1, 2]", "null", '{"a": NaN}', "[" * 100_000, '{"a": ' * 3000])
async def test_point_03_broken_json_is_error_2(vts_simulator: VTubeStudioSimulator, broken: str):
    async with client(vts_simulator.url, None) as raw:
        await raw.socket.send(broken)
        answer = await raw.receive()
        assert answer["messageType"] == "APIError"
        assert answer["data"]["errorID"] == 2
        assert UUID.fullmatch(answer["requestID"])
        assert await raw.ask("APIStateRequest")


@pytest.mark.parametrize("bad", ["x" * 65, "naïve", "", 5, ["a"]])
async def test_point_04_invalid_request_id_is_error_5(vts_simulator: VTubeStudioSimulator, bad: object):
    async with connect(vts_simulator.url) as socket:
        await socket.send(json.dumps(body("APIStateRequest", requestID=bad)))
        answer = json.loads(await socket.recv())
    assert answer["data"]["errorID"] == 5
    assert UUID.fullmatch(answer["requestID"])


def test_point_04_an_empty_request_id_can_be_taken_as_absent():
    app = App(Options(empty_request_id="generated"))
    member = app.join(None)
    member.raw(json.dumps(body("APIStateRequest", requestID="")))
    app.frame()
    assert member.take()[0]["messageType"] == "APIStateResponse"


async def test_point_05_unauthenticated_request_is_error_8(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url, None) as raw:
        answer = await raw.answer_to(await raw.send("StatisticsRequest", requestID="2"))
    assert answer["messageType"] == "APIError"
    assert answer["data"] == {
        "errorID": 8,
        "message": (
            "Current session is not authenticated. The only requests you can send without authenticating are: "
            "[APIStateRequest, AuthenticationTokenRequest, AuthenticationRequest]"
        ),
    }


async def test_point_06_order_of_validation(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url, None) as raw:
        assert await raw.error("NoSuchRequest") == 8
        assert await raw.error("StatisticsRequest", apiName="Wrong") == 8
        assert await raw.error("APIStateRequest", apiName="Wrong") == 3
        await raw.authenticate()
        assert await raw.error("NoSuchRequest") == 7
        assert await raw.error("ArtMeshAtPositionRequest") == 7
        assert await raw.error("") == 6
        assert await raw.error("StatisticsRequest", apiName="Wrong") == 3
        assert await raw.error("StatisticsRequest", apiVersion="2.0") == 4
        assert await raw.error("NoSuchRequest", apiName="Wrong", apiVersion="2.0") == 3


@pytest.mark.parametrize("data", [None, {}, "text", [1]])
async def test_point_07_data_is_optional(vts_simulator: VTubeStudioSimulator, data: object):
    async with client(vts_simulator.url) as raw:
        assert (await raw.ask("FaceFoundRequest", data)) == {"found": False}
        answer = await raw.answer_to(await raw.send("StatisticsRequest", data))
        assert isinstance(answer["data"], dict)


async def test_point_08_binary_frames_are_answered_with_text(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url, None) as raw:
        await raw.socket.send(json.dumps(body("APIStateRequest", requestID="b")).encode())
        assert (await raw.receive())["requestID"] == "b"
        await raw.socket.send(b"\xff\xfe{")
        assert (await raw.receive())["data"]["errorID"] == 2


async def test_point_09_long_answers_are_fragmented_and_not_compressed(
    vts_simulator: VTubeStudioSimulator, vts_simulator_factory: SimulatorFactory
):
    async with connect(vts_simulator.url, compression="deflate") as offering:
        assert "Sec-WebSocket-Extensions" not in offering.response.headers
    async with client(vts_simulator.url) as raw:
        assert raw.socket.response.headers["Server"] == "websocket-sharp/1.0"
        await raw.send("InputParameterListRequest")
        parts = [part async for part in raw.socket.recv_streaming()]
    assert len(parts) > 5
    assert max(len(part.encode()) for part in parts) <= 1016 + 3
    assert json.loads("".join(parts))["messageType"] == "InputParameterListResponse"
    whole = await vts_simulator_factory(options=Options(fragment_bytes=None))
    async with client(whole.url) as raw:
        await raw.send("InputParameterListRequest")
        assert len([part async for part in raw.socket.recv_streaming()]) == 1


async def test_point_09_fragments_may_cut_a_character(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(fragment_bytes=7))
    vts.load_model("かすみ", instantly=True)
    async with client(vts.url) as raw:
        hotkeys = (await raw.ask("HotkeysInCurrentModelRequest"))["availableHotkeys"]
    assert hotkeys[0]["name"] == "うなずき"


async def test_point_10_answers_leave_once_a_frame_and_in_order(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(fps=10)
    async with client(vts.url, None) as raw:
        ids = [await raw.send("APIStateRequest") for _ in range(5)]
        assert [(await raw.receive())["requestID"] for _ in ids] == ids
    assert len({request.answered_at for request in vts.requests}) <= 2


async def test_point_10_a_stall_holds_every_answer_back(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url, None) as raw:
        vts_simulator.stall()
        request_id = await raw.send("APIStateRequest")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.receive(), 0.15)
        vts_simulator.resume()
        assert (await raw.receive())["requestID"] == request_id
        vts_simulator.stall(0.1)
        await raw.ask("APIStateRequest")


async def test_point_11_unknown_fields(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(extra_fields=True))
    async with client(vts.url) as raw:
        answer = await raw.ask("FaceFoundRequest", {"new": 1}, another={"x": [1]})
        assert answer["found"] is False
        assert "fieldOfALaterVersion" in answer
    plain = App().join(None)
    plain.raw(json.dumps({**API, "messageType": "APIStateRequest", "unknown": 3}))
    plain.app.frame()
    assert set(plain.take()[0]["data"]) == {"active", "vTubeStudioVersion", "currentSessionAuthenticated"}
