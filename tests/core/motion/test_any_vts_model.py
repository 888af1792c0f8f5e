"""The packaged map against the gates of facts/life.md section 8, played through a real mixer at 60 Hz."""

import itertools
import math
from pathlib import Path

import pytest

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.gesture import AMPLITUDE, PACE
from avatar_bridge.core.motion.keyframes import Track
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.motion.mixer import SPEEDS, Mixer
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import EXPRESSIONS, FACE_CHANNELS
from avatar_bridge.core.vocabulary import State

MAP_FILE = Path(__file__).parents[3] / "motion_maps" / "any_vts_model.toml"
MAP = load_motion_map(MAP_FILE.read_text(encoding="utf-8"), source=MAP_FILE.name)
GESTURES = [action for action in MAP.actions.values() if action.kind == "gesture"]
HELD = [action for action in MAP.actions.values() if action.kind == "expression"]
HEAD = ("head_yaw", "head_pitch", "head_roll")
BODY = ("body_yaw", "body_pitch", "body_roll")
FACE = ("brow_left", "brow_right", "mouth_smile")
RATE = 60
Curves = dict[str, list[float]]

WANTED = (
    "nod nod_twice shake tilt bow small_bow wink laugh giggle surprise gasp think shy pout smug cry sigh yawn sleepy "
    "excited lean_in lean_back look_left look_right look_up look_down look_up_left look_up_right look_down_left "
    "look_down_right look_at_chat dance sway wave shrug proud confused facepalm eye_roll double_take slow_blink huff "
    "flinch dizzy happy angry sad relaxed surprised neutral smile blush love joy sadness sorrow fun anger disgust fear "
    "head_shake waving angry_huff"
)


def played(action: Action, *, late: float = 0.0, cue: int = 0, mixer: Mixer | None = None) -> tuple[Curves, float]:
    """Return the curves of one play, and the second at which the action is over."""
    mixer = mixer or Mixer(seed=1)
    began = 0.5
    over = began + action.length * PACE[1] if action.kind == "gesture" else began + 4.0
    curves: Curves = {channel.name: [] for channel in FACE_CHANNELS}
    for tick in range(math.ceil((over + 14.0) * RATE)):
        now = tick / RATE
        if tick == round(began * RATE):
            mixer.play(action, stroke_at=began + action.stroke * (1 - late), now=now, cue=cue)
        if action.kind != "gesture" and tick == round(over * RATE):
            mixer.release(cue, action.name, now)
        for name, value in mixer.advance(now, None).values.items():
            curves[name].append(value)
    return curves, over


def steps(curve: list[float]) -> list[float]:
    return [abs(later - earlier) for earlier, later in itertools.pairwise(curve)]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def moving(curve: list[float]) -> list[float]:
    """The steps while it moves: the stillness around an action would make every percentile small."""
    return [step for step in steps(curve) if step > 1e-6] or [0.0]


def check_gates(curves: Curves) -> None:
    for name in HEAD:
        velocity = [step * RATE for step in moving(curves[name])]
        assert percentile(velocity, 0.99) <= 150, name
        assert max(velocity) <= 240, name
        assert percentile([value for value in accelerations(curves[name]) if value > 1e-6] or [0.0], 0.99) <= 2500, name
    assert all(max(steps(curves[name])) <= 1.5 for name in BODY)
    assert all(max(steps(curves[name])) <= 0.2 for name in FACE)
    assert max(map(abs, curves["head_yaw"])) <= 24
    assert max(map(abs, curves["head_pitch"])) <= 20


def accelerations(curve: list[float]) -> list[float]:
    change = [later - earlier for earlier, later in itertools.pairwise(curve)]
    return [abs(later - earlier) * RATE**2 for earlier, later in itertools.pairwise(change)]


def test_the_map_has_what_was_promised() -> None:
    assert len(MAP.actions) >= 40
    assert [name for name in WANTED.split(" ") if MAP.find(name) is None] == []
    assert all(any(action.channels.get(name, 0) >= 0.9 for action in HELD) for name in EXPRESSIONS)


@pytest.mark.parametrize("action", GESTURES, ids=lambda action: action.name)
def test_a_gesture_passes_the_gates_and_returns(action: Action) -> None:
    for late, cue in ((0.0, 0), (0.0, 1), (0.2, 2), (0.6, 3), (1.0, 4)):
        curves, over = played(action, late=late, cue=cue)
        check_gates(curves)
        soon = round((over + 1.2) * RATE)
        for channel in FACE_CHANNELS:
            assert all(abs(value - channel.rest) < 1e-9 for value in curves[channel.name][soon:]), channel.name


