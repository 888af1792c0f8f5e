"""Captions with word times: readable, whole, and steady while an utterance grows."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import MAP, prepared
from wire_stories import SCRIPTS, spoken_by_tone

from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Segment
from avatar_bridge.wire.captions import Caption, CaptionFlow, cut_short
from avatar_bridge.wire.line_breaking import LINE_WIDTH, columns

LONG = (
    "It was, all in all, a rather long sentence that will not fit into the two lines of forty-two columns which a "
    "caption may have, sadly. Ok. See https://example.com/a/very/long/path/that/goes/on?and=on&on=1 now!\n"
    '- First point\n- Second point: "done" (at last)\n\nWow 🙂🙂 Dr. Who said: “well, well”.'
)
JAPANESE = (
    "今日はとてもいい天気ですね。「散歩に行きませんか」と彼女は言いました"
    "が、私はまだ宿題が終わっていなかったので、断るしかありませんでした。"
)


def flat(text: str) -> str:
    return "".join(text.split())


def all_at_once(timeline: Timeline) -> list[Caption]:
    first, captions = CaptionFlow().grow(timeline, -1.0)
    assert first == 0
    return captions


def check(captions: list[Caption], timeline: Timeline) -> None:
    words = [word for caption in captions for line in caption.lines for word in line]
    assert flat("".join(word.text for word in words)) == (flat(timeline.shown) if timeline.words else "")
    assert all(before.end <= after.at + 1e-9 for before, after in pairwise(words))
    assert all(word.at <= word.end for word in words)
    assert all(before.end <= after.at + 1e-9 for before, after in pairwise(captions))
    for caption in captions:
        assert 1 <= len(caption.lines) <= 2
        assert caption.at == caption.lines[0][0].at
        assert caption.end >= caption.at
        for line in caption.lines:
            text = "".join(word.text for word in line)
            assert columns(text.rstrip()) <= LINE_WIDTH
            assert not text.startswith(" ")
            assert "\n" not in text


@pytest.mark.parametrize(
    "script", [*SCRIPTS, LONG, JAPANESE, "- one\n- two", "(a) [b] “c” d" * 20], ids=lambda s: s[:20]
)
def test_captions_hold_the_whole_text_in_order_and_within_their_lines(script: str) -> None:
    timeline = spoken_by_tone(script)
    check(all_at_once(timeline), timeline)


def texts(script: str) -> list[str]:
    return [caption.text for caption in all_at_once(spoken_by_tone(script))]


def test_they_are_cut_at_sentences_and_balanced() -> None:
    found = texts(LONG)
    assert found[0].split("\n") == [
        "It was, all in all, a rather long sentence",
        "that will not fit into the two lines",
    ]
    assert "Ok." in found
    assert [text for text in found if "point" in text] == ["- First point", '- Second point: "done" (at last)']
    assert found[-1] == "Wow 🙂🙂 Dr. Who said: “well, well”."


def test_no_scrap_is_left_over() -> None:
    for script in (LONG, JAPANESE, "word " * 37 + "end."):
        for caption in all_at_once(spoken_by_tone(script)):
            if len(caption.lines) == 2:
                first, second = (columns("".join(word.text for word in line)) for line in caption.lines)
                assert second >= 0.35 * first
    words = [len(text.split()) for text in texts("words " * 14 + "end.")]
    assert min(words) > 5


def test_brackets_stay_with_what_they_open() -> None:
    words = [
        word.text
        for caption in all_at_once(spoken_by_tone('She said "hello (there)" too. 彼女は「はい」と言った。'))
        for line in caption.lines
        for word in line
    ]
    assert '"hello ' in words
    assert "(there)" in "".join(words)
    assert [word[0] for word in words if "「" in word] == ["「"]
    assert not any(word.rstrip().endswith(("(", "「", ' "')) for word in words)


def test_a_link_is_one_word_with_the_time_of_its_words() -> None:
    captions = all_at_once(spoken_by_tone("See https://example.com/path/to/it now, please."))
    words = [word for caption in captions for line in caption.lines for word in line]
    assert [word.text for word in words if "now" in word.text] == ["now, "]
    now = next(word for word in words if "now" in word.text)
    timeline = spoken_by_tone("See https://example.com/path/to/it now, please.")
    assert now.at == next(word.at for word in timeline.words if word.text == "now")


def test_a_pause_begins_a_new_caption() -> None:
    assert texts("I think [pause 1.0] therefore I am.") == ["I think", "therefore I am."]


WORDS = ["a", "to", "the", "wonderful", "extraordinarily,", "well;", "天気", "はい"]
SENTENCES = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=14)
    .map(" ".join)
    .flatmap(lambda text: st.sampled_from([".", "!", ",", "", "\n"]).map(lambda end: text + end)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.data())
def test_what_has_begun_never_moves_while_it_grows(sentences: list[str], data: st.DataObject) -> None:
    timeline = Timeline(MAP)
    parser = Parser(names=MAP.names())
    flow = CaptionFlow()
    seen: list[Caption] = []
    heard = 0.0
    at = 0
    for index, sentence in enumerate(sentences):
        parser.feed(sentence + " ")
        if index + 1 == len(sentences):
            parser.close()
        for event in parser.events():
            timeline.feed(event)
        text = timeline.speech[at:]
        if not text.strip():
            continue
        segment = Segment(index, text, at)
        at += len(text)
        timeline.place(segment, prepared(segment))
        before = list(seen)
        first, news = flow.grow(timeline, heard)
        assert first <= len(seen)
        seen[first:] = news
        assert seen == flow.captions
        for old, new in zip(before, seen, strict=False):
            if old.at <= heard:
                assert laid(new)[: len(laid(old))] == laid(old)
        heard = data.draw(st.floats(heard, timeline.duration))
    timeline.close()
    first, news = flow.grow(timeline, heard)
    seen[first:] = news
    check(seen, timeline)


def laid(caption: Caption) -> list[tuple[int, str, float]]:
    """Return each word with its line; the space behind it may come later."""
    return [(number, word.text.rstrip(), word.at) for number, line in enumerate(caption.lines) for word in line]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.77, 1.0])
def test_after_an_interrupt_they_end_at_the_last_word_heard(share: float) -> None:
    timeline = spoken_by_tone(LONG)
    captions = all_at_once(timeline)
    heard = timeline.duration * share
    first, kept = cut_short(captions, heard)
    left = [*captions[:first], *kept]
    words = [word for caption in left for line in caption.lines for word in line]
    assert all(word.end <= heard + 1e-6 for word in words)
    assert len(words) == sum(word.end <= heard + 1e-6 for c in captions for line in c.lines for word in line)
    assert all(caption.end <= heard + 1e-6 for caption in kept)
    shown = timeline.heard(heard).shown if share < 1.0 else timeline.shown
    told = "".join(word.text for word in words)
    plain = "".join(c for c in flat(shown) if unicodedata.category(c)[0] in "LN")
    assert plain.startswith("".join(c for c in flat(told) if unicodedata.category(c)[0] in "LN"))
