import itertools
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.gesture import AMPLITUDE, PACE, mirrored_channel
from avatar_bridge.core.motion.mixer import SPEEDS, Mixer
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS
from avatar_bridge.core.vocabulary import MouthShape, State, Stimulus

MAP_FILE = Path(__file__).parents[3] / "motion_maps" / "any_vts_model.toml"
MAP = load_motion_map(MAP_FILE.read_text(encoding="utf-8"), source=MAP_FILE.name)
FRAME = 1 / 60
SPOKEN = MouthShape(open=0.5, aa=0.6)
CLOSED = MouthShape()


class StillLife:
    """Life that shows what it was told to and remembers what it heard."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)
        self.hushed = 1.0
        self.heard: list[object] = []

    def enter(self, state: State, at: float) -> None:
        self.heard.append((state, at))

    def notice(self, stimulus: Stimulus) -> None:
        self.heard.append(stimulus)

    def hush(self, amount: float) -> None:
        self.hushed = amount

    def advance(self, now: float) -> Mapping[str, float]:
        assert now >= 0
        return self.values


def action(name: str) -> Action:
    found = MAP.find(name)
    assert found is not None
    return found


def gesture(**fields: object) -> Action:
    return Action.model_validate({"name": "test", "meaning": "test", "kind": "gesture", **fields})


def expression(name: str = "test", **fields: object) -> Action:
    return Action.model_validate({"name": name, "meaning": "test", "kind": "expression", **fields})


def play(
    mixer: Mixer, begin: float, end: float, mouth: MouthShape | None = None, rate: float = 60.0
) -> list[tuple[float, Mapping[str, float]]]:
    ticks = range(math.ceil(begin * rate), math.ceil(end * rate))
    return [(tick / rate, mixer.advance(tick / rate, mouth).values) for tick in ticks]


def curve(frames: list[tuple[float, Mapping[str, float]]], channel: str) -> list[float]:
    return [values[channel] for _, values in frames]


def test_a_frame_has_every_face_channel_and_bones_only_while_in_use() -> None:
    mixer = Mixer()
    face = {channel.name for channel in FACE_CHANNELS}
    assert set(mixer.advance(0.0, None).values) == face
    raise_arm = gesture(keyframes={"right_upper_arm_z": [(0.0, 0.0), (0.5, 70.0), (1.0, 0.0)]}, stroke=0.5)
    mixer.play(raise_arm, stroke_at=0.5, now=0.0)
    assert set(mixer.advance(0.5, None).values) == face | {"right_upper_arm_z"}
    assert set(mixer.advance(2.0, None).values) == face


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 2.0), st.integers(0, 50), st.sampled_from(["nod", "bow", "deep_nod", "small_bow"]))
def test_the_stroke_falls_on_its_moment(ahead: float, cue: int, name: str) -> None:
    played = action(name)
    mixer = Mixer()
    available = 0.7 * played.stroke + ahead
    mixer.play(played, stroke_at=1.0 + available, now=1.0, cue=cue)
    frames = play(mixer, 1.0, 2.5 + available + played.length, rate=240)
    lowest = min(frames, key=lambda frame: frame[1]["head_pitch"])
    key = min(played.keyframes["head_pitch"], key=lambda key: key[1])
    behind = (key[0] - played.stroke) * PACE[1]
    assert lowest[0] == pytest.approx(1.0 + available, abs=behind + 0.012)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.1, 0.3))
def test_a_late_gesture_meets_its_word_or_comes_as_soon_as_its_size_allows(available: float) -> None:
    mixer = Mixer()
    mixer.play(action("nod"), stroke_at=available, now=0.0, cue=1)
    frames = play(mixer, 0.0, 1.5, rate=240)
    assert min(frames, key=lambda frame: frame[1]["head_pitch"])[0] == pytest.approx(max(available, 0.17), abs=0.03)


def test_plays_differ_in_size_and_pace_within_their_ranges() -> None:
    peaks = []
    for cue in range(40):
        mixer = Mixer(seed=7)
        mixer.play(action("nod"), stroke_at=0.5, now=0.0, cue=cue)
        peaks.append(min(curve(play(mixer, 0.0, 1.5, rate=240), "head_pitch")) / -12)
    assert AMPLITUDE[0] - 0.01 <= min(peaks) < 0.9
    assert 1.0 < max(peaks) <= AMPLITUDE[1] + 0.01


def test_the_same_seed_gives_the_same_frames_and_another_one_others() -> None:
    def run(seed: int) -> list[Mapping[str, float]]:
        mixer = Mixer(seed=seed)
        mixer.play(action("happy"), stroke_at=0.2, now=0.0, cue=1)
        mixer.play(action("nod"), stroke_at=0.6, now=0.0, cue=2)
        return [values for _, values in play(mixer, 0.0, 3.0)]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_only_what_may_be_mirrored_is_mirrored() -> None:
    def turned(name: str, channel: str) -> set[bool]:
        sides = set()
        for cue in range(20):
            mixer = Mixer()
            mixer.play(action(name), stroke_at=action(name).stroke, now=0.0, cue=cue)
            sides.add(sum(curve(play(mixer, 0.0, 1.0), channel)) > 0)
        return sides

    assert turned("tilt", "head_roll") == {True, False}
    assert turned("look_left", "head_yaw") == {False}
    assert turned("look_right", "head_yaw") == {True}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_mirror_of_a_mirror_is_the_thing_itself(channel: str) -> None:
    other, sign = mirrored_channel(channel)
    assert other in CHANNELS
    assert mirrored_channel(other) == (channel, sign)


def test_strength_scales_a_gesture_but_a_wink_still_closes() -> None:
    def peak(name: str, channel: str, strength: float) -> float:
        mixer = Mixer()
        mixer.play(action(name), stroke_at=0.5, now=0.0, strength=strength, cue=1)
        return max(abs(value) for value in curve(play(mixer, 0.0, 1.5), channel))

    assert peak("nod", "head_pitch", 0.5) == pytest.approx(0.5 * peak("nod", "head_pitch", 1.0), rel=0.01)
    assert peak("nod", "head_pitch", 7.0) == peak("nod", "head_pitch", 1.0)
    assert max(peak("wink", "blink_left", 0.3), peak("wink", "blink_right", 0.3)) == 1.0


def test_a_gesture_opens_the_mouth_only_while_nothing_is_said() -> None:
    silent, speaking = Mixer(), Mixer()
    for mixer in (silent, speaking):
        mixer.advance(0.0, None)
        mixer.play(action("yawn"), stroke_at=0.5, now=0.0)
    assert max(curve(play(silent, 0.0, 3.0), "mouth_open")) > 0.7
    frames = play(speaking, 0.0, 3.0, SPOKEN)
    assert all(value == pytest.approx(0.5) for value in curve(frames[6:], "mouth_open"))
    assert all(value == 0.6 for value in curve(frames, "aa"))


def test_the_mouth_is_shut_as_soon_as_nothing_is_said() -> None:
    mixer = Mixer()
    play(mixer, 0.0, 1.0, SPOKEN)
    values = mixer.advance(1.0, None).values
    assert values["mouth_open"] == 0.0
    assert [values[name] for name in ("aa", "ih", "ou", "ee", "oh")] == [0.0] * 5


def test_eyelids_take_the_greater_and_all_else_is_added() -> None:
    life = StillLife({"blink_left": 0.9, "blink_right": 0.1, "head_pitch": 3.0})
    mixer = Mixer(life=life)
    drowsy = expression(channels={"blink_left": 0.5, "blink_right": 0.5, "head_pitch": -2.0}, weight=1.0, fade_in=0.1)
    mixer.play(drowsy, stroke_at=0.0, now=0.0)
    values = play(mixer, 0.0, 0.5)[-1][1]
    assert values["blink_left"] == 0.9
    assert values["blink_right"] == pytest.approx(0.5, rel=0.15)
    assert values["head_pitch"] == pytest.approx(1.0, abs=0.3)


def test_a_gesture_that_looks_somewhere_takes_the_eyes_from_life() -> None:
    mixer = Mixer(life=StillLife({"gaze_x": -0.6, "gaze_y": 0.2}))
    assert mixer.advance(0.0, None).values["gaze_x"] == -0.6
    mixer.play(action("look_right"), stroke_at=0.4, now=0.0, cue=1)
    frames = play(mixer, FRAME, 3.5)
    assert max(curve(frames, "gaze_x")) > 0.5
    assert curve(frames, "gaze_x")[-1] == -0.6


def test_life_is_told_everything_and_quietened_during_gestures() -> None:
    life = StillLife({})
    mixer = Mixer(life=life)
    accent = Stimulus("accent", 1.0)
    mixer.enter("speaking", 0.5)
    mixer.notice(accent)
    assert life.heard == [("speaking", 0.5), accent]
    mixer.play(action("nod"), stroke_at=1.0, now=0.0)
    mixer.advance(0.1, None)
    assert life.hushed == 1.0
    mixer.advance(1.0, None)
    assert life.hushed == 0.4
    mixer.advance(3.0, None)
    assert life.hushed == 1.0


def test_the_head_moves_less_while_speaking() -> None:
    peaks = []
    for state in ("idle", "speaking"):
        mixer = Mixer()
        mixer.enter(state, 0.0)
        play(mixer, 0.0, 1.0)
        mixer.play(action("nod"), stroke_at=1.5, now=1.0, cue=1)
        peaks.append(min(curve(play(mixer, 1.0, 2.5), "head_pitch")))
    assert peaks[1] == pytest.approx(0.7 * peaks[0], rel=0.01)


def test_what_the_target_derives_by_itself_stays_at_rest() -> None:
    mixer = Mixer(life=StillLife({"body_pitch": 2.0}), derived=frozenset({"body_pitch"}))
    mixer.play(action("bow"), stroke_at=0.7, now=0.0)
    frames = play(mixer, 0.0, 2.0)
    assert set(curve(frames, "body_pitch")) == {0.0}
    assert min(curve(frames, "head_pitch")) < -10


def test_an_expression_comes_slower_than_it_could_is_held_alive_and_goes_slower_still() -> None:
    mixer = Mixer(seed=2)
    mixer.play(action("happy"), stroke_at=0.25, now=0.0, cue=4)
    coming = curve(play(mixer, 0.0, 0.7), "happy")
    assert all(later >= earlier for earlier, later in itertools.pairwise(coming[:30]))
    held = curve(play(mixer, 0.7, 10.0), "happy")
    assert 0.8 * 0.92 <= min(held) < max(held) <= 0.8 * 1.08
    assert max(held) - min(held) > 0.03
    mixer.release(4, "happy", 10.0)
    going = curve(play(mixer, 10.0, 11.5), "happy")
    assert going[30] > 0.45
    assert going[-1] == pytest.approx(0.4 * 0.8, rel=0.1)
    assert curve(play(mixer, 11.5, 24.0), "happy")[-1] == 0.0


def test_the_parts_of_a_face_do_not_move_as_one() -> None:
    mixer = Mixer(seed=1)
    astonished = expression(channels={"brow_left": 1.0, "mouth_open": 1.0}, fade_in=0.3)
    mixer.play(astonished, stroke_at=0.0, now=0.0, cue=1)
    values = play(mixer, 0.0, 0.13)[-1][1]
    assert values["brow_left"] > values["mouth_open"] + 0.05


def test_actions_together_do_not_drive_the_head_into_its_wall() -> None:
    mixer = Mixer(life=StillLife({"head_pitch": -8.0}))
    for cue, name in enumerate(("bow", "look_down", "sad")):
        mixer.play(action(name), stroke_at=0.7, now=0.0, cue=cue)
    lowest = min(curve(play(mixer, 0.0, 2.0), "head_pitch"))
    assert -22.0 < lowest < -18.0


def test_an_expression_stays_its_minimum() -> None:
    mixer = Mixer()
    mixer.play(action("angry"), stroke_at=0.2, now=0.0, cue=1)
    play(mixer, 0.0, 0.4)
    mixer.release(1, "angry", 0.4)
    frames = play(mixer, 0.4, 3.0)
    assert min(curve(frames[:60], "angry")) > 0.7
    assert frames[-1][1]["angry"] < 0.3


def test_a_new_expression_of_the_group_takes_over_without_a_gap() -> None:
    first = expression("first", channels={"mouth_smile": 0.5})
    second = expression("second", channels={"mouth_smile": 0.5})
    mixer = Mixer()
    mixer.play(first, stroke_at=0.0, now=0.0, cue=1)
    play(mixer, 0.0, 2.0)
    mixer.play(second, stroke_at=2.0, now=2.0, cue=2)
    over = curve(play(mixer, 2.0, 3.0), "mouth_smile")
    assert min(over) > 0.4 * 0.85
    assert max(over) < 0.4 * 1.15
    assert [held.cue for held in mixer.held] == [2]


def test_expressions_of_two_groups_stand_beside_each_other() -> None:
    mixer = Mixer()
    mixer.play(action("happy"), stroke_at=0.0, now=0.0, cue=1)
    mixer.play(action("blush"), stroke_at=0.0, now=0.0, cue=2)
    values = play(mixer, 0.0, 2.0)[-1][1]
    assert values["happy"] > 0.7
    assert values["cheek"] > 0.7
    assert [held.action for held in mixer.held] == ["happy", "blush"]
    mixer.play(action("neutral"), stroke_at=2.0, now=2.0, cue=3)
    values = play(mixer, 2.0, 4.0)[-1][1]
    assert (values["happy"], values["cheek"]) == (0.0, 0.0)


def test_an_expression_with_a_duration_goes_by_itself() -> None:
    mixer = Mixer()
    mixer.play(action("surprised"), stroke_at=0.2, now=0.0, duration=2.0, cue=1)
    frames = play(mixer, 0.0, 12.0)
    assert frames[110][1]["surprised"] > 0.7
    assert frames[200][1]["surprised"] < 0.1
    assert frames[-1][1]["surprised"] == 0.0
    assert mixer.held == ()


def test_a_new_gesture_of_the_group_takes_over_and_another_group_joins() -> None:
    mixer = Mixer()
    mixer.play(action("bow"), stroke_at=0.7, now=0.0, cue=1)
    play(mixer, 0.0, 0.9)
    mixer.play(action("look_left"), stroke_at=1.2, now=0.9, cue=2)
    frames = play(mixer, 0.9, 1.1)
    assert frames[-1][1]["head_pitch"] < -10
    mixer.play(action("shake"), stroke_at=1.6, now=1.1, cue=3)
    assert abs(play(mixer, 1.1, 1.7)[-1][1]["head_pitch"]) < 0.5


def test_a_loop_goes_on_for_its_duration_and_ends_at_rest() -> None:
    sway = action("sway")
    mixer = Mixer()
    mixer.play(sway, stroke_at=0.7, now=0.0, duration=8.0, cue=1)
    frames = play(mixer, 0.0, 20.0)
    moving = [at for at, values in frames if abs(values["head_roll"]) > 0.5]
    assert 8.0 < moving[-1] < 8.0 + 2.4 * PACE[1] + 2.0
    rolled = curve(frames, "head_roll")
    assert max(abs(later - earlier) for earlier, later in itertools.pairwise(rolled)) < 0.5
    assert frames[-1][1]["head_roll"] == 0.0


def test_a_frozen_pose_waits_and_a_loop_without_end_waits_for_its_release() -> None:
    mixer = Mixer()
    mixer.play(action("tilt"), stroke_at=0.5, now=0.0, duration=4.0, cue=1)
    frames = play(mixer, 0.0, 7.0)
    assert abs(frames[200][1]["head_roll"]) > 8
    assert frames[-1][1]["head_roll"] == 0.0
    mixer.play(action("dance"), stroke_at=7.5, now=7.0, duration=math.inf, cue=2)
    assert max(map(abs, curve(play(mixer, 7.0, 40.0)[-120:], "head_roll"))) > 5
    assert mixer.busy(1e6)
    mixer.release(2, "dance", 40.0)
    assert play(mixer, 40.0, 41.0)[-1][1]["head_roll"] == 0.0
    assert not mixer.busy(41.0)


def test_relaxing_brings_everything_to_rest_in_a_quarter_of_a_second_and_the_mouth_at_once() -> None:
    mixer = Mixer()
    mixer.play(action("happy"), stroke_at=0.3, now=0.0, cue=1)
    mixer.play(action("laugh"), stroke_at=0.6, now=0.2, cue=2)
    mixer.play(action("nod"), stroke_at=5.0, now=0.2, cue=3)
    play(mixer, 0.0, 0.7)
    mixer.relax(0.7)
    frames = play(mixer, 0.7, 6.0)
    assert set(curve(frames, "mouth_open")) == {0.0}
    for channel in FACE_CHANNELS:
        assert max(abs(value - channel.rest) for value in curve(frames[16:], channel.name)) < 0.02, channel.name
    assert mixer.held == ()


def test_a_fade_that_is_hurried_goes_on_from_where_it_was() -> None:
    mixer = Mixer()
    sink = gesture(
        keyframes={"position_y": [(0.0, 0.0), (0.5, -0.5), (3.0, -0.5), (4.0, 0.0)]}, fade_out=1.0, stroke=0.5
    )
    mixer.play(sink, stroke_at=0.5, now=0.0, cue=1)
    mixer.play(action("happy"), stroke_at=0.2, now=0.0, cue=2)
    play(mixer, 0.0, 2.0)
    mixer.release(None, "test", 2.0)
    mixer.play(action("sad"), stroke_at=2.4, now=2.0, cue=3)
    before = play(mixer, 2.0, 2.4)[-1:]
    mixer.relax(2.4)
    frames = before + play(mixer, 2.4, 2.9)
    for name in ("position_y", "happy"):
        going = [abs(value) for value in curve(frames, name)]
        assert going[0] > 0.02
        assert all(later <= earlier for earlier, later in itertools.pairwise(going)), name
        assert going[-1] == 0.0


def test_after_a_stall_the_body_is_not_thrown() -> None:
    mixer = Mixer()
    mixer.play(action("bow"), stroke_at=0.7, now=0.0)
    mixer.advance(0.0, None)
    stalled = mixer.advance(0.9, None).values
    assert abs(stalled["head_pitch"]) < 5
    assert mixer.advance(0.8, None).values["head_pitch"] == stalled["head_pitch"]


def test_an_action_that_is_only_the_targets_own_moves_nothing() -> None:
    mixer = Mixer()
    hotkey = gesture(vts={"hotkey": "Nod"})
    mixer.play(hotkey, stroke_at=0.5, now=0.0)
    assert not mixer.busy(0.1)
    assert mixer.advance(0.5, None).values == Mixer().advance(0.5, None).values


def test_keys_that_do_not_start_or_end_at_rest_are_faded() -> None:
    mixer = Mixer()
    mixer.play(gesture(keyframes={"head_yaw": [(0.0, 20.0), (1.0, 20.0)]}), stroke_at=0.0, now=0.0)
    turned = curve(play(mixer, 0.0, 3.0), "head_yaw")
    assert max(abs(later - earlier) for earlier, later in itertools.pairwise(turned)) < 2.6
    assert max(turned) > 10
    assert turned[-1] == 0.0


ORDERS = st.lists(
    st.tuples(
        st.floats(0.0, 0.6),
        st.sampled_from(["play", "play", "play", "release", "relax", "speak", "hush"]),
        st.sampled_from(sorted(MAP.actions)),
        st.floats(-0.3, 1.5),
        st.floats(0.0, 1.0),
        st.sampled_from([None, 0.5, 3.0]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ORDERS, st.integers(0, 3))
def test_whatever_is_asked_nothing_snaps_nothing_leaves_its_range_and_all_comes_to_rest(
    orders: list[tuple[float, str, str, float, float, float | None]], seed: int
) -> None:
    mixer = Mixer(seed=seed)
    now, last = 0.0, mixer.advance(0.0, None).values
    mouth: MouthShape | None = None

    def run(seconds: float) -> None:
        nonlocal now, last
        for _ in range(round(seconds * 60)):
            now += FRAME
            values = mixer.advance(now, mouth).values
            for channel in FACE_CHANNELS:
                assert channel.low <= values[channel.name] <= channel.high
            for name, speed in SPEEDS.items():
                assert abs(values[name] - last[name]) <= speed * FRAME + 1e-9, name
            last = values

    for cue, (wait, order, name, ahead, strength, duration) in enumerate(orders):
        run(wait)
        if order == "play":
            mixer.play(action(name), stroke_at=now + ahead, now=now, strength=strength, duration=duration, cue=cue)
        elif order == "release":
            mixer.release(None, name, now)
        elif order == "relax":
            mixer.relax(now)
        else:
            mouth = SPOKEN if order == "speak" else None
    mouth = None
    mixer.relax(now)
    run(0.8)
    assert all(abs(last[channel.name] - channel.rest) < 1e-9 for channel in FACE_CHANNELS)
