from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import vts
from avatar_bridge.wire.vts_bindings import bind, durations, find_expression, find_hotkey
from avatar_bridge.wire.vts_calibration import NUDGE, calibrate, nudged
from avatar_bridge.wire.vts_errors import explain, named
from avatar_bridge.wire.vts_parameters import INPUTS, RANGES, Rendering
from avatar_bridge.wire.vts_replies import CurrentModel, Expression, Hotkey, read
from avatar_bridge.wire.vtube_json import Row, read_model_file

GOLDEN = Path(__file__).parents[1] / "golden"

FRAMES: dict[str, dict[str, float]] = {
    "rest": {},
    "speaking_ee": {"mouth_open": 0.5, "ee": 0.8, "aa": 0.1, "head_yaw": 4.0, "head_pitch": -6.0, "head_roll": 2.0},
    "blink_and_look": {"blink_left": 1.0, "blink_right": 1.0, "gaze_x": 0.5, "gaze_y": -0.25, "brow_left": 0.4},
    "moods": {"happy": 0.8, "surprised": 0.3, "cheek_puff": 0.2, "tongue_out": 0.1, "position_z": 0.5},
    "beyond_every_range": {channel.name: channel.high * 3 for channel in FACE_CHANNELS},
}
COMMANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "trigger": ("HotkeyTriggerRequest", {"hotkeyID": "21bf7ade9e664f3ec29d05156e4ce5c1"}),
    "switch_on": ("ExpressionActivationRequest", {"expressionFile": "脸红.exp3.json", "active": True, "fadeTime": 0.5}),
    "subscribe": ("EventSubscriptionRequest", {"eventName": "ModelLoadedEvent", "subscribe": True, "config": {}}),
}


def messages() -> dict[str, Any]:
    rendering = Rendering(INPUTS)
    injection = vts.Injection(rendering.names)
    frames = {name: json.loads(injection.text("ab1", rendering.values(frame))) for name, frame in FRAMES.items()}
    commands = {name: json.loads(vts.request(kind, data, "ab2")) for name, (kind, data) in COMMANDS.items()}
    return {"vts_frames.json": frames, "vts_commands.json": commands}


@pytest.mark.parametrize("name", ["vts_frames.json", "vts_commands.json"])
def test_wire_messages_are_the_golden_ones(name: str) -> None:
    if os.environ.get("REGOLD"):
        text = json.dumps(messages()[name], ensure_ascii=False, indent=1)
        (GOLDEN / name).write_text(text + "\n", encoding="utf-8")
    assert messages()[name] == json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def test_a_frame_is_one_request_with_every_parameter() -> None:
    data = messages()["vts_frames.json"]["rest"]["data"]
    assert data["mode"] == "set"
    values = {item["id"]: item["value"] for item in data["parameterValues"]}
    assert set(values) == set(INPUTS)
    assert (values["MouthSmile"], values["Brows"], values["EyeOpenLeft"], values["MouthOpen"]) == (0.5, 0.5, 1.0, 0.0)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([channel.name for channel in FACE_CHANNELS]), st.floats(allow_nan=True, allow_infinity=True)
    )
)
def test_whatever_a_frame_holds_what_is_sent_is_within_range(channels: dict[str, float]) -> None:
    rendering = Rendering(INPUTS)
    text = vts.Injection(rendering.names).text("ab1", rendering.values(channels))
    for item in json.loads(text)["data"]["parameterValues"]:
        low, high = RANGES[item["id"]]
        assert low <= item["value"] <= high


def sent(calibrated: Any = None, **channels: float) -> dict[str, float]:
    rendering = Rendering(INPUTS, *([] if calibrated is None else [calibrated]))
    return dict(zip(rendering.names, rendering.values(channels), strict=True))


