from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from avatar_bridge.commands import maps_init
from avatar_bridge.commands.maps_draft import Draft
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.drivers.vts_model import Model
from avatar_bridge.errors import UnreachableError, UsageError
from avatar_bridge.registry import read_map
from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator
from avatar_bridge.wire.vts_bindings import bind
from avatar_bridge.wire.vts_replies import Expression, ExpressionParameter, Hotkey


async def drafted(sample: str, tmp_path: Path) -> tuple[str, MotionMap]:
    async with VTubeStudioSimulator(models=[SAMPLES[sample]], options=Options(types="strict")) as sim:
        text = await maps_init.draft(url=sim.url, token_path=tmp_path / "token", folders=(), discovery_port=None)
        path = tmp_path / f"{sample}.toml"
        maps_init.save(text, path)
        motion_map = read_map(path)
        assert (
            await maps_init.check(
                motion_map, url=sim.url, token_path=tmp_path / "token", folders=(), discovery_port=None
            )
            == []
        )
        sim.check()
    return text, motion_map


def native(motion_map: MotionMap) -> dict[str, str]:
    return {
        action.name: str(next(iter(action.targets["vts"].values())))
        for action in motion_map.actions.values()
        if action.targets.get("vts")
    }


async def test_a_model_without_names_is_drafted_by_its_files(tmp_path: Path) -> None:
    text, motion_map = await drafted("nameless", tmp_path)
    bound = native(motion_map)
    assert bound["blush"] == "脸红.exp3.json"
    assert bound["star_eyes"] == "星星眼.exp3.json"
    assert bound["dark_face"] == "黑脸.exp3.json"
    assert "# 0.97: name '脸红' means blush" in text
    assert "expression1" not in bound.values()
    assert '# vts.expression = "expression1.exp3.json"' in text
    assert motion_map.find("nod") is not None


async def test_japanese_names_and_motions_by_id(tmp_path: Path) -> None:
    text, motion_map = await drafted("japanese", tmp_path)
    bound = native(motion_map)
    ids = {hotkey.name: hotkey.hotkey_id for hotkey in SAMPLES["japanese"].hotkeys}
    assert (bound["nod"], bound["wave"], bound["bow"]) == (ids["うなずき"], ids["手を振る"], ids["お辞儀"])
    assert "bousi off.exp3.json" not in bound.values()
    assert "takes away: hat" in text


async def test_expressions_do_not_replace_a_gesture(tmp_path: Path) -> None:
    _, motion_map = await drafted("akari", tmp_path)
    bound = native(motion_map)
    assert bound["angry"] == "Angry.exp3.json"
    cry = motion_map.find("cry")
    assert cry is not None
    assert cry.keyframes
    assert "vts" not in cry.targets
    assert bound["eyes_cry"] == "EyesCry.exp3.json"


async def test_doubles_and_a_mouth_that_is_pushed(tmp_path: Path) -> None:
    _, motion_map = await drafted("sticky", tmp_path)
    assert native(motion_map) == {"dark_face": "dark_face.exp3.json", "dark_face_2": "dark_face_2.exp3.json"}


async def test_a_model_with_nothing(tmp_path: Path) -> None:
    _, motion_map = await drafted("bare", tmp_path)
    assert native(motion_map) == {}
    assert set(motion_map.actions) == set(read_map("any_vts_model").actions)


def feature(name: str, file: str, **parameters: float) -> Expression:
    values = tuple(ExpressionParameter(name=key, value=value) for key, value in parameters.items())
    return Expression(name=name, file=file, parameters=values)


def text_of(model: Model) -> str:
    return Draft(model, maps_init.lexicon(), "any_vts_model", read_map("any_vts_model")).text()


def test_an_expression_that_moves_the_mouth_is_flagged() -> None:
    model = Model("id", "M", expressions=(feature("Shock", "shock.exp3.json", ParamMouthOpenY=0.7),))
    assert "lip-sync is distorted while it is on" in text_of(model)


def test_content_tells_what_a_name_does_not() -> None:
    model = Model("id", "M", expressions=(feature("expression7", "expression7.exp3.json", ParamCheek=1.0),))
    text = text_of(model)
    assert "[actions.blush]" in text
    assert "0.75: content: red cheeks" in text


def test_hostile_names_give_a_map_that_loads(tmp_path: Path) -> None:
    names = ["a\n[actions.x]", '"', "'''", "\\", "pause", "x]y", "\x00脸红\x1b", "#", "=", "[wave]", "[]", "😀", " "]
    model = Model(
        "id\n",
        'M"\n',
        hotkeys=tuple(
            Hotkey.model_validate({"hotkeyID": f"{number}", "name": name, "type": "TriggerAnimation", "file": name})
            for number, name in enumerate(names)
        ),
        expressions=tuple(feature(name, f"{name}.exp3.json") for name in names),
    )
    path = tmp_path / "hostile.toml"
    maps_init.save(text_of(model), path)
    motion_map = read_map(path)
    assert "wave" in native(motion_map)
    assert "x" not in motion_map.actions
    assert bind(motion_map, model.hotkeys, model.expressions)[1] == []


