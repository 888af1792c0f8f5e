"""The rig as VRChat's parameters, and an avatar's file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.rig import FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.osc import read
from avatar_bridge.wire.vrchat import (
    CHATBOX_MOST,
    Avatar,
    Parameter,
    chatbox,
    eye_messages,
    parameters,
    read_avatar,
    shown,
    write,
)

FRAMES = st.fixed_dictionaries({channel.name: st.floats(channel.low, channel.high) for channel in FACE_CHANNELS})
ADDRESS = "/avatar/parameters/"


def avatar(**kinds: str) -> Avatar:
    inputs = {name: Parameter(ADDRESS + name, kind) for name, kind in kinds.items()}  # type: ignore[arg-type]
    return Avatar("avtr_1", "Test", inputs)


@given(FRAMES)
def test_values_are_in_range_and_in_vrchats_steps(values: dict[str, float]) -> None:
    for name, value in parameters(values).items():
        if isinstance(value, float):
            assert -1.0 <= value <= 1.0, name
            assert abs(value * 127 - round(value * 127)) < 1e-6, name


def test_every_channel_has_a_name_of_its_own() -> None:
    found = parameters({"head_yaw": 22.5, "mouth_smile": -1.0, "happy": 0.8, "mouth_open": 0.5, "body_roll": 30.0})
    assert found["AB/HeadYaw"] == pytest.approx(0.5, abs=0.005)
    assert found["AB/BodyRoll"] == 1.0
    assert found["AB/MouthSmile"] == -1.0
    assert found["AB/Expression"] == 1
    assert found["AB/Speaking"] is True
    assert sum(name.startswith("AB/") for name in found) == len(FACE_CHANNELS) + 2


def test_unified_expressions_are_as_vrcfacetracking_has_them() -> None:
    rest = parameters({})
    assert rest["v2/EyeLidLeft"] == pytest.approx(0.75, abs=0.005)
    assert rest["v2/JawOpen"] == rest["v2/SmileFrownLeft"] == 0.0
    found = parameters(
        {"blink_left": 1.0, "eye_wide": 1.0, "mouth_smile": -0.5, "gaze_x": 1.0, "aa": 1.0, "brow_right": 0.5}
    )
    assert found["v2/EyeLidLeft"] == 0.0
    assert found["v2/EyeLidRight"] == 1.0
    assert found["v2/SmileFrownRight"] == pytest.approx(-0.5, abs=0.005)
    assert found["v2/EyeLeftX"] == found["v2/EyeRightX"] == -1.0
    assert found["v2/JawOpen"] == pytest.approx(0.7, abs=0.005)
    assert found["v2/BrowExpressionRight"] == pytest.approx(0.5, abs=0.005)


def test_an_unknown_avatar_gets_everything_and_a_known_one_what_it_has() -> None:
    values = parameters({"mouth_open": 0.6, "aa": 0.6})
    assert shown(values, None).keys() == {ADDRESS + name for name in values}
    known = shown(
        values, avatar(**{"AB/MouthOpen": "Float", "FT/v2/JawOpen": "Float", "AB/Speaking": "Float", "Hat": "Bool"})
    )
    assert known == {
        f"{ADDRESS}AB/MouthOpen": values["AB/MouthOpen"],
        f"{ADDRESS}FT/v2/JawOpen": values["v2/JawOpen"],
        f"{ADDRESS}AB/Speaking": 1.0,
    }
    assert all(type(value) is float for value in known.values())


def test_types_follow_the_avatar() -> None:
    values = parameters({"mouth_open": 0.6})
    assert shown(values, avatar(**{"AB/MouthOpen": "Bool"})) == {f"{ADDRESS}AB/MouthOpen": True}
    assert shown(values, avatar(**{"AB/MouthOpen": "Int"})) == {f"{ADDRESS}AB/MouthOpen": 153}


@pytest.mark.parametrize(
    ("level", "bits"), [(0.0, (False, False, False)), (1.0, (True, True, True)), (0.57, (False, False, True))]
)
def test_a_float_that_is_kept_in_bits(level: float, bits: tuple[bool, ...]) -> None:
    names = ("v2/SmileFrownLeft1", "v2/SmileFrownLeft2", "v2/SmileFrownLeft4", "v2/SmileFrownLeftNegative")
    worn = avatar(**dict.fromkeys(names, "Bool"))
    for sign in (1.0, -1.0):
        found = shown({"v2/SmileFrownLeft": sign * level}, worn)
        assert tuple(found[ADDRESS + name] for name in names[:3]) == bits
        assert found[ADDRESS + names[3]] is (sign * level < 0)


def test_the_eyes_look_where_the_gaze_goes() -> None:
    found = eye_messages({"gaze_x": 1.0, "gaze_y": 1.0, "blink_left": 1.0, "blink_right": 0.5})
    assert found["/tracking/eye/CenterPitchYaw"] == (-15.0, -15.0)
    assert found["/tracking/eye/EyesClosedAmount"] == (pytest.approx(0.5, abs=0.005),)


def test_the_file_that_vrchat_writes_is_read() -> None:
    text = json.dumps(
        {
            "id": "avtr_1",
            "name": "Momo",
            "parameters": [
                {
                    "name": "Face",
                    "input": {"address": "/custom/face", "type": "Int"},
                    "output": {"address": "/o", "type": "Float"},
                },
                {"name": "VelocityZ", "output": {"address": f"{ADDRESS}VelocityZ", "type": "Float"}},
            ],
        }
    )
    found = read_avatar(text)
    assert (found.name, dict(found.inputs)) == ("Momo", {"Face": Parameter("/custom/face", "Int")})


@given(
    st.one_of(
        st.text(),
        st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(
            json.dumps
        ),
    )
)
def test_any_other_file_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="OSC file of an avatar"):
        read_avatar(text)


def test_bundles_fit_a_packet() -> None:
    packets = write((address, (value,)) for address, value in shown(parameters({}), None).items())
    assert len(packets) > 1
    assert all(len(packet) <= 1472 for packet in packets)
    assert sum(len(read(packet)) for packet in packets) == len(parameters({}))
    assert write([]) == []


@given(st.text(max_size=400))
def test_a_chatbox_line_is_cut_to_what_vrchat_shows(text: str) -> None:
    (message,) = read(chatbox(text))
    shown_text = message.arguments[0]
    assert isinstance(shown_text, str)
    assert len(shown_text) <= CHATBOX_MOST
    assert shown_text.count("\n") < 9
    assert message.arguments[1:] == (True, False)
