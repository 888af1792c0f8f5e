"""Text as the symbols that Kokoro was trained on, each with the place in the text that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from avatar_bridge.core.speech.speakable import is_speakable, latin, script_of
from avatar_bridge.errors import UsageError
from avatar_bridge.tts.chinese import hanzi_number, syllables
from avatar_bridge.tts.espeak_phonemes import Clause, EspeakPhonemes
from avatar_bridge.tts.japanese import PAUSES, Reading, ipa, readings

__all__ = ["LANGUAGES", "VOCABULARY", "KokoroText", "Token"]

LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
}
"""The language of a voice by the first letter of its name."""
_NUMBERED = {
    1: ";:,.!?",
    9: '—…"()“” \u0303ʣʥʦʨᵝꭧAI',
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyz",
}
_NUMBERED |= {69: "ɑɐɒæ", 75: "βɔɕç", 80: "ɖðʤə", 85: "ɚɛɜ", 90: "ɟ", 92: "ɡ", 99: "ɥ", 101: "ɨɪʝ", 110: "ɯɰŋɳɲɴø"}
_NUMBERED |= {118: "ɸθœ", 123: "ɹ", 125: "ɾɻ", 128: "ʁɽʂʃʈʧ", 135: "ʊʋ", 138: "ʌɣɤ", 142: "χʎ", 147: "ʒʔ", 156: "ˈˌː"}
_NUMBERED |= {162: "ʰ", 164: "ʲ", 169: "↓", 171: "→↗↘", 177: "ᵻ"}
VOCABULARY = {symbol: first + place for first, symbols in _NUMBERED.items() for place, symbol in enumerate(symbols)}
"""Kokoro-82M v1.0's symbols and their numbers."""

_TITLES = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|Jr|Sr|vs)\.(?=\s)")
_STOPS = ".!?…。！？"
_MARKS = str.maketrans(dict(zip("。、，！？：；「」『』《》（）～〜・·", ".,,!?:;“”“”“”()——  ", strict=True)))
_EASTERN = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇々ー]")
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]*[」』）)]*")
_TIES = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "d^ʒ": "ʤ",
    "e^ɪ": "A",
    "t^ʃ": "ʧ",
    "ɔ^ɪ": "Y",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "t^s": "ʦ",
    "d^z": "ʣ",
}
_ENGLISH = {
    "ɚ": "əɹ",
    "r": "ɹ",
    "x": "k",
    "ç": "k",
    "ɐ": "ə",
    "ɬ": "l",
    "ʲ": "",
    "e": "A",
    "o": "ɔ",
    "ʔ": "t",
    "ɾ": "T",
}
_AMERICAN = {"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": ""}
_BRITISH = {"e^ə": "ɛː", "iə": "ɪə"}
_JAPANESE = {"tɕ": "ʨ", "dʑ": "ʥ", "ts": "ʦ", "dz": "ʣ", "w": "β", "\u0325": ""}


@dataclass(frozen=True, slots=True)
class Token:
    """One symbol of Kokoro's and the characters of the text that it belongs to."""

    symbol: str
    char: int = -1
    """Offset of the word; -1 for punctuation and spaces."""
    length: int = 0


class KokoroText:
    """Turns text into tokens, a sentence at a time.

    language: that of text in Latin letters (`en-us`, `fr-fr`), or `ja`, `zh`: then Latin letters are read as English.
    Kana and Chinese characters are read as what they are: Japanese beside kana or where `language` is `ja`.
    """

    def __init__(self, language: str) -> None:
        self._eastern = language if language in ("ja", "zh") else ""
        self._latin = "en-us" if self._eastern else language
        if self._latin not in LANGUAGES.values():
            known = ", ".join(LANGUAGES.values())
            raise UsageError(f"expected language to be one that Kokoro speaks ({known}), got {language!r}")

    @cached_property
    def _espeak(self) -> EspeakPhonemes:
        return EspeakPhonemes()

    def readable(self, text: str) -> tuple[str, str]:
        """Return `text` with letters of scripts that are not read here as spaces, and the words they were in."""
        if self._latin == "hi":
            return text, ""
        kept = "".join(
            character if character == plain or _EASTERN.match(character) else " "
            for character, plain in zip(text, latin(text), strict=True)
        )
        lost = "".join(before if before != after else " " for before, after in zip(text, kept, strict=True))
        return kept, " ".join(lost.split())

    def sentences(self, text: str) -> Iterator[list[Token]]:
        """Yield the tokens of each sentence that says anything."""
        if not _EASTERN.search(text):
            yield from self._spelled(text, 0)
            return
        at = 0
        for sentence in _SENTENCE.findall(text):
            if is_speakable(sentence):
                yield self._mixed(sentence, at)
            at += len(sentence)

    def _mixed(self, sentence: str, at: int) -> list[Token]:
        """Return a sentence in which Chinese or Japanese stands; a Japanese one is read whole."""
        if self._eastern == "ja" or script_of(sentence) == "HIRAGANA":
            return _japanese(sentence, at)
        tokens: list[Token] = []
        for run in re.finditer(rf"(?:{_EASTERN.pattern}|\d)+|(?:(?!{_EASTERN.pattern})\D)+", sentence):
            if tokens and tokens[-1].symbol != " " and is_speakable(run[0]):
                tokens.append(Token(" "))
            if _EASTERN.search(run[0]) or run[0].isdecimal():
                tokens += _chinese(run[0], at + run.start())
            elif is_speakable(run[0]):
                tokens += [token for group in self._spelled(run[0], at + run.start()) for token in group]
            else:
                tokens += [Token(mark) for mark in run[0].translate(_MARKS) if mark in VOCABULARY]
        return tokens

    def _spelled(self, text: str, offset: int) -> Iterator[list[Token]]:
        if self._latin.startswith("en"):
            text = _TITLES.sub(r"\1 ", text)
        tokens: list[Token] = []
        for clause in self._espeak.clauses(text, self._latin):
            tail = clause.text[max((char + length - clause.char for char, length in clause.words), default=0) :]
            last = clause.text[: len(clause.text) - len(tail)]
            said = last.rstrip("\"'”’»)")
            ending = last[len(said.rstrip(".,;:!?…—")) :] + tail
            tokens += [replace(t, char=t.char + offset) if t.char >= 0 else t for t in _sounds(clause, self._latin)]
            tokens += _punctuation(ending)
            if any(mark in _STOPS for mark in ending) or "\n" in ending:
                yield tokens
                tokens = []
        if any(token.char >= 0 for token in tokens):
            yield tokens


