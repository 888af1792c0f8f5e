"""The mascot's map, judged by the mascot's own joints: where hands are, how fast, and what they may not enter."""

import itertools
import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.gesture import AMPLITUDE, PACE
from avatar_bridge.core.motion.keyframes import Track
from avatar_bridge.core.motion.mixer import BONE_SPEEDS, SPEEDS, Mixer
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.prompt import instructions, prompt_tokens
from avatar_bridge.core.motion.rig import BONE_CHANNELS, FACE_CHANNELS, RESTING_POSE

ROOT = Path(__file__).parents[3]
MAPS = ROOT / "motion_maps"
MAP = load_motion_map(
    (MAPS / "mascot.toml").read_text(encoding="utf-8"),
    source="mascot.toml",
    load=lambda name: (MAPS / f"{name}.toml").read_text(encoding="utf-8"),
)
WHOLE_BODY = [action for action in MAP.actions.values() if not BONE_CHANNELS.isdisjoint(action.keyframes)]
RATE = 60
Vector = NDArray[np.float64]
Values = Mapping[str, float]

WANTED = (
    "wave wave_both clap shrug point point_up point_left point_right bow think cheer jump facepalm dance peace "
    "cover_mouth heart salute hide_face stomp arms_crossed hands_on_hips beckon stop thumbs_up thumbs_down count_one "
    "count_two count_three shy please hug stretch yawn sleepy listen shush blow_kiss raise_hand fist_pump flex present "
    "look_around laugh cry excited surprise scratch_head curtsy come_here pray applause hooray v_sign oops hello "
    "victory number_one good_job quiet muscles embarrassed fold_arms akimbo phone watch guitar"
)


def joints() -> dict[str, tuple[str | None, Vector]]:
    """Return the mascot's humanoid bones: parent and offset from it, in metres."""
    data = (ROOT / "src" / "avatar_bridge" / "web" / "static" / "mascot.vrm").read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    gltf = json.loads(data[20 : 20 + length])
    bones = {
        entry["node"]: "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in bone)
        for bone, entry in gltf["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"].items()
    }
    found: dict[str, tuple[str | None, Vector]] = {}

    def walk(node: int, parent: str | None, offset: Vector) -> None:
        here = offset + np.array(gltf["nodes"][node].get("translation", (0, 0, 0)), dtype=float)
        name = bones.get(node)
        if name is not None:
            found[name] = (parent, here)
            parent, here = name, np.zeros(3)
        for child in gltf["nodes"][node].get("children", ()):
            walk(child, parent, here)

    for root in gltf["scenes"][0]["nodes"]:
        walk(root, None, np.zeros(3))
    return found


JOINTS = joints()
TRUNK = ("hips", "spine", "chest", "upper_chest", "neck", "head")
LIMBS = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("shoulder", "upper_arm", "lower_arm", "hand"))
SHARES = {"hips": (0.2, 0.3, 0.25), "spine": (0.3, 0.3, 0.35), "chest": (0.3, 0.25, 0.25)}
SHARES["upper_chest"] = (0.2, 0.15, 0.15)


def turn(axis: int, degrees: float) -> Vector:
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def local(bone: str, values: Values) -> Vector:
    x, y, z = (RESTING_POSE.get(f"{bone}_{axis}", 0.0) + values.get(f"{bone}_{axis}", 0.0) for axis in ("x", "y", "z"))
    rotation = turn(1, y) @ turn(2, z) @ turn(0, x)
    if bone in ("neck", "head"):
        part, angles = (0.4, 0.4, 0.4) if bone == "neck" else (0.6, 0.6, 0.6), "head"
    elif bone in SHARES:
        part, angles = SHARES[bone], "body"
    else:
        return rotation
    yaw, pitch, roll = (
        share * values.get(f"{angles}_{name}", 0.0) for share, name in zip(part, ("yaw", "pitch", "roll"), strict=True)
    )
    return turn(1, yaw) @ turn(0, -pitch) @ turn(2, -roll) @ rotation


