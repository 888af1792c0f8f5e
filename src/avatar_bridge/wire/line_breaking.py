"""Where lines and captions may end: widths in columns, scripts without spaces, sentences."""

from __future__ import annotations

import re
import unicodedata

from avatar_bridge.core.script.abbreviations import NEVER_ENDS

__all__ = ["LINE_WIDTH", "LONGEST", "PAUSE", "columns", "ends_sentence", "joined", "may_break"]

LINE_WIDTH = 42
"""Columns a line; a full-width character takes two."""
LONGEST = 6.0
"""Seconds that a caption's speech may last."""
PAUSE = 0.6
"""Seconds of silence after which a new caption begins."""

_OPENING = "\"'“‘«([{「『（【"
_NEVER_FIRST = frozenset("、。，．！？：；…‥ー・」』）】〉》!?,.:;)]}”’»ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_JOINER = "\u200d"
_JOINERS = frozenset("\u200d\ufe0f\ufe0e\u20e3\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
"""What binds the emoji of one picture together."""
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»」』)]*$")


def columns(text: str) -> int:
    """Return how many columns a text takes: a combining mark none, a full-width character or a joined emoji two."""
    if text.isascii():
        return len(text)
    total = 0
    before = ""
    for char in text:
        hidden = before == _JOINER or unicodedata.category(char) in {"Mn", "Me", "Cf"} or char in _JOINERS
        total += 0 if hidden else 2 if _width(char) in "WF" else 1
        before = char
    return total


def may_break(left: str, right: str) -> bool:
    """Return whether a line may end between two characters of a script that writes no spaces."""
    bound = joined(left, right) or left in _OPENING or right in _NEVER_FIRST
    return not bound and "W" in {_width(left), _width(right)}


def joined(left: str, right: str) -> bool:
    """Return whether two characters are parts of one picture or letter: an emoji's parts, a combining mark."""
    return left in _JOINERS or right in _JOINERS or bool(unicodedata.combining(right))


def ends_sentence(text: str) -> bool:
    """Return whether `text`, without white space at its end, ends a sentence and not with an abbreviation."""
    if not _SENTENCE_END.search(text):
        return False
    word = text.rsplit(maxsplit=1)[-1].lstrip(_OPENING)
    bare = word.removesuffix(".").casefold()
    return not word.endswith(".") or (bare not in NEVER_ENDS and not (len(bare) == 1 and bare.isalpha()))


def _width(char: str) -> str:
    return unicodedata.east_asian_width(char)
