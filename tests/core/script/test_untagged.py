"""A script without its tags: everything else stays, however it is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avatar_bridge.core.script.untagged import Untagged, untagged

NAMES = ("wave", "smile", "nod", "waves")
TEXT = st.lists(
    st.sampled_from(["[", "]", "wave", "nod", "/", " ", "a", "b", "\n", "`", "*", "<", ">", "|", "[[", "("]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("Hi! [wave] I'm [smile]so happy[/smile] you came.", "Hi! I'm so happy you came."),
        ("[wave] Hi", "Hi"),
        ("[smile 0.8 2s]Hi [pause 0.4] there", "Hi there"),
        ("array[0] and a [link](http://x.de/[1]) and [1]", "array[0] and a [link](http://x.de/[1]) and [1]"),
        ("**bold** and *really* nice, # head\n* item", "**bold** and *really* nice, # head\n* item"),
        ("*waves* Hello", "Hello"),
        ("`[wave]` and\n```\n[wave]\n```\n[wave]done", "`[wave]` and\n```\n[wave]\n```\ndone"),
        ("a [[wave]] b", "a [wave]] b"),
        ('<face name="smile"/>Hi <b>you</b> a < b', "Hi <b>you</b> a < b"),
        ("<think>hm</think>Hi", "<think>hm</think>Hi"),
        ("unclosed [wave", "unclosed [wave"),
        ("emoji 😀 stay", "emoji 😀 stay"),
        ("", ""),
    ],
)
def test_only_tags_go(script: str, text: str) -> None:
    assert untagged(script, names=NAMES) == text


@given(TEXT, st.lists(st.integers(0, 60), max_size=6))
@example("[wave] x", [6, 7])
@example("a `b", [2])
def test_any_way_of_cutting_gives_the_same_text(script: str, cuts: list[int]) -> None:
    reading = Untagged(names=NAMES)
    places = sorted({0, len(script), *(min(cut, len(script)) for cut in cuts)})
    pieces = [reading.feed(script[a:b]) for a, b in pairwise(places)]
    assert "".join(pieces) + reading.close() == untagged(script, names=NAMES)


@given(st.text(max_size=60))
def test_what_holds_no_tag_stays_whole(script: str) -> None:
    if not set("[【［<*`") & set(script):
        assert untagged(script) == script


def test_no_more_than_an_unfinished_tag_is_held_back() -> None:
    reading = Untagged(names=NAMES)
    assert reading.feed("Hello [wa") == "Hello "
    assert reading.feed("ve]") == ""
    assert reading.feed(" you") == "you"
    assert len(reading.feed("[" + "a" * 300)) > 90