def _punctuation(ending: str) -> list[Token]:
    marks = [mark for mark in ending.replace("...", "…").translate(_MARKS) if mark in ";:,.!?—…"]
    return [*(Token(mark) for mark in marks[:2]), Token(" ")]


def _sounds(clause: Clause, language: str) -> list[Token]:
    """Return a clause's phonemes in Kokoro's spelling; a replaced group belongs to the word of its first letter."""
    spelling = dict(_TIES)
    if language.startswith("en"):
        spelling |= _ENGLISH | (_BRITISH if language == "en-gb" else _AMERICAN)
    longest = max(len(key) for key in spelling)
    tokens: list[Token] = []
    place = 0
    while place < len(clause.phonemes):
        own = clause.owners[place]
        key = next(
            (
                clause.phonemes[place : place + size]
                for size in range(longest, 0, -1)
                if clause.phonemes[place : place + size] in spelling
            ),
            clause.phonemes[place],
        )
        char, length = clause.words[own] if own >= 0 and own < len(clause.words) else (-1, 0)
        place += len(key)
        if key == "\u0329" and language.startswith("en") and tokens:
            # a syllabic consonant: a short schwa goes before it
            tokens.insert(len(tokens) - 1, Token("ᵊ", char, length))
            continue
        tokens += [Token(symbol, char, length) for symbol in spelling.get(key, key) if symbol in VOCABULARY]
    return tokens


def _japanese(text: str, offset: int) -> list[Token]:
    words = readings(text)
    flat = [phone for word in words for phone in word.phones]
    sounds = iter(ipa(flat))
    tokens: list[Token] = []
    for word in words:
        told = [next(sounds) for _ in word.phones]
        if all(phone in PAUSES for phone in word.phones):
            tokens += _marks_of(word)
            continue
        if tokens and not word.joined and tokens[-1].symbol != " ":
            tokens.append(Token(" "))
        char, length = offset + word.char, word.length
        if not length and tokens:
            before = next((token for token in reversed(tokens) if token.char >= 0), Token("", char, 1))
            char, length = before.char, before.length
        tokens += [Token(symbol, char, max(1, length)) for symbol in _kokoro_japanese(told)]
    return tokens


def _marks_of(word: Reading) -> Sequence[Token]:
    marks = [mark for mark in word.surface.translate(_MARKS) if mark in VOCABULARY and not mark.isalpha()]
    return [Token(mark) for mark in marks]


def _kokoro_japanese(sounds: Sequence[str]) -> str:
    """Return the sounds of a word with long vowels as such."""
    spelled = ""
    for sound in sounds:
        plain = sound
        for ours, theirs in _JAPANESE.items():
            plain = plain.replace(ours, theirs)
        spelled += "ː" if plain in "aiɯɨeo" and spelled.endswith(plain) else plain
    return spelled


def _chinese(text: str, offset: int) -> list[Token]:
    tokens: list[Token] = []
    for run in re.finditer(r"\d+|\D+", text):
        at = offset + run.start()
        if run[0].isdecimal():
            # a year is said digit by digit
            is_year = len(run[0]) == 4 and text[run.end() : run.end() + 1] == "年"
            said = "".join(map(hanzi_number, run[0])) if is_year else hanzi_number(run[0])
            told = [Token(s, at, len(run[0])) for one in syllables(said) for s in one.sounds if s in VOCABULARY]
            tokens += [Token(" "), *told]
            continue
        for syllable in syllables(run[0], at):
            tokens += [Token(" ")] if syllable.starts_word and tokens else []
            tokens += [Token(symbol, syllable.char, 1) for symbol in syllable.sounds if symbol in VOCABULARY]
    return tokens
