import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.keyframes import COMPRESSION, Clip, Track, late_start, smoothstep

KEYS = st.lists(
    st.tuples(st.floats(0, 10).map(lambda at: round(at, 3)), st.floats(-30, 30)),
    min_size=1,
    max_size=8,
    unique_by=lambda key: key[0],
).map(sorted)


@given(KEYS, st.lists(st.floats(-1, 12), min_size=1, max_size=30))
def test_a_track_reads_the_same_in_any_order_of_reading(keys: list[tuple[float, float]], times: list[float]) -> None:
    straight = [Track(keys).at(time) for time in times]
    track = Track(keys)
    assert [track.at(time) for time in times] == straight


@given(KEYS)
def test_a_track_passes_through_its_keys_and_stays_between_them(keys: list[tuple[float, float]]) -> None:
    track = Track(keys)
    for at, value in keys:
        assert track.at(at) == pytest.approx(value)
    for (begin, first), (end, second) in itertools.pairwise(keys):
        low, high = sorted((first, second))
        for step in range(11):
            assert low - 1e-9 <= track.at(begin + (end - begin) * step / 10) <= high + 1e-9


def test_a_track_holds_its_first_and_last_value() -> None:
    track = Track([(0.5, 3.0), (1.0, -2.0)])
    assert track.at(0.0) == 3.0
    assert track.at(9.0) == -2.0


def test_a_track_starts_and_stops_gently() -> None:
    track = Track([(0.0, 0.0), (1.0, 10.0)])
    assert track.at(0.01) < 0.01
    assert track.at(0.5) == pytest.approx(5.0)
    assert track.speed == pytest.approx(15.0)


@pytest.mark.parametrize("keys", [[], [(0.0, 1.0), (0.0, 2.0)], [(1.0, 0.0), (0.5, 0.0)]])
def test_a_track_refuses_keys_that_are_none_or_do_not_rise(keys: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Track(keys)


def test_smoothstep_is_held_to_its_ends() -> None:
    assert [smoothstep(x) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_a_clip_lasts_as_long_as_it_was_told() -> None:
    assert Clip({"head_yaw": [(0.0, 0.0), (0.5, 1.0)]}).duration == 0.5
    assert Clip({"head_yaw": [(0.0, 0.0), (0.5, 1.0)]}, 2.0).duration == 2.0


@given(st.floats(0.01, 3.0), st.floats(0.0, 5.0))
def test_a_late_start_still_meets_the_word(stroke: float, available: float) -> None:
    start = late_start(stroke, available)
    assert start.delay + (stroke - start.skip) / start.rate == pytest.approx(available, abs=1e-9)
    assert start.delay >= 0.0
    assert 0.0 <= start.skip <= stroke
    assert 1.0 <= start.rate <= 1.0 / COMPRESSION + 1e-9


@given(st.floats(0.01, 3.0), st.floats(0.0, 1.0))
def test_the_preparation_is_compressed_before_it_is_skipped(stroke: float, share: float) -> None:
    start = late_start(stroke, share * stroke)
    if share >= COMPRESSION:
        assert start.skip == 0.0
    elif share < COMPRESSION - 1e-6:
        assert start.skip > 0.0
        assert start.rate == pytest.approx(1.0 / COMPRESSION)


def test_a_word_that_has_passed_gets_its_stroke_at_once() -> None:
    start = late_start(0.4, -0.2)
    assert (start.delay, start.skip) == (0.0, 0.4)
