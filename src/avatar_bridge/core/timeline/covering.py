"""Which part of a script's speech a piece of sound covers, when another program speaks it in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from unicodedata import category

from avatar_bridge.core.speech.words import split_words
from avatar_bridge.core.vocabulary import WordMark

__all__ = ["Span", "cover", "mark_words", "whole_words"]

Span = tuple[int, int]
"""Start and end offset in the speech."""

_AHEAD = 60
"""Letters of speech that may be passed over."""
_SURE = 3
"""Letters in a row that count as alike."""


def cover(speech: str, start: int, said: str) -> Span:
    """Return the part of `speech` from `start` on that `said` stands for, compared by letters and numbers alone.

    A program may leave out marks and emoji, or read a number in words: what is alike by half is taken for it. What fits
    nowhere covers nothing, at `start`.
    """
    wanted = "".join(map(_letters, said))
    if not wanted:
        return start, start
    places: list[int] = []
    starts: set[int] = {0}
    letters = ""
    for char in range(start, min(len(speech), start + 4 * len(said) + 4 * _AHEAD)):
        folded = _letters(speech[char])
        if folded and char > start and (not speech[char - 1].isalnum() or category(speech[char]) == "Lo"):
            starts.add(len(letters))
        letters += folded
        places += [char] * len(folded)
    found = _match(letters, wanted, starts)
    if found is None:
        return start, start
    first, last = found
    return places[first], places[last - 1] + 1


def mark_words(text: str, words: Sequence[tuple[str, float, float]]) -> tuple[WordMark, ...]:
    """Return marks in `text` for words told with their times (text, start, duration), matched in their order.

    A word that is not found in the text gives no mark; those around it still do.
    """
    marks: list[WordMark] = []
    at = 0
    for word, start, duration in words:
        first, end = cover(text, at, word)
        if end > first:
            marks.append(WordMark(first, end - first, max(start, 0.0), max(duration, 0.0)))
            at = end
    return tuple(marks)


def whole_words(text: str, end: int) -> int:
    """Return the end of the word that offset `end` stands in, `end` itself between words."""
    return next((word.end for word in split_words(text) if word.char < end < word.end), end)


def _letters(character: str) -> str:
    return character.casefold() if character.isalnum() else ""


def _match(letters: str, wanted: str, starts: AbstractSet[int]) -> tuple[int, int] | None:
    """Return from where to where `wanted` stands in `letters`: as it is, else as far as it is alike.

    It is looked for where a word starts first; what is short is found nowhere else ("a" is not the middle of "that").
    """
    window = letters[: 2 * len(wanted) + _AHEAD]
    anywhere = found = window.find(wanted)
    while found >= 0 and found not in starts:
        found = window.find(wanted, found + 1)
    if found < 0 and len(wanted) > _SURE:
        found = anywhere
    if found >= 0:
        return found, found + len(wanted)
    alike = SequenceMatcher(None, window, wanted, autojunk=False)
    blocks = [block for block in alike.get_matching_blocks() if block.size >= _SURE]
    if sum(block.size for block in blocks) * 2 < len(wanted):
        return None
    return blocks[0].a, blocks[-1].a + blocks[-1].size
