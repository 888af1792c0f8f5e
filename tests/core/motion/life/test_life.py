from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.life.beats import Beats
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.motion.life.temper import HABITS
from avatar_bridge.core.motion.rig import CHANNELS
from avatar_bridge.core.vocabulary import State, Stimulus
from avatar_bridge.errors import UsageError

Frames = list[dict[str, float]]
STATES: tuple[State, ...] = ("idle", "speaking", "listening", "thinking")
QUICK = {"gaze_x", "gaze_y", "blink_left", "blink_right"}
DEGREES = 1 / 0.03


def play(life: Life, begin: float, end: float, rate: float = 60.0) -> Frames:
    return [life.advance(begin + index / rate) for index in range(int((end - begin) * rate))]


def story(life: Life) -> None:
    """A little of everything, all of it known ahead."""
    life.enter("thinking", 2.0)
    life.notice(Stimulus("turn_start", 6.0))
    life.enter("speaking", 6.0)
    for index in range(20):
        life.notice(Stimulus("accent", 6.3 + 0.5 * index, 0.5 + 0.025 * index))
    for at in (9.0, 12.5, 16.0):
        life.notice(Stimulus("phrase_end", at))
    life.notice(Stimulus("topic", 12.8))
    life.notice(Stimulus("turn_end", 16.0))
    life.enter("listening", 16.0)
    for at in (18.0, 21.0, 25.0):
        life.notice(Stimulus("speaker_pause", at))
    life.enter("idle", 28.0)


def gaze_off_viewer(frame: dict[str, float]) -> float:
    """Degrees between the gaze and the viewer."""
    return math.hypot(
        DEGREES * frame["gaze_x"] + frame["head_yaw"],
        DEGREES * frame["gaze_y"] + frame["head_pitch"],
    )


def spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def test_the_same_seed_and_calls_give_the_same_motion_and_another_seed_another():
    runs = []
    for seed in (5, 5, 6):
        life = Life(seed=seed)
        story(life)
        runs.append(play(life, 0.0, 30.0))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_first_frame_is_rest_and_every_channel_is_in_the_rig():
    frame = Life(seed=1).advance(100.0)
    assert set(frame) <= set(CHANNELS)
    assert all(abs(value) < 0.7 for value in frame.values())


@pytest.mark.parametrize("rate", [30.0, 75.0, 240.0])
def test_the_motion_does_not_depend_on_the_frame_rate(rate: float):
    steady, other = Life(seed=3), Life(seed=3)
    story(steady)
    story(other)
    expected = play(steady, 0.0, 30.0)
    frames = {round(i * 60 / rate, 6): other.advance(i / rate) for i in range(int(30 * rate))}
    for index in range(0, 1800, 4):
        for name, value in expected[index].items():
            width = CHANNELS[name].high - CHANNELS[name].low
            assert frames[index][name] == pytest.approx(value, abs=0.003 * width), (name, index)


def test_the_motion_does_not_depend_on_uneven_frames():
    steady, uneven = Life(seed=8), Life(seed=8)
    story(steady)
    story(uneven)
    random = Random(1)
    expected = play(steady, 0.0, 30.0)
    at = 0.0
    for index, frame in enumerate(expected):
        while at < index / 60 - 0.004:
            uneven.advance(at)
            at += random.uniform(0.003, 0.04)
        found = uneven.advance(index / 60)
        at = index / 60 + random.uniform(0.003, 0.04)
        for name in ("head_yaw", "head_pitch", "head_roll", "body_yaw", "body_pitch", "body_roll"):
            assert found[name] == pytest.approx(frame[name], abs=0.4), (name, index)


@pytest.mark.parametrize("stall", [0.3, 3.0, 30.0, 90.0, 1e6])
def test_a_stall_neither_breaks_nor_snaps_the_motion(stall: float):
    life = Life(seed=4)
    life.enter("speaking", 0.0)
    before = play(life, 0.0, 10.0)[-1]
    after = play(life, 10.0 + stall, 13.0 + stall)
    for name, value in after[0].items():
        if name not in QUICK:
            assert value == pytest.approx(before[name], abs=0.02 * (CHANNELS[name].high - CHANNELS[name].low)), name
    speeds = [abs(b["head_yaw"] - a["head_yaw"]) * 60 for a, b in pairwise(after)]
    assert max(speeds) < 150.0
    assert all(math.isfinite(value) for frame in after for value in frame.values())


