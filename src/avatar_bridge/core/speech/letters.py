"""How a written word may sound, coarsely: enough to match it to the sounds that a voice reports.

A word becomes a row of units. Each says at what cost it stands for a class of sounds, and at what cost it is silent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from avatar_bridge.core.speech.ipa import BOUNDARY, sounds
from avatar_bridge.core.speech.numerals import number_words
from avatar_bridge.core.speech.words import TextWord

__all__ = ["BREAK", "CLASSES", "NEVER", "PAUSE", "Unit", "sound_class", "spelled_length", "units"]

CLASSES = "PTKFSZMNLRHWJV _"
"""Classes of sounds: p t k f s sh m n l r h w y, vowel, word boundary, silence."""

NEVER = 1e3
_NEAR = frozenset(
    {"SZ", "TS", "TZ", "FP", "WV", "JV", "RV", "LV", "NM", "FW", "ZJ", "KH", "RL", "HR", "ZK", "TR", "TL", "HZ"}
)
_IPA = MappingProxyType(
    {
        letter: name
        for name, letters in (
            ("P", "pbɓ"),
            ("T", "tdʈɖɾʔθðⱦ"),
            ("K", "kɡgqɢcɟɠ"),
            ("F", "fvɸβʋ"),
            ("S", "szʦʣ"),
            ("Z", "ʃʒʂʐɕʑʧʤç"),
            ("M", "mɱ"),
            ("N", "nŋɲɳɴ"),
            ("L", "lɫɭʎɬɮ"),
            ("R", "rɹɻʁʀɽɺ"),
            ("H", "hɦxɣχħʕʜɧ"),
            ("W", "wʍ"),
            ("J", "jɥʝɰ"),
        )
        for letter in letters
    }
)
_GROUPS = MappingProxyType(
    {
        "sch": "Z",
        "tch": "Z",
        "sh": "Z",
        "ch": "ZKH",
        "th": "TS",
        "ph": "F",
        "ck": "K",
        "ng": "NK",
        "wh": "WH",
        "zh": "Z",
    }
)
_LETTERS = MappingProxyType(
    {
        "b": "P",
        "c": "KSZ",
        "d": "TZ",
        "f": "F",
        "g": "KZJH",
        "h": "H",
        "j": "ZJH",
        "k": "K",
        "l": "LJ",
        "m": "M",
        "n": "NM",
        "p": "PF",
        "q": "K",
        "r": "RVT",
        "s": "SZ",
        "t": "TZS",
        "v": "FPW",
        "w": "WF",
        "x": "KHS",
        "y": "VJ",
        "z": "SZT",
        "ß": "S",
        "ł": "W",
        "ø": "V",
        "æ": "V",
        "œ": "V",
        "đ": "T",
        "ı": "V",
    }
)
_SILENT = MappingProxyType({"h": 0.15, "g": 0.5, "w": 0.35, "y": 0.3, "r": 0.4, "n": 0.6, "t": 0.6})
_SIGNS = MappingProxyType({"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent"})
_NAMED = MappingProxyType({"h": "eitch", "w": "double you", "x": "ex", "y": "wy", "q": "kyou", "z": "zee", "j": "jay"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of writing that should be heard as one sound."""

    costs: tuple[float, ...]
    """What it costs to be heard as a sound of each class, in the order of CLASSES."""
    silent: float
    """What it costs not to be heard."""
    word: int = -1
    """Index of the word it belongs to; -1 between words."""


def _costs(allowed: str) -> tuple[float, ...]:
    return tuple(_cost(allowed, name) for name in CLASSES)


def _cost(allowed: str, heard: str) -> float:
    if heard in allowed:
        return 0.0
    if heard in " _" or allowed in {" ", "_"}:
        return NEVER
    if any(a + heard in _NEAR or heard + a in _NEAR for a in allowed):
        return 0.5
    return 1.6 if "V" in allowed or heard == "V" else 1.0


def _separator(boundary: float, silence: float) -> tuple[float, ...]:
    return (*(NEVER for _ in CLASSES[:-2]), boundary, silence)


BREAK = Unit(_separator(0.0, 0.25), 0.45)
"""What stands between two words: a boundary that the voice may also leave out."""

PAUSE = Unit(_separator(0.2, -0.4), 0.5)
"""What stands at punctuation: a silence that the voice may also leave out."""

_JOINT = Unit(_separator(0.05, 0.3), 0.0)
_ANY = (0.3,) * (len(CLASSES) - 2) + (NEVER, NEVER)


def sound_class(symbol: str) -> int:
    """Return the class of a phoneme's symbol as an index into CLASSES."""
    if symbol == BOUNDARY:
        return CLASSES.index(" ")
    found = sounds(symbol)
    if not found:
        return CLASSES.index("_")
    vowel = next((sound for sound in found if sound.kind == "vowel"), None)
    return CLASSES.index("V" if vowel else _IPA.get(found[-1].base, "H"))


