"""Two texts side by side: gaps, offsets, waiting cues."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from avatar_bridge.core.script.lane import Lane, is_spaced, is_word
from avatar_bridge.core.script.spoken import Writer
from avatar_bridge.core.vocabulary import Cue, Pause, Release, ScriptEvent, Text


def _finish(writer: Writer) -> list[ScriptEvent]:
    writer.finish()
    return writer.events()


@given(st.lists(st.text(alphabet="ab \n\t.:,", max_size=5)))
def test_a_lane_without_removals_passes_text_verbatim(pieces: list[str]) -> None:
    lane = Lane()
    out = "".join(lane.add(piece) for piece in pieces) + lane.finish()
    assert out == "".join(pieces)
    assert lane.length == len(out)


@example(["a ", "", None, ","])
@given(st.lists(st.one_of(st.none(), st.text(alphabet="a .:,\n!", max_size=6))))
def test_a_lane_does_not_care_how_its_text_is_cut(pieces: list[str | None]) -> None:
    lane, fine = Lane(), Lane()
    whole = letters = ""
    for piece in pieces:
        if piece is None:
            whole += lane.remove()
            letters += fine.remove()
        else:
            whole += lane.add(piece)
            letters += "".join(map(fine.add, piece))
    whole, letters = whole + lane.finish(), letters + fine.finish()
    assert whole == letters
    assert lane.length == fine.length == len(whole)
    assert whole.replace(" ", "").replace("\n", "") == "".join(filter(None, pieces)).replace(" ", "").replace("\n", "")


def test_long_white_space_is_bounded_beside_a_removed_piece() -> None:
    lane = Lane()
    out = lane.add("a" + " " * 1000)
    assert len(out) == 1 + 1000 - 256
    out += lane.remove() + lane.add(" " * 1000) + lane.add("b")
    assert out == "a" + " " * 1000 + "b"


def test_word_characters() -> None:
    assert all(map(is_word, "aé語ส9\u0301\u093f_"))
    assert not any(map(is_word, " .-'!😀"))
    assert all(map(is_spaced, "aéΩ9한\u0301"))
    assert not any(map(is_spaced, "語ひカสກ "))
    assert not is_spaced("")


def test_shown_and_said_apart() -> None:
    writer = Writer()
    writer.both("Hi ")
    writer.show("🎉", gap=True)
    writer.both(" at ")
    writer.say("a.org", "https://a.org/")
    assert _finish(writer) == [Text(0, "Hi at a.org", 0, "Hi 🎉 at https://a.org/")]


def test_a_pause_stands_behind_the_text_before_it() -> None:
    writer = Writer()
    writer.both("One. ")
    writer.remove()
    writer.pause(0.5, source="[pause 0.5]", offset=3)
    writer.both(" Two.")
    assert _finish(writer) == [
        Text(0, "One.", 0, "One."),
        Pause(4, 0.5, "[pause 0.5]", 3),
        Text(4, " Two.", 4, " Two."),
    ]


def test_a_release_waits_for_its_own_cue_only() -> None:
    writer = Writer()
    writer.cue("a", source="[a]", offset=0, family="x")
    writer.both("one ")
    writer.remove()
    writer.cue("b", source="[b]", offset=0, family="x")
    assert writer.release("a", "x")
    assert not writer.release("a", "x")
    assert not writer.release("b", "other")
    events = _finish(writer)
    assert [type(event) for event in events] == [Cue, Text, Release, Cue]


def test_only_so_many_spans_stay_open() -> None:
    writer = Writer()
    for number in range(300):
        writer.cue(f"n{number}", source="", offset=0, family="x")
    assert not writer.release("n0", "x")
    assert writer.release("n299", "x")
    assert writer.repeats("N-200")
    writer.both("word")
    assert not writer.repeats("n200")