async def test_check_names_what_is_missing_and_what_is_near(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
extends = "any_vts_model"
[actions.blush]
vts.hotkey = "Blushh"
[actions.puff]
meaning = "puffs"
kind = "expression"
vts.parameters = { CheekPuf = 1.0 }
""",
        encoding="utf-8",
    )
    async with VTubeStudioSimulator() as sim:
        found = await maps_init.check(
            read_map(path), url=sim.url, token_path=tmp_path / "token", folders=(), discovery_port=None
        )
    assert [(diagnostic.message, diagnostic.suggestion) for diagnostic in found] == [
        ("blush: the model has no hotkey 'Blushh'.", "Blush"),
        ("puff: VTube Studio has no parameter 'CheekPuf'.", "CheekPuff"),
    ]


async def test_nothing_there_and_no_model(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="start it"):
        await maps_init.draft(url="ws://127.0.0.1:9", token_path=tmp_path / "token", discovery_port=None)
    async with VTubeStudioSimulator(models=[]) as sim:
        with pytest.raises(UnreachableError, match="no model"):
            await maps_init.draft(url=sim.url, token_path=tmp_path / "token", discovery_port=None)


def test_a_file_is_never_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    maps_init.save("first", path)
    with pytest.raises(UsageError, match="--force"):
        maps_init.save("second", path)
    assert path.read_text(encoding="utf-8") == "first"
    maps_init.save("second", path, force=True)
    assert path.read_text(encoding="utf-8") == "second"
    with pytest.raises(UsageError, match="cannot be written"):
        maps_init.save("third", tmp_path / "none" / "map.toml")


async def test_the_commands(tmp_path: Path) -> None:
    out = tmp_path / "akari.toml"
    async with VTubeStudioSimulator() as sim:
        reach = {"url": sim.url, "token_path": tmp_path / "token", "folders": (), "discovery_port": None}
        lines = await maps_init.write(out=out, **reach)  # type: ignore[arg-type]
        assert "are bound" in lines[0]
        with pytest.raises(UsageError, match="--force"):
            await maps_init.write(out=out, **reach)  # type: ignore[arg-type]
        assert (await maps_init.write(**reach))[-1]  # type: ignore[arg-type]
        found = await maps_init.missing(str(out), **reach)  # type: ignore[arg-type]
        assert maps_init.missing_lines(found) == ["the running model has all that the map asks for"]
        sim.load_model("Bare", instantly=True)
        found = await maps_init.missing(str(out), **reach)  # type: ignore[arg-type]
        assert "things to look at" in maps_init.missing_lines(found)[-1]
    with pytest.raises(UsageError, match="vts"):
        await maps_init.write(target="unity")


async def test_a_check_is_one_document_for_programs_and_fails_where_something_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "any_vts_model"\n[actions.blush]\nvts.hotkey = "Blushh"\n', encoding="utf-8")
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"), str(tmp_path))
    async with VTubeStudioSimulator() as sim:
        command = ("maps", "check", str(path), "--target", "vts", "--url", sim.url, "--json")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "avatar_bridge", *command),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | places,
        )
        told, _ = await child.communicate()
    report = json.loads(told)
    assert report["actions"] > 60
    assert report["missing"] == [{"message": "blush: the model has no hotkey 'Blushh'.", "suggestion": "Blush"}]
    assert child.returncode == 1


async def test_a_question_that_is_put_again_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with VTubeStudioSimulator(options=Options(popup="wait")) as sim:
        reach = {"url": sim.url, "folders": (), "discovery_port": None}
        first = asyncio.create_task(maps_init.write(token_path=tmp_path / "a", **reach))  # type: ignore[arg-type]
        await sim.until(lambda: sim.popup is not None)
        second = asyncio.create_task(maps_init.write(token_path=tmp_path / "b", **reach))  # type: ignore[arg-type]
        await sim.until(lambda: [each.message_type for each in sim.requests].count("AuthenticationTokenRequest") >= 3)
        sim.allow()
        await first
        await sim.until(lambda: sim.popup is not None)
        sim.allow()
        await second
    assert capsys.readouterr().err.count("Another plugin's question") == 1


def test_a_path_with_a_space_is_told_so_that_it_can_be_pasted(tmp_path: Path) -> None:
    assert maps_init._argument(tmp_path / "my model.toml") == f'"{tmp_path / "my model.toml"}"'
    assert maps_init._argument(Path("maps/my_model.toml")) == str(Path("maps/my_model.toml"))
