"""VMC frames: a body that stands in Unity as the mascot stands in its own space, and every message in its place."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from vmc_kinematics import LIMBS, TRUNK, in_unity, joints, place, posed

from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import BONES, EXPRESSIONS
from avatar_bridge.errors import ProtocolError, UsageError
from avatar_bridge.wire.osc import read
from avatar_bridge.wire.vmc import Performer
from avatar_bridge.wire.vmc_body import Body
from avatar_bridge.wire.vmc_skeleton import HUMANOID, MASCOT, read_vrm, unity_name

ROOT = Path(__file__).parents[2]
VRM = ROOT / "src" / "avatar_bridge" / "web" / "static" / "mascot.vrm"
GOLDEN = Path(__file__).parents[1] / "golden" / "vmc"
MAP = load_motion_map(
    (ROOT / "motion_maps" / "mascot.toml").read_text(encoding="utf-8"),
    source="mascot.toml",
    load=lambda name: (ROOT / "motion_maps" / f"{name}.toml").read_text(encoding="utf-8"),
)
TURNS = ("head_yaw", "head_pitch", "head_roll", "body_yaw", "body_pitch", "body_roll")
ARMS = [
    f"{side}_{part}_{axis}"
    for side in ("left", "right")
    for part in ("shoulder", "upper_arm", "lower_arm", "hand")
    for axis in "xyz"
]


def unity_places(values: Mapping[str, float]) -> dict[str, NDArray[np.float64]]:
    """Follow the sent local poses from the hips outwards, as Unity's Transform does."""
    return in_unity(Body().pose(values))


def at_stroke(name: str) -> Mapping[str, float]:
    action = MAP.actions[name]
    mixer = Mixer(seed=3)
    mixer.play(action.model_copy(update={"mirror": False}), stroke_at=action.stroke, now=0.0, cue=1)
    values = dict(mixer.advance(action.stroke, None).values)
    return values | {"position_x": 0.0, "position_y": 0.0, "position_z": 0.0, "breath": 0.0}


def test_the_skeleton_is_the_mascots() -> None:
    for bone, (parent, offset) in joints().items():
        assert HUMANOID[bone] == parent
        assert MASCOT.offsets[bone] == pytest.approx(tuple(offset), abs=1e-3), bone
    read_back = read_vrm(VRM.read_bytes())
    for bone in joints():
        assert read_back.offsets[bone] == pytest.approx(MASCOT.offsets[bone], abs=1e-3), bone
    assert "happy" in read_back.clips


def test_the_names_are_unitys() -> None:
    assert set(HUMANOID) == {*BONES, "head", "left_eye", "right_eye"}
    assert list(HUMANOID) == sorted(HUMANOID, key=list(HUMANOID).index)
    seen: set[str] = set()
    for bone, parent in HUMANOID.items():
        assert parent is None or parent in seen
        seen.add(bone)
    assert unity_name("left_thumb_metacarpal") == "LeftThumbProximal"
    assert unity_name("right_thumb_proximal") == "RightThumbIntermediate"
    assert unity_name("left_thumb_distal") == "LeftThumbDistal"
    assert unity_name("upper_chest") == "UpperChest"
    assert len({unity_name(bone) for bone in HUMANOID}) == 54


@given(
    st.fixed_dictionaries({name: st.floats(-30, 30) for name in TURNS} | {name: st.floats(-120, 120) for name in ARMS})
)
@settings(max_examples=40, deadline=None)
def test_every_joint_is_where_the_mascots_is_seen_in_a_mirror(values: dict[str, float]) -> None:
    ours, theirs = unity_places(values), posed(values)
    for bone in (*TRUNK, *LIMBS):
        x, y, z = theirs[bone][0]
        assert ours[bone] == pytest.approx((-x, y, z), abs=2e-4), bone


def test_a_raised_left_hand_is_up_and_left_in_unity() -> None:
    places = unity_places({"left_upper_arm_z": 150.0})
    assert places["left_hand"][1] > places["head"][1]
    assert places["left_hand"][0] < -0.05
    resting = unity_places({})
    assert resting["left_hand"][0] < 0 < resting["right_hand"][0]
    assert resting["left_hand"][1] < resting["chest"][1]
    assert resting["left_toes"][2] > resting["left_foot"][2]


