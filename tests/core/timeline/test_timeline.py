"""What is said and done, placed in time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import MAP, WORD, performed, prepared, segments, told

from avatar_bridge.core.timeline.timeline import FIRST_MOTION_HOLD, Timeline
from avatar_bridge.core.vocabulary import Segment, Text


def word_at(timeline: Timeline, text: str) -> float:
    return next(word.at for word in timeline.words if word.text == text)


def test_a_cue_stands_on_the_word_that_follows_it() -> None:
    timeline = performed("one two [nod] three four five [nod] six")
    assert [cue.at for cue in timeline.cues] == [word_at(timeline, "three"), word_at(timeline, "six")]


def test_a_gesture_starts_its_stroke_before_the_word() -> None:
    timeline = performed("one two three [nod] four")
    (cue,) = timeline.cues
    assert cue.start == pytest.approx(cue.at - 0.2)


def test_a_cue_after_the_last_word_happens_at_the_end() -> None:
    timeline = performed("one two three. [smile]")
    assert timeline.cues[0].at == timeline.duration


def test_speech_is_held_for_a_gesture_on_the_first_word_but_never_longer_than_allowed() -> None:
    short = performed("[nod] one two three four")
    assert short.segments[0].silence == pytest.approx(0.14)
    assert short.cues[0].at == pytest.approx(0.14)
    long = performed("[bow] one two three four")
    assert long.segments[0].silence == FIRST_MOTION_HOLD


def test_an_expression_does_not_hold_the_speech() -> None:
    assert performed("[smile] one two").segments[0].silence == 0


def test_a_pause_delays_what_follows() -> None:
    timeline, speech = told("one two three four five")
    first, second = segments(speech)
    timeline.place(first, prepared(first))
    timeline.place(Segment(1, second.text, second.at, pause=0.5, final=True), prepared(second))
    timeline.close()
    assert word_at(timeline, "five") == pytest.approx(4 * WORD + 0.5)
    assert timeline.duration == pytest.approx(5 * WORD + 0.5)


def test_a_span_is_released_where_its_last_word_ends() -> None:
    timeline = performed("one [smile]two three four five[/smile] six")
    (cue,) = timeline.cues
    assert cue.released == pytest.approx(word_at(timeline, "six"))


def test_cues_wait_for_their_words() -> None:
    timeline, speech = told("one two three four five [nod] six")
    first, second = segments(speech)
    timeline.place(first, prepared(first))
    assert timeline.cues == []
    timeline.place(second, prepared(second))
    assert [cue.name for cue in timeline.cues] == ["nod"]


def test_a_segment_that_could_not_be_spoken_loses_no_cue() -> None:
    timeline, speech = told("one two three [smile] four five six seven eight nine")
    first, second, third = segments(speech)
    timeline.place(first, None)
    timeline.place(second, prepared(second))
    timeline.place(third, prepared(third))
    timeline.close()
    assert [(cue.name, cue.at) for cue in timeline.cues] == [("smile", 0.0)]
    assert word_at(timeline, "five") == 0.0


def test_heard_text_is_exact_to_the_word() -> None:
    timeline = performed("One two, three four. Five six!")
    assert timeline.heard(0.0).speech == ""
    assert timeline.heard(0.39).speech == ""
    assert timeline.heard(0.41).speech == "One"
    assert timeline.heard(0.85).speech == "One two,"
    assert timeline.heard(1.65).speech == "One two, three four."
    everything = timeline.heard(99.0)
    assert (everything.speech, everything.complete) == ("One two, three four. Five six!", True)


def test_heard_text_counts_the_emoji_that_is_shown() -> None:
    timeline = performed("One 🙂 two three")
    assert timeline.heard(0.85).shown.startswith("One 🙂 two")


def test_a_repeated_gesture_cools_down_and_says_so() -> None:
    timeline = performed("[nod] one [nod] two three")
    assert len(timeline.cues) == 1
    assert any("nod" in note.message for note in timeline.diagnostics)


def test_stimuli_are_accents_and_phrase_ends_in_order() -> None:
    timeline = performed("one two, three four. five")
    assert [s.kind for s in timeline.stimuli if s.kind == "phrase_end"] == ["phrase_end", "phrase_end"]
    assert [s.at for s in timeline.stimuli] == sorted(s.at for s in timeline.stimuli)


def test_an_unknown_action_is_a_diagnostic_with_the_nearest_name() -> None:
    timeline = performed("one [nodd] two")
    assert timeline.cues == []
    assert [note.suggestion for note in timeline.diagnostics] == ["nod"]


def test_the_map_of_the_stories_is_whole() -> None:
    assert set(MAP.actions) == {"nod", "bow", "smile", "angry", "hat"}


@given(at=st.floats(-0.5, 3.0), count=st.integers(1, 6))
def test_what_was_heard_ends_before_the_first_word_that_was_not_heard_out(at: float, count: int) -> None:
    timeline = performed(" ".join(f"w{index}" for index in range(count)))
    heard = timeline.heard(at)
    whole = itertools.takewhile(lambda word: word.at + word.duration <= at + 1e-6, timeline.words)
    assert heard.speech.split() == [word.text for word in whole]
    assert heard.shown == heard.speech


def test_text_is_known_as_it_comes() -> None:
    timeline = Timeline(MAP)
    for index, word in enumerate(("one ", "two ", "three")):
        timeline.feed(Text(4 * index, word, 4 * index, word))
        assert timeline.speech == timeline.shown == "one two three"[: 4 * index + len(word)]
    longer = [f"{number} " for number in range(1000)]
    for word in longer:
        timeline.feed(Text(len(timeline.speech), word, len(timeline.shown), word))
    assert timeline.speech == timeline.shown == "one two three" + "".join(longer)
    unasked = Timeline(MAP)
    for word in longer:
        unasked.feed(Text(0, word, 0, word))
    assert unasked.speech == "".join(longer)
    assert [timeline.shown_offset(at) for at in (0, 3, 4, 9, 13)] == [0, 3, 4, 9, 13]
