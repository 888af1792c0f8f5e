"""A word that is said is found where it is shown, though the two texts differ."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.timeline.restated import Restated

PAIRS = [
    ("See example.com now!", "See https://example.com/a/b?now=1 now!", {"See": "See", "now": "now"}),
    ("First point\nSecond point", "- First point\n- Second point", {"First": "First", "Second": "Second"}),
    ("one hundred percent sure", "100% sure", {"sure": "sure"}),
    ("It is bold here", "It is **bold** here 🙂", {"bold": "bold", "here": "here"}),
]


@pytest.mark.parametrize(("spoken", "shown", "words"), PAIRS)
def test_words_of_both_texts_meet(spoken: str, shown: str, words: dict[str, str]) -> None:
    restated = Restated(spoken, shown)
    for said, seen in words.items():
        at = restated.offset(spoken.rindex(said))
        assert shown[at:].startswith(seen)
    assert restated.offset(len(spoken)) == len(shown)


def test_a_link_before_a_word_that_it_holds_takes_the_word_itself() -> None:
    spoken, shown = "See example.com now!", "See https://example.com/a now!"
    assert shown[Restated(spoken, shown).offset(spoken.index("now")) :] == "now!"


@settings(max_examples=200, deadline=None)
@given(st.text("ab .-9", max_size=40), st.text("ab .-9", max_size=40))
def test_offsets_grow_and_stay_within_the_text(spoken: str, shown: str) -> None:
    restated = Restated(spoken, shown)
    offsets = [restated.offset(char) for char in range(len(spoken) + 1)]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(shown) for offset in offsets)
