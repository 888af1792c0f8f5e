"""What a voice can say of a text: emoji and control characters are blanked out, offsets stay."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from avatar_bridge.errors import UsageError

__all__ = ["check_range", "is_speakable", "latin", "not_latin", "parts", "script_of", "speakable"]

_FIRST_PICTURE = 0x2190
"""Symbols below this one (°, ©, №) are words to a voice; above stand arrows, dingbats and emoji."""


def _is_silent(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "So" or category == "Sk":
        return ord(character) >= _FIRST_PICTURE
    if category in ("Cc", "Cf", "Cn", "Co", "Cs"):
        return character not in "\n\t"
    return "\ufe00" <= character <= "\ufe0f" or character == "\u20e3"


def speakable(text: str) -> str:
    """Return `text` with every character that must not be read aloud replaced by a space; the length stays."""
    return "".join(" " if _is_silent(character) else character for character in text)


def is_speakable(text: str) -> bool:
    """Return True when `text` holds a letter or a number: without one there is nothing to say."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def latin(text: str) -> str:
    """Return `text` with the letters of scripts other than Latin and Greek replaced by spaces; the length stays."""
    return "".join(character if _is_latin(character) else " " for character in text)


def not_latin(text: str) -> str:
    """Return the words of `text` that `latin` takes out, a space between them."""
    return " ".join("".join(" " if _is_latin(character) else character for character in text).split())


def _is_latin(character: str) -> bool:
    if character < "\u0400" or unicodedata.category(character)[0] not in "LM":
        return True
    if "\u1ab0" <= character <= "\u1eff" or "\u2c60" <= character <= "\u2c7f" or "\ua720" <= character <= "\ua7ff":
        return True
    return unicodedata.normalize("NFKC", character) < "\u0400"


def parts(text: str, longest: int) -> Iterator[str]:
    """Yield `text` in parts of at most `longest` characters, cut behind a space where there is one."""
    while len(text) > longest:
        cut = text.rfind(" ", longest // 2, longest) + 1 or longest
        yield text[:cut]
        text = text[cut:]
    yield text


def script_of(text: str) -> str:
    """Return the Unicode name's first word of the most frequent kind of letter (`LATIN`, `HIRAGANA`), or "" for none.

    Digits count for no script. Any kana makes a text with Chinese characters Japanese: `HIRAGANA`.
    """
    counts: dict[str, int] = {}
    for character in text:
        if unicodedata.category(character).startswith("L"):
            script = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
            counts[script] = counts.get(script, 0) + 1
    if not counts:
        return ""
    best = max(counts, key=lambda script: counts[script])
    if best in ("CJK", "KATAKANA") and ("HIRAGANA" in counts or best == "KATAKANA"):
        return "HIRAGANA"
    return best


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise UsageError unless `value` lies within `low`..`high`."""
    if not low <= value <= high:
        raise UsageError(f"the voice's {name} must lie within {low:g} and {high:g}, but it is {value:g}")
