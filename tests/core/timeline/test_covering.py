"""Which part of a script's speech another program's words stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.timeline.covering import cover, mark_words


@pytest.mark.parametrize(
    ("speech", "start", "said", "expected"),
    [
        ("Hello there. How are you?", 0, "Hello there.", "Hello there"),
        ("Hello there. How are you?", 11, "How are you?", "How are you"),
        ("It is *really* good :) and so on", 0, "It is really good", "It is *really* good"),
        ("It costs $5 today, right?", 0, "It costs five dollars today, right?", "It costs $5 today, right"),
        ("Ünïcode ist schön. Ja.", 0, "ünïcode ist SCHÖN", "Ünïcode ist schön"),
        ("你好,世界。再见。", 0, "你好,世界。", "你好,世界"),
        ("Hello there.", 0, "...", ""),
        ("Hello there.", 0, "Zebra crossings.", ""),
        ("", 0, "Hello", ""),
        ("Thanks, it was a nice day.", 0, "a", "a"),
        ("That is it.", 0, "ha", ""),
        ("今日はいい天気", 0, "天気", "天気"),
    ],
)
def test_what_is_said_is_found(speech: str, start: int, said: str, expected: str) -> None:
    first, end = cover(speech, start, said)
    assert speech[first:end] == expected


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 60))
def test_it_lies_inside_and_never_before(speech: str, said: str, start: int) -> None:
    start = min(start, len(speech))
    first, end = cover(speech, start, said)
    assert start <= first <= end <= len(speech)


@given(st.lists(st.text(alphabet="abc dé.!", min_size=1, max_size=10), max_size=8))
def test_pieces_of_a_text_cover_it_in_order(pieces: list[str]) -> None:
    speech, at = "".join(pieces), 0
    for piece in pieces:
        first, end = cover(speech, at, piece)
        assert [*filter(str.isalnum, speech[first:end])] == [*filter(str.isalnum, piece)]
        at = max(at, end)


def test_a_short_word_is_not_the_middle_of_another() -> None:
    speech = "Thanks, it was a nice day."
    assert cover(speech, 0, "a") == (15, 16)


def test_words_become_marks_in_their_order() -> None:
    marks = mark_words(
        "Well, well, it is 5 o'clock.", [("Well,", 0.1, 0.2), ("well", 0.4, 0.2), ("five", 1, 1), ("o'clock", 1.5, 0.5)]
    )
    assert [(mark.char, mark.length, mark.at) for mark in marks] == [(0, 4, 0.1), (6, 4, 0.4), (20, 7, 1.5)]
