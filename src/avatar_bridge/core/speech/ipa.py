"""The sounds of the International Phonetic Alphabet by their features.

Vowel features follow the IPA vowel chart: height runs from 0 (close) to 1 (open), backness from 0 (front) to 1 (back).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from avatar_bridge.core.vocabulary import Phoneme

__all__ = ["BOUNDARY", "Kind", "Sound", "is_stressed", "merged", "sounds"]

Kind = Literal["vowel", "bilabial", "labiodental", "rounded", "postalveolar", "sibilant", "palatal", "consonant"]
"""How the lips make a sound; `bilabial` closes them, `rounded` is w-like, `consonant` leaves them to the vowels."""

BOUNDARY = " "
"""The symbol of a word boundary; its duration belongs to the gap. An empty symbol is silence."""

_STRESS = "ˈˌ'"
_LENGTH = "ːˑ"
_TONES = "˥˦˧˨˩↓↑→↗↘0123456789"
_PUNCTUATION = frozenset('.,;:!?¡¿…—–-"“”«»()[]{}_^$|‖、。，！？；：')

_VOWELS = MappingProxyType(
    {
        symbol: (height, backness, rounded)
        for symbols, height, backness, rounded in (
            ("i", 0.0, 0.0, False),
            ("y", 0.0, 0.0, True),
            ("ɨᵻ", 0.0, 0.5, False),
            ("ʉᵿ", 0.0, 0.5, True),
            ("ɯ", 0.0, 1.0, False),
            ("u", 0.0, 1.0, True),
            ("ɪ", 0.15, 0.15, False),
            ("ʏ", 0.15, 0.15, True),
            ("ʊ", 0.15, 0.85, True),
            ("e", 0.35, 0.0, False),
            ("ø", 0.35, 0.0, True),
            ("ɘ", 0.35, 0.5, False),
            ("ɵ", 0.35, 0.5, True),
            ("ɤ", 0.35, 1.0, False),
            ("o", 0.35, 1.0, True),
            ("əɚᵊ", 0.5, 0.5, False),
            ("ɛ", 0.65, 0.0, False),
            ("œ", 0.65, 0.0, True),
            ("ɜɝ", 0.65, 0.5, False),
            ("ɞ", 0.65, 0.5, True),
            ("ʌ", 0.65, 1.0, False),
            ("ɔ", 0.65, 1.0, True),
            ("æ", 0.85, 0.0, False),
            ("ɐ", 0.85, 0.5, False),
            ("a", 1.0, 0.2, False),
            ("ɶ", 1.0, 0.0, True),
            ("ɑ", 1.0, 1.0, False),
            ("ɒ", 1.0, 1.0, True),
        )
        for symbol in symbols
    }
)
_LETTERS: tuple[tuple[str, Kind], ...] = (
    ("pbmɓʙʘ", "bilabial"),
    ("fvɱɸβʋⱱ", "labiodental"),
    ("wʍɥʷ", "rounded"),
    ("ʃʒʂʐɹɻɕʑ", "postalveolar"),
    ("szʦʣ", "sibilant"),
    ("jçʝɲʎʲ", "palatal"),
)
_KINDS = MappingProxyType({letter: kind for letters, kind in _LETTERS for letter in letters})
_SHORTHAND = MappingProxyType(
    {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "g": "ɡ", "ʤ": "ʒ", "ʧ": "ʃ"}
)
_AFFRICATES = frozenset({"tʃ", "dʒ", "ts", "dz", "tɕ", "dʑ", "ʈʂ", "ɖʐ", "pf", "tʂ", "dʐ"})


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound: its base letter, how the lips make it, and the vowel features (0 where it is no vowel)."""

    base: str
    kind: Kind
    height: float = 0.0
    backness: float = 0.0
    rounded: bool = False
    rhotic: bool = False
    """True for r-coloured vowels (ɚ, ɝ, a vowel with the rhotic hook)."""


def is_stressed(symbol: str) -> bool:
    """Return whether a symbol carries the mark of primary stress."""
    return "ˈ" in symbol or "'" in symbol


