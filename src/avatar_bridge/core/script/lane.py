"""One lane of text, which closes the gaps that removed markup leaves; and what a word is made of."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["SPACED_WORD", "Lane", "is_spaced", "is_word"]

_RUN_ON = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"  # Thai to Tai Tham
    "\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3040-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
"""Scripts that write no spaces between words."""

SPACED_WORD = rf"[^\W{_RUN_ON}]"
"""Regex class: a word character of a script that puts spaces between words."""

_IS_SPACED = re.compile(SPACED_WORD)
_IS_RUN_ON = re.compile(f"[{_RUN_ON}]")
_JOINT = re.compile(r"(\s*)([:;.]?)")
_CLOSING = frozenset(",!?…)]}»”’、。，．！？；：）］｝」』】〉》،؛؟।")
_INVISIBLE = "_\u200c\u200d"
_LONGEST_GAP = 256


def is_word(char: str) -> bool:
    """Return True for a character that can stand inside a word: letters, digits, combining marks, joiners."""
    return char.isalnum() or char in _INVISIBLE or unicodedata.category(char)[0] == "M"


def is_spaced(char: str) -> bool:
    """Return True for a word character of a script that puts spaces between words."""
    return bool(char) and is_word(char) and _IS_RUN_ON.match(char) is None


class Lane:
    """One of the two texts. It closes the gap that a removed piece of markup leaves behind.

    White space is held until the next visible character tells whether it stays: beside a removed piece only one
    side's white space is kept, none at the start, none before punctuation. Text without markup passes verbatim.
    """

    __slots__ = ("_after", "_gap", "cut", "held", "last", "length")

    def __init__(self) -> None:
        self.length = 0
        """Characters written so far."""
        self.last = ""
        """The last character written."""
        self.held = ""
        """White space that may still go."""
        self.cut = False
        """True behind a removed piece, until visible text has come."""
        self._after = ""
        self._gap = False

    @property
    def joined(self) -> bool:
        """True when the next character would follow the last one directly."""
        return not self.held and not self._after

    def add(self, text: str) -> str:
        """Take more text; return what is settled by it."""
        if self.cut:
            self._after += text
            joint = _JOINT.match(self._after)
            if joint is not None and joint.end() == len(self._after):
                self._after = joint[1][:_LONGEST_GAP] + joint[2]
                return ""
            text = self._join()
        body = text.rstrip()
        if body and len(body) == len(text):
            out = self.held + text
            self.held = ""
        elif body:
            out = self.held + body
            self.held = text[len(body) :]
        else:
            out = ""
            self.held += text
        if len(self.held) > _LONGEST_GAP:
            out += self.held[:-_LONGEST_GAP]
            self.held = self.held[-_LONGEST_GAP:]
        if out:
            self.length += len(out)
            self.last = out[-1]
        return out

    def follow(self, other: Lane, out: str) -> None:
        """Do what `add` just did in the other lane, which stood alike and settled `out`."""
        self.held = other.held
        if out:
            self.length += len(out)
            self.last = other.last

    def remove(self, *, gap: bool = False) -> str:
        """Note that a piece of source leaves nothing here; return what is settled by it.

        `gap` asks for a space where the removed piece was all that stood between two words.
        """
        out = ""
        if self.cut and self._after.strip():
            out = self.add(self._join(at_end=True))
            self.cut = True
        elif self.cut:
            self.held = _wider(self.held, self._after)
        self.cut = True
        self._after = ""
        self._gap = gap or (self._gap and not out)
        return out

    def finish(self) -> str:
        """Return what was still held; white space beside a removed piece is dropped at the end."""
        if not self.cut:
            out, self.held = self.held, ""
        else:
            out = self._join(at_end=True).rstrip() if self._after.strip() else ""
            self.held = self._after = ""
            self.cut = False
        self.length += len(out)
        self.last = out[-1:] or self.last
        return out

    def _join(self, *, at_end: bool = False) -> str:
        rest = self._after.lstrip()
        glue = _wider(self.held, self._after[: len(self._after) - len(rest)][:_LONGEST_GAP])
        if not self.length or ("\n" not in glue and _closes(rest, at_end=at_end)):
            glue = ""
        elif not glue and self._gap and is_spaced(self.last) and is_spaced(rest[:1]):
            glue = " "
        self.held = self._after = ""
        self.cut = self._gap = False
        return glue + rest


def _wider(before: str, after: str) -> str:
    """Return the white space that stays of the two sides of a removed piece: the one with more line breaks."""
    return after if after.count("\n") > before.count("\n") or not before else before


def _closes(text: str, *, at_end: bool) -> bool:
    """Return True where `text` starts with punctuation that takes no space before it; `.5` and `:)` do not."""
    first, second = text[:1], text[1:2]
    if first in _CLOSING:
        return True
    if first == ".":
        return not second.isdigit()
    return first in {":", ";"} and (second.isspace() or (at_end and not second))
