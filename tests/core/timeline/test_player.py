"""Each thing delivered once, in order, never early."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import WORD, performed, prepared, segments, told

from avatar_bridge.core.timeline.player import Begin, Due, End, Player
from avatar_bridge.core.vocabulary import Stimulus

TAGS = ["[nod]", "[bow]", "[smile]", "[angry]", "[hat]", "[smile 0.5 1s]", "", "", ""]
SCRIPTS = st.lists(
    st.tuples(st.sampled_from(TAGS), st.sampled_from(["one", "two.", "three,"])), min_size=1, max_size=14
)


def script_of(words: list[tuple[str, str]]) -> str:
    return " ".join(f"{tag} {word}".strip() for tag, word in words)


def played(script: str, steps: list[float], native: frozenset[str] = frozenset()) -> list[tuple[float, Due]]:
    timeline = performed(script)
    player = Player(timeline)
    playhead = -0.3
    got: list[tuple[float, Due]] = []
    while playhead < timeline.duration + 3 and len(got) < 500:
        got += [(playhead, due) for due in player.advance(playhead, native)]
        playhead += steps[len(got) % len(steps)]
    got += [(playhead, due) for due in player.advance(1e6, native)]
    assert player.done
    return got


@settings(max_examples=150, deadline=None)
@given(SCRIPTS, st.lists(st.floats(0.001, 0.3), min_size=1, max_size=5), st.booleans())
def test_everything_is_delivered_once_and_never_early(
    words: list[tuple[str, str]], steps: list[float], native: bool
) -> None:
    script = script_of(words)
    got = played(script, steps, frozenset({"hat", "nod"}) if native else frozenset())
    begun = [due.cue.id for _, due in got if isinstance(due, Begin)]
    ended = [due.cue.id for _, due in got if isinstance(due, End)]
    assert len(begun) == len(set(begun))
    assert len(ended) == len(set(ended))
    assert set(ended) <= set(begun)
    for playhead, due in got:
        if isinstance(due, Begin | End):
            assert due.due <= playhead
    held = [due.cue.id for _, due in got if isinstance(due, Begin) and due.cue.action.kind != "gesture"]
    assert set(held) <= set(ended), "what is held must be ended"


@settings(max_examples=80, deadline=None)
@given(SCRIPTS)
def test_a_fine_playhead_leaves_nothing_out(words: list[tuple[str, str]]) -> None:
    script = script_of(words)
    got = played(script, [1 / 60])
    begun = {due.cue.id for _, due in got if isinstance(due, Begin)}
    assert begun == {cue.id for cue in performed(script).cues}


def test_next_due_names_the_very_moment() -> None:
    timeline = performed("one two three [nod] four")
    player = Player(timeline)
    due = player.next_due()
    assert due == pytest.approx(3 * WORD - 0.2)
    assert not [item for item in player.advance(math.nextafter(due, 0)) if isinstance(item, Begin)]
    assert [item for item in player.advance(due) if isinstance(item, Begin)]


def test_what_a_target_is_slow_to_begin_is_begun_earlier_and_nothing_else() -> None:
    timeline = performed("one two three [nod] four [bow] five six seven")
    usual = {cue.name: cue.start for cue in timeline.cues}
    ahead = {"nod": 0.3, "smile": 9.0}
    player = Player(timeline)
    begun: dict[str, float] = {}
    while (at := player.next_due(ahead)) is not None:
        before = player.advance(math.nextafter(at, -math.inf), {"nod"}, ahead)
        due = player.advance(at, {"nod"}, ahead)
        assert not [item for item in before if isinstance(item, Begin)]
        begun |= {item.cue.name: at for item in due if isinstance(item, Begin)}
    assert begun == pytest.approx({"bow": usual["bow"], "nod": usual["nod"] - 0.3})


@settings(max_examples=80, deadline=None)
@given(SCRIPTS, st.lists(st.floats(0.001, 0.3), min_size=1, max_size=5), st.floats(0.0, 0.4))
def test_a_head_start_loses_and_doubles_nothing(
    words: list[tuple[str, str]], steps: list[float], seconds: float
) -> None:
    timeline = performed(script_of(words))
    player, playhead, turn, ahead = Player(timeline), -0.5, 0, {"hat": seconds, "nod": seconds}
    got: list[Begin | End] = []
    while playhead < timeline.duration + 3:
        due = [item for item in player.advance(playhead, ahead.keys(), ahead) if isinstance(item, Begin | End)]
        early = [item for item in due if isinstance(item, Begin)]
        assert all(item.due - ahead.get(item.cue.name, 0.0) <= playhead for item in early)
        got += due
        playhead += steps[(turn := turn + 1) % len(steps)]
    assert player.done
    begun = [due.cue.id for due in got if isinstance(due, Begin)]
    ended = [due.cue.id for due in got if isinstance(due, End)]
    assert len(begun) == len(set(begun))
    assert len(ended) == len(set(ended))
    assert set(ended) <= set(begun)


def test_a_cue_with_a_long_stroke_is_not_kept_waiting_by_one_before_it() -> None:
    timeline = performed("one two three [nod] four [bow] five six seven")
    begun = [due.cue.name for due in Player(timeline).advance(1.0) if isinstance(due, Begin)]
    assert begun == ["bow"] or begun == ["bow", "nod"]
    player = Player(timeline)
    assert player.next_due() == pytest.approx(4 * WORD - 0.7)


def test_a_late_gesture_moves_to_the_next_stressed_word_or_is_left_out() -> None:
    timeline = performed("one [nod] two three four")
    moved = [due for due in Player(timeline).advance(WORD + 0.14) if isinstance(due, Begin)]
    assert moved == []
    player = Player(performed("one two three four [nod] five"))
    late = 4 * WORD + 0.5
    assert not [due for due in player.advance(late) if isinstance(due, Begin)]
    assert "too late" in player.diagnostics[0].message


def test_a_late_expression_still_comes() -> None:
    timeline = performed("one [smile] two three four")
    assert [due.cue.name for due in Player(timeline).advance(1.5) if isinstance(due, Begin)] == ["smile"]


def test_a_new_expression_ends_the_old_one() -> None:
    got = played("[smile] one two three [angry] four five", [1 / 60])
    order = [(type(due).__name__, due.cue.name) for _, due in got if isinstance(due, Begin | End)]
    assert order == [("Begin", "smile"), ("End", "smile"), ("Begin", "angry"), ("End", "angry")]


def test_a_duration_ends_an_expression_and_the_end_of_speech_ends_the_rest() -> None:
    got = played("[smile 1.0 1s] one two three four [hat] five six", [1 / 60], frozenset({"hat"}))
    ends = {due.cue.name: due.due for _, due in got if isinstance(due, End)}
    assert ends["smile"] == pytest.approx(1.0)
    assert ends["hat"] == pytest.approx(6 * WORD)


def test_a_released_span_keeps_its_minimum() -> None:
    got = played("one [smile]two[/smile] three four", [1 / 60])
    (end,) = [due for _, due in got if isinstance(due, End)]
    assert end.due == pytest.approx(2 * WORD)


def test_an_interrupt_ends_what_is_held_and_delivers_nothing_after_it() -> None:
    player = Player(performed("[smile] one two three four [nod] five"))
    player.advance(0.5)
    assert [end.cue.name for end in player.interrupt()] == ["smile"]
    assert player.advance(9.0) == []
    assert player.done


def test_a_playhead_that_goes_back_repeats_nothing() -> None:
    player = Player(performed("one [nod] two three"))
    assert player.advance(1.0)
    assert player.advance(0.1) == []


def test_cues_that_arrive_while_playing_are_found() -> None:
    timeline, speech = told("one two three four five [nod] six")
    first, second = segments(speech)
    player = Player(timeline)
    timeline.place(first, prepared(first))
    player.advance(1.0)
    assert not player.done
    timeline.place(second, prepared(second))
    assert [due.cue.name for due in player.advance(2.0) if isinstance(due, Begin)] == ["nod"]


def test_stimuli_come_ahead_of_their_time() -> None:
    timeline = performed("one two three four")
    player = Player(timeline, lookahead=0.5)
    got = [due for due in player.advance(0.0) if isinstance(due, Stimulus)]
    assert [due.kind for due in got if due.at > 0.5] == ["turn_end"]
    assert len(got) > 1