def test_vowels_shape_the_smile_and_a_mood_stays_in_it() -> None:
    assert sent(mouth_open=0.5, ih=1.0)["MouthSmile"] == pytest.approx(0.75)
    assert sent(mouth_open=0.5, ou=1.0)["MouthSmile"] == pytest.approx(0.25)
    assert sent(mouth_smile=1.0)["MouthSmile"] == 1.0
    assert sent(mouth_open=1.0, mouth_smile=1.0, ou=0.5)["MouthSmile"] == pytest.approx(0.55)
    assert sent(happy=1.0)["MouthSmile"] > 0.8 > 0.5 > sent(sad=1.0)["MouthSmile"]
    assert sent(angry=1.0)["Brows"] < 0.2
    assert sent(mouth_open=0.4, aa=0.6, oh=0.2)["VoiceSilence"] == pytest.approx(0.2)


def test_eyes_follow_the_head_to_the_same_side() -> None:
    """On nearly every model FaceAngleX turns ParamAngleX directly and EyeRightX turns ParamEyeBallX inverted."""
    values = sent(head_yaw=10.0, gaze_x=0.5)
    assert values["FaceAngleX"] == 10.0
    assert values["EyeLeftX"] == values["EyeRightX"] == -0.5


def model(**rows: tuple[str, float, float, float, float]) -> str:
    return json.dumps(
        {
            "Name": "M",
            "ModelID": "id",
            "Hotkeys": [{"HotkeyID": "h", "FadeSecondsAmount": 0.7}],
            "ParameterSettings": [
                {
                    "Input": source,
                    "OutputLive2D": target,
                    "InputRangeLower": low,
                    "InputRangeUpper": high,
                    "OutputRangeLower": out_low,
                    "OutputRangeUpper": out_high,
                    "Smoothing": 80 if target == "ParamMouthOpenY" else 10,
                }
                for target, (source, low, high, out_low, out_high) in rows.items()
            ],
        }
    )


def test_a_model_file_gives_rests_gains_and_what_the_body_does() -> None:
    file = read_model_file(
        model(
            ParamMouthOpenY=("MouthOpen", 0.03, 0.35, 0.0, 1.0),
            ParamMouthForm=("MouthSmile", 0.35, 0.8, -1.0, 1.0),
            ParamEyeLOpen=("EyeOpenLeft", 0.0, 1.0, 0.0, 1.9),
            ParamAngleY=("FaceAngleY", -30.0, 30.0, -30.0, 30.0),
            ParamEyeBallX=("EyeRightX", -1.0, 1.0, -1.0, 1.0),
            ParamBodyAngleX=("FaceAngleX", -30.0, 30.0, -10.0, 10.0),
        )
    )
    calibration = calibrate(file)
    assert sent(calibration, mouth_open=1.0)["MouthOpen"] == pytest.approx(0.35)
    assert sent(calibration)["MouthOpen"] == pytest.approx(0.03)
    assert sent(calibration)["MouthSmile"] == pytest.approx(0.575)
    assert sent(calibration)["EyeOpenLeft"] == pytest.approx(1 / 1.9)
    assert sent(calibration, blink_left=1.0)["EyeOpenLeft"] == 0.0
    assert sent(calibration, eye_wide=1.0)["EyeOpenLeft"] == 1.0
    assert sent(calibration, head_pitch=10.0)["FaceAngleY"] == 15.0
    assert sent(calibration, gaze_x=0.5)["EyeRightX"] == 0.5
    assert calibration.derived == {"body_yaw"}
    assert file.fades == {"h": 0.7}
    assert any("smooths its mouth by 80" in d.message for d in calibration.diagnostics)


def test_a_model_without_a_mouth_is_said() -> None:
    calibration = calibrate(read_model_file(model(ParamAngleX=("FaceAngleX", -30, 30, -30, 30))))
    assert any("moves its mouth" in d.message for d in calibration.diagnostics)


@settings(max_examples=80, deadline=None)
@given(st.floats(-30, 30), st.floats(-30, 30), st.floats(-30, 30), st.floats(-30, 30), st.floats(-30, 30))
def test_an_input_found_for_an_output_gives_that_output(a: float, b: float, c: float, d: float, wanted: float) -> None:
    row = Row("x", "y", a, b, c, d)
    source = row.source_at(wanted)
    if source is None:
        return
    assert min(a, b) - 1e-6 <= source <= max(a, b) + 1e-6
    if row.reaches(wanted):
        got = c + (source - a) / (b - a) * (d - c)
        assert got == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ModelID": 3}', "[" * 100_000])
def test_what_is_no_model_file_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match=r"ModelID|is JSON"):
        read_model_file(text)