def units(word: TextWord, index: int, code: str) -> tuple[Unit, ...]:
    """Return the units of the word with this index in a text of language `code`."""
    return tuple(Unit(costs, silent, index) for costs, silent in _spelled(word.text, word.kind, code))


def spelled_length(word: TextWord, code: str) -> float:
    """Return about how many seconds it takes to say a word in the flow of speech, without accent or pause.

    Fitted to the words of an English neural voice and of espeak in eight languages.
    """
    vowels = consonants = 0.0
    for costs, silent in _spelled(word.text, word.kind, code):
        if costs[0] < NEVER:
            likely = 0.8 if costs is _ANY else min(1.0, 0.25 + silent)
            if costs[CLASSES.index("V")] == 0:
                vowels += likely
            else:
                consonants += likely
    slow = 0.024 if word.kind == "number" else 0.0
    return 0.023 + (0.057 + slow) * vowels + (0.064 + slow) * consonants


@lru_cache(maxsize=4096)
def _spelled(text: str, kind: str, code: str) -> tuple[tuple[tuple[float, ...], float], ...]:
    match kind:
        case "number":
            return tuple(_number(text, code))
        case "initials":
            return tuple(unit for letter in text if letter.isalpha() for unit in _letter_name(letter))
        case "sign":
            return tuple(_word(_SIGNS[text])) if code == "en" else ((_ANY, 0.2),) * 5
        case "han":
            syllable = ((_ANY, 0.3), (_costs("V"), 0.6), (_costs("VNR"), 0.1))
            return syllable * len(text)
        case _ if text.isupper() and 1 < len(text) <= 5 and text.isascii():
            return tuple(unit for letter in text for unit in _letter_name(letter))
        case _:
            return tuple(_word(text))


def _letter_name(letter: str) -> Iterator[tuple[tuple[float, ...], float]]:
    name = letter.casefold()
    if name in _NAMED:
        yield from _word(_NAMED[name])
    elif name in "aeiou":
        yield (_costs("VJ"), 0.5)
        yield (_costs("V"), 0.05)
    else:
        yield (_costs("V"), 0.15)
        yield (_costs(_LETTERS.get(name, "H")), 0.7)
        yield (_costs("V"), 0.15)
    yield (_JOINT.costs, _JOINT.silent)


def _number(text: str, code: str) -> Iterator[tuple[tuple[float, ...], float]]:
    if code == "en":
        for name in number_words(text):
            yield from _word(name)
            yield (_JOINT.costs, _JOINT.silent)
        return
    for digit in filter(str.isalnum, text):
        yield from ((_ANY, 0.15),) * (5 if digit.isdigit() else 1)
        yield (_JOINT.costs, _JOINT.silent)


def _word(text: str) -> Iterator[tuple[tuple[float, ...], float]]:
    letters = _romanised(text)
    position, last = 0, ""
    while position < len(letters):
        group = next((g for g in _GROUPS if letters.startswith(g, position)), letters[position])
        if group == "ng" and position + 2 < len(letters):
            group = "n"
        final = position + len(group) >= len(letters)
        position += len(group)
        if group == last and group not in "aeiou":
            continue
        if group in "aeiou":
            # Letters of one vowel group are mostly one sound; a final e is mostly none.
            follows = bool(last) and last in "aeiouy"
            yield (_costs("VJW" if group in "iu" else "V"), 0.1 if follows or (final and group == "e") else 0.45)
        elif group in "-' ":
            yield (_JOINT.costs, _JOINT.silent)
        else:
            yield (_costs(_GROUPS.get(group) or _LETTERS.get(group, "H")), _SILENT.get(group, 0.75))
            if group == "x":
                yield (_costs("S"), 0.3)
        last = group


@lru_cache(maxsize=4096)
def _romanised(text: str) -> str:
    """Return a text in Latin letters, from the letters' Unicode names where it is in another script."""
    out: list[str] = []
    for character in unicodedata.normalize("NFC", text).casefold():
        base = unicodedata.normalize("NFD", character)[0]
        if base.isascii() or base in _LETTERS:
            out.append(base if base.isalnum() or base in "-'" else "")
            continue
        name = unicodedata.name(character, "")
        for key in (" LETTER SMALL ", " LETTER ", " SYLLABLE ", " CHARACTER "):
            if key in name:
                out.append(_named(name.split(key)[-1].split()[0].lower(), name))
                break
        else:
            out.append("'" if character in "’ʼ" else "")
    return "".join(out)


def _named(sound: str, name: str) -> str:
    if "SIGN" in name:
        return ""
    if name.startswith(("HANGUL", "HIRAGANA", "KATAKANA", "DEVANAGARI")):
        return sound
    consonants = "".join(letter for letter in sound if letter not in "aeiouy")
    if name.startswith("CYRILLIC"):
        return consonants or "a"
    return "a" if sound[0] in "aeiou" else sound[0]