def test_a_slow_but_even_frame_rate_still_moves():
    life = Life(seed=4)
    values = [frame["head_yaw"] for frame in play(life, 0.0, 60.0, rate=3.0)]
    assert spread(values) > 1.5


def test_time_that_stands_or_goes_back_repeats_the_last_frame():
    life = Life(seed=2)
    last = play(life, 0.0, 1.0)[-1]
    assert life.advance(0.2) == last
    assert life.advance(0.2) is not life.advance(0.2)


calls = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.floats(0.0, 0.2)),
        st.tuples(st.just("stall"), st.floats(1.0, 20.0)),
        st.tuples(st.just("enter"), st.sampled_from(STATES), st.floats(-2.0, 5.0)),
        st.tuples(
            st.just("notice"),
            st.sampled_from(["accent", "phrase_end", "turn_start", "turn_end", "speaker_pause", "topic"]),
            st.floats(-3.0, 5.0),
        ),
        st.tuples(st.just("hush"), st.floats(0.0, 1.0)),
    ),
    max_size=60,
)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0, 1.5]), st.booleans(), calls)
@settings(max_examples=60, deadline=None)
def test_whatever_is_called_the_values_stay_in_the_rig_and_nothing_snaps(
    seed: int, liveliness: float, calm: bool, script: list[tuple[object, ...]]
):
    life = Life(seed=seed, liveliness=liveliness, calm=calm)
    now = 50.0
    last = life.advance(now)
    for call in script:
        match call:
            case ("enter", state, ahead):
                life.enter(state, now + ahead)
            case ("notice", kind, ahead):
                life.notice(Stimulus(kind, now + ahead))
            case ("hush", amount):
                life.hush(amount)
            case (_, seconds):
                now += seconds
                last = life.advance(now)
        for _ in range(10):
            now += 1 / 60
            frame = life.advance(now)
            for name, value in frame.items():
                assert CHANNELS[name].low <= value <= CHANNELS[name].high, name
            for name in ("head_yaw", "head_pitch", "head_roll"):
                assert abs(frame[name] - last[name]) < 4.0, name
            assert abs(frame["blink_left"] - last["blink_left"]) < 0.55
            last = frame


def test_liveliness_scales_the_motion_down_to_stillness():
    spreads = []
    for liveliness in (0.0, 0.5, 1.0, 1.5):
        frames = play(Life(seed=7, liveliness=liveliness), 0.0, 60.0)
        spreads.append(spread([frame["head_yaw"] for frame in frames]))
        assert max(frame["blink_left"] for frame in frames) > 0.5
    assert spreads[0] == 0.0
    assert spreads == sorted(spreads)
    assert spreads[1] == pytest.approx(0.5 * spreads[2], rel=0.15)


def test_calm_is_calmer():
    for state in STATES:
        moved = []
        for calm in (False, True):
            life = Life(seed=7, calm=calm)
            life.enter(state, 0.0)
            moved.append(spread([frame["head_yaw"] for frame in play(life, 0.0, 60.0)]))
        assert moved[1] < 0.7 * moved[0], state


@pytest.mark.parametrize("liveliness", [-0.1, 1.6, math.nan])
def test_a_liveliness_out_of_range_is_refused(liveliness: float):
    with pytest.raises(UsageError, match=r"between 0 and 1\.5"):
        Life(seed=1, liveliness=liveliness)


@pytest.mark.parametrize(
    "call",
    [
        lambda life: life.advance(math.nan),
        lambda life: life.enter("idle", math.inf),
        lambda life: life.notice(Stimulus("accent", math.nan)),
        lambda life: life.hush(math.nan),
        lambda life: life.hush(1.5),
    ],
)
def test_numbers_that_cannot_be_are_refused_and_leave_life_as_it_was(call: Callable[[Life], object]):
    life, other = Life(seed=1), Life(seed=1)
    life.advance(0.0)
    other.advance(0.0)
    with pytest.raises(UsageError):
        call(life)
    assert life.advance(0.1) == other.advance(0.1)


