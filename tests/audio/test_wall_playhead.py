from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.audio.wall_playhead import WallPlayhead


def test_it_starts_with_the_sound_and_stands_still_while_dry() -> None:
    playhead = WallPlayhead()
    playhead.begin(10.0)
    assert playhead.heard(12.0) == 0.0
    assert playhead.write(12.0, 1.0) == 12.0
    assert playhead.heard(12.5) == 0.5
    assert playhead.queued(12.5) == 0.5
    assert playhead.heard(15.0) == 1.0
    assert playhead.write(15.0, 1.0) == 15.0
    assert playhead.heard(15.25) == 1.25


def test_a_second_piece_joins_the_first_without_a_gap() -> None:
    playhead = WallPlayhead()
    playhead.begin(0.0)
    playhead.write(0.0, 1.0)
    assert playhead.write(0.4, 1.0) == 1.0
    assert playhead.heard(1.5) == 1.5


def test_it_runs_on_after_the_finish_without_a_jump() -> None:
    playhead = WallPlayhead()
    playhead.begin(0.0)
    playhead.write(0.0, 1.0)
    assert playhead.heard(3.0) == 1.0
    playhead.finish(3.0)
    assert playhead.heard(3.0) == 1.0
    assert playhead.heard(4.0) == 2.0


def test_the_next_utterance_waits_for_the_tail_of_this_one() -> None:
    playhead = WallPlayhead()
    playhead.begin(0.0)
    playhead.write(0.0, 1.0)
    playhead.finish(0.0)
    playhead.begin(0.75)
    assert playhead.heard(0.75) == -0.25
    assert playhead.write(0.8, 1.0) == 1.0
    assert playhead.heard(1.5) == 0.5


def test_a_stop_keeps_what_was_heard_and_forgets_the_rest() -> None:
    playhead = WallPlayhead()
    playhead.begin(0.0)
    playhead.write(0.0, 5.0)
    assert playhead.stop(2.0) == 2.0
    assert playhead.heard(9.0) == 2.0
    assert playhead.queued(9.0) == 0.0
    playhead.begin(9.0)
    assert playhead.heard(9.0) == 0.0
    playhead.write(9.0, 1.0)
    assert playhead.heard(9.5) == 0.5


_STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "look", "finish"]), st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=20
)


@given(_STEPS)
def test_it_never_goes_back_nor_ahead_of_time_or_sound(steps: list[tuple[str, float, float]]) -> None:
    playhead, now, last, finished = WallPlayhead(), 0.0, 0.0, False
    playhead.begin(now)
    for kind, wait, amount in steps:
        now += wait
        before = playhead.heard(now)
        assert last - 1e-9 <= before <= last + wait + 1e-9
        if kind == "write" and not finished:
            playhead.write(now, amount)
        elif kind == "finish":
            playhead.finish(now)
            finished = True
        last = playhead.heard(now)
        assert last == pytest.approx(before, abs=1e-9)
        assert finished or last <= playhead.written
