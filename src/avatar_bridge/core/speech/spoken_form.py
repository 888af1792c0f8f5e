"""What a voice says for a written text: its words as they are spoken, each with the place that it is written at.

A word that voices read in several ways ("1999") has several readings, the likeliest first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from avatar_bridge.core.speech.cardinals import LONGEST, cardinal, digit_words
from avatar_bridge.core.speech.readings_en import (
    ABBREVIATIONS,
    SIGNS,
    UNITS,
    number_readings,
    roman_readings,
    spelled,
)
from avatar_bridge.core.speech.words import TextWord, split_words

__all__ = ["SpokenWord", "spoken_form"]

_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w.+-]+@)?(?:[\w-]+\.)+(?:com|org|net|io|tv|gg|dev|ai|co|uk|de|fr|es|jp|eu|edu|gov|info|live|me|app)"
    r"\b(?:/[\w./?=&#%-]*[\w/])?",
    re.IGNORECASE,
)
_PART = re.compile(r"https?://|[^\W\d_]+|\d+|[./@:_?=&#%+-]")
_PART_SIGNS = MappingProxyType(
    {
        ".": ("dot",),
        "/": ("slash",),
        "@": ("at",),
        ":": ("colon",),
        "_": ("underscore", ""),
        "-": ("dash", "hyphen", ""),
        "?": ("question mark",),
        "=": ("equals",),
        "&": ("and",),
        "#": ("hash",),
        "%": ("percent",),
        "+": ("plus",),
    }
)
_SCHEMES = MappingProxyType(
    {
        "https://": ("", "h t t p s colon slash slash", "h t t p s"),
        "http://": ("", "h t t p colon slash slash", "h t t p"),
    }
)
_LEFT_OUT = re.compile(r"[#$]")
_REGNAL = frozenset(
    {"king", "queen", "pope", "saint", "louis", "henry", "charles", "george", "edward", "william", "elizabeth", "james"}
    | {"john", "paul", "richard", "philip", "frederick", "napoleon", "mary", "catherine", "ivan", "benedict", "pius"}
)
_PERCENT = MappingProxyType({"de": "Prozent", "es": "por ciento", "fr": "pour cent"})
_AND = MappingProxyType({"de": "und", "es": "y", "fr": "et"})
_POINT = MappingProxyType({"de": "Komma", "es": "coma", "fr": "virgule"})
_COINS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "de": {"€": "Euro", "$": "Dollar", "£": "Pfund"},
        "es": {"€": "euros", "$": "dólares", "£": "libras"},
        "fr": {"€": "euros", "$": "dollars", "£": "livres"},
    }
)


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """What is said for one place of a text."""

    readings: tuple[str, ...]
    """Rows of spoken words with spaces between, likeliest first; an empty one is silence. At least one."""
    char: int
    """Offset in the text of what stands for it there."""
    length: int
    """Characters that stand for it."""

    @property
    def text(self) -> str:
        """The likeliest reading."""
        return self.readings[0]


def spoken_form(text: str, language: str = "en") -> tuple[SpokenWord, ...]:
    """Return what is said for `text`, in order; places do not overlap.

    `language` is an ISO 639-1 code: English is read in full, of German, Spanish and French numbers and signs;
    in others every word stands for itself.
    """
    if language != "en":
        return tuple(_foreign(word, language) for word in split_words(text))
    found = list(_special(text))
    taken = [(word.char, word.char + word.length) for word in found]
    words = split_words(text)
    for index, word in enumerate(words):
        if not any(start < word.end and word.char < end for start, end in taken):
            found.append(SpokenWord(_english(text, words, index), word.char, len(word.text)))
    found += [word for word in _signs(text) if not any(_meet(word, other) for other in found)]
    return tuple(sorted(found, key=lambda word: word.char))


def _meet(one: SpokenWord, other: SpokenWord) -> bool:
    return one.char < other.char + other.length and other.char < one.char + one.length


def _special(text: str) -> Iterator[SpokenWord]:
    """Yield the parts of addresses, which are read sign by sign."""
    for address in _ADDRESS.finditer(text):
        for part in _PART.finditer(address.group()):
            yield SpokenWord(_address_part(part.group()), address.start() + part.start(), len(part.group()))


def _address_part(part: str) -> tuple[str, ...]:
    if part.casefold() in _SCHEMES:
        return _SCHEMES[part.casefold()]
    if part in _PART_SIGNS:
        return _PART_SIGNS[part]
    if part.isdecimal():
        return number_readings(part)
    plain = _plain(part)
    if plain == "www":
        return ("w w w", "triple w")
    return (plain, spelled(plain)) if len(plain) < 4 else (plain,)


def _signs(text: str) -> Iterator[SpokenWord]:
    for sign in _LEFT_OUT.finditer(text):
        yield SpokenWord(SIGNS[sign.group()], sign.start(), 1)


def _english(text: str, words: tuple[TextWord, ...], index: int) -> tuple[str, ...]:
    word = words[index]
    match word.kind:
        case "number":
            return number_readings(word.text) or (_plain(word.text),)
        case "sign":
            return SIGNS[word.text]
        case "initials":
            letters = spelled(_plain(word.text))
            known = ABBREVIATIONS.get(word.text.casefold()) or ABBREVIATIONS.get(f"{word.text.casefold()}.")
            return tuple(dict.fromkeys((*(known or ()), letters)))
        case _:
            return _word(text, words, index)


def _word(text: str, words: tuple[TextWord, ...], index: int) -> tuple[str, ...]:
    word = words[index]
    plain = _plain(word.text)
    before = words[index - 1] if index else None
    if before is not None and (unit := _unit(text, before, word)):
        return tuple(dict.fromkeys((*unit, plain)))
    if text[word.end : word.end + 1] == "." and plain in ABBREVIATIONS:
        return tuple(dict.fromkeys((*ABBREVIATIONS[plain], plain)))
    if before is not None and len(word.text) > 1 and before.text[:1].isupper():
        regnal = bool(_REGNAL & {other.text.casefold() for other in words[max(0, index - 2) : index]})
        if numeral := roman_readings(word.text, regnal=regnal):
            return numeral
    if word.text.isupper() and 1 < len(word.text) <= 5:
        letters = spelled(word.text)
        return (plain, letters) if any(vowel in plain for vowel in "aeiouy") and len(plain) > 3 else (letters, plain)
    if plain in {"mr", "mrs", "dr", "vs", "etc"}:
        return (*ABBREVIATIONS[plain], plain)
    apart = re.sub(r"(?<=[^\W\d_a-z])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", " ", word.text)
    return tuple(dict.fromkeys((_plain(apart), plain))) if " " in apart else (plain,)


def _unit(text: str, before: TextWord, word: TextWord) -> tuple[str, ...]:
    """Return how a unit behind a number, or behind another one and a stroke, is read."""
    between = text[before.end : word.char]
    if between == "/" and before.text.casefold() in UNITS:
        names = UNITS.get(word.text.casefold(), ())
        return tuple(dict.fromkeys(f"per {name}" for name in (*names[1:2], *names[:1])))
    if before.kind == "number" and not between.strip():
        return UNITS.get(word.text if word.text in {"m", "M", "g", "s", "h"} else word.text.casefold(), ())
    return ()


def _plain(text: str) -> str:
    """Return a word in small letters without marks; hyphens part words, apostrophes stay."""
    whole = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(re.sub(r"[^\w']+|_", " ", whole).split())


def _foreign(word: TextWord, language: str) -> SpokenWord:
    if word.kind == "number" and language in _PERCENT:
        readings = _foreign_number(word.text, language)
    elif word.kind == "sign" and word.text in "&%" and language in _AND:
        readings = (_AND[language] if word.text == "&" else _PERCENT[language],)
    else:
        readings = (word.text,)
    return SpokenWord(readings, word.char, len(word.text))


def _foreign_number(text: str, language: str) -> tuple[str, ...]:
    digits = re.sub(r"(?<=\d)[.'’\s](?=\d{3}(?!\d))", "", text)
    row: list[str] = []
    for part in re.finditer(r"\d+|[^\W\d_]+|.", digits):
        piece = part.group()
        if piece.isdecimal():
            row.append(cardinal(int(piece), language) if len(piece) <= LONGEST else digit_words(piece, language))
        elif piece == ",":
            row.append(_POINT[language])
        elif piece == "%":
            row.append(_PERCENT[language])
        elif piece.isalpha():
            row.append(piece)
    row += [name for sign, name in _COINS[language].items() if sign in text]
    return (" ".join(row),)
