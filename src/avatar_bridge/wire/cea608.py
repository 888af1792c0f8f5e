"""Captions in television's form, CEA-608: at most two lines of 32 columns, in its few hundred letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from avatar_bridge.wire.captions import CaptionWord
from avatar_bridge.wire.line_breaking import ends_sentence

__all__ = ["COLUMNS", "SHORTEST", "broken", "plain", "take"]

COLUMNS: Final = 32
"""Columns of a line."""
_ROWS: Final = 2
SHORTEST: Final = 2.0
"""Seconds that OBS shows a caption at least: what is sent sooner waits there."""
_LONGEST: Final = 7.0
_PAUSE: Final = 1.2
"""Seconds of silence over which no caption reaches."""
_LETTERS: Final = (
    frozenset(map(chr, range(0x20, 0x7F)))
    | frozenset("áéíóúç÷Ññ®°½¿™¢£♪àèâêîôû")
    | frozenset("ÁÉÓÚÜü‘¡’—©“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»ÃãÍÌìÒòÕõÄäÖöß¥ÅåØø")
)
"""The basic, special and extended sets, without the characters for drawing boxes."""
_INSTEAD: Final = {
    "‚": "'", "„": "“", "–": "—", "−": "-", "…": "...", "•": "-", "·": "-", "×": "x", "€": "EUR", "♫": "♪", "♬": "♪",
    "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "þ": "th",
    "Þ": "Th", "ð": "d", "、": ", ", "。": ". ", "！": "!", "？": "?",
}  # fmt: skip


def plain(text: str) -> str:
    """Return a text in letters that CEA-608 has; what has no such letters (Japanese, emoji) is left out."""
    written: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in _LETTERS:
            written.append(char)
        elif char in _INSTEAD:
            written.append(_INSTEAD[char])
        elif char.isspace():
            written.append(" ")
        else:
            parts = unicodedata.normalize("NFKD", char)
            written += [part for part in parts if part in _LETTERS]
    return "".join(written)


def broken(text: str, columns: int = COLUMNS) -> list[str]:
    """Return a text as lines of at most `columns`; a longer word is divided."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while len(word) > columns:
            room = columns - len(line) - bool(line)
            if room < min(6, columns):
                lines.append(line)
                line = ""
                continue
            lines.append(f"{line} {word[:room]}".strip())
            line, word = "", word[room:]
        joined = f"{line} {word}".strip()
        if len(joined) <= columns:
            line = joined
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines


def take(words: Sequence[CaptionWord], columns: int = COLUMNS) -> tuple[int, str]:
    """Return how many words the next caption takes, and its text; at least one where there is one.

    A caption is filled over the end of a short sentence, for OBS shows each for two seconds.
    """
    count = 0
    for index, word in enumerate(words):
        if index and (_ends(words, index) or len(broken(_text(words[: index + 1]), columns)) > _ROWS):
            break
        if word.end - words[0].at > _LONGEST and index:
            break
        count = index + 1
    return count, "\n".join(broken(_text(words[:count]), columns)[:_ROWS]) if count else ""


def _ends(words: Sequence[CaptionWord], index: int) -> bool:
    """Return whether a caption should end before the word at `index`."""
    before, after = words[index - 1], words[index]
    pause = after.at - before.end > _PAUSE
    filled = after.at - words[0].at >= SHORTEST
    return pause or (filled and ends_sentence(before.text.rstrip()))


def _text(words: Iterable[CaptionWord]) -> str:
    return plain("".join(word.text for word in words))