def test_broken_rows_are_left_out() -> None:
    file = read_model_file('{"ModelID":"a","ParameterSettings":[3,{"Input":"A"},{"OutputLive2D":"B","Smoothing":"x"}]}')
    assert [row.target for row in file.rows] == ["B"]


def test_a_nudge_that_was_read_back_gives_the_gains() -> None:
    before = {"ParamMouthOpenY": 0.0, "ParamEyeLOpen": 1.9, "ParamBodyAngleX": 0.1, "ParamBodyAngleY": 0.0}
    after = {"ParamMouthOpenY": 0.25 * 2.1, "ParamEyeLOpen": 0.95, "ParamBodyAngleX": 2.0, "ParamBodyAngleY": 0.05}
    calibration = calibrate(nudged("id", before, after))
    assert sent(calibration, mouth_open=1.0)["MouthOpen"] == pytest.approx(1 / 2.1)
    assert sent(calibration)["EyeOpenLeft"] == pytest.approx(1 / 1.9)
    assert calibration.derived == {"body_yaw"}
    assert set(NUDGE) <= set(RANGES)


def envelope(kind: str, data: Any, request_id: str = "ab1") -> str:
    return json.dumps({"apiName": vts.API_NAME, "messageType": kind, "requestID": request_id, "data": data, "more": 1})


def test_messages_are_told_apart_by_their_type_alone() -> None:
    assert vts.parse(envelope("HotkeyTriggerResponse", {"hotkeyID": "x"})) == vts.Reply(
        "ab1", "HotkeyTriggerResponse", {"hotkeyID": "x"}
    )
    assert vts.parse(envelope("APIError", {"errorID": 8, "message": "no"})) == vts.Fault("ab1", 8, "no")
    assert vts.parse(envelope("ModelLoadedEvent", {"modelLoaded": True})) == vts.Event(
        "ModelLoadedEvent", {"modelLoaded": True}
    )
    assert vts.parse(envelope("InjectParameterDataResponse", None)) == vts.Reply(
        "ab1", "InjectParameterDataResponse", {}
    )


@pytest.mark.parametrize("text", ["", "nothing", "[]", "{}", '{"messageType":3}', b"\xff\xfe", "[" * 100_000])
def test_what_is_no_message_is_refused(text: str | bytes) -> None:
    with pytest.raises(ProtocolError, match="expected"):
        vts.parse(text)


def test_a_reply_that_is_not_as_documented_says_what_is_wrong() -> None:
    with pytest.raises(ProtocolError, match="modelID"):
        read(CurrentModel, {"modelLoaded": True, "modelID": 7})


def test_broadcasts() -> None:
    good = {"active": False, "port": 8001, "instanceID": "9", "windowTitle": "VTube Studio"}
    text = json.dumps({"messageType": "VTubeStudioAPIStateBroadcast", "data": good}).encode()
    found = vts.broadcast(text)
    assert found is not None
    assert (found.active, found.port, found.instance_id, found.window_title) == (False, 8001, "9", "VTube Studio")
    for bad in (b"", b"x", b"[]", b"{}", text.replace(b"8001", b"80010")):
        assert vts.broadcast(bad) is None


def test_an_empty_injection_is_never_made() -> None:
    with pytest.raises(ValueError, match="450"):
        vts.Injection([])


def test_parameter_names_with_anything_in_them_stay_valid_json() -> None:
    names = ['100%"\\', "ü%s"]
    sent_back = json.loads(vts.Injection(names).text("ab1", [1.0, 2.0]))
    assert [item["id"] for item in sent_back["data"]["parameterValues"]] == names