def posed(values: Values) -> dict[str, tuple[Vector, Vector]]:
    """Return place and rotation of trunk and arms; the hips stand where they stand."""
    pose: dict[str, tuple[Vector, Vector]] = {}
    for bone in (*TRUNK, *LIMBS):
        parent, offset = JOINTS[bone]
        place, rotation = pose[parent] if parent is not None else (np.zeros(3), np.eye(3))
        pose[bone] = (place + rotation @ offset, rotation @ local(bone, values))
    return pose


def on_hand(pose: Mapping[str, tuple[Vector, Vector]], side: str, along: float) -> Vector:
    """Return the point of a hand `along` metres from the wrist towards the fingertips."""
    place, rotation = pose[f"{side}_hand"]
    point: Vector = place + rotation @ np.array([along if side == "left" else -along, 0.0, 0.0])
    return point


def on_head(pose: Mapping[str, tuple[Vector, Vector]], x: float, y: float, z: float) -> Vector:
    """Return a point of the face given by where it stands in the T-pose."""
    place, rotation = pose["head"]
    origin = posed({name: -value for name, value in RESTING_POSE.items()})["head"][0]
    point: Vector = place + rotation @ (np.array([x, y, z]) - origin)
    return point


def played(action: Action, rate: int = RATE) -> list[Values]:
    mixer = Mixer(seed=3)
    mixer.advance(0.0, None)
    mixer.play(action.model_copy(update={"mirror": False}), stroke_at=action.stroke, now=0.0, cue=1)
    return [
        mixer.advance(tick / rate, None).values for tick in range(math.ceil((action.length * PACE[1] + 0.2) * rate))
    ]


def at_stroke(name: str) -> Values:
    action = MAP.actions[name]
    mixer = Mixer(seed=3)
    mixer.play(action.model_copy(update={"mirror": False}), stroke_at=action.stroke, now=0.0, cue=1)
    return mixer.advance(action.stroke, None).values


def inside(point: Vector, pose: tuple[Vector, Vector], centre: Vector, radii: Vector) -> float:
    """Return by how many metres a point stands inside an ellipsoid that a bone carries."""
    place, rotation = pose
    reach = float(np.linalg.norm((rotation.T @ (point - place) - centre) / radii))
    return max(0.0, 1.0 - reach) * float(radii.min())


def test_the_map_has_what_was_promised() -> None:
    assert len(WHOLE_BODY) >= 60
    found = {name: MAP.find(name) for name in WANTED.split()}
    assert [name for name, action in found.items() if action not in WHOLE_BODY] == []


def test_every_whole_body_action_moves_head_and_body_too() -> None:
    """A model without bones still shows it."""
    for action in WHOLE_BODY:
        moved = {name.partition("_")[0] for name in action.keyframes}
        assert {"head", "body"} <= moved, action.name


@pytest.mark.parametrize("action", WHOLE_BODY, ids=lambda action: action.name)
def test_it_goes_from_rest_to_rest_and_needs_no_brake(action: Action) -> None:
    speeds = {**SPEEDS, **BONE_SPEEDS}
    for channel, keys in action.keyframes.items():
        track = Track(keys)
        assert track.rests, channel
        limit = speeds.get(channel)
        if limit is not None:
            size = AMPLITUDE[1] if channel in SPEEDS else 1.0
            assert track.speed * size / PACE[0] <= limit * 1.001, channel