def test_pointing_and_cheering_go_where_they_should() -> None:
    cheer = unity_places(at_stroke("cheer"))
    assert min(cheer["left_hand"][1], cheer["right_hand"][1]) > cheer["head"][1]
    point = unity_places(at_stroke("point_right"))
    assert point["left_hand"][0] < -0.3


def test_head_and_eyes_turn_to_screen_right_which_is_minus_x() -> None:
    def ahead(bone: str, values: Mapping[str, float]) -> NDArray[np.float64]:
        return place(Body().pose(values), bone, (0.0, 0.0, 1.0)) - place(Body().pose(values), bone, (0.0, 0.0, 0.0))

    assert ahead("head", {"head_yaw": 30.0})[0] < -0.4
    assert ahead("head", {"head_pitch": 20.0})[1] > 0.3
    assert ahead("left_eye", {"gaze_x": 1.0})[0] < -0.15
    assert ahead("right_eye", {"gaze_y": 1.0})[1] > 0.15


def test_the_feet_stand_while_the_body_turns_bows_and_squats() -> None:
    rest = unity_places({})
    for values in (
        {"body_yaw": 25.0, "body_roll": 15.0},
        {"body_pitch": -30.0},
        {"position_y": -0.7},
        {"position_x": 0.5},
    ):
        places = unity_places(values)
        for side in ("left", "right"):
            assert np.linalg.norm(places[f"{side}_foot"] - rest[f"{side}_foot"]) < 0.05, values
    assert unity_places({"position_y": 1.0})["left_foot"][1] > rest["left_foot"][1] + 0.05
    assert unity_places({"position_y": -0.7})["head"][1] < rest["head"][1] - 0.04


@given(
    st.dictionaries(st.sampled_from([*TURNS, *ARMS, "gaze_x", "breath", "position_y", "hips_y"]), st.floats(-180, 180))
)
@settings(max_examples=40, deadline=None)
def test_rotations_are_always_rotations(values: dict[str, float]) -> None:
    pose = Body().pose(values)
    assert np.isfinite(pose).all()
    assert np.abs(np.linalg.norm(pose[:, 3:], axis=1) - 1).max() < 1e-5


def test_a_frame_is_ok_t_root_bones_blends_apply() -> None:
    bundles = Performer(clips=["Heart"]).frame(2.5, {"happy": 0.5, "aa": 0.3, "mouth_open": 0.3}, {"Heart": 0.7})
    assert all(len(each) <= 1472 for each in bundles)
    messages = [message for each in bundles for message in read(each)]
    kinds = list(dict.fromkeys(message.address for message in messages))
    assert kinds == [f"/VMC/Ext/{name}" for name in ("OK", "T", "Root/Pos", "Bone/Pos", "Blend/Val", "Blend/Apply")]
    assert messages[0].arguments == (1,)
    assert messages[1].arguments == (2.5,)
    assert sum(message.address == "/VMC/Ext/Bone/Pos" for message in messages) == 54
    assert messages[-1].arguments == ()
    blends = {message.arguments[0]: message.arguments[1] for message in messages if message.address.endswith("Val")}
    assert blends["Joy"] == blends["happy"] == pytest.approx(0.5)
    assert blends["A"] == blends["aa"] > 0.2
    assert blends["Heart"] == pytest.approx(0.7)
    assert all(isinstance(value, float) for value in blends.values())


def test_every_blendshape_is_in_every_frame() -> None:
    performer = Performer(perfect_sync=True, clips=["Heart", "Joy"])
    first = [read(each) for each in performer.frame(0.0, {})]
    second = [read(each) for each in performer.frame(0.1, dict.fromkeys(EXPRESSIONS, 0.4), {"Joy": 1.0})]
    names = [
        [message.arguments[0] for each in frame for message in each if "Blend/Val" in message.address]
        for frame in (first, second)
    ]
    assert names[0] == names[1] == list(performer.names)
    assert len(performer.names) == len(set(performer.names)) == 2 * 18 + 52 + 1


def test_with_perfect_sync_no_eye_closes_twice() -> None:
    blends = dict(
        message.arguments
        for each in Performer(perfect_sync=True).frame(0.0, {"blink_left": 1.0, "blink_right": 1.0, "aa": 1.0})
        for message in read(each)
        if "Blend/Val" in message.address
    )
    assert blends["eyeBlinkLeft"] == 1.0
    assert blends["Blink"] == blends["blink"] == blends["A"] == 0.0
    assert blends["jawOpen"] > 0.5