def test_errors_in_plain_words() -> None:
    assert "Allow Plugin API access" in explain(1, "")
    assert "another plugin" in explain(454, "").casefold()
    assert explain(4711, "Odd.") == "VTube Studio refused (error 4711): Odd."
    text = "Parameter VoiceA not found. Did you create it yet?"
    assert named(text, ["MouthOpen", "VoiceA"]) == "VoiceA"
    assert named("Something else", ["MouthOpen"]) is None


EXPRESSIONS = (Expression(file="sub/脸红.exp3.json", name="脸红"), Expression(file="tere.exp3.json", name="照れ"))
HOTKEYS = (
    Hotkey.model_validate({"hotkeyID": "1", "name": "", "type": "ToggleExpression", "file": "脸红.exp3.json"}),
    Hotkey.model_validate({"hotkeyID": "2", "name": "Dance", "type": "TriggerAnimation", "file": "d.motion3.json"}),
    Hotkey.model_validate({"hotkeyID": "3", "name": "dance", "type": "TriggerAnimation", "file": "e.motion3.json"}),
)


def test_expressions_and_hotkeys_are_found_as_people_name_them() -> None:
    assert find_expression("脸红", EXPRESSIONS) == "sub/脸红.exp3.json"
    assert find_expression("照れ", EXPRESSIONS) == "tere.exp3.json"
    assert find_expression("TERE.exp3.json", EXPRESSIONS) == "tere.exp3.json"
    assert find_expression("nothing", EXPRESSIONS) is None
    for wanted, number in (("DANCE", "2"), ("3", "3"), ("脸红", "1"), ("e", "3")):
        hotkey = find_hotkey(wanted, HOTKEYS)
        assert hotkey is not None
        assert hotkey.id == number


def test_a_map_is_bound_and_what_is_missing_is_named() -> None:
    motion_map = load_motion_map(
        """
[actions.blush]
meaning = "a"
kind = "expression"
vts.hotkey = "脸红"
[actions.dance]
meaning = "b"
kind = "gesture"
vts.hotkey = "Dance"
[actions.wave]
meaning = "c"
kind = "gesture"
vts.hotkey = "Dancing"
vts.expresion = "tere"
[actions.shy]
meaning = "d"
kind = "expression"
vts.expression = "teree"
[actions.puff]
meaning = "e"
kind = "gesture"
duration = 1.5
vts.parameters = { CheekPuff = 1, Bad = "x" }
""",
        source="m",
    )
    bindings, missing = bind(motion_map, HOTKEYS, EXPRESSIONS)
    assert set(bindings) == {"blush", "dance", "puff"}
    assert bindings["blush"].expression == "sub/脸红.exp3.json"
    assert bindings["blush"].hotkey == ""
    assert bindings["dance"].hotkey == "2"
    assert [(d.message.split(":")[0], d.suggestion) for d in missing] == [
        ("wave", "expression"),
        ("wave", "Dance"),
        ("shy", "tere.exp3.json"),
        ("puff", None),
    ]
    assert durations(motion_map) == {"blush": None, "dance": 2.0, "wave": 2.0, "shy": None, "puff": 1.5}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_parse_raises_nothing_but_protocol_errors(text: str | bytes) -> None:
    try:
        vts.parse(text)
    except ProtocolError:
        return


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(st.sampled_from(["errorID", "message", "messageType", "data", "requestID"]), children)
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_message_or_refused(value: Any) -> None:
    try:
        message = vts.parse(json.dumps({"messageType": "APIError", "data": value, "requestID": value}))
    except ProtocolError:
        return
    assert isinstance(message, vts.Fault)


def test_what_has_little_in_common_is_not_called_near() -> None:
    text = '[actions.love]\nmeaning = "love"\nkind = "expression"\nvts.expression = "%s.exp3.json"\n'
    known = [Expression.model_validate({"name": "expression1", "file": "expression1.exp3.json"})]
    for wanted, near in (("EyesLove", None), ("Expresion", "expression1.exp3.json")):
        (missing,) = bind(load_motion_map(text % wanted, source="test.toml"), [], known)[1]
        assert missing.suggestion == near