def test_derived_channels_are_left_out_and_nothing_else_changes():
    whole, part = Life(seed=9), Life(seed=9, derived=frozenset({"body_yaw", "body_pitch", "body_roll", "unknown"}))
    for frame, other in zip(play(whole, 0.0, 5.0), play(part, 0.0, 5.0), strict=True):
        assert {name: value for name, value in frame.items() if not name.startswith("body_")} == other


def test_hush_quietens_head_and_trunk_and_lets_them_go_again():
    life, other = Life(seed=3), Life(seed=3)
    life.enter("speaking", 0.0)
    other.enter("speaking", 0.0)
    play(life, 0.0, 3.0)
    play(other, 0.0, 3.0)
    life.hush(0.0)
    hushed, free = play(life, 3.0, 20.0), play(other, 3.0, 20.0)
    for name in ("head_yaw", "head_roll", "body_yaw"):
        assert spread([frame[name] for frame in hushed[90:]]) < 0.5 * spread([frame[name] for frame in free[90:]])
    life.hush(1.0)
    assert play(life, 20.0, 24.0)[-1]["head_yaw"] == pytest.approx(play(other, 20.0, 24.0)[-1]["head_yaw"], abs=0.2)


def test_talk_does_not_flicker():
    life = Life(seed=1)
    states = []
    life.enter("speaking", 1.0)
    life.enter("idle", 1.05)  # too short to be talk
    life.enter("speaking", 2.0)
    life.enter("idle", 3.5)
    life.enter("speaking", 3.7)  # a gap too short to end it
    life.enter("idle", 5.0)
    for index in range(360):
        life.advance(index / 60)
        if not states or states[-1][1] != life.state:
            states.append((index / 60, life.state))
    assert [state for _, state in states] == ["idle", "speaking", "idle"]
    assert states[1][0] == pytest.approx(2.1, abs=0.02)
    assert states[2][0] == pytest.approx(5.27, abs=0.02)


def test_thinking_looks_away_within_150_ms():
    for seed in range(12):
        life = Life(seed=seed)
        life.enter("listening", -5.0)
        play(life, -5.0, 1.0)
        life.enter("thinking", 1.0)
        frames = play(life, 1.0, 1.5)
        away = [gaze_off_viewer(frame) > 4.5 for frame in frames]
        first = away.index(True)
        held_up = 0.26 + 0.062  # the eyes finish the hold they are in
        assert first / 60 <= 0.15 + held_up
        assert all(away[first:])


def test_a_speaker_looks_away_before_a_turn_that_waits_and_comes_back():
    early = 0
    for seed in range(10):
        life = Life(seed=seed)
        life.enter("thinking", -3.0)
        life.enter("speaking", 2.0)
        life.notice(Stimulus("turn_start", 2.0))
        frames = {index: life.advance(index / 60) for index in range(-180, 300)}
        early += gaze_off_viewer(frames[115]) > 4.5
        assert any(gaze_off_viewer(frames[index]) < 4.5 for index in range(156, 210)), seed
        assert max(frames[index]["breath"] for index in range(110, 140)) > 0.4
    assert early == 10


def test_a_turn_ends_with_the_gaze_on_the_viewer():
    for seed in range(10):
        life = Life(seed=seed)
        life.enter("speaking", 0.0)
        life.notice(Stimulus("turn_end", 8.0))
        frames = play(life, 0.0, 8.5)
        assert all(gaze_off_viewer(frame) < 4.5 for frame in frames[int(60 * 7.4) : 480]), seed


def _beats(seed: int, late: float | None = None, stop: float | None = None) -> list[float]:
    """Difference that accents make to the head's pitch, over ten seconds."""
    pitches = []
    for accents in (True, False):
        life = Life(seed=seed)
        life.enter("speaking", 0.0)
        waiting = [Stimulus("accent", 2.0 + 0.55 * index) for index in range(12)] if accents else []
        if late is None:
            while waiting:
                life.notice(waiting.pop(0))
        pitch = []
        for index in range(600):
            now = index / 60
            while waiting and late is not None and waiting[0].at + late <= now:
                life.notice(waiting.pop(0))
            if stop is not None and now - 1 / 60 < stop <= now:
                life.enter("idle", now)
            pitch.append(life.advance(now)["head_pitch"])
        pitches.append(pitch)
    return [with_beats - without for with_beats, without in zip(*pitches, strict=True)]