@pytest.mark.parametrize("action", WHOLE_BODY, ids=lambda action: action.name)
def test_head_and_body_keep_to_the_gates_on_time_and_late(action: Action) -> None:
    """facts/life.md section 8: speed, acceleration, and the body's steps; also where the word comes too soon."""
    for late in (0.0, 0.6):
        mixer = Mixer(seed=1)
        mixer.advance(0.0, None)
        mixer.play(action, stroke_at=action.stroke * (1 - late), now=0.0, cue=1)
        frames = [mixer.advance(tick / RATE, None).values for tick in range(math.ceil((action.length + 0.6) * RATE))]
        for axis in ("yaw", "pitch", "roll"):
            head = np.diff([values[f"head_{axis}"] for values in frames]) * RATE
            assert np.abs(head).max() <= 150
            moving = np.abs(np.diff(head)) * RATE
            assert np.quantile(moving[moving > 1e-3], 0.98) <= 2500 if (moving > 1e-3).any() else True
            assert np.abs(np.diff([values[f"body_{axis}"] for values in frames])).max() <= 1.5
        assert max(abs(values["head_pitch"]) for values in frames) <= 20


@pytest.mark.parametrize("action", WHOLE_BODY, ids=lambda action: action.name)
def test_no_elbow_knee_or_finger_bends_the_wrong_way(action: Action) -> None:
    for values in played(action, 20):
        for name, value in values.items():
            angle = value + RESTING_POSE.get(name, 0.0)
            side = 1 if name.startswith("left_") else -1
            if name.endswith("lower_arm_y"):
                assert -150 <= angle * side <= 1, name
            elif name.endswith("lower_leg_x"):
                assert -1 <= angle <= 140, name
            elif name.endswith(("_proximal_z", "_intermediate_z", "_distal_z")):
                assert -95 <= angle * side <= 12, name


HEAD = (np.array([0.0, 0.15, 0.004]), np.array([0.12, 0.14, 0.105]))
TORSO = {
    "upper_chest": (np.array([0.0, 0.05, 0.0]), np.array([0.095, 0.1, 0.072])),
    "chest": (np.array([0.0, 0.03, 0.0]), np.array([0.092, 0.1, 0.076])),
    "hips": (np.array([0.0, 0.03, 0.0]), np.array([0.095, 0.09, 0.08])),
}


@pytest.mark.parametrize("action", WHOLE_BODY, ids=lambda action: action.name)
def test_arms_stay_out_of_head_and_torso_and_hands_go_at_a_human_speed(action: Action) -> None:
    last: dict[str, Vector] = {}
    for values in played(action, 20):
        pose = posed(values)
        for side in ("left", "right"):
            elbow, wrist = pose[f"{side}_lower_arm"][0], pose[f"{side}_hand"][0]
            points = [elbow + share * (wrist - elbow) for share in (0.4, 0.7, 1.0)] + [on_hand(pose, side, 0.05)]
            for point in points:
                assert inside(point, pose["head"], *HEAD) < 0.015
                assert all(inside(point, pose[bone], *shape) < 0.015 for bone, shape in TORSO.items())
            if side in last:
                assert np.linalg.norm(wrist - last[side]) * 20 <= 4.5
            last[side] = wrist


@pytest.mark.parametrize(
    ("name", "side", "along", "place", "within"),
    [
        ("think", "right", 0.05, (0.0, 1.0, 0.10), 0.06),
        ("facepalm", "right", 0.05, (-0.01, 1.12, 0.12), 0.06),
        ("cover_mouth", "right", 0.09, (0.0, 1.035, 0.12), 0.05),
        ("giggle", "right", 0.09, (0.0, 1.035, 0.12), 0.05),
        ("yawn", "right", 0.05, (0.0, 1.035, 0.12), 0.06),
        ("shush", "right", 0.1, (0.0, 1.06, 0.12), 0.05),
        ("salute", "right", 0.1, (-0.12, 1.17, 0.09), 0.06),
        ("hide_face", "left", 0.05, (0.055, 1.1, 0.12), 0.05),
        ("hide_face", "right", 0.05, (-0.055, 1.1, 0.12), 0.05),
        ("cry", "right", 0.05, (-0.06, 1.1, 0.12), 0.06),
        ("gasp", "left", 0.05, (0.11, 1.04, 0.09), 0.06),
        ("listen", "right", 0.05, (-0.17, 1.1, 0.04), 0.06),
        ("peace", "right", 0.1, (-0.15, 1.14, 0.14), 0.1),
    ],
)
def test_the_hand_is_where_the_word_says_at_the_stroke(
    name: str, side: str, along: float, place: tuple[float, float, float], within: float
) -> None:
    pose = posed(at_stroke(name))
    assert np.linalg.norm(on_hand(pose, side, along) - on_head(pose, *place)) < within


