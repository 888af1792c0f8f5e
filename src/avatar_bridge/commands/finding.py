"""What a look at one thing gives: is it there, and what mends it; and a diagnostic in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from avatar_bridge.core.vocabulary import Diagnostic

__all__ = ["Finding", "in_words", "unsaid"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "missing", "broken"]
    """ok; missing: it goes without; broken: nothing can be performed until it is mended."""
    detail: str
    remedy: str = ""


def in_words(note: Diagnostic) -> str:
    """Return a diagnostic for people: its message, and what it suggests where the message does not say so already."""
    return f"{note.message} ({told})" if (told := unsaid(note)) else note.message


def unsaid(note: Diagnostic) -> str:
    """Return what a diagnostic suggests and its message does not say."""
    suggestion = note.suggestion or ""
    quoted = (f"'{suggestion}'", f'"{suggestion}"')
    said = any(each in note.message for each in quoted) or (" " in suggestion and suggestion in note.message)
    return "" if said else suggestion