@pytest.mark.parametrize("action", HELD, ids=lambda action: action.name)
def test_an_expression_passes_the_gates_and_returns(action: Action) -> None:
    for cue in range(3):
        curves, over = played(action, cue=cue)
        check_gates(curves)
        soon = round((over + max(1.2, action.fade_out)) * RATE)
        assert all(abs(curves[name][soon]) <= 2.0 for name in HEAD)
        mood = action.linger * action.weight * action.channels.get("mouth_smile", 0.0)
        assert abs(curves["mouth_smile"][soon] - mood) <= 0.1
        assert all(curves[channel.name][-1] == channel.rest for channel in FACE_CHANNELS)


@pytest.mark.parametrize("action", GESTURES, ids=lambda action: action.name)
def test_a_gesture_is_slow_enough_by_itself(action: Action) -> None:
    """On time, the mixer's brake on speed has nothing to do."""
    for channel, keys in action.keyframes.items():
        if channel in SPEEDS:
            assert Track(keys).speed * AMPLITUDE[1] / PACE[0] <= SPEEDS[channel], channel


@pytest.mark.parametrize("action", GESTURES, ids=lambda action: action.name)
def test_a_gesture_begins_and_ends_at_rest(action: Action) -> None:
    assert all(Track(keys).rests for keys in action.keyframes.values())


@pytest.mark.parametrize("action", GESTURES, ids=lambda action: action.name)
def test_the_body_goes_with_the_head_and_not_in_step(action: Action) -> None:
    for axis in ("yaw", "pitch", "roll"):
        head, body = action.keyframes.get(f"head_{axis}"), action.keyframes.get(f"body_{axis}")
        if head is None or body is None:
            continue
        assert 0.2 <= Track(body).peak / Track(head).peak <= 1.3
        lag, likeness = best_lag(Track(head), Track(body), action.length)
        whole_body = action.exclusive == "lean"
        assert (-0.15 if whole_body else 0.05) <= lag <= 0.15, (axis, lag)
        assert abs(likeness) >= 0.4


def best_lag(head: Track, body: Track, length: float) -> tuple[float, float]:
    """Return the delay in seconds at which the body's curve is most like the head's, and how like it is then."""
    times = [tick / 100 for tick in range(round(length * 100) + 30)]
    first = [head.at(time) for time in times]

    def likeness(lag: float) -> float:
        second = [body.at(time + lag) for time in times]
        mean_first, mean_second = sum(first) / len(first), sum(second) / len(second)
        both = sum((x - mean_first) * (y - mean_second) for x, y in zip(first, second, strict=True))
        sizes = sum((x - mean_first) ** 2 for x in first) * sum((y - mean_second) ** 2 for y in second)
        return both / math.sqrt(sizes)

    lag = max((tick / 100 for tick in range(-20, 31)), key=lambda lag: abs(likeness(lag)))
    return lag, likeness(lag)


@pytest.mark.parametrize("state", ["idle", "speaking"])
def test_the_gates_hold_over_life_with_one_action_after_another(state: State) -> None:
    mixer = Mixer(seed=5, life=Life(seed=5))
    mixer.enter(state, 0.0)
    curves: Curves = {channel.name: [] for channel in FACE_CHANNELS}
    actions = list(MAP.actions.values())
    for tick in range(len(actions) * 90):
        now = tick / RATE
        if tick % 90 == 0:
            action = actions[tick // 90]
            mixer.play(action, stroke_at=now + 0.8 * action.stroke, now=now, cue=tick)
        for name, value in mixer.advance(now, None).values.items():
            curves[name].append(value)
    for name in HEAD:
        velocity = [step * RATE for step in steps(curves[name])]
        assert percentile(velocity, 0.99) <= 150
        assert max(velocity) <= 240
        assert percentile(accelerations(curves[name]), 0.99) <= 2500
    assert all(max(steps(curves[name])) <= 1.5 for name in BODY)
    assert all(max(steps(curves[name])) <= 0.2 for name in FACE)
    assert sum(abs(value) > 24 for value in curves["head_yaw"]) < 0.01 * len(curves["head_yaw"])
    assert sum(abs(value) > 20 for value in curves["head_pitch"]) < 0.01 * len(curves["head_pitch"])
