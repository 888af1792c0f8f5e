"""The simulated OBS is as strict as obs-websocket: what real OBS refused, it refuses with the same status."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from avatar_bridge.simulators.obs import ObsSimulator

PASSWORD = "geheim"


@pytest.fixture
async def obs() -> AsyncIterator[ObsSimulator]:
    async with ObsSimulator(password=PASSWORD) as simulator:
        yield simulator


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


async def greeted(connection: ClientConnection, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    hello = json.loads(await connection.recv())
    asked = hello["d"]["authentication"]
    answer = digest(digest(password + asked["salt"]) + asked["challenge"])
    await connection.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "authentication": answer, **more}}))
    told: dict[str, Any] = json.loads(await connection.recv())
    return told


async def ask(connection: ClientConnection, kind: str, data: Any = None) -> dict[str, Any]:
    said = {"requestType": kind, "requestId": "1", **({} if data is None else {"requestData": data})}
    await connection.send(json.dumps({"op": 6, "d": said}))
    while (told := json.loads(await connection.recv()))["op"] != 7:
        pass
    answer: dict[str, Any] = told["d"]
    return answer


async def closing_code(connection: ClientConnection) -> int:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass
    assert connection.close_code is not None
    return connection.close_code


async def test_a_session(obs: ObsSimulator) -> None:
    async with connect(obs.url, subprotocols=["obswebsocket.json"]) as connection:  # type: ignore[list-item]
        assert connection.subprotocol == "obswebsocket.json"
        assert await greeted(connection) == {"op": 2, "d": {"negotiatedRpcVersion": 1}}
        answer = await ask(connection, "GetVersion")
        assert answer["requestStatus"] == {"result": True, "code": 100}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x00", 4002),
        ("no json", 4002),
        ("[]", 4002),
        ('{"op":1}', 4003),
        ('{"op":"1","d":{}}', 4006),
        ('{"op":99,"d":{}}', 4006),
        ('{"op":6,"d":{"requestType":"GetVersion","requestId":"1"}}', 4007),
        ('{"request-type":"GetVersion","message-id":"1"}', 4010),
        ('{"op":1,"d":{"rpcVersion":1,"authentication":"x"}}', 4009),
        ('{"op":1,"d":{"rpcVersion":1}}', 4009),
    ],
)
async def test_what_is_no_greeting_is_closed_with_its_code(obs: ObsSimulator, said: str | bytes, code: int) -> None:
    async with connect(obs.url) as connection:
        await connection.send(said)
        assert await closing_code(connection) == code
    assert obs.faults[-1].startswith(str(code))


async def test_a_second_greeting_and_a_wrong_version(obs: ObsSimulator) -> None:
    async with connect(obs.url) as connection:
        await greeted(connection)
        await connection.send('{"op":1,"d":{"rpcVersion":1}}')
        assert await closing_code(connection) == 4008
    async with ObsSimulator() as open_to_all, connect(open_to_all.url) as connection:
        assert "authentication" not in json.loads(await connection.recv())["d"]
        await connection.send('{"op":1,"d":{"rpcVersion":2}}')
        assert await closing_code(connection) == 4010


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [  # each of them as OBS 29 answered it
        ("SendStreamCaption", {"captionText": "hi"}, 501),
        ("SendStreamCaption", {}, 301),
        ("TriggerHotkeyByName", {"hotkeyName": "nope"}, 600),
        ("SetSceneItemEnabled", {"sceneName": "Main", "sceneItemId": 999, "sceneItemEnabled": True}, 600),
        ("SetSceneItemEnabled", {"sceneName": "Main", "sceneItemId": "1", "sceneItemEnabled": True}, 401),
        ("SetSceneItemEnabled", {"sceneName": "Main", "sceneItemId": 1}, 300),
        ("SetCurrentProgramScene", {"sceneName": "zz"}, 600),
        ("SetCurrentProgramScene", {"sceneName": "Mic"}, 602),
        ("SetCurrentProgramScene", {}, 301),
        ("SetCurrentProgramScene", {"sceneName": ""}, 403),
        ("SetInputMute", {"inputName": "Background", "inputMuted": True}, 604),
        ("TriggerMediaInputAction", {"inputName": "Jingle", "mediaAction": "x"}, 400),
        ("Nope", None, 204),
        ("", None, 203),
        ("SetCurrentSceneTransition", {"transitionName": "x"}, 600),
        ("SetSourceFilterEnabled", {"sourceName": "Avatar", "filterName": "x", "filterEnabled": True}, 600),
        ("TriggerHotkeyByKeySequence", {"keyId": "bad"}, 703),
        ("SetSceneItemTransform", {"sceneName": "Main", "sceneItemId": 1, "sceneItemTransform": {}}, 403),
        ("SetSceneItemTransform", {"sceneName": "Main", "sceneItemId": 1, "sceneItemTransform": {"q": 1}}, 703),
        ("GetGroupSceneItemList", {"sceneName": "Main"}, 602),
    ],
)
async def test_a_wrong_request_gets_its_status(obs: ObsSimulator, kind: str, data: Any, code: int) -> None:
    async with connect(obs.url) as connection:
        await greeted(connection)
        answer = await ask(connection, kind, data)
        assert answer["requestStatus"]["code"] == code
        assert answer["requestStatus"]["result"] is False
    assert obs.requests[-1].code == code


async def test_events_go_to_those_who_asked(obs: ObsSimulator) -> None:
    async with connect(obs.url) as items, connect(obs.url) as nothing:
        await greeted(items, eventSubscriptions=1 << 7)
        await greeted(nothing, eventSubscriptions=0)
        obs.by_hand("SetSceneItemEnabled", sceneName="Main", sceneItemId=1, sceneItemEnabled=False)
        obs.by_hand("SetInputMute", inputName="Mic", inputMuted=True)
        told = json.loads(await items.recv())["d"]
        assert (told["eventType"], told["eventData"]["sceneItemEnabled"]) == ("SceneItemEnableStateChanged", False)
        assert (await ask(nothing, "GetVersion"))["requestStatus"]["code"] == 100


async def test_a_batch_is_done_in_order_and_stops_where_it_should(obs: ObsSimulator) -> None:
    wrong, right = {"requestType": "Nope"}, {"requestType": "StartStream"}
    async with connect(obs.url) as connection:
        await greeted(connection, eventSubscriptions=0)
        for halt, codes in ((True, [204]), (False, [204, 100])):
            batch = {"requestId": "b", "haltOnFailure": halt, "requests": [wrong, right]}
            await connection.send(json.dumps({"op": 8, "d": batch}))
            answer = json.loads(await connection.recv())["d"]
            assert [each["requestStatus"]["code"] for each in answer["results"]] == codes
    assert obs.studio.streaming


async def test_the_scene_arrives_when_its_transition_has_ended(obs: ObsSimulator) -> None:
    async with connect(obs.url) as connection:
        await greeted(connection, eventSubscriptions=(1 << 2) | (1 << 4))
        obs.studio.transitions["Fade"] = 60
        obs.by_hand("SetCurrentProgramScene", sceneName="BRB")
        told = [json.loads(await connection.recv())["d"]["eventType"] for _ in range(4)]
    assert told == [
        "SceneTransitionStarted",
        "CurrentProgramSceneChanged",
        "SceneTransitionVideoEnded",
        "SceneTransitionEnded",
    ]


async def test_people_can_order_and_read_it(obs: ObsSimulator, tmp_path: Path) -> None:
    assert obs.order("stream on") == "done: stream on"
    assert obs.order("scene BRB") == "done: scene BRB"
    assert obs.order("scene Nowhere") == "not understood: 'scene Nowhere'"
    assert "scene: BRB (live)" in obs.describe()
    record = tmp_path / "record.jsonl"
    async with ObsSimulator(record=record) as recorded, connect(recorded.url) as connection:
        await connection.recv()
        await connection.send('{"op":1,"d":{"rpcVersion":1,"eventSubscriptions":0}}')
        await connection.recv()
        async with asyncio.timeout(5):
            await ask(connection, "GetStudioModeEnabled")
    kinds = [json.loads(line)["kind"] for line in record.read_text(encoding="utf-8").splitlines()]
    assert kinds[:3] == ["connect", "identified", "request"]
    assert PASSWORD not in record.read_text(encoding="utf-8")
