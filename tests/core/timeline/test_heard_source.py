"""What was heard is found again in the script that it came from, tags and all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.script.parser import parse
from avatar_bridge.core.timeline.heard_source import heard_source

WORDS = st.sampled_from(
    (
        *("Hello", "nod", "so", "[nod]", "[smile 0.8]glad[/smile]", "*very much*", "😀", "$3.50,", "今日は"),
        *("[wave]you", "array[0]", "<think>a [wave] b</think>", "end.", "[pause 0.4]", "\n\n", "`code`", "a < b"),
    )
)
SCRIPTS = st.lists(WORDS, max_size=20).map(" ".join)


@given(SCRIPTS, st.integers(0, 200))
def test_what_it_gives_says_what_was_heard(source: str, cut: int) -> None:
    speech = parse(source).speech
    heard = speech[: cut % (len(speech) + 1)]
    found = heard_source(source, heard)
    assert source.startswith(found)
    assert not heard or parse(found).speech.replace(" ", "").startswith(heard.replace(" ", "").rstrip("\n"))


@given(SCRIPTS)
def test_all_of_it_is_all_that_says_anything(source: str) -> None:
    speech = parse(source).speech
    assert parse(heard_source(source, speech)).speech.split() == speech.split()


@pytest.mark.parametrize(
    ("source", "heard", "found"),
    [
        ("Hi! [wave] There you are.", "Hi!", "Hi!"),
        ("Hi! [wave] There you are.", "Hi! There", "Hi! [wave] There"),
        ("[nod] no, not now", "no,", "[nod] no,"),
        ("One [smile]two[/smile] three", "One two", "One [smile]two"),
        ("It is *very nice* here", "It is very", "It is *very"),
        ("It is **nice** here", "It is nice", "It is **nice**"),
        ("今日は[nod]いい天気ですね。[smile]散歩", "今日はいい", "今日は[nod]いい"),
        ("[wave]", "", ""),
    ],
)
def test_it_ends_at_the_last_word_heard(source: str, heard: str, found: str) -> None:
    assert heard_source(source, heard) == found
