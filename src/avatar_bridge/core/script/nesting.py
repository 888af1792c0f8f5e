"""How deep a position stands within quotes and brackets."""

from __future__ import annotations

import re

__all__ = ["Nesting"]

_PAIRS = {
    "“": "”",
    "„": "“”",
    "«": "»",
    "(": ")",
    "[": "]",
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "《": "》",
    "〈": "〉",
    '"': '"',
}
_NESTING = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_PAIRS.values())) + "]")
_DEEPEST = 8
_LAPSE = 120.0
"""Weight after which an opening mark that was never closed stops counting."""


class Nesting:
    """The quotes and brackets that are open; one that is never closed lapses."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._since = 0.0

    def inside(self, weight: float) -> bool:
        """Return whether something is open at the cumulative `weight`."""
        if not self._open:
            return False
        if weight - self._since > _LAPSE:
            self._open.clear()
            return False
        return True

    def read(self, text: str, weight: float) -> None:
        """Open and close by the marks in `text`, which stands at the cumulative `weight`."""
        for mark in _NESTING.finditer(text):
            char = mark[0]
            if self._open and char in self._open[-1]:
                self._open.pop()
            elif (
                char in _PAIRS
                and len(self._open) < _DEEPEST
                and text[mark.start() - 1 : mark.start()] not in {":", ";", "="}
            ):
                if not self._open:
                    self._since = weight
                self._open.append(_PAIRS[char])

    def forget(self) -> None:
        """Close everything: a pause or a new paragraph starts afresh."""
        self._open.clear()
