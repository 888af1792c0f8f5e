"""The command, the record, the view, and models read from the disk."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from vts_harness import App, client

from avatar_bridge.commands.simulate import choose_models, simulate_vts
from avatar_bridge.errors import SettingsError, UsageError, WorldError
from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator, read_model
from avatar_bridge.simulators.vts.view import draw_face, draw_simulator


class Printed(io.StringIO):
    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal
        self.changed = asyncio.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.changed.set()
        return super().write(text)

    async def until(self, text: str) -> str:
        async with asyncio.timeout(20):
            while text not in self.getvalue():
                await self.changed.wait()
                self.changed.clear()
        return self.getvalue()


async def test_the_command_prints_its_address_and_what_happens(tmp_path: Path):
    out, record = Printed(), tmp_path / "record.jsonl"
    command = asyncio.create_task(simulate_vts(port=0, record=record, broadcast=False, out=out))
    url = (await out.until("(Akari)")).split()[3]
    async with client(url) as raw:
        await raw.ask("HotkeyTriggerRequest", {"hotkeyID": "Eyes Cry"})
        values = [{"id": "MouthOpen", "value": 0.5, "weight": 0.9}]
        await raw.ask("InjectParameterDataRequest", {"parameterValues": values, "faceFound": True})
        assert await raw.error("InjectParameterDataRequest", {"parameterValues": [{"id": "\ud800"}]}) == 453
        await out.until("hotkey: Eyes Cry EyesCry.exp3.json")
        await out.until("expressions: EyesCry.exp3.json")
    command.cancel()
    with pytest.raises(asyncio.CancelledError):
        await command
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == [
        "connect",
        "request",
        "request",
        "request",
        "frame",
        "request",
        "disconnect",
    ]
    assert all(set(row) >= {"t", "wall", "kind", "session", "plugin"} for row in rows)
    frame = rows[4]
    assert (frame["values"], frame["weights"], frame["face_found"]) == ({"MouthOpen": 0.5}, {"MouthOpen": 0.9}, True)
    assert rows[5]["error"] == 453
    assert "authenticationToken" not in record.read_text(encoding="utf-8")


async def test_the_command_draws_on_a_terminal():
    out = Printed(terminal=True)
    command = asyncio.create_task(simulate_vts(port=0, broadcast=False, model="bare", out=out))
    await out.until("tracking parameters")
    command.cancel()
    with pytest.raises(asyncio.CancelledError):
        await command
    assert "Bare" in out.getvalue()


async def test_bad_arguments_are_explained(tmp_path: Path):
    with pytest.raises(UsageError, match="give one of akari, nameless"):
        choose_models("no such model")
    assert choose_models("none") == []
    assert choose_models("bare")[0] is SAMPLES["bare"]
    with pytest.raises(SettingsError, match="fps"):
        VTubeStudioSimulator(fps=0)
    for wrong in ({"fragment_bytes": 0}, {"model_load_seconds": (2, 1)}, {"hotkey_queue": 0}, {"popup_seconds": -1}):
        with pytest.raises(SettingsError):
            Options(**wrong)
    with pytest.raises(WorldError, match="choose another file"):
        async with VTubeStudioSimulator(record=tmp_path / "missing" / "file.jsonl"):
            pass
    simulator = VTubeStudioSimulator()
    with pytest.raises(UsageError, match="not running"):
        simulator.set_api_active(True)
    async with simulator:
        assert simulator.running
    with pytest.raises(UsageError, match="starts once"):
        async with simulator:
            pass


def test_the_face_follows_its_parameters():
    rest = "\n".join(draw_face({"ParamMouthForm": 0.0}))
    wide = "\n".join(draw_face({"ParamMouthForm": 0.0, "ParamMouthOpenY": 1.0}))
    right = "\n".join(draw_face({"ParamMouthForm": 0.0, "ParamAngleX": 30.0}))
    assert len({rest, wide, right, "\n".join(draw_face({"ParamEyeLOpen": 0.0}))}) == 4
    assert "╭───╮" in wide
    assert right.index("◉") > rest.index("◉")


async def test_the_view_draws_without_a_model(vts_simulator: VTubeStudioSimulator):
    vts_simulator.unload_model()
    console = Console(file=io.StringIO(), width=100)
    console.print(draw_simulator(vts_simulator))
    assert "(none)" in console.file.getvalue()


def write(folder: Path, name: str, body: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


def test_a_model_from_the_disk(tmp_path: Path):
    folder = tmp_path / "兔兔"
    setting = {"InputRangeLower": 0, "InputRangeUpper": 1, "ClampInput": True}
    write(
        folder,
        "兔兔.vtube.json",
        {
            "Name": "兔兔",
            "ModelID": "a" * 32,
            "FileReferences": {"Icon": "i.png", "Model": "t.model3.json", "IdleAnimation": ""},
            "Hotkeys": [
                {"HotkeyID": "b" * 32, "Name": "", "Action": "ToggleExpression", "File": "exp/脸红.exp3.json"},
                {
                    "HotkeyID": "c" * 32,
                    "Name": "Wave",
                    "Action": "TriggerAnimation",
                    "File": "gone.motion3.json",
                    "Triggers": {"ScreenButton": 3},
                },
            ],
            "ParameterSettings": [
                {
                    **setting,
                    "Input": "MouthOpen",
                    "OutputLive2D": "ParamMouthOpenY",
                    "OutputRangeLower": 0,
                    "OutputRangeUpper": 2.1,
                },
                {**setting, "Input": "", "UseBreathing": True, "OutputLive2D": "ParamBreath"},
            ],
        },
    )
    write(folder / "exp", "脸红.exp3.json", {"Parameters": [{"Id": "ParamCheek", "Value": 1, "Blend": "Add"}]})
    write(folder, "t.physics3.json", {"Meta": {"PhysicsDictionary": [{"Id": "P1", "Name": "hair"}]}})
    model = read_model(folder)
    assert model == read_model(folder / "兔兔.vtube.json")
    assert model.hotkeys[1].file_missing
    assert model.hotkeys[1].on_screen_button == 3
    assert model.physics_groups[0].name == "hair"
    member = App(models=choose_models(str(folder))).join()
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "b" * 32})
    member.ask("InjectParameterDataRequest", {"parameterValues": [{"id": "MouthOpen", "value": 0.4}]})
    member.app.wait(0.6)
    rows = {row["name"]: row["value"] for row in member.ask("Live2DParameterListRequest")["parameters"]}
    assert rows["ParamMouthOpenY"] == pytest.approx(0.84)
    assert rows["ParamCheek"] == 1
    assert 0 < rows["ParamBreath"] < 1
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Wave"}) == 204


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_broken_model_file_is_explained(tmp_path: Path, text: str):
    with pytest.raises(UsageError, match=r"expected a folder with a \.vtube\.json"):
        read_model(tmp_path)
    (tmp_path / "a.vtube.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="expected"):
        read_model(tmp_path)


def test_the_package_needs_no_pytest():
    code = "import sys, avatar_bridge.commands.simulate; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
