"""Captions in CEA-608's form: two lines of 32 columns in its letters, cut where OBS can keep up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.wire.captions import CaptionWord
from avatar_bridge.wire.cea608 import COLUMNS, SHORTEST, broken, plain, take


def words(text: str, *, pace: float = 0.3, gap: float = 0.0) -> list[CaptionWord]:
    return [CaptionWord(f"{word} ", at := index * (pace + gap), at + pace) for index, word in enumerate(text.split())]


def test_letters_that_it_has_stay_and_others_are_written_plainly() -> None:
    assert plain("Être à la plage, ¿no? ♪ Größe “so”") == "Être à la plage, ¿no? ♪ Größe “so”"
    assert plain("Łódź, smørrebrød… naïve ﬁn ５") == "Lódz, smørrebrød... naïve fin 5"
    assert plain("日本語 👋 done") == "  done"


@given(st.text(max_size=200), st.integers(16, COLUMNS))
@settings(max_examples=200)
def test_lines_never_exceed_their_columns_and_lose_nothing(text: str, columns: int) -> None:
    lines = broken(plain(text), columns)
    assert all(0 < len(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(plain(text).split())


@given(st.lists(st.text("abcdefghij.!?", min_size=1, max_size=12), min_size=1, max_size=60), st.floats(0.05, 0.8))
@settings(max_examples=150)
def test_every_word_is_captioned_once_in_two_lines(texts: list[str], pace: float) -> None:
    left = words(" ".join(texts), pace=pace)
    said: list[str] = []
    while left:
        count, caption = take(left)
        assert count
        assert len(caption.split("\n")) <= 2
        said += caption.split()
        left = left[count:]
    assert "".join(said) == "".join(texts)


def test_a_short_sentence_is_filled_up_and_a_long_one_ends_its_caption() -> None:
    count, caption = take(words("Yes. No. I mean it. And then"))
    assert caption == "Yes. No. I mean it. And then"
    said = words("This one takes longer than two seconds. Next", pace=0.4)
    count, caption = take(said)
    assert said[count].text == "Next "
    assert said[count].at >= SHORTEST


def test_no_caption_reaches_over_a_pause() -> None:
    before = words("Wait for")
    after = [CaptionWord("it.", before[-1].end + 2.0, before[-1].end + 2.3)]
    assert take([*before, *after])[0] == 2
