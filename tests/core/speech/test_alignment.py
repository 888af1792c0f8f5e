from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.speech.alignment import Alignment, align
from avatar_bridge.core.speech.ipa import merged
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark

RATE = 16000
NOTHING = np.zeros(0, np.float32)


def test_marks_of_the_voice_are_used_as_they_are() -> None:
    marks = (WordMark(0, 5, 0.05, 0.4), WordMark(7, 5, 0.6, 0.35))
    found = align("Hello, world!", SpokenSegment(_tone(1.0), RATE, marks=marks, hop=0.01))
    assert found.timing == "words"
    assert found.expected_error == 0.01
    assert _times(found) == [("Hello", 0, 0.05, 0.4), ("world", 7, 0.6, 0.35)]


def test_several_marks_in_one_word_make_its_time() -> None:
    marks = (WordMark(0, 2, 0.0, 0.2), WordMark(3, 4, 0.2, 0.3), WordMark(4, 4, 0.5, 0.4), WordMark(8, 3, 0.9, 0.1))
    found = align("in 2024 the", SpokenSegment(_tone(1.0), RATE, marks=marks))
    assert _times(found) == [("in", 0, 0.0, 0.2), ("2024", 3, 0.2, 0.7), ("the", 8, 0.9, 0.1)]


def test_words_under_one_mark_share_its_time() -> None:
    marks = (WordMark(0, 3, 0.0, 0.2), WordMark(4, 6, 0.2, 0.2), WordMark(11, 3, 0.4, 0.2))
    was, on, the, bus = align("was on the bus", SpokenSegment(_tone(1.0), RATE, marks=marks)).words
    assert (was.at, on.at, bus.at) == (0.0, 0.2, 0.4)
    assert on.at < the.at < bus.at
    assert the.at + the.duration == pytest.approx(0.4)


def test_a_word_starts_exactly_with_its_first_sound() -> None:
    phonemes = _spoken("həlˈoʊ ðˈɛɹ,| maɪ fɹˈɛnd!|")
    found = align("Hello there, my friend!", SpokenSegment(NOTHING, RATE, phonemes, hop=0.01))
    assert found.timing == "phonemes"
    assert found.expected_error == 0.01
    assert _sounds(found) == {"Hello": "həlˈoʊ", "there": "ðˈɛɹ", "my": "maɪ", "friend": "fɹˈɛnd"}
    for word in found.words:
        assert word.at in {phoneme.at for phoneme in found.phonemes}


@pytest.mark.parametrize(
    ("text", "spoken", "sounds"),
    [
        (
            "I was on the bus in 2024, at 3:30 p.m.",
            "aɪ wʌz ɔnðə bˈʌs ɪn tˈuː θˈaʊzənd twˈɛnti fˈɔːɹ,| æt θɹˈiː θˈɜːɾi pˌiːʲˈɛm.|",
            {"on": "ɔn", "the": "ðə", "bus": "bˈʌs", "2024": "tˈuː θˈaʊzənd twˈɛnti fˈɔːɹ", "3:30": "θɹˈiː θˈɜːɾi"},
        ),
        (
            "It costs $5.50 & more.",
            "ɪt kˈɔsts dˈɑːlɚ fˈaɪv pɔɪnt fˈaɪv zˈiəɹoʊ ænd mˈɔːɹ.|",
            {"$5.50": "dˈɑːlɚ fˈaɪv pɔɪnt fˈaɪv zˈiəɹoʊ", "&": "ænd", "more": "mˈɔːɹ"},
        ),
        ("The FBI and NASA", "ðɪ ˌɛfbˌiːʲˈaɪ ænd nˈæsɐ|", {"FBI": "ˌɛfbˌiːʲˈaɪ", "and": "ænd", "NASA": "nˈæsɐ"}),
        (
            "in the house of the king",
            "ɪnðə hˈaʊs ʌvðə kˈɪŋ|",
            {"in": "ɪn", "house": "hˈaʊs", "of": "ʌv", "king": "kˈɪŋ"},
        ),
        ("Ich weiß, dass es geht", "ɪç vˈaɪs,| das ɛs ɡˈeːt|", {"weiß": "vˈaɪs", "es": "ɛs", "geht": "ɡˈeːt"}),
        ("Привет, как дела", "prʲivʲˈet,| kak dʲɪlˈa|", {"Привет": "prʲivʲˈet", "как": "kak", "дела": "dʲɪlˈa"}),
        ("今天很好", "tɕˈin thˈiɛn χˈən χˈɑu|", {"今": "tɕˈin", "天": "thˈiɛn", "好": "χˈɑu"}),
        ("Whatever happens", "wʌt ˈɛvɚ hˈæpənz", {"Whatever": "wʌt ˈɛvɚ", "happens": "hˈæpənz"}),
        ("ねこ カフェ", "nekokafe|", {"ねこ": "neko", "カフェ": "kafe"}),
    ],
)
def test_sounds_find_their_words_though_the_voice_joins_and_splits_them(
    text: str, spoken: str, sounds: dict[str, str]
) -> None:
    found = _sounds(align(text, SpokenSegment(NOTHING, RATE, _spoken(spoken))))
    assert {name: found[name] for name in sounds} == sounds


