"""How English words sound: from PocketSphinx's dictionary, else by a voice that says them, else by rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from avatar_bridge.listen.arpabet import from_ipa
from avatar_bridge.listen.letter_sounds import letter_sounds

__all__ = ["Pronunciations", "Speller"]

_NAME = "cmudict-en-us.dict"
_ENDINGS = ("'s", "s'", "'")
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_HISSING = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_MOST = 6


class Speller(Protocol):
    """Whoever tells the IPA of a word."""

    def sounds(self, word: str) -> tuple[str, ...]:
        """Return the symbols of the word; empty where it has none."""
        ...


class Pronunciations:
    """The sounds of English words in ARPAbet, several where a word is said in several ways."""

    def __init__(self, speller: Speller | None = None) -> None:
        self._speller = speller
        self._known = _dictionary()
        self._found: dict[str, tuple[tuple[str, ...], ...]] = {}

    def sounds(self, word: str) -> tuple[tuple[str, ...], ...]:
        """Return the pronunciations of a word in small letters; none for what has no sound in English."""
        if word not in self._found:
            self._found[word] = self._sought(word)
        return self._found[word]

    def _sought(self, word: str) -> tuple[tuple[str, ...], ...]:
        plain = "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
        known = self._known.get(plain)
        if known:
            return known[:_MOST]
        for ending in _ENDINGS:
            stem = self._known.get(plain.removesuffix(ending)) if plain.endswith(ending) else None
            if stem:
                return tuple(_possessive(sounds) for sounds in stem[:_MOST])
        said = from_ipa(self._speller.sounds(plain)) if self._speller and plain.strip("'") else ()
        ruled = letter_sounds(plain)
        return tuple(dict.fromkeys(sounds for sounds in (said, ruled) if sounds))


def _possessive(sounds: Sequence[str]) -> tuple[str, ...]:
    last = sounds[-1]
    ending = ("IH", "Z") if last in _HISSING else ("S",) if last in _VOICELESS else ("Z",)
    return (*sounds, *ending)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, tuple[tuple[str, ...], ...]]:
    from pocketsphinx import get_model_path

    rows: dict[str, list[tuple[str, ...]]] = {}
    with Path(get_model_path("en-us"), _NAME).open(encoding="utf-8") as lines:
        for line in lines:
            name, *sounds = line.split()
            rows.setdefault(name.partition("(")[0], []).append(tuple(sounds))
    return {name: tuple(dict.fromkeys(row)) for name, row in rows.items()}