def _is_mark(character: str) -> bool:
    """Return whether a character only changes its neighbour: diacritics, length, tone, modifier letters."""
    return (
        character in _LENGTH
        or character == "˞"
        or character in _TONES
        or unicodedata.combining(character) > 0
        or (unicodedata.category(character) == "Lm" and character not in "ᵻᵿᵊ")
    )


def _is_silent(symbol: str) -> bool:
    return all(character in _PUNCTUATION or character.isspace() for character in symbol)


@lru_cache(maxsize=4096)
def sounds(symbol: str) -> tuple[Sound, ...]:
    """Return the sounds written in one symbol, in order; empty for silence, punctuation and lone marks.

    Stress, length, tone and tie marks are dropped; an affricate is one sound; a diphthong is two vowels. A letter
    outside the IPA counts as a consonant without a lip shape of its own.
    """
    plain = unicodedata.normalize("NFD", symbol).replace("c\u0327", "ç")
    text = "".join(_SHORTHAND.get(character, character) for character in plain)
    found: list[Sound] = []
    for character in text:
        if character in _STRESS or character in _PUNCTUATION or character.isspace():
            continue
        if character == "˞":
            if found:
                found[-1] = Sound(*(_fields(found[-1])), rhotic=True)
            continue
        if _is_mark(character):
            continue
        if character in _VOWELS:
            found.append(Sound(character, "vowel", *_VOWELS[character], rhotic=character in "ɚɝ"))
            continue
        sound = Sound(character, _KINDS.get(character, "consonant"))
        if found and found[-1].base + character in _AFFRICATES:
            found[-1] = sound
        elif found and {found[-1].base, character} in ({"k", "p"}, {"ɡ", "b"}) and "\u0361" in text:
            found[-1] = Sound(character, "bilabial")
        else:
            found.append(sound)
    return tuple(found)


def _fields(sound: Sound) -> tuple[str, Kind, float, float, bool]:
    return sound.base, sound.kind, sound.height, sound.backness, sound.rounded


def _is_prefix(symbol: str) -> bool:
    return bool(symbol) and all(character in _STRESS for character in symbol)


def _is_suffix(symbol: str) -> bool:
    return bool(symbol) and all(_is_mark(character) for character in symbol)


def merged(phonemes: Iterable[Phoneme]) -> tuple[Phoneme, ...]:
    """Return the phonemes with marks joined to their sounds, punctuation as silence and neighbouring silences as one.

    A stress mark that stands alone joins the sound after it, any other lone mark the sound before it; durations are
    added, so that no time is lost. A word boundary beside a silence becomes part of that silence.
    """
    result: list[Phoneme] = []
    prefix: Phoneme | None = None
    for phoneme in phonemes:
        symbol = phoneme.symbol
        if _is_prefix(symbol):
            prefix = phoneme if prefix is None else _joined(prefix, phoneme, prefix.symbol)
            continue
        if symbol != BOUNDARY and _is_silent(symbol):
            phoneme = Phoneme("", phoneme.at, phoneme.duration)
        if prefix is not None:
            phoneme = _joined(prefix, phoneme, (prefix.symbol + phoneme.symbol) if phoneme.symbol.strip() else "")
            prefix = None
        last = result[-1] if result else None
        if _is_suffix(symbol):
            sounding = last is not None and last.symbol.strip()
            base = last or Phoneme("", phoneme.at, 0.0)
            result[-1:] = [_joined(base, phoneme, base.symbol + symbol if sounding else base.symbol)]
        elif last is not None and not (last.symbol.strip() or phoneme.symbol.strip()):
            result[-1] = _joined(last, phoneme, BOUNDARY if last.symbol and phoneme.symbol else "")
        else:
            result.append(phoneme)
    if prefix is not None:
        result.append(Phoneme("", prefix.at, prefix.duration))
    return tuple(result)


def _joined(first: Phoneme, second: Phoneme, symbol: str) -> Phoneme:
    end = max(first.at + first.duration, second.at + second.duration)
    return Phoneme(symbol, first.at, end - first.at)
