from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.life.chance import Deck, Drift, between, lognormal
from avatar_bridge.core.motion.life.curves import Delay, Glide, Pulse, Spring, SpringStep, Track
from avatar_bridge.core.motion.life.inertia import soften

springs = st.tuples(st.floats(0.5, 4.0), st.floats(0.3, 0.98))


@given(springs, st.floats(0.001, 0.5), st.floats(-20, 20), st.floats(-20, 20), st.integers(2, 7))
@settings(max_examples=60, deadline=None)
def test_a_spring_takes_the_same_way_in_one_step_or_in_many(
    spring: tuple[float, float], seconds: float, start: float, goal: float, parts: int
):
    whole, pieces = Spring(start), Spring(start)
    whole.follow(goal, SpringStep(*spring, seconds))
    step = SpringStep(*spring, seconds / parts)
    for index in range(1, parts + 1):
        pieces.follow(start + (goal - start) * index / parts, step)
    assert pieces.x == pytest.approx(whole.x, abs=1e-6)
    assert pieces.velocity == pytest.approx(whole.velocity, abs=1e-5)


def test_a_spring_obeys_its_equation():
    frequency, damping, seconds = 2.4, 0.8, 1e-4
    omega = 2 * 3.141592653589793 * frequency
    x = velocity = 0.0
    exact = Spring()
    step = SpringStep(frequency, damping, seconds)
    exact.target = 5.0
    for _ in range(5000):
        velocity += seconds * (omega**2 * (5.0 - x) - 2 * damping * omega * velocity)
        x += seconds * velocity
        exact.follow(5.0, step)
    assert exact.x == pytest.approx(x, abs=0.01)
    assert exact.x > 5.0  # an underdamped spring goes past its target within half a second


def test_a_spring_trails_a_steady_target_by_its_lag():
    step = SpringStep(1.3, 0.8, 0.02)
    spring = Spring()
    for index in range(1, 500):
        spring.follow(0.02 * index, step)
    assert 0.02 * 499 - spring.x == pytest.approx(step.lag, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(-10, 10), st.floats(0.3, 2)), max_size=6))
@settings(max_examples=50, deadline=None)
def test_a_glide_never_leaps_when_it_is_sent_elsewhere(moves: list[tuple[float, float, float]]):
    glide = Glide(1.0)
    waiting = sorted(moves)
    values = []
    for index in range(6000):
        at = index / 1000
        while waiting and waiting[0][0] <= at:
            _, goal, seconds = waiting.pop(0)
            glide.move(at, goal, seconds)
        values.append(glide.value(at))
    assert max(abs(after - before) for before, after in pairwise(values)) < 0.11
    assert all(-10.0 <= value <= 10.0 for value in values)


def test_a_pulse_starts_and_ends_at_zero_and_meets_its_keys():
    pulse = Pulse((1.0, 0.0), (1.2, -4.0), (1.5, 0.5), (1.8, 0.0))
    assert [pulse.value(at) for at in (0.5, 1.0, 1.2, 1.5, 1.8, 9.0)] == pytest.approx([0, 0, -4, 0.5, 0, 0])


def test_a_track_sums_pulses_and_forgets_those_that_ended_or_were_called_off():
    track = Track()
    track.add((0.0, 0.0), (1.0, 1.0), (2.0, 0.0))
    track.add((0.5, 0.0), (1.0, 2.0), (1.5, 0.0))
    track.add((5.0, 0.0), (6.0, 3.0), (7.0, 0.0))
    assert track.value(1.0) == pytest.approx(3.0)
    track.clear_after(4.0)
    assert track.value(6.0) == 0.0
    track.prune(1.9)
    assert track.value(1.0) == pytest.approx(1.0)


def test_a_delay_gives_back_what_was():
    delay = Delay()
    for index in range(10):
        delay.push(index / 10, float(index), -float(index), 0.0)
    assert delay.at(0.55)[:2] == pytest.approx((5.5, -5.5))
    assert delay.at(2.0)[0] == pytest.approx(9.0)
    assert delay.at(0.0)[0] == pytest.approx(9.0)  # older samples are forgotten


@given(st.integers(0, 1000), st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_a_deck_keeps_its_share_in_every_stretch(seed: int, share: float):
    deck = Deck(Random(seed))
    drawn = [deck.draw(share) for _ in range(300)]
    for start in range(0, 260, 20):
        assert abs(sum(drawn[start : start + 40]) - 40 * share) < 2.5


def test_draws_stay_within_their_limits():
    random = Random(1)
    assert all(0.8 <= lognormal(random, 3.0, 0.9, 0.8, 10.0) <= 10.0 for _ in range(500))
    drawn = sorted(between(random, (2.0, 6.0)) for _ in range(2000))
    assert drawn[200] == pytest.approx(2.0, rel=0.1)
    assert drawn[1800] == pytest.approx(6.0, rel=0.1)


def test_drift_does_not_depend_on_how_often_it_is_read():
    often, seldom = Drift(Random(3), 0.25, 0.6, 0.0), Drift(Random(3), 0.25, 0.6, 0.0)
    values = [often.value(index / 100) for index in range(2000)]
    assert [seldom.value(index / 4) for index in range(80)] == pytest.approx(values[::25])
    spread = (sum(value * value for value in values) / len(values)) ** 0.5
    assert 0.12 < spread < 0.4


@given(st.floats(-200, 200))
@settings(max_examples=50, deadline=None)
def test_softening_keeps_small_values_and_holds_large_ones(value: float):
    assert abs(soften(value, 24.0)) <= 24.0
    assert soften(-value, 24.0) == -soften(value, 24.0)
    if abs(value) <= 19.0:
        assert soften(value, 24.0) == value
