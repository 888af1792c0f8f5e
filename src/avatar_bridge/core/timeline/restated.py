"""Where a word that is said stands in a text that shows it otherwise (a link's address, a list's marks)."""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["Restated"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_AHEAD = 24
"""Tokens beyond which the two texts are not searched for where they meet again."""


class Restated:
    """Offsets of what is said against offsets of what is shown, word by word; both grow together."""

    def __init__(self, spoken: str, shown: str) -> None:
        """Find the words that both texts have, in order; takes time in proportion to their length."""
        self._ends = (len(spoken), len(shown))
        self._met: list[tuple[int, int, int]] = []
        said = [(match[0].casefold(), match.start(), match.end()) for match in _TOKEN.finditer(spoken)]
        seen = [(match[0].casefold(), match.start(), match.end()) for match in _TOKEN.finditer(shown)]
        i = j = 0
        while i < len(said) and j < len(seen):
            skip = _meeting([each[0] for each in said[i : i + _AHEAD]], [each[0] for each in seen[j : j + _AHEAD]])
            if skip is None:
                i, j = i + 1, j + 1
                continue
            i, j = i + skip[0], j + skip[1]
            self._met.append((said[i][1], seen[j][1], len(said[i][0])))
            i, j = i + 1, j + 1

    def offset(self, char: int) -> int:
        """Return the offset in the shown text of offset `char` of the spoken one."""
        index = bisect_right(self._met, char, key=lambda met: met[0]) - 1
        said, seen, length = self._met[index] if index >= 0 else (0, 0, 0)
        _, limit, _ = self._met[index + 1] if index + 1 < len(self._met) else (*self._ends, 0)
        if char >= self._ends[0]:
            return self._ends[1]
        return min(seen + char - said, max(limit, seen + length))


def _meeting(said: list[str], seen: list[str]) -> tuple[int, int] | None:
    """Return how many tokens to skip in each text until both have the same one, the fewest in all; words go first."""
    if said[0] == seen[0]:
        return 0, 0
    found: tuple[int, int] | None = None
    for i, word in enumerate(said):
        if found is not None and i >= sum(found):
            break
        if word[0].isalnum() and word in seen:
            j = seen.index(word)
            if found is None or i + j < sum(found):
                found = (i, j)
    return found
