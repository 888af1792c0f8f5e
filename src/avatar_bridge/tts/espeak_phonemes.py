"""Text as IPA by espeak-ng, each phoneme with the word that it belongs to; for voices that speak phonemes.

espeak-ng is GPL-3: its library is loaded in a child process alone.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.espeak import espeak_library

__all__ = ["Clause", "EspeakPhonemes", "owners"]

_RETRIEVAL, _DONT_EXIT, _UTF8 = 1, 0x8000, 1
_IPA_WITH_TIES = 0x02 | 0x80 | ord("^") << 8
_NAMES = {"en-gb": "en", "fr-fr": "fr"}
"""Where espeak-ng's name of a voice is not its language's."""
_WORD = re.compile(r"\S*\w\S*")
_FLAGS = re.compile(r"\([\^a-z-]+\)")
_LONGEST_TABLE = 250_000


@dataclass(frozen=True, slots=True)
class Clause:
    """What espeak-ng says in one breath."""

    char: int
    """Offset of its text."""
    text: str
    """Verbatim, with the punctuation behind it."""
    phonemes: str
    """IPA with stress, words parted by spaces, a `^` between the letters of a diphthong or an affricate."""
    words: tuple[tuple[int, int], ...]
    """Offset and length of each written word."""
    owners: tuple[int, ...]
    """For each character of `phonemes` the number of its word; -1 for a space."""


class EspeakPhonemes:
    """espeak-ng as a speller: one for the process, since the library has one voice at a time."""

    def __init__(self) -> None:
        self._library, data = espeak_library()
        if self._library.espeak_Initialize(_RETRIEVAL, 0, data, _DONT_EXIT) <= 0:
            raise VoiceError('espeak-ng does not start; reinstall it with: pip install "avatar-bridge[kokoro]"')
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        self._language = ""
        self._alone: dict[tuple[str, str], str] = {}

    def clauses(self, text: str, language: str) -> Iterator[Clause]:
        """Yield what is said of `text`; raises UsageError for a language that espeak-ng does not know."""
        # each time: the library has one voice, and others may have chosen it since
        if self._library.espeak_SetVoiceByName(_NAMES.get(language, language).encode()) != 0:
            raise UsageError(f"espeak-ng has no language {language!r}; it knows en-us, en-gb, es, fr-fr, hi, it, ...")
        self._language = language
        # all at once: the library keeps the character that it has read ahead
        for at, said, phonemes in list(self._raw(text)):
            words = tuple((at + word.start(), len(word[0])) for word in _WORD.finditer(said))
            groups = phonemes.split()
            if len(groups) == len(words):
                own = [number for number, group in enumerate(groups) for _ in range(len(group) + 1)][:-1]
            else:
                own = owners(phonemes, [self._word(text[char : char + length]) for char, length in words])
            joined = " ".join(groups)
            told = (-1 if character == " " else number for character, number in zip(joined, own, strict=True))
            yield Clause(at, said, joined, words, tuple(told))

    def _raw(self, text: str) -> Iterator[tuple[int, str, str]]:
        """Yield offset, text and phonemes of each clause; espeak-ng has read one character of the next by then."""
        raw = text.encode("utf-8", "replace").replace(b"\0", b" ")
        buffer = ctypes.create_string_buffer(raw + b"\0")
        start = ctypes.addressof(buffer)
        place = ctypes.c_void_p(start)
        at = 0
        while place.value:
            answer = self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA_WITH_TIES)
            end = len(text)
            if place.value:
                end = len(raw[: place.value - start].decode("utf-8", "ignore"))
                if end > at + 1 and not text[end - 1].isspace():
                    end -= 1
            if end > at:
                yield at, text[at:end], " ".join(_FLAGS.sub("", (answer or b"").decode("utf-8", "ignore")).split())
                at = end

    def _word(self, word: str) -> str:
        """Return how a word is said by itself."""
        key = (self._language, word)
        if key not in self._alone:
            if len(self._alone) > 5000:
                self._alone.clear()
            self._alone[key] = " ".join(phonemes for _, _, phonemes in self._raw(word))
        return self._alone[key]


def owners(phonemes: str, words: Sequence[str]) -> list[int]:
    """Return for each character of `phonemes` the number of the word it came from, by the words said alone.

    The cheapest edit of the words into the phonemes (Levenshtein 1966) tells; numbers never fall along the way. Spaces
    of `phonemes` count as the word before them.
    """
    told = [(letter, number) for number, word in enumerate(words) for letter in word if letter not in " ˈˌ"]
    heard = [(letter, place) for place, letter in enumerate(phonemes) if letter not in " ˈˌ"]
    if not told or len(told) * len(heard) > _LONGEST_TABLE:
        return [
            min(place * len(words) // max(1, len(phonemes)), max(0, len(words) - 1)) for place in range(len(phonemes))
        ]
    costs = [list(range(len(heard) + 1))]
    for row, (letter, _) in enumerate(told, 1):
        line, above = [row], costs[-1]
        for column, (other, _) in enumerate(heard, 1):
            line.append(min(above[column - 1] + (letter != other), above[column] + 1, line[-1] + 1))
        costs.append(line)
    found: dict[int, int] = {}
    row, column = len(told), len(heard)
    while column:
        here = costs[row][column]
        if row and here == costs[row - 1][column - 1] + (told[row - 1][0] != heard[column - 1][0]):
            row, column = row - 1, column - 1
            found[heard[column][1]] = told[row][1]
        elif row and here == costs[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
    return _filled(phonemes, found)


def _filled(phonemes: str, found: dict[int, int]) -> list[int]:
    """Return a word's number for every place: a mark of stress goes with what follows, all else with what precedes."""
    own: list[int] = []
    last = 0
    for place in range(len(phonemes)):
        ahead = place
        while ahead < len(phonemes) and phonemes[ahead] in "ˈˌ":
            ahead += 1
        last = max(last, found.get(ahead, last))
        own.append(last)
    return own