def test_a_turn_end_that_is_known_too_late_does_no_harm():
    for late in (0.3, 0.7, 0.95):
        for seed in range(10):
            life = Life(seed=seed)
            life.enter("speaking", 0.0)
            play(life, 0.0, 5.0)
            life.notice(Stimulus("turn_end", 5.0 - late))
            lids = [frame["blink_left"] for frame in play(life, 5.0, 8.0)]
            assert max(abs(after - before) for before, after in pairwise(lids)) < 0.55


def test_accents_move_the_head_and_late_ones_less_or_not_at_all():
    assert min(_beats(1)) < -2.0
    assert min(_beats(1, late=0.05)) < -2.0
    assert _beats(1, late=0.35) == [0.0] * 600


def test_leaving_speech_calls_off_what_will_not_be_spoken():
    beats = _beats(2, stop=4.0)
    assert min(beats[:240]) < -2.0
    assert all(abs(value) < 1e-9 for value in beats[300:])


@pytest.mark.parametrize("spacing", [2.0, 3.0, 4.0])
def test_a_listener_nods_six_to_ten_times_a_minute(spacing: float):
    for seed in range(5):
        beats = Beats(Random(seed), HABITS, 0.0)
        pauses = [spacing * index for index in range(1, int(600 / spacing))]
        nods = [(at, nod[0]) for at in pauses if (nod := beats.pause(at)) is not None]
        assert 60 <= len(nods) <= 100
        assert all(0.2 <= begin - at <= 0.7 for at, begin in nods)


def test_a_listener_answers_a_pause_with_a_nod_and_nobody_else_does():
    for state in STATES:
        pitches = []
        for pause in (True, False):
            life = Life(seed=6)
            life.enter(state, 0.0)
            play(life, 0.0, 5.0)
            if pause:
                life.notice(Stimulus("speaker_pause", 5.0))
            pitches.append([frame["head_pitch"] for frame in play(life, 5.0, 6.4)])
        nod = [a - b for a, b in zip(*pitches, strict=True)]
        assert (min(nod) < -2.5) == (state == "listening"), state


def test_a_topic_shifts_the_posture_of_a_speaker():
    life = Life(seed=6)
    life.enter("speaking", 0.0)
    life.notice(Stimulus("topic", 20.0))
    frames = play(life, 0.0, 30.0)
    before = spread([frame["position_x"] for frame in frames[600:1190]])
    assert before == 0.0
    assert abs(frames[-1]["position_x"] - frames[1190]["position_x"]) > 0.02


def test_breath_fills_and_empties_about_fourteen_times_a_minute():
    breath = [frame["breath"] for frame in play(Life(seed=2), 0.0, 120.0)]
    assert 0.0 <= min(breath) < 0.1
    assert 0.85 < max(breath) <= 1.0
    rises = sum(a < 0.5 <= b for a, b in pairwise(breath))
    assert 24 <= rises <= 32


def test_long_quiet_brings_pastimes_and_calm_has_none():
    lively = play(Life(seed=3), 0.0, 180.0)
    calm = play(Life(seed=3, calm=True), 0.0, 180.0)
    assert max(frame["mouth_smile"] for frame in lively) > 0.15
    assert max(frame["mouth_smile"] for frame in calm) == 0.0


def test_a_frame_that_comes_some_milliseconds_late_is_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(seed=1)
    life.advance(0.0)
    steps: list[float] = []
    step = Life._step

    def counted(self: Life, at: float, seconds: float) -> None:
        steps.append(seconds)
        step(self, at, seconds)

    monkeypatch.setattr(Life, "_step", counted)
    late = [0.0, 0.002, 0.0005, 0.005, 0.0, 0.004]
    for frame in range(60):
        life.advance((frame + 1) / 60 + late[frame % len(late)])
    assert len(steps) == 60