def test_punctuation_is_an_anchor_where_the_voice_leaves_a_word_out() -> None:
    found = align("la la la, la", SpokenSegment(NOTHING, RATE, _spoken("la la,| la")))
    pause = next(phoneme for phoneme in found.phonemes if not phoneme.symbol)
    assert found.words[-1].at >= pause.at + pause.duration
    assert found.words[-2].at <= pause.at


def test_joined_words_are_less_certain() -> None:
    apart = align("on the bus", SpokenSegment(NOTHING, RATE, _spoken("ɔn ðə bˈʌs"), hop=0.01))
    joined = align("on the bus", SpokenSegment(NOTHING, RATE, _spoken("ɔnðə bˈʌs"), hop=0.01))
    assert apart.expected_error == 0.01
    assert 0.01 < joined.expected_error < 0.05


def test_a_word_the_voice_leaves_out_has_no_duration() -> None:
    found = align("one two", SpokenSegment(NOTHING, RATE, _spoken("wˈʌn")))
    assert found.words[0].duration > 0
    assert found.words[1].duration == 0


def test_stress_comes_from_the_voice_on_words_of_meaning() -> None:
    found = align("the cat was here", SpokenSegment(NOTHING, RATE, _spoken("ðə kˈæt wˈʌz hɪɹ")))
    assert [word.text for word in found.words if word.stressed] == ["cat"]


def test_without_marks_of_stress_words_of_meaning_carry_it() -> None:
    found = align("the cat was here", SpokenSegment(_tone(1.0), RATE))
    assert [word.text for word in found.words if word.stressed] == ["cat", "here"]


def test_an_estimate_puts_words_after_the_pause_behind_the_comma() -> None:
    sound = np.concatenate([_hush(0.3), _tone(0.8), _hush(0.5), _tone(1.0), _hush(0.4)])
    found = align("Hello there, my good friend.", SpokenSegment(sound, RATE))
    assert found.timing == "estimated"
    assert found.expected_error > 0.05
    at = {word.text: word.at for word in found.words}
    assert at["Hello"] == pytest.approx(0.3, abs=0.03)
    assert at["my"] == pytest.approx(1.6, abs=0.03)
    last = found.words[-1]
    assert last.at + last.duration == pytest.approx(2.6, abs=0.03)


def test_a_pause_belongs_to_the_comma_though_another_place_is_nearer() -> None:
    sound = np.concatenate([_tone(0.7), _hush(0.3), _tone(0.6)])
    found = align("One two, three four five.", SpokenSegment(sound, RATE))
    assert found.words[2].at == pytest.approx(1.0, abs=0.03)


def test_an_estimate_gives_longer_words_more_time() -> None:
    short, long = align("a extraordinarily", SpokenSegment(_tone(1.0), RATE)).words
    assert long.duration > 4 * short.duration


def test_a_pause_within_a_number_does_not_shift_the_words_behind_it() -> None:
    sound = np.concatenate([_tone(0.3), _tone(0.8), _hush(0.2), _tone(1.2), _hush(0.3), _tone(0.8)])
    found = align("About 1,234, people came.", SpokenSegment(sound, RATE))
    assert found.words[2].at == pytest.approx(2.8, abs=0.03)


def test_more_pauses_than_words_are_no_trouble() -> None:
    sound = np.concatenate([_tone(0.3), _hush(0.3), _tone(0.3), _hush(0.3), _tone(0.3)])
    assert len(align("Hello you", SpokenSegment(sound, RATE)).words) == 2
    assert len(align("Hello", SpokenSegment(sound, RATE)).words) == 1


@pytest.mark.parametrize("samples", [NOTHING, np.zeros(RATE, np.float32)])
def test_silence_and_nothing_still_place_every_word(samples: Samples) -> None:
    found = align("one two three", SpokenSegment(samples, RATE))
    assert [word.text for word in found.words] == ["one", "two", "three"]
    assert all(0 <= word.at <= len(samples) / RATE for word in found.words)


def test_text_without_words_has_none() -> None:
    assert align("… 🎉 !", SpokenSegment(_tone(0.5), RATE)).words == ()
    assert align("", SpokenSegment(NOTHING, RATE, _spoken("a"))).words == ()


