"""What is said for what is written, and where it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.speech.cardinals import cardinal, ordinal
from avatar_bridge.core.speech.spoken_form import SpokenWord, spoken_form
from avatar_bridge.core.speech.words import split_words

TABLE = [
    ("$3.50", "three dollars and fifty cents"),
    ("$1", "one dollar"),
    ("£20", "twenty pounds"),
    ("2nd", "second"),
    ("21st", "twenty first"),
    ("30th", "thirtieth"),
    ("Dr. Smith", "doctor smith"),
    ("Mr. & Mrs. Jones", "mister and missus jones"),
    ("1999", "nineteen ninety nine"),
    ("1905", "nineteen oh five"),
    ("2024", "two thousand twenty four"),
    ("the 1990s", "the nineteen nineties"),
    ("3:45 pm", "three forty five p m"),
    ("at 9:00", "at nine"),
    ("50%", "fifty percent"),
    ("e.g. this", "for example this"),
    ("i.e. that", "that is that"),
    ("R&B", "r and b"),
    ("120 km/h", "one hundred twenty kilometers per hour"),
    ("5km", "five kilometers"),
    ("16 GB", "sixteen gigabytes"),
    ("60 fps", "sixty frames per second"),
    ("example.com/shop", "example dot com slash shop"),
    ("https://www.example.com", " w w w dot example dot com"),
    ("bob@example.org", "bob at example dot org"),
    ("the FBI", "the f b i"),
    ("the U.S.A.", "the u s a"),
    ("NASA", "nasa"),
    ("Henry VIII", "henry the eighth"),
    ("World War II", "world war two"),
    ("Chapter IV", "chapter four"),
    ("pages 10-20", "pages ten to twenty"),
    ("10–20", "ten to twenty"),
    ("555-1234", "five five five one two three four"),
    ("1/2", "one half"),
    ("3/4", "three quarters"),
    ("3.14", "three point one four"),
    ("1,234", "one thousand two hundred thirty four"),
    ("-5°C", "minus five degrees celsius"),
    ("007", "zero zero seven"),
    ("well-known", "well known"),
    ("don’t", "don't"),
    ("PogChamp42", "pog champ forty two"),
]


def said(words: tuple[SpokenWord, ...]) -> str:
    return " ".join(word.text for word in words)


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text for text, _ in TABLE])
def test_english_as_it_is_read(text: str, expected: str) -> None:
    assert said(spoken_form(text)) == expected


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("1999", "nineteen hundred ninety nine"),
        ("1999", "one thousand nine hundred and ninety nine"),
        ("2024", "twenty twenty four"),
        ("$5.50", "dollar five point five zero"),
        ("$5.50", "five fifty"),
        ("120", "one hundred and twenty"),
        ("NASA", "n a s a"),
        ("FBI", "fbi"),
        ("9-5", "nine five"),
        ("12/25/2023", "twelve slash twenty five slash two thousand twenty three"),
        ("Elizabeth II", "roman two"),
        ("#1", ""),
    ],
)
def test_other_voices_read_otherwise(text: str, reading: str) -> None:
    assert any(reading in word.readings for word in spoken_form(text))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "21 & 95 %", "einundzwanzig und fünfundneunzig Prozent"),
        ("de", "1.234,5", "eintausendzweihundertvierunddreißig Komma fünf"),
        ("de", "101", "einhunderteins"),
        ("es", "21 y 1999", "veintiuno y mil novecientos noventa y nueve"),
        ("es", "3,50€", "tres coma cincuenta euros"),
        ("es", "100 101", "cien ciento uno"),
        ("fr", "71 80 81 99", "soixante et onze quatre vingt quatre vingt un quatre vingt dix neuf"),
        ("fr", "1000 & 50%", "mille et cinquante pour cent"),
        ("it", "ciao 5", "ciao 5"),
    ],
)
def test_numbers_of_other_languages(language: str, text: str, expected: str) -> None:
    assert said(spoken_form(text, language)) == expected


@pytest.mark.parametrize("value", [0, 7, 13, 20, 99, 100, 110, 999, 1000, 10**6, 10**9 + 1, 999_999_999_999_999])
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "xx"])
def test_every_number_has_words(value: int, language: str) -> None:
    words = cardinal(value, language)
    assert words
    assert words == " ".join(words.split())
    assert not any(character.isdigit() for character in words)


@given(st.integers(0, 10**15 - 1), st.integers(0, 10**15 - 1))
def test_different_numbers_are_said_differently(one: int, other: int) -> None:
    for language in ("en", "de", "es"):
        assert (cardinal(one, language) == cardinal(other, language)) == (one == other)
    assert (ordinal(one) == ordinal(other)) == (one == other)


PIECES = st.sampled_from(
    [
        *(text for text, _ in TABLE),
        "and",
        "I",
        "$",
        "#",
        ".",
        ",",
        "…",
        " ",
        "\n",
        "今日は",
        "9" * 20,
        "1/0",
        "é",
        "''",
        "::",
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=8).map(" ".join), st.text(max_size=60)), st.sampled_from(["en", "de", "ja"]))
def test_places_are_in_order_and_every_word_has_one(text: str, language: str) -> None:
    found = spoken_form(text, language)
    end = 0
    for word in found:
        assert word.char >= end
        assert word.length > 0
        end = word.char + word.length
        assert word.readings
        assert len(set(word.readings)) == len(word.readings) <= 14
    assert end <= len(text)
    for written in split_words(text):
        if language == "en" and written.kind in ("word", "number"):
            assert any(word.char < written.end and written.char < word.char + word.length for word in found)


@given(st.text("0123456789$%.,:/-–€£stndrhpmk ", max_size=24))
def test_no_digit_is_left(text: str) -> None:
    for word in spoken_form(text):
        for reading in word.readings:
            assert not any(character.isdigit() for character in reading), reading