@pytest.mark.parametrize("name", ["cheer", "wave_both", "stretch", "jump", "big_heart"])
def test_both_hands_are_up(name: str) -> None:
    pose = posed(at_stroke(name))
    eyes = on_head(pose, 0.0, 1.1, 0.1)[1]
    assert all(on_hand(pose, side, 0.08)[1] > eyes for side in ("left", "right"))


@pytest.mark.parametrize(("name", "gap"), [("clap", 0.07), ("please", 0.08), ("shy", 0.06)])
def test_the_hands_meet(name: str, gap: float) -> None:
    pose = posed(at_stroke(name))
    assert np.linalg.norm(on_hand(pose, "left", 0.1) - on_hand(pose, "right", 0.1)) < gap


@pytest.mark.parametrize(("name", "side"), [("point_left", "right"), ("point_right", "left")])
def test_pointing_goes_to_the_side_that_viewers_see(name: str, side: str) -> None:
    pose = posed(at_stroke(name))
    outward = 1 if side == "left" else -1
    assert on_hand(pose, side, 0.1)[0] * outward > 0.4
    assert at_stroke(name)["head_yaw"] * outward > 5


@pytest.mark.parametrize("name", ["wave", "clap", "dance", "cheer", "think", "hands_on_hips"])
def test_a_loop_lasts_as_long_as_asked_without_a_jump(name: str) -> None:
    action = MAP.actions[name]
    mixer = Mixer(seed=1)
    mixer.play(action, stroke_at=action.stroke, now=0.0, duration=9.0, cue=1)
    frames = [mixer.advance(tick / RATE, None).values for tick in range(15 * RATE)]
    moved = [sum(abs(value) for channel, value in values.items() if channel in BONE_CHANNELS) for values in frames]
    assert moved[round(7.5 * RATE)] > 30
    assert moved[-1] == 0
    for before, after in itertools.pairwise(frames):
        for channel in after.keys() & BONE_SPEEDS.keys():
            assert abs(after[channel] - before.get(channel, 0.0)) <= BONE_SPEEDS[channel] / RATE + 1e-6


def test_the_dance_is_long_and_uses_the_whole_body() -> None:
    dance = MAP.actions["dance"]
    assert dance.loop is not None
    assert dance.loop[1] - dance.loop[0] >= 4.0
    assert {"hips_z", "spine_z", "left_upper_leg_x", "right_upper_arm_z", "head_roll"} <= dance.keyframes.keys()


def test_one_action_after_another_over_a_live_body_never_snaps() -> None:
    mixer = Mixer(seed=5)
    last: Values = {}
    for tick in range(len(WHOLE_BODY) * 48):
        now = tick / RATE
        if tick % 48 == 0:
            action = WHOLE_BODY[tick // 48]
            mixer.play(action, stroke_at=now + 0.6 * action.stroke, now=now, cue=tick)
        values = mixer.advance(now, None).values
        for channel in (last.keys() | values.keys()) & BONE_SPEEDS.keys():
            step = abs(values.get(channel, 0.0) - last.get(channel, 0.0))
            assert step <= BONE_SPEEDS[channel] / RATE + 1e-6, (now, channel)
        last = values
    for tick in range(8 * RATE):
        last = mixer.advance(now + tick / RATE, None).values
    assert last == {channel.name: channel.rest for channel in FACE_CHANNELS}


def test_the_instructions_tell_every_action_in_a_sensible_length() -> None:
    text = instructions(MAP)
    assert prompt_tokens(text) < 700
    assert all(name in text for name in MAP.actions)
