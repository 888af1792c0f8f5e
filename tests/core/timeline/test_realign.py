"""A segment's times corrected after it was placed: what has begun stays, what waits moves, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import WORD, performed, prepared, segments, told

from avatar_bridge.core.speech.lipsync import FADE
from avatar_bridge.core.timeline.player import Begin, End, Player
from avatar_bridge.core.timeline.timeline import Prepared, Timeline
from avatar_bridge.core.vocabulary import MouthCurve, Phoneme, Segment

TAGS = ["[nod]", "[bow]", "[smile]", "[angry]", "[hat]", "[smile 0.5 1s]", "", "", ""]
SCRIPTS = st.lists(
    st.tuples(st.sampled_from(TAGS), st.sampled_from(["one", "two.", "three,"])), min_size=1, max_size=14
)
HELD = st.lists(
    st.tuples(st.sampled_from(["[smile]", "[angry]", "[hat]", ""]), st.sampled_from(["one", "two.", "three,"])),
    min_size=1,
    max_size=14,
)
"""Nothing that may be refused as coming too often: that is decided when it is placed."""
SHIFTS = st.lists(st.floats(-0.35, 0.35), min_size=4, max_size=4)


def better(segment: Segment, shifts: list[float], opened: float = 1.0) -> Prepared:
    """Speak the same audio with its words elsewhere, and a mouth that stands open otherwise."""
    before = prepared(segment)
    length = len(before.samples) / before.rate
    words = []
    last = 0.0
    for index, word in enumerate(before.alignment.words):
        last = min(max(last, word.at + (shifts[index % len(shifts)] if index else 0.0)), length)
        words.append(replace(word, at=last, duration=min(word.duration, length - last)))
    alignment = replace(
        before.alignment,
        words=tuple(words),
        timing="aligned",
        expected_error=0.07,
        phonemes=(Phoneme("a", 0.0, length),),
    )
    curve = MouthCurve(100.0, np.full_like(before.mouth.open, opened), before.mouth.shapes)
    return Prepared(before.samples, before.rate, alignment, curve)


def word_at(timeline: Timeline, text: str) -> float:
    return next(word.at for word in timeline.words if word.text == text)


def realigned(script: str, index: int, shifts: list[float], after: float) -> Timeline:
    timeline = performed(script)
    part = segments(timeline.speech)[index]
    assert timeline.realign(index, better(part, shifts), after=after) is not None
    return timeline


def test_a_cue_moves_with_its_word() -> None:
    timeline = realigned("one two three [nod] four five six [smile] seven", 0, [0.0, 0.0, 0.0, 0.2], -1.0)
    nod, smile = timeline.cues
    assert nod.at == word_at(timeline, "four") == pytest.approx(3 * WORD + 0.2)
    assert nod.start == pytest.approx(nod.at - 0.2)
    assert smile.at == pytest.approx(6 * WORD)
    assert [segment.timing for segment in timeline.segments] == ["aligned", "words"]
    assert timeline.segments[0].expected_error == 0.07
    assert timeline.timing == "aligned"


def test_what_is_due_by_then_stays_and_what_would_be_past_comes_at_once() -> None:
    script = "one [smile] two three [nod] four"
    before = performed(script)
    timeline = realigned(script, 0, [0.0, 0.3, -0.3, -0.35], 0.6)
    smile, nod = timeline.cues
    assert smile.at == before.cues[0].at
    assert nod.at == word_at(timeline, "four") < before.cues[1].at
    early = realigned(script, 0, [0.0, -0.3, -0.35, -0.35], 0.95)
    assert early.cues[1].at == 0.95


def test_a_span_ends_with_its_word() -> None:
    timeline = realigned("one [smile]two three[/smile] four five", 0, [0.0, 0.0, 0.1, 0.2], -1.0)
    (cue,) = timeline.cues
    assert cue.released == pytest.approx(word_at(timeline, "three") + WORD)
    late = realigned("one [smile]two three[/smile] four five", 0, [0.0, 0.0, 0.1, 0.2], 3 * WORD)
    assert late.cues[0].released == pytest.approx(3 * WORD)


def test_the_words_of_other_segments_stay_and_phonemes_are_kept_in_order() -> None:
    timeline, speech = told("one two three four five six seven eight nine")
    parts = segments(speech)
    for part in parts:
        timeline.place(part, better(part, [0.0] * 4))
    timeline.close()
    first = [word for word in timeline.words if word.char < parts[1].at]
    assert timeline.realign(1, better(parts[1], [0.1] * 4), after=-1.0) is not None
    assert timeline.words[: len(first)] == first
    assert [phoneme.at for phoneme in timeline.phonemes] == [segment.at for segment in timeline.segments]
    words, phonemes = timeline.within(1)
    assert [word.text for word in words] == ["five", "six", "seven", "eight"]
    assert len(phonemes) == 1
    assert timeline.within(7) == ([], [])


def test_more_sounds_in_one_segment_shift_those_of_the_next_and_what_was_heard_goes_by_the_better_words() -> None:
    timeline, speech = told("one two three four five six seven eight")
    first, second = segments(speech)
    timeline.place(first, prepared(first))
    timeline.place(second, better(second, [0.0] * 4))
    timeline.close()
    before = timeline.within(1)
    assert timeline.heard(2 * WORD).speech == "one two"
    assert timeline.realign(0, better(first, [0.0, 0.0, 0.3, 0.3]), after=-1.0) is not None
    assert timeline.within(1) == before
    assert len(timeline.within(0)[1]) == 1
    assert timeline.heard(3 * WORD).speech == "one two"
    assert timeline.heard(3 * WORD + 0.31).speech == "one two three"


def test_other_audio_is_no_correction() -> None:
    timeline = performed("one two three four five")
    first, second = segments(timeline.speech)
    assert timeline.realign(0, better(second, [0.1]), after=0.0) is None
    assert timeline.realign(9, better(first, [0.1]), after=0.0) is None
    assert timeline.revision == 0


def test_the_mouth_goes_over_into_the_better_one_and_does_not_jump() -> None:
    timeline = performed("one two three four")
    part = segments(timeline.speech)[0]
    timeline.realign(0, better(part, [0.0], opened=1.0), after=0.5)
    times = np.arange(0.0, 1.6, 0.01)
    opened = np.array([timeline.mouth_at(float(at)).open for at in times])
    assert opened[times <= 0.5] == pytest.approx(0.5)
    assert opened[(times >= 0.5 + FADE + 0.01) & (times < 1.58)] == pytest.approx(1.0)
    assert np.abs(np.diff(opened[:-2])).max() <= 0.5 * 0.011 / FADE


@settings(max_examples=200, deadline=None)
@given(
    SCRIPTS,
    st.lists(st.floats(0.001, 0.3), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(-0.4, 5.0), st.integers(0, 3), SHIFTS), max_size=5),
    st.floats(0.0, 0.3),
    st.booleans(),
)
def test_corrections_at_any_time_lose_and_double_nothing(
    words: list[tuple[str, str]],
    steps: list[float],
    corrections: list[tuple[float, int, list[float]]],
    lead: float,
    native: bool,
) -> None:
    timeline = performed(" ".join(f"{tag} {word}".strip() for tag, word in words))
    parts = segments(timeline.speech)
    players = [Player(timeline), Player(timeline)]
    heard, turn = -0.4, 0
    got: list[list[Begin | End]] = [[], []]
    waiting = sorted(corrections, key=lambda each: each[0])
    while heard < timeline.duration + 3:
        while waiting and waiting[0][0] <= heard:
            _, index, shifts = waiting.pop(0)
            if index < len(parts):
                timeline.realign(index, better(parts[index], shifts), after=heard + lead + 0.05)
        for player, row, ahead in zip(players, got, (0.0, lead), strict=True):
            due = player.advance(heard + ahead, frozenset({"hat", "nod"}) if native else frozenset())
            for each in due:
                if isinstance(each, Begin | End):
                    assert each.due <= heard + ahead
                    row.append(each)
        heard += steps[(turn := turn + 1) % len(steps)]
    for player, row in zip(players, got, strict=True):
        player.advance(1e6)
        begun = [each.cue.id for each in row if isinstance(each, Begin)]
        ended = [each.cue.id for each in row if isinstance(each, End)]
        assert len(begun) == len(set(begun))
        assert len(ended) == len(set(ended))
        assert set(ended) <= set(begun)
        lost = {cue.id for cue in timeline.cues} - set(begun)
        assert len(lost) == len(player.diagnostics), "what does not begin is told of"
        if max(steps) <= 0.05:
            assert not lost
    assert all(cue.released is None or cue.released >= cue.at for cue in timeline.cues)


@settings(max_examples=60, deadline=None)
@given(HELD, st.lists(st.tuples(st.integers(0, 3), SHIFTS), max_size=4))
def test_the_last_correction_before_the_show_is_what_counts(
    words: list[tuple[str, str]], corrections: list[tuple[int, list[float]]]
) -> None:
    """Corrected ahead of everything, a timeline is as if it had been placed so at once."""
    script = " ".join(f"{tag} {word}".strip() for tag, word in words)
    timeline, speech = told(script)
    parts = segments(speech)
    last = dict(corrections)
    for part in parts:
        timeline.place(part, prepared(part))
    timeline.close()
    for index, shifts in corrections:
        if index < len(parts):
            timeline.realign(index, better(parts[index], shifts), after=-99.0)
    fresh, _ = told(script)
    for part in parts:
        fresh.place(part, better(part, last[part.index]) if part.index in last else prepared(part))
    fresh.close()
    if fresh.segments[0].silence == timeline.segments[0].silence:
        assert [word.at for word in timeline.words] == pytest.approx([word.at for word in fresh.words])
        assert [(cue.id, cue.name) for cue in timeline.cues] == [(cue.id, cue.name) for cue in fresh.cues]
        assert [cue.at for cue in timeline.cues] == pytest.approx([cue.at for cue in fresh.cues])
        assert timeline.heard(1.0).speech == fresh.heard(1.0).speech
