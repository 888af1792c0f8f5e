"""How the mixer moves bones: no snap whatever is asked, mirrored truly, and where they belong at every play."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.fingers import CURLS
from avatar_bridge.core.motion.gesture import BONE_AMPLITUDE, mirrored_channel
from avatar_bridge.core.motion.mixer import BONE_SPEEDS, Mixer
from avatar_bridge.core.motion.rig import BONE_CHANNELS, FACE_CHANNELS

RATE = 60
REST = {channel.name: channel.rest for channel in FACE_CHANNELS}
UP = [(0.0, 0.0), (0.4, 130.0), (1.2, 130.0), (1.8, 0.0)]


def action(**keys: Any) -> Action:
    return Action.model_validate({"name": "reach", "meaning": "reach", "kind": "gesture", **keys})


RAISE = action(stroke=0.4, keyframes={"right_upper_arm_z": UP, "head_yaw": [(0.0, 0.0), (0.4, 8.0), (1.8, 0.0)]})
BEND = action(
    name="bend",
    stroke=0.4,
    keyframes={"right_upper_arm_z": [(at, -value) for at, value in UP], "right_lower_arm_y": UP},
)
MIRRORED = action(
    name="mirrored",
    stroke=0.4,
    mirror=True,
    keyframes={"right_upper_arm_z": UP, "right_hand_x": UP, "spine_y": UP, "hips_x": UP, "head_roll": UP[:1]},
)
ASIDE = action(name="aside", stroke=0.4, group="left_arm", keyframes={"left_upper_arm_z": UP})


def run(mixer: Mixer, begin: float, end: float) -> list[Mapping[str, float]]:
    ticks = range(math.ceil(begin * RATE), math.ceil(end * RATE))
    return [mixer.advance(tick / RATE, None).values for tick in ticks]


def check_speeds(frames: list[Mapping[str, float]], rate: float = RATE) -> None:
    for before, after in itertools.pairwise(frames):
        for channel in (before.keys() | after.keys()) & BONE_CHANNELS:
            step = abs(after.get(channel, 0.0) - before.get(channel, 0.0))
            assert step <= BONE_SPEEDS[channel] / rate + 1e-6, channel


def test_one_gesture_after_another_blends_without_a_stop_at_rest() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
    frames = run(mixer, 0.0, 0.8)
    mixer.play(RAISE.model_copy(update={"name": "again"}), stroke_at=1.2, now=0.8, cue=2)
    later = run(mixer, 0.8, 4.0)
    check_speeds(frames + later)
    heights = [values.get("right_upper_arm_z", 0.0) for values in later]
    assert min(heights[: round(1.1 * RATE)]) > 60
    assert later[-1] == REST


def test_the_arm_turns_round_gently() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
    frames = run(mixer, 0.0, 0.8)
    mixer.play(BEND, stroke_at=0.85, now=0.8, cue=2)
    frames += run(mixer, 0.8, 4.0)
    check_speeds(frames)
    assert min(values.get("right_upper_arm_z", 0.0) for values in frames) < -115
    assert frames[-1] == REST


def test_relaxing_lets_a_raised_arm_down_within_half_a_second() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
    frames = run(mixer, 0.0, 0.8)
    mixer.relax(0.8)
    after = run(mixer, 0.8, 1.4)
    check_speeds(frames + after)
    assert after[round(0.25 * RATE) + 1]["head_yaw"] == 0.0
    assert "right_upper_arm_z" not in after[round(0.5 * RATE)]


def test_a_late_arm_comes_in_smoothly() -> None:
    mixer = Mixer(seed=1)
    frames = run(mixer, 0.0, 0.5)
    mixer.play(RAISE, stroke_at=0.5, now=0.5, cue=1)
    after = run(mixer, 0.5, 1.4)
    check_speeds(frames + after)
    assert after[0].get("right_upper_arm_z", 0.0) < 5
    assert max(values.get("right_upper_arm_z", 0.0) for values in after) > 125


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_half_strength_lifts_a_hand_more_than_half_way(strength: float) -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, strength=strength, cue=1)
    shown = run(mixer, 0.0, 0.9)[-1].get("right_upper_arm_z", 0.0)
    assert shown == pytest.approx(130 * strength * (2 - strength), rel=BONE_AMPLITUDE[1] - 1 + 1e-6)


def test_no_two_plays_put_the_hand_elsewhere() -> None:
    heights = set()
    for cue in range(20):
        mixer = Mixer(seed=2)
        mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=cue)
        heights.add(round(run(mixer, 0.0, 0.9)[-1]["right_upper_arm_z"], 6))
    assert len(heights) > 10
    assert 130 * BONE_AMPLITUDE[0] <= min(heights) <= max(heights) <= 130 * BONE_AMPLITUDE[1]


def test_a_mirrored_play_is_the_mirror_image() -> None:
    sides: dict[bool, dict[str, float]] = {}
    for cue in range(20):
        mixer = Mixer(seed=2)
        mixer.play(MIRRORED, stroke_at=0.4, now=0.0, cue=cue)
        values = run(mixer, 0.0, 0.9)[-1]
        bones = {name: value for name, value in values.items() if name in BONE_CHANNELS}
        scale = abs(bones["hips_x"])
        sides["left_hand_x" in bones] = {name: round(value / scale, 6) for name, value in bones.items()}
    plain, mirrored = sides[False], sides[True]
    assert mirrored == {
        name: sign * value for (name, sign), value in ((mirrored_channel(name), value) for name, value in plain.items())
    }
    assert (mirrored["left_upper_arm_z"], mirrored["left_hand_x"]) == (-1.0, 1.0)
    assert (mirrored["spine_y"], mirrored["hips_x"]) == (-1.0, 1.0)


def test_arms_of_different_groups_move_together() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
    mixer.play(ASIDE, stroke_at=0.5, now=0.0, cue=2)
    values = run(mixer, 0.0, 0.9)[-1]
    assert min(values["right_upper_arm_z"], values["left_upper_arm_z"]) > 125


ORDERS = st.lists(
    st.tuples(
        st.floats(0.0, 0.9),
        st.sampled_from(["play", "play", "play", "release", "relax"]),
        st.sampled_from([RAISE, BEND, MIRRORED, ASIDE]),
        st.floats(-0.3, 0.8),
        st.floats(0.0, 1.0),
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(ORDERS, st.sampled_from([30, 60, 144]))
def test_bones_never_go_faster_than_they_may_and_all_come_home(
    orders: list[tuple[float, str, Action, float, float]], rate: int
) -> None:
    mixer = Mixer(seed=4)
    frames = [mixer.advance(0.0, None).values]
    tick = 0
    for cue, (wait, what, which, ahead, strength) in enumerate(orders):
        for _ in range(int(wait * rate)):
            tick += 1
            frames.append(mixer.advance(tick / rate, None).values)
        if what == "play":
            mixer.play(which, stroke_at=tick / rate + ahead, now=tick / rate, strength=strength, cue=cue)
        elif what == "release":
            mixer.release(None, which.name, tick / rate)
        else:
            mixer.relax(tick / rate)
    for _ in range(5 * rate):
        tick += 1
        frames.append(mixer.advance(tick / rate, None).values)
    check_speeds(frames, rate)
    assert frames[-1] == REST


def test_a_curl_bends_every_joint_towards_the_palm_on_both_sides() -> None:
    keys = [[0.0, 0], [0.3, 70], [0.6, 0]]
    shown = action(stroke=0.3, keyframes={"left_fingers": keys, "right_index": keys}).keyframes
    assert shown["left_little_distal_z"][1] == (0.3, -70.0)
    assert shown["right_index_proximal_z"][1] == (0.3, 70.0)
    assert len([name for name in shown if name.startswith("left_")]) == 12
    assert len([name for name in shown if name.startswith("right_")]) == 3


def test_the_narrower_name_of_a_finger_stands() -> None:
    fist, straight, joint = ([[0.0, 0], [0.3, value], [0.6, 0]] for value in (70, -8, 5))
    shown = action(
        stroke=0.3,
        keyframes={"right_index_distal_z": joint, "right_index": straight, "right_fingers": fist},
    ).keyframes
    assert shown["right_middle_distal_z"][1][1] == 70
    assert shown["right_index_proximal_z"][1][1] == -8
    assert shown["right_index_distal_z"][1][1] == 5


def test_a_held_pose_may_curl_fingers() -> None:
    held = Action.model_validate(
        {"name": "fist", "meaning": "fist", "kind": "expression", "channels": {"left_fingers": 70.0}}
    )
    assert held.channels["left_ring_distal_z"] == -70


def test_every_curl_names_channels_of_the_rig() -> None:
    assert {name for curl in CURLS.values() for name in curl} <= BONE_CHANNELS
    assert CURLS["left_thumb"] == {mirrored_channel(name)[0]: -sign for name, sign in CURLS["right_thumb"].items()}


NOD = action(name="nod", stroke=0.2, keyframes={"head_pitch": [(0.0, 0.0), (0.2, -10.0), (0.6, 0.0)]})


def test_a_nod_takes_the_head_and_leaves_the_waving_arm() -> None:
    alone, both = Mixer(seed=1), Mixer(seed=1)
    for mixer in (alone, both):
        mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
        run(mixer, 0.0, 0.6)
    both.play(NOD, stroke_at=0.8, now=0.6, cue=2)
    undisturbed, nodding = run(alone, 0.6, 2.2), run(both, 0.6, 2.2)
    for one, other in zip(undisturbed, nodding, strict=True):
        assert other.get("right_upper_arm_z", 0.0) == pytest.approx(one.get("right_upper_arm_z", 0.0), abs=1e-6)
    assert undisturbed[24]["head_yaw"] > 5.0
    assert nodding[24]["head_yaw"] == pytest.approx(0.0, abs=0.5), "the head is the nod's"


def test_a_gesture_with_limbs_takes_all_of_the_one_before() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1)
    run(mixer, 0.0, 0.6)
    mixer.play(NOD, stroke_at=0.8, now=0.6, cue=2)
    run(mixer, 0.6, 0.7)
    mixer.play(action(name="kick", stroke=0.2, keyframes={"left_upper_leg_x": UP}), stroke_at=0.9, now=0.7, cue=3)
    assert run(mixer, 0.7, 1.4)[-1].get("right_upper_arm_z", 0.0) == pytest.approx(0.0, abs=0.5)


def test_an_interrupt_lowers_the_arm_that_a_nod_has_left() -> None:
    mixer = Mixer(seed=1)
    mixer.play(RAISE, stroke_at=0.4, now=0.0, cue=1, duration=60.0)
    run(mixer, 0.0, 0.6)
    mixer.play(NOD, stroke_at=0.8, now=0.6, cue=2)
    run(mixer, 0.6, 0.8)
    mixer.relax(0.8)
    assert run(mixer, 0.8, 1.6)[-1].get("right_upper_arm_z", 0.0) == pytest.approx(0.0, abs=0.5)
