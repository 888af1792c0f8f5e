"""nizima LIVE's messages, its errors in words, a map's tables, and the pose of a model."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import nizima
from avatar_bridge.wire.nizima import Expression, Motion, Parameter, explain, parse, read, request
from avatar_bridge.wire.nizima_bindings import bind
from avatar_bridge.wire.nizima_parameters import Rendering

FACES = [
    Expression(Name="Smile", ExpressionPath="C:/m/Smile.exp3.json"),
    Expression(ExpressionPath="C:/m/exp_02.exp3.json"),
]
MOVES = [
    Motion(Name="Wave", MotionPath="C:/m/w.motion3.json"),
    Motion(Name="お辞儀", MotionPath="C:/m/bow.motion3.json"),
]


def parameter(name: str, low: float, high: float, default: float = 0.0) -> Parameter:
    return Parameter(Id=name, DefaultValue=default, Max=high, Min=low)


MODEL = [
    parameter("ParamAngleX", -30, 30),
    parameter("ParamAngleY", -30, 30),
    parameter("ParamEyeLOpen", 0, 1.2, 1),
    parameter("ParamEyeROpen", 0, 1.2, 1),
    parameter("ParamEyeLSmile", 0, 1),
    parameter("ParamMouthForm", -1, 1),
    parameter("ParamMouthOpenY", 0, 2),
    parameter("ParamBodyAngleX", -10, 10),
    parameter("ParamHairFront", -1, 1),
]


def test_a_golden_request() -> None:
    said = request("GetCubismParameters", {"ModelId": "1"}, "ab1")
    assert said == (
        '{"nLPlugin":"1.0.0","Id":"ab1","Type":"Request","Method":"GetCubismParameters","Data":{"ModelId":"1"}}'
    )
    with pytest.raises(ValueError, match="JSON"):
        request("SetCubismParameterValues", {"Value": float("nan")}, "1")


def test_messages_of_every_kind() -> None:
    answer = parse('{"nLPlugin":"1.0.0","Timestamp":1,"Id":"a","Type":"Response","Method":"X","Data":{"Token":"t"}}')
    assert (answer.kind, answer.id) == ("Response", "a")
    assert read(nizima.Token, answer.data).token == "t"
    error = parse('{"nLPlugin":"1.0.0","Id":"a","Type":"Error","Method":"X","Data":{"ErrorType":"InvalidToken"}}')
    assert error.error == nizima.INVALID_TOKEN
    event = parse(
        '{"nLPlugin":"1.0.0","Id":null,"Type":"Event","Method":"NotifyEnabledChanged","Data":{"Enabled":true}}'
    )
    assert (event.id, read(nizima.Enabled, event.data).enabled) == ("", True)
    as_documented = parse('{"nLPlugin":"1.0.0","Id":"a","Type":"Request","Method":"EstablishConnection","Data":null}')
    assert (as_documented.kind, as_documented.data) == ("Response", {})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", "{}", "[" * 100_000, '{"nLPlugin":1}', '{"nLPlugin":"1.0.0","Type":"Request","Method":"X"}',
     '{"nLPlugin":"1.0.0","Type":"Response","Method":5}', b"\xff"],
)  # fmt: skip
def test_what_is_no_message_is_a_protocol_error(text: str | bytes) -> None:
    with pytest.raises(ProtocolError, match="nizima LIVE sent"):
        parse(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
@settings(max_examples=60)
def test_no_data_breaks_the_reading(data: object) -> None:
    text = json.dumps({"nLPlugin": "1.0.0", "Id": "1", "Type": "Response", "Method": "X", "Data": data})
    said = parse(text)
    for kind in (nizima.Token, nizima.Enabled, nizima.Parameters, nizima.Motions, nizima.Expressions, nizima.Models):
        with contextlib.suppress(ProtocolError):
            read(kind, said.data)


def test_errors_are_told_in_words() -> None:
    assert explain("PluginDisabled") == ("The plugin is switched off in nizima LIVE: enable it in the plugin manager.")
    assert explain("SomethingNew", "MoveModel") == "nizima LIVE refused MoveModel: SomethingNew."


def test_a_pose_in_the_models_own_ranges() -> None:
    made = Rendering(MODEL)
    assert dict(made.rest()) == {
        "ParamAngleX": 0,
        "ParamAngleY": 0,
        "ParamEyeLOpen": 1,
        "ParamEyeROpen": 1,
        "ParamEyeLSmile": 0,
        "ParamMouthForm": 0,
        "ParamMouthOpenY": 0,
        "ParamBodyAngleX": 0,
    }
    pose = dict(
        made.values(
            {"head_yaw": 15, "head_pitch": -10, "body_yaw": -15, "mouth_open": 0.5, "ee": 0.5, "blink_left": 1.0}
        )
    )
    assert pose["ParamAngleX"] == pytest.approx(15)
    assert pose["ParamAngleY"] == pytest.approx(-15)
    assert pose["ParamBodyAngleX"] == pytest.approx(-5)
    assert pose["ParamMouthOpenY"] == pytest.approx(1.0)
    assert pose["ParamMouthForm"] == pytest.approx(0.3)
    assert (pose["ParamEyeLOpen"], pose["ParamEyeROpen"]) == (0, 1)
    assert dict(made.values({"eye_wide": 1.0}))["ParamEyeLOpen"] == pytest.approx(1.2)
    assert dict(made.values({"happy": 1.0}))["ParamEyeLSmile"] == pytest.approx(0.8)
    vowels = Rendering([*MODEL, *(parameter(f"Param{vowel}", 0, 1) for vowel in "AIUEO")])
    pose = dict(vowels.values({"ee": 0.5}))
    assert (pose["ParamE"], pose["ParamMouthForm"]) == (0.5, 0)


@given(
    st.dictionaries(
        st.sampled_from([channel.name for channel in FACE_CHANNELS]),
        st.floats(min_value=-1000, max_value=1000) | st.floats(),
    )
)
def test_every_value_stays_in_the_models_range(channels: dict[str, float]) -> None:
    ranges = {each.id: each for each in MODEL}
    for name, value in Rendering(MODEL).values(channels):
        assert ranges[name].low <= value <= ranges[name].high, name


def test_the_rig_moves_every_parameter_that_is_driven() -> None:
    names = ["ParamAngleX", "ParamAngleY", "ParamAngleZ", "ParamEyeLOpen", "ParamEyeROpen", "ParamBrowLAngle"]
    made = Rendering([parameter(name, -1, 1, 0.25) for name in names])
    moved = set()
    rest = made.rest()
    for channel in CHANNELS.values():
        for value in (channel.low, channel.high):
            moved |= {
                now[0] for now, before in zip(made.values({channel.name: value}), rest, strict=True) if now != before
            }
    assert moved == set(names)


def test_what_a_model_lacks_is_said() -> None:
    assert Rendering(MODEL).diagnostics() == []
    assert len(Rendering([]).diagnostics()) == 3


def test_a_maps_tables_find_what_the_model_has() -> None:
    text = """
