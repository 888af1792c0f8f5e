from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.dialogue import Delta, Reasoning
from avatar_bridge.llm.written import Written

WORDS = st.lists(st.sampled_from(["<think>", "</think>", "<th", "STOP", "ST", "OP", "a", " ", "<", "é"]), max_size=12)


def written(pieces: list[str], *, thinking: bool = False) -> tuple[list[tuple[type, str]], bool]:
    text = Written(("STOP", ""), thinking=thinking)
    events: list[Delta | Reasoning] = []
    for piece in pieces:
        events += text.feed(piece)
    events += text.close()
    joined = [(kind, "".join(each.text for each in group)) for kind, group in groupby(events, type)]
    return joined, text.stopped


def test_thoughts_are_parted_and_a_stop_ends_it() -> None:
    text = "Hi<think>so\nso</think> there, a < b STOPnever<think>"
    assert written([text]) == ([(Delta, "Hi"), (Reasoning, "so\nso"), (Delta, " there, a < b ")], True)
    assert written(["so STOP </thi", "nk>Yes"], thinking=True) == ([(Reasoning, "so STOP "), (Delta, "Yes")], False)
    assert written(["ends in <thi"]) == ([(Delta, "ends in <thi")], False)


def test_only_what_may_be_a_marker_is_held_back() -> None:
    text = Written(("STOP",))
    assert list(text.feed("a <b <thi")) == [Delta("a <b ")]
    assert list(text.feed("s ST")) == [Delta("<this ")]
    assert list(text.feed("OP")) == []
    assert text.stopped
    assert list(text.feed("more")) == []


@given(WORDS, st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_any_way_of_cutting_gives_the_same(words: list[str], cuts: list[int], thinking: bool) -> None:
    text = "".join(words)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(edges)]
    assert written(pieces, thinking=thinking) == written([text], thinking=thinking)