def test_phonemes_that_are_all_silence_are_no_times() -> None:
    assert align("one", SpokenSegment(_tone(0.5), RATE, (Phoneme("", 0, 0.5),))).timing == "estimated"


@settings(max_examples=120, deadline=None)
@given(
    st.text(alphabet="ab cdeéxyz0 1,.!-' 漢字かな가Я\n[", max_size=60),
    st.text(alphabet="abtkmnsˈɪəuːʃ  |", max_size=60),
)
def test_words_stand_in_order_and_within_the_sound_whatever_was_said(text: str, spoken: str) -> None:
    phonemes = _spoken(spoken)
    length = sum(phoneme.duration for phoneme in phonemes)
    segment = SpokenSegment(np.zeros(int(length * RATE), np.float32), RATE, phonemes)
    found = align(text, segment)
    for word in found.words:
        assert text[word.char : word.char + len(word.text)] == word.text
        assert word.at >= -1e-9
        assert word.at + word.duration <= length + 1e-6
    for before, after in pairwise(found.words):
        assert before.char + len(before.text) <= after.char
        assert before.at <= after.at + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.lists(st.floats(0.05, 0.5), max_size=7))
def test_estimated_words_stand_in_order_and_within_the_sound(text: str, parts: list[float]) -> None:
    pieces = [_tone(part) if index % 2 else _hush(part) for index, part in enumerate(parts)]
    sound = np.concatenate([NOTHING, *pieces])
    found = align(text, SpokenSegment(sound, RATE))
    for before, after in pairwise(found.words):
        assert before.at + before.duration <= after.at + 1e-6
    for word in found.words:
        assert word.at >= 0
        assert word.at + word.duration <= len(sound) / RATE + 1e-6


def _spoken(text: str) -> tuple[Phoneme, ...]:
    """Return a voice's report: each letter 0.06 s, `|` and punctuation silence, a space the boundary of two words."""
    row, at = [], 0.0
    for letter in text:
        symbol, duration = ("", 0.2) if letter in "|,.!" else (letter, 0.06)
        row.append(Phoneme(symbol, at, duration))
        at += duration
    return tuple(row)


def _times(found: Alignment) -> list[tuple[str, int, float, float]]:
    return [(word.text, word.char, word.at, round(word.duration, 9)) for word in found.words]


def _sounds(found: Alignment) -> dict[str, str]:
    return {word.text: _between(found.phonemes, word.at, word.at + word.duration) for word in found.words}


def _between(phonemes: Sequence[Phoneme], start: float, end: float) -> str:
    return "".join(p.symbol for p in phonemes if start - 1e-9 <= p.at < end - 1e-9)


def _hush(seconds: float) -> Samples:
    return np.asarray(1e-4 * np.random.default_rng(0).standard_normal(int(seconds * RATE)), dtype=np.float32)


def _tone(seconds: float) -> Samples:
    times = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(2, 15)) * 0.2, dtype=np.float32)


def test_a_whole_chapter_is_aligned_in_bounded_memory() -> None:
    sentence, spoken = "Whatever happens, the cat was here. ", "wʌt ˈɛvɚ hˈæpənz,| ðə kˈæt wʌz hɪɹ.| "
    text, phonemes = sentence * 120, _spoken(spoken * 120)
    found = align(text, SpokenSegment(NOTHING, RATE, phonemes))
    starts = [p.at for p in merged(phonemes) if p.symbol.strip()]
    length = (phonemes[-1].at + phonemes[-1].duration) / 120
    cats = [word.at for word in found.words if word.text == "cat"]
    first = align(sentence, SpokenSegment(NOTHING, RATE, _spoken(spoken)))
    offset = next(word.at for word in first.words if word.text == "cat")
    assert set(cats) <= set(starts)
    assert cats == pytest.approx([index * length + offset for index in range(120)], abs=1e-6)


def test_marks_place_the_words_of_a_voice_that_tells_its_sounds_besides() -> None:
    sounds = (Phoneme("h", 0.0, 0.1), Phoneme("aɪ", 0.1, 0.4))
    marks = (WordMark(0, 2, 0.05, 0.4),)
    found = align("Hi.", SpokenSegment(_tone(0.5), RATE, sounds, marks, hop=0.01))
    assert (found.timing, found.expected_error) == ("phonemes", 0.01)
    assert _times(found) == [("Hi", 0, 0.05, 0.4)]
    assert align("Hi.", SpokenSegment(_tone(0.5), RATE, (Phoneme("", 0.0, 0.5),), marks)).timing == "words"