[actions.wave]
meaning = "waves"
kind = "gesture"
nizima.motion = "wave"
[actions.bow]
meaning = "bows"
kind = "gesture"
nizima.motion = "bow.motion3.json"
[actions.smile]
meaning = "smiles"
kind = "expression"
nizima.expression = "smile"
[actions.odd]
meaning = "odd"
kind = "expression"
nizima.expression = "C:/m/exp_02.exp3.json"
[actions.lamp]
meaning = "lamp"
kind = "prop"
nizima = { hotkey = "F1", release = "F2" }
[actions.gone]
meaning = "gone"
kind = "expression"
nizima.expression = "Smiel"
[actions.wrong]
meaning = "wrong"
kind = "expression"
nizima = { hotkye = "F1", motion = 5 }
"""
    found, missing = bind(load_motion_map(text, source="map"), FACES, MOVES)
    assert {name: (each.expression or each.motion or each.hotkey) for name, each in found.items()} == {
        "wave": "C:/m/w.motion3.json",
        "bow": "C:/m/bow.motion3.json",
        "smile": "C:/m/Smile.exp3.json",
        "odd": "C:/m/exp_02.exp3.json",
        "lamp": "F1",
    }
    assert [each.suggestion for each in missing] == ["Smile", "hotkey", None]
    assert missing[2].message == "wrong: nizima.motion takes a name in quotes, got 5"
