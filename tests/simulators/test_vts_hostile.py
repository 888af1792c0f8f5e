"""Hostile clients: whatever comes, the simulator answers by the rules and stays up."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vts_harness import App, client, dump
from websockets.exceptions import ConnectionClosed

from avatar_bridge.simulators.pytest_fixtures import SimulatorFactory
from avatar_bridge.simulators.vts import Options, TokenStore, VTubeStudioSimulator
from avatar_bridge.simulators.vts.error_ids import error_text
from avatar_bridge.simulators.vts.session import Plugin

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(
        [10**400, "\ud800", "", "set", "MouthOpen", "Angry.exp3.json", "Wave", "Ribbon", "Center", "TestEvent", -1]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
KNOWN_ERRORS = {number for number in range(100200) if number < 2000 or number >= 100000}

FIELDS: dict[str, list[str]] = {
    "AuthenticationTokenRequest": ["pluginName", "pluginDeveloper", "pluginIcon"],
    "AuthenticationRequest": ["pluginName", "pluginDeveloper", "authenticationToken"],
    "PermissionRequest": ["requestedPermission"],
    "ModelLoadRequest": ["modelID"],
    "MoveModelRequest": [
        "timeInSeconds",
        "valuesAreRelativeToModel",
        "positionX",
        "positionY",
        "rotation",
        "size",
    ],
    "HotkeysInCurrentModelRequest": ["modelID", "live2DItemFileName"],
    "HotkeyTriggerRequest": ["hotkeyID", "itemInstanceID"],
    "ExpressionStateRequest": ["details", "expressionFile"],
    "ExpressionActivationRequest": ["expressionFile", "fadeTime", "active"],
    "ColorTintRequest": ["colorTint", "artMeshMatcher"],
    "ArtMeshSelectionRequest": ["textOverride", "requestedArtMeshCount", "activeArtMeshes"],
    "ParameterValueRequest": ["name"],
    "ParameterCreationRequest": ["parameterName", "explanation", "min", "max", "defaultValue"],
    "ParameterDeletionRequest": ["parameterName"],
    "InjectParameterDataRequest": ["faceFound", "mode", "parameterValues"],
    "SetCurrentModelPhysicsRequest": ["strengthOverrides", "windOverrides"],
    "NDIConfigRequest": ["setNewConfig", "ndiActive", "useNDI5", "customWidthNDI", "customHeightNDI"],
    "ItemListRequest": ["includeAvailableSpots", "onlyItemsWithFileName", "onlyItemsWithInstanceID"],
    "ItemLoadRequest": ["fileName", "positionX", "size", "order", "fadeTime", "customDataBase64", "failIfOrderTaken"],
    "ItemUnloadRequest": ["unloadAllInScene", "instanceIDs", "fileNames"],
    "ItemAnimationControlRequest": ["itemInstanceID", "framerate", "frame", "autoStopFrames", "setAutoStopFrames"],
    "ItemMoveRequest": ["itemsToMove"],
    "ItemSortRequest": ["itemInstanceID", "setFrontOrder", "withinModelOrderFront", "splitAt"],
    "ItemPinRequest": ["itemInstanceID", "pin", "pinInfo", "angleRelativeTo"],
    "PostProcessingListRequest": ["effectIDFilter", "fillPostProcessingPresetsArray"],
    "PostProcessingUpdateRequest": [
        "postProcessingOn",
        "postProcessingFadeTime",
        "setPostProcessingValues",
        "postProcessingValues",
        "randomizeAll",
        "randomizeAllChaosLevel",
    ],
    "EventSubscriptionRequest": ["eventName", "subscribe", "config"],
}
OBJECTS = ("id", "value", "weight", "overrideSeconds", "setBaseValue", "configID", "configValue", "colorR")
MORE = ("itemInstanceID", "fadeMode", "positionX", "order", "nameContains", "tintAll", "testMessageForEvent", "modelID")
SHAPES = VALUES | st.lists(st.dictionaries(st.sampled_from(OBJECTS + MORE), VALUES, max_size=4), max_size=3)
REQUESTS = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.dictionaries(st.sampled_from(FIELDS[kind]), SHAPES))
)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_every_request_with_data_is_attacked():
    app = App()
    without = {
        "APIStateRequest",
        "StatisticsRequest",
        "VTSFolderInfoRequest",
        "SceneColorOverlayInfoRequest",
        "CurrentModelRequest",
        "AvailableModelsRequest",
        "ArtMeshListRequest",
        "FaceFoundRequest",
        "InputParameterListRequest",
        "Live2DParameterListRequest",
        "GetCurrentModelPhysicsRequest",
    }
    assert set(FIELDS) | without == set(app.studio.answers)
    assert len(app.studio.answers) == 38, "39 requests, less ArtMeshAtPosition, which is beta"


@SETTINGS
@given(st.lists(REQUESTS, min_size=1, max_size=6), st.booleans())
def test_wrong_types_in_every_field(requests: list[tuple[str, Any]], loaded: bool):
    app = App(Options(model_load_seconds=(0.0, 0.1)))
    member = app.join()
    member.ask("ItemLoadRequest", {"fileName": "Ribbon"})
    item = app.studio.items.scene[0].instance_id
    if not loaded:
        app.studio.models.begin(None)
    for kind, data in requests:
        if data.get("itemInstanceID"):
            data["itemInstanceID"] = item
        answer = member.answer(kind, data)
        if answer["messageType"] == "APIError":
            assert answer["data"]["errorID"] in KNOWN_ERRORS
            assert answer["data"]["errorID"] != 0
            assert error_text(answer["data"]["errorID"])
        else:
            assert answer["messageType"] == kind.replace("Request", "Response")
        if not member.session.authenticated:
            break
    app.wait(0.2)
    assert member.ask("APIStateRequest")["active"] is True


@SETTINGS
@given(st.dictionaries(st.sampled_from(["apiName", "apiVersion", "messageType", "requestID", "data"]), VALUES))
def test_wrong_types_in_the_envelope(envelope: dict[str, Any]):
    app = App()
    member = app.join()
    member.raw(dump(envelope))
    app.frame(2)
    (answer,) = member.take()
    assert answer["messageType"] == "APIError"
    assert answer["data"]["errorID"] in {3, 5}


@SETTINGS
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_random_bytes_are_error_2(garbage: bytes | str):
    try:
        parsed = json.loads(garbage)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return
    app = App()
    member = app.join(None)
    member.raw(garbage)
    app.frame()
    assert member.take()[0]["data"]["errorID"] == 2


async def test_garbage_and_huge_frames_over_the_socket(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(max_message_bytes=100_000))
    async with client(vts.url) as raw:
        for garbage in (os.urandom(5000), b"[" * 90_000, b'{"a":' * 15_000, "x" * 99_999):
            await raw.socket.send(garbage)
            assert (await raw.receive())["data"]["errorID"] == 2
        deep = '{"apiName":"VTubeStudioPublicAPI","data":' + "[" * 40_000 + "]" * 40_000 + "}"
        await raw.socket.send(deep)
        assert (await raw.receive())["data"]["errorID"] in {2, 3}
        async with client(vts.url, None) as other:
            await other.socket.send("x" * 200_000)
            with pytest.raises(ConnectionClosed) as closed:
                await other.receive()
            assert closed.value.rcvd.code == 1009
        assert await raw.ask("StatisticsRequest")


async def test_raw_sockets_that_speak_no_websocket(vts_simulator: VTubeStudioSimulator):
    reader, writer = await asyncio.open_connection("127.0.0.1", vts_simulator.port)
    writer.write(b"\x16\x03\x01" + os.urandom(300) + b"\r\n\r\n")
    await writer.drain()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    async with client(vts_simulator.url) as raw:
        assert await raw.ask("StatisticsRequest")


async def test_a_client_that_never_reads_is_held_back(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(waiting_messages=16), fps=240)
    async with client(vts.url) as good, client(vts.url) as deaf:
        session = vts.studio.sessions[-1]

        async def flood() -> None:
            while True:
                await deaf.send("InputParameterListRequest")

        flooding = asyncio.create_task(flood())
        await vts.until(lambda: len(session.inbox) >= 16 and len(session.outbox) >= 16)
        assert await good.ask("StatisticsRequest")
        assert len(session.inbox) <= 16
        assert len(session.outbox) <= 64
        flooding.cancel()
        await asyncio.wait({flooding})
        deaf.socket.transport.abort()


async def test_a_hundred_clients(vts_simulator_factory: SimulatorFactory):
    store = TokenStore()
    names = [{"pluginName": f"Plugin {number}", "pluginDeveloper": "The Tests"} for number in range(100)]
    store.tokens = {Plugin(who["pluginName"], who["pluginDeveloper"]): "token" for who in names}
    vts = await vts_simulator_factory(token_store=store)

    async def play(who: dict[str, str]) -> None:
        async with client(vts.url, None) as raw:
            await raw.ask("AuthenticationRequest", {**who, "authenticationToken": "token"})
            for step in range(10):
                values = [{"id": "FaceAngleX", "value": step}]
                await raw.ask("InjectParameterDataRequest", {"mode": "add", "parameterValues": values})

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for who in names:
            group.create_task(play(who))
    assert len(vts.frames) == 1000
    assert vts.connections == 100


async def test_the_port_opens_once_however_often_it_is_asked_to() -> None:
    async with VTubeStudioSimulator() as sim:
        sim.refuse_connections()
        assert not sim.listening
        sim.refuse_connections(False)
        sim.set_api_active(True)
        sim.refuse_connections(False)
        await sim.until(lambda: sim.listening)
        sim.refuse_connections()
        sim.refuse_connections(False)
        sim.refuse_connections()
        assert not sim.listening
        sim.refuse_connections(False)
        await sim.until(lambda: sim.listening)
