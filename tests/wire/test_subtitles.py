"""Captions: nothing lost, nothing overlapping, lines that fit."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import WORD, performed, prepared, told

from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Segment
from avatar_bridge.wire.subtitles import LINE_WIDTH, Subtitle, columns, subtitles, to_srt, to_vtt

WORDS = [
    "Hello",
    "you",
    "Dr.",
    "J.",
    "well,",
    "end.",
    "what?",
    "no!",
    "日本語です。",
    "これは😊",
    "naïve",
    "[[x]",
    "🙂",
    "a_b",
]
STAMP = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)")


def texts(timeline: Timeline) -> list[str]:
    return [caption.text for caption in subtitles(timeline)]


def seconds(stamp: str) -> float:
    found = STAMP.fullmatch(stamp)
    assert found
    hours, minutes, whole, thousandths = map(int, found.groups())
    return hours * 3600 + minutes * 60 + whole + thousandths / 1000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40))
def test_every_shown_word_is_in_one_caption_in_order_and_none_overlap(words: list[str]) -> None:
    timeline = performed(" ".join(words))
    captions = subtitles(timeline)
    if timeline.words:
        assert "".join("".join(item.text for item in captions).split()) == "".join(timeline.shown.split())
    for caption in captions:
        lines = caption.text.split("\n")
        assert len(lines) <= 2
        assert all(columns(line) <= LINE_WIDTH and line == line.strip() and line for line in lines)
        assert caption.duration > 0
    for before, after in pairwise(captions):
        assert before.at + before.duration <= after.at + 1e-9


def test_a_sentence_a_pause_and_a_new_line_end_a_caption() -> None:
    assert texts(performed("One two. Three four! Five")) == ["One two.", "Three four!", "Five"]
    timeline, _ = told("one two")
    first = Segment(0, "one", 0)
    last = Segment(1, "two", 4, pause=1.0, final=True)
    timeline.place(first, prepared(first))
    timeline.place(last, prepared(last))
    timeline.close()
    assert texts(timeline) == ["one", "two"]


@pytest.mark.parametrize("text", ["Dr. Smith came home", "J. R. Smith came home", "It is about 3.50 now"])
def test_an_abbreviation_an_initial_and_a_number_do_not(text: str) -> None:
    assert texts(performed(text)) == [text]


def test_a_long_sentence_is_cut_before_two_lines_are_full() -> None:
    captions = subtitles(performed("several words " * 30))
    assert len(captions) > 3
    assert all(caption.duration <= 6.0 + 0.2 + WORD for caption in captions)


def test_slow_speech_is_cut_before_a_caption_stands_too_long() -> None:
    captions = subtitles(performed("a b c d e f g h i j k l m n o p q r s t u v w x y z"))
    assert len(captions) == 2
    assert captions[0].duration <= 6.2


def test_a_line_without_spaces_breaks_between_characters_and_never_before_a_stop() -> None:
    text = "これはとても長い日本語の字幕なので、どこかで二行に分けなければなりません。"
    (caption,) = texts(performed(text))
    first, second = caption.split("\n")
    assert first + second == text
    assert second[0] not in "、。"
    assert abs(columns(first) - columns(second)) <= 6


def test_one_picture_made_of_several_emoji_is_not_torn() -> None:
    family = "👨‍👩‍👧‍👦"
    caption = texts(performed("これはとても長い日本語" + family * 3 + "の字幕なので分けられる"))[0]
    assert "\n" in caption
    assert caption.replace("\n", "").count(family) == 3
    assert all(line.count(family) * 7 == sum(char in family for char in line) for line in caption.split("\n"))


def test_an_emoji_is_shown_though_it_is_not_said() -> None:
    assert texts(performed("I am glad 🙂 you came")) == ["I am glad 🙂 you came"]


def test_without_words_there_is_no_caption_and_both_formats_are_whole() -> None:
    assert subtitles(performed("")) == []
    assert to_srt([]) == ""
    assert to_vtt([]).startswith("WEBVTT\n")


def test_srt_is_numbered_with_commas_and_vtt_has_points() -> None:
    captions = [Subtitle(0.0, 1.5, "One"), Subtitle(3661.0405, 2.0, "Two\nlines")]
    assert to_srt(captions) == (
        "1\n00:00:00,000 --> 00:00:01,500\nOne\n\n2\n01:01:01,040 --> 01:01:03,040\nTwo\nlines\n"
    )
    assert to_vtt(captions) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne\n\n01:01:01.040 --> 01:01:03.040\nTwo\nlines\n"
    )


def test_markup_stays_text_in_vtt() -> None:
    assert "&lt;b&gt;A &amp; B --&gt; C&lt;/b&gt;" in to_vtt([Subtitle(0.0, 1.0, "<b>A & B --> C</b>")])


@given(st.floats(0, 90_000), st.floats(0.001, 100))
@settings(max_examples=60, deadline=None)
def test_stamps_tell_the_time(at: float, duration: float) -> None:
    for text in (to_srt([Subtitle(at, duration, "x")]), to_vtt([Subtitle(at, duration, "x")])):
        start, end = re.findall(r"[\d:.,]+(?= -->)|(?<=--> )[\d:.,]+", text)
        assert abs(seconds(start) - at) <= 0.0006
        assert abs(seconds(end) - at - duration) <= 0.0006
