from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.speech.numerals import number_words
from avatar_bridge.core.speech.words import accented, language, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["Hello", "world"]),
        (
            "Don't stop, it's a well-known rock ’n’ roll song.",
            ["Don't", "stop", "it's", "a", "well-known", "rock", "n", "roll", "song"],
        ),
        ("It costs $5.50 or 1,234.", ["It", "costs", "$5.50", "or", "1,234"]),
        ("at 3:30 p.m. on 12/25/2023", ["at", "3:30", "p.m.", "on", "12/25/2023"]),
        ("the 21st, -5° and 50%", ["the", "21st", "-5°", "and", "50%"]),
        ("the U.S.A. won", ["the", "U.S.A.", "won"]),
        ("Q&A", ["Q", "&", "A"]),
        ("naïve café Müller", ["naïve", "café", "Müller"]),
        ("cafe\u0301 time", ["cafe\u0301", "time"]),
        ("Привет, мир", ["Привет", "мир"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
        ("今天天气", ["今", "天", "天", "气"]),
        ("今日は東京タワーへ", ["今日", "は", "東京", "タワー", "へ"]),
        ("ありがとうございます", ["ありがと", "うござい", "ます"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("… ?! 🎉 --", []),
        ("", []),
    ],
)
def test_words_of_any_script(text: str, words: list[str]) -> None:
    assert [word.text for word in split_words(text)] == words


@given(st.text(max_size=80))
def test_words_are_slices_of_the_text_in_order(text: str) -> None:
    end = 0
    for word in split_words(text):
        assert word.text
        assert text[word.char : word.end] == word.text
        assert word.char >= end
        end = word.end


@given(st.text(alphabet="abcdeäéßñж漢字かなカナ가나012", max_size=40))
def test_no_letter_and_no_digit_is_left_out(text: str) -> None:
    assert sum(len(word.text) for word in split_words(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The cat sat on the mat", "en"),
        ("El perro de mi hermana corre por el parque", "es"),
        ("Je ne sais pas ce que tu veux dire", "fr"),
        ("Ich weiß nicht, was du damit meinst", "de"),
        ("Привет", "en"),
    ],
)
def test_the_language_is_guessed_from_function_words(text: str, code: str) -> None:
    assert language(split_words(text)) == code


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("the cat is on the mat", ["cat", "mat"]),
        ("el perro de mi hermana", ["perro", "hermana"]),
        ("der Hund ist in dem Haus", ["Hund", "Haus"]),
        ("今日は東京タワーへ", ["今日", "東京", "タワー"]),
    ],
)
def test_words_of_meaning_may_bear_an_accent(text: str, content: list[str]) -> None:
    words = split_words(text)
    assert [word.text for word, bears in zip(words, accented(words), strict=True) if bears] == content


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "zero"),
        ("42", "forty two"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        ("1999", "nineteen hundred ninety nine"),
        ("2024", "two thousand twenty four"),
        ("3.14", "three point one four"),
        ("$5.50", "dollar five point five zero"),
        ("-5", "minus five"),
        ("50%", "fifty percent"),
    ],
)
def test_numbers_as_words(text: str, words: str) -> None:
    assert " ".join(number_words(text)) == words


def test_a_very_long_number_is_read_digit_by_digit() -> None:
    assert number_words("12345678901234567890")[:3] == ["one", "two", "three"]
