"""The stand-in for nizima LIVE is strict: what its documents do not allow is refused or noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from avatar_bridge.errors import WorldError
from avatar_bridge.simulators.nizima import NizimaSimulator


class Plugin:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def ask(self, method: str, data: Any = None, **fields: Any) -> Any:
        said = {"nLPlugin": "1.0.0", "Id": "7", "Type": "Request", "Method": method, "Data": data or {}}
        await self.connection.send(json.dumps(said | fields))
        while True:
            answer = json.loads(await self.connection.recv())
            if answer["Type"] != "Event":
                assert answer["Method"] == (method if answer["Method"] else "")
                return answer["Data"]

    async def event(self) -> Any:
        answer = json.loads(await self.connection.recv())
        assert (answer["Type"], answer["Id"]) == ("Event", None)
        return answer["Method"], answer["Data"]


@pytest.fixture
async def nizima(tmp_path: Path) -> AsyncIterator[NizimaSimulator]:
    async with NizimaSimulator(port=0, enable=False, record=tmp_path / "record.jsonl") as program:
        yield program


@pytest.fixture
async def plugin(nizima: NizimaSimulator) -> AsyncIterator[Plugin]:
    async with connect(nizima.url) as connection:
        yield Plugin(connection)


async def enabled(nizima: NizimaSimulator, plugin: Plugin) -> None:
    assert "Token" in await plugin.ask("RegisterPlugin", {"Name": "P"})
    nizima.set_enabled()
    assert await plugin.event() == ("NotifyEnabledChanged", {"Enabled": True})


async def test_from_registration_to_permission(nizima: NizimaSimulator, plugin: Plugin) -> None:
    assert await plugin.ask("GetModels") == {"ErrorType": "PluginDisabled"}
    assert await plugin.ask("RegisterPlugin", {"Name": " "}) == {"ErrorType": "InvalidPluginName"}
    assert await plugin.ask("RegisterPlugin", {}) == {"ErrorType": "InvalidData"}
    token = (await plugin.ask("RegisterPlugin", {"Name": "P"}))["Token"]
    assert await plugin.ask("GetConnectionStatus") == {"Established": True, "Enabled": False}
    assert await plugin.ask("EstablishConnection", {"Name": "P", "Token": "?"}) == {"ErrorType": "InvalidToken"}
    assert await plugin.ask("EstablishConnection", {"Name": "P", "Token": token}) == {"Enabled": False}
    nizima.set_enabled()
    assert await plugin.event() == ("NotifyEnabledChanged", {"Enabled": True})
    assert (await plugin.ask("GetCurrentModelId"))["ModelId"] == "1"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"nLPlugin": 1}, "InvalidApi"),
        ({"nLPlugin": "2.0.0"}, "UnsupportedVersion"),
        ({"Type": "Response"}, "InvalidType"),
        ({"Method": None}, "InvalidMethod"),
        ({"Data": []}, "InvalidData"),
        ({"Data": {"ModelId": "99"}}, "InvalidModelId"),
        ({"Data": {"ModelId": 1}}, "InvalidData"),
        ({"Method": "Fly"}, "InvalidMethod"),
    ],
)
async def test_every_wrong_request_has_its_error(
    nizima: NizimaSimulator, plugin: Plugin, fields: dict[str, Any], error: str
) -> None:
    await enabled(nizima, plugin)
    said = {"nLPlugin": "1.0.0", "Id": "7", "Type": "Request", "Method": "GetMotions", "Data": {"ModelId": "1"}}
    await plugin.connection.send(json.dumps(said | fields))
    answer = json.loads(await plugin.connection.recv())
    assert (answer["Type"], answer["Data"]) == ("Error", {"ErrorType": error})
    assert len(nizima.faults) == (1 if fields.get("Method") == "Fly" else 0)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([{"Id": "ParamWing", "Value": 1}], "no parameter ParamWing"),
        ([{"Id": "ParamMouthOpenY", "Value": 1.5}], "outside of 0..1"),
        ([{"Id": "ParamMouthOpenY", "Value": 1}, {"Id": "ParamMouthOpenY", "Value": 0}], "twice"),
        ([{"Id": "ParamMouthOpenY", "Value": "1"}], None),
        ([{"Id": 5, "Value": 1}], None),
        ([5], None),
        ("x", None),
    ],
)
async def test_values_are_checked(nizima: NizimaSimulator, plugin: Plugin, values: Any, fault: str | None) -> None:
    await enabled(nizima, plugin)
    answer = await plugin.ask("SetCubismParameterValues", {"ModelId": "1", "CubismParameterValues": values})
    assert answer == ({} if fault else {"ErrorType": "InvalidData"})
    assert (fault in nizima.faults[0]) if fault else not nizima.faults


async def test_values_last_half_a_second(plugin: Plugin, nizima: NizimaSimulator) -> None:
    now = 0.0
    nizima._now = lambda: now
    await enabled(nizima, plugin)
    values = [{"Id": "ParamMouthOpenY", "Value": 0.5}]
    await plugin.ask("SetCubismParameterValues", {"ModelId": "1", "CubismParameterValues": values})
    assert nizima.values["ParamMouthOpenY"] == 0.5
    now = 0.51
    assert nizima.values["ParamMouthOpenY"] == 0


async def test_no_json_is_noted_and_orders_say_what_is_understood(nizima: NizimaSimulator, plugin: Plugin) -> None:
    await plugin.connection.send("hello")
    await nizima.until(lambda: bool(nizima.faults))
    assert "not JSON" in nizima.faults[0]
    assert nizima.order("load Nobody").startswith("not done: no model 'Nobody'; there are ")
    assert "these are understood: stall" in nizima.order("explode")
    assert nizima.order("stall soon") == "not understood: 'stall soon'"
    assert nizima.order("load vowels") == "done: load vowels"
    assert "model: Vowels" in nizima.describe()


async def test_a_port_that_is_taken_and_a_file_that_cannot_be_written(nizima: NizimaSimulator, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="--port"):
        async with NizimaSimulator(port=nizima.port):
            pass
    with pytest.raises(WorldError, match="cannot be written"):
        async with NizimaSimulator(port=0, record=tmp_path):
            pass


async def test_the_record_has_a_line_for_everything(nizima: NizimaSimulator, plugin: Plugin, tmp_path: Path) -> None:
    await enabled(nizima, plugin)
    await plugin.ask("StartMotion", {"ModelId": "1", "MotionPath": "C:/Models/natori/motions/wave.motion3.json"})
    assert await plugin.ask("StartMotion", {"ModelId": "1", "MotionPath": "x"}) == {"ErrorType": "InvalidMotionPath"}
    rows = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["connect", "register", "done", "refusal"]
    assert all({"t", "wall"} <= row.keys() for row in rows)
