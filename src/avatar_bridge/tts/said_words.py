"""From the words that a voice says it said, which it may have written out, to their places in the text it was given."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from avatar_bridge.core.speech.words import TextWord, split_words
from avatar_bridge.core.vocabulary import WordMark

__all__ = ["SaidWord", "word_marks"]


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word as a voice wrote it, in seconds of its sound."""

    text: str
    at: float
    end: float


def word_marks(text: str, said: Sequence[SaidWord]) -> tuple[WordMark, ...]:
    """Return the times of the text's words, in order.

    Words that are the same on both sides hold the order; between two of them the others go one to one where their
    number is the same ("2nd St." and "second street"), else the text's share the time of the voice's ("10 KB" and "ten
    kilobytes"). Words that the voice left out get no mark.
    """
    written = [word for word in split_words(text) if _plain(word.text)]
    spoken = [word for word in said if _plain(word.text)]
    return tuple(_marks(written, spoken))


def _marks(written: Sequence[TextWord], spoken: Sequence[SaidWord]) -> Iterator[WordMark]:
    matcher = SequenceMatcher(
        None, [_plain(word.text) for word in written], [_plain(word.text) for word in spoken], autojunk=False
    )
    for _, first, last, start, end in matcher.get_opcodes():
        words, sounds = written[first:last], spoken[start:end]
        if not words or not sounds:
            continue
        if len(words) == len(sounds):
            for word, sound in zip(words, sounds, strict=True):
                yield WordMark(word.char, len(word.text), sound.at, sound.end - sound.at)
        else:
            yield WordMark(words[0].char, words[-1].end - words[0].char, sounds[0].at, sounds[-1].end - sounds[0].at)


def _plain(word: str) -> str:
    """Return the letters and digits of a word as they compare: without accents, case and apostrophes."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(character for character in plain if character.isalnum())