def test_without_bones_the_face_has_the_gaze() -> None:
    messages = [message for each in Performer(bones=False).frame(0.0, {"gaze_x": 0.5}) for message in read(each)]
    assert not any("Bone" in message.address or "Root" in message.address for message in messages)
    assert ("LookLeft", 0.5) in [message.arguments for message in messages]


def test_a_name_that_no_packet_holds_is_refused() -> None:
    with pytest.raises(UsageError, match="fits in no bundle"):
        Performer(clips=["x" * 2000])


@pytest.mark.parametrize(
    "data",
    [b"", b"glTF", b"MZ" + b"\0" * 40, b"glTF" + struct.pack("<IIII", 2, 30, 2, 0) + b"{}", b"glTF" + b"\xff" * 60],
)
def test_what_is_no_vrm_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="VRM"):
        read_vrm(data)


def test_an_old_vrm_faces_the_other_way_and_names_thumbs_as_unity_does() -> None:
    nodes = [
        {"translation": [0, 1, 0], "children": [1]},
        {"translation": [0, 0.5, 0.1], "children": [2]},
        {"translation": [-0.2, 0, 0], "children": [3]},
        {"translation": [-0.05, 0, -0.01]},
    ]
    bones = [{"bone": "hips", "node": 0}, {"bone": "leftHand", "node": 2}, {"bone": "leftThumbProximal", "node": 3}]
    groups = [{"name": "Joy"}, {"name": "Heart"}]
    document = {
        "nodes": nodes,
        "extensions": {"VRM": {"humanoid": {"humanBones": bones}, "blendShapeMaster": {"blendShapeGroups": groups}}},
    }
    text = json.dumps(document).encode()
    skeleton = read_vrm(b"glTF" + struct.pack("<IIII", 2, 20 + len(text), len(text), 0x4E4F534A) + text)
    assert skeleton.offsets["hips"] == (0.0, 1.0, 0.0)
    assert skeleton.offsets["left_hand"] == pytest.approx((0.2, 0.5, -0.1))
    assert skeleton.offsets["left_thumb_metacarpal"] == pytest.approx((0.05, 0.0, 0.01))
    assert skeleton.clips == ("Joy", "Heart")


@pytest.mark.parametrize("name", ["rest", "wave"])
def test_golden_bytes(name: str) -> None:
    values = (
        {}
        if name == "rest"
        else {"left_upper_arm_z": 120.0, "head_yaw": 10.0, "aa": 0.5, "mouth_open": 0.5, "happy": 0.4}
    )
    data = b"".join(Performer(clips=["Heart"]).frame(1.0, values, {"Heart": 0.25}))
    words = [f"{word:08x}" for word in struct.unpack(f">{len(data) // 4}I", data)]
    lines = [" ".join(words[at : at + 8]) for at in range(0, len(words), 8)]
    text = "\n".join(lines) + "\n"
    if os.environ.get("REGOLD"):
        (GOLDEN / f"{name}.hex").write_text(text, encoding="utf-8", newline="\n")
    assert text == (GOLDEN / f"{name}.hex").read_text(encoding="utf-8")


def test_a_new_vrm_may_have_bones_that_are_turned_at_rest() -> None:
    half = 0.5**0.5
    nodes = [
        {"translation": [0, 1, 0], "rotation": [0, 0, half, half], "children": [1]},
        {"translation": [0.5, 0, 0], "rotation": [0, 0, -half, half], "children": [2]},
        {"translation": [0, 0.25, 0]},
    ]
    bones = {"hips": {"node": 0}, "spine": {"node": 1}, "chest": {"node": 2}}
    expressions = {"preset": {"happy": {}}, "custom": {"Heart": {}}}
    document = {
        "nodes": nodes,
        "extensions": {"VRMC_vrm": {"humanoid": {"humanBones": bones}, "expressions": expressions}},
    }
    text = json.dumps(document).encode()
    skeleton = read_vrm(b"glTF" + struct.pack("<IIII", 2, 20 + len(text), len(text), 0x4E4F534A) + text)
    assert skeleton.offsets["spine"] == pytest.approx((0.0, 0.5, 0.0))
    assert skeleton.offsets["chest"] == pytest.approx((0.0, 0.25, 0.0))
    assert skeleton.offsets["left_hand"] == (0.0, 0.0, 0.0)
    assert skeleton.clips == ("happy", "Heart")
