"""Japanese text against the moras of a voice: kana where they sound, the rest in between, or nothing at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_services.japanese import moras

from avatar_bridge.tts.kana_marks import PAUSE, SpokenMora, kana_marks


def spoken(reading: str) -> list[SpokenMora]:
    """Return a reading as moras of a tenth of a second; a comma is a pause, a stroke the start of a phrase."""
    row: list[SpokenMora] = []
    for phrase in reading.replace(",", "|,|").split("|"):
        for number, mora in enumerate(moras(phrase)):
            at = len(row) / 10
            row.append(SpokenMora(mora.consonant, mora.vowel, at, at + 0.1, number == 0))
        if phrase == ",":
            row.append(SpokenMora("", PAUSE, len(row) / 10, len(row) / 10 + 0.1))
    return row


def found(text: str, reading: str) -> dict[str, tuple[float, float]]:
    return {
        text[mark.char : mark.char + mark.length]: (round(mark.at, 3), round(mark.at + mark.duration, 3))
        for mark in kana_marks(text, spoken(reading))
    }


@pytest.mark.parametrize(
    ("text", "reading", "expected"),
    [
        ("猫は", "ネコワ", {"猫": (0.0, 0.2), "は": (0.2, 0.3)}),
        ("学校へ行く", "ガッコーエ|イク", {"学校": (0.0, 0.4), "へ": (0.4, 0.5), "行": (0.5, 0.6), "く": (0.6, 0.7)}),
        ("きょう、うみ", "キョー,ウミ", {"きょ": (0.0, 0.1), "う": (0.3, 0.4), "み": (0.4, 0.5)}),
        ("Tシャツ", "ティーシャツ", {"シャ": (0.2, 0.3), "ツ": (0.3, 0.4)}),
        ("3時です", "サンジデス", {"です": (0.3, 0.5)}),
        ("ラーメン", "ラーメン", {"ラ": (0.0, 0.1), "ー": (0.1, 0.2), "メ": (0.2, 0.3), "ン": (0.3, 0.4)}),
        ("あ🎉い", "アイ", {"あ": (0.0, 0.1), "い": (0.1, 0.2)}),
        ("人々が", "ヒトビトガ", {"人々": (0.0, 0.4), "が": (0.4, 0.5)}),
    ],
)
def test_a_kana_stands_where_it_sounds(text: str, reading: str, expected: dict[str, tuple[float, float]]) -> None:
    marks = found(text, reading)
    for letters, times in expected.items():
        if letters == "です":
            assert (marks["で"][0], marks["す"][1]) == times
        else:
            assert marks[letters] == times, letters


def test_a_text_that_was_not_said_has_no_times() -> None:
    assert kana_marks("わたしはあなたがすき", spoken("ポピペプピポポピペプ")) == ()
    assert kana_marks("あ", spoken("アカサタナハマヤラワ")) == ()
    assert kana_marks("", spoken("ア")) == ()
    assert kana_marks("ア", []) == ()


@given(st.text("あかきゃっんーワ漢字2A、。 ", max_size=30), st.text("アカキャッンーワ,|", max_size=40))
def test_marks_are_in_order_inside_the_text_and_inside_the_sound(text: str, reading: str) -> None:
    row = spoken(reading)
    edge, moment = 0, 0.0
    for mark in kana_marks(text, row):
        assert mark.char >= edge
        assert mark.length > 0
        assert mark.at >= moment
        assert mark.duration > 0
        edge, moment = mark.char + mark.length, mark.at + mark.duration - 1e-9
    assert edge <= len(text)
    assert moment <= (row[-1].end if row else 0.0)


@given(st.text("あかきさたなまやらがばぱんっキャ", min_size=1, max_size=30))
def test_kana_that_are_said_as_they_are_written_have_their_own_times(text: str) -> None:
    row = spoken(text)
    marks = kana_marks(text, row)
    assert [round(mark.at, 3) for mark in marks] == [round(mora.at, 3) for mora in row]
