"""From the words that a voice says it said, which it may have written out, to their places in the text it was given."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avatar_bridge.core.speech.spoken_form import spoken_form
from avatar_bridge.core.speech.words import language, split_words
from avatar_bridge.core.vocabulary import WordMark
from avatar_bridge.tts.least_cost import least_cost

__all__ = ["SaidWord", "word_marks"]

_MOST = 12
"""Words that may be said for one written."""
_UNSAID, _UNWRITTEN, _OTHER, _MORE = 1.0, 0.9, 1.2, 0.4


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word as a voice wrote it, in seconds of its sound."""

    text: str
    at: float
    end: float


def word_marks(text: str, said: Sequence[SaidWord]) -> tuple[WordMark, ...]:
    """Return the times of the text's words, in order; words that the voice left out get none.

    A word that is read otherwise than it is written ("$3.50", "Dr.") is found by its spoken form, one that is in no
    form by its neighbours.
    """
    places = spoken_form(text, language(split_words(text)))
    spoken = [(word, plain) for word in said if (plain := _plain(word.text))]
    if not places or not spoken:
        return ()
    forms = [
        frozenset(map(_plain, (*place.readings, text[place.char : place.char + place.length]))) for place in places
    ]

    def ways(unit: int, start: int) -> Iterator[tuple[int, float]]:
        yield 0, 0.0 if "" in forms[unit] else _UNSAID
        joined, longest = "", max(map(len, forms[unit]))
        for count, (_, plain) in enumerate(spoken[start : start + _MOST], 1):
            joined += plain
            if joined in forms[unit]:
                yield count, 0.0
            elif count <= 3:
                yield count, _OTHER + _MORE * (count - 1)
            elif len(joined) > longest:
                return

    spans, _ = least_cost(len(places), [_UNWRITTEN] * len(spoken), ways)
    return tuple(
        WordMark(place.char, place.length, spoken[start][0].at, spoken[end - 1][0].end - spoken[start][0].at)
        for place, (start, end) in zip(places, spans, strict=True)
        if end > start
    )


def _plain(word: str) -> str:
    """Return the letters and digits of a word as they compare: without accents, case and apostrophes."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(character for character in plain if character.isalnum())
