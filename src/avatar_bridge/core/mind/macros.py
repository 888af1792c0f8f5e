"""The macros of character cards: `{{char}}`, `{{user}}`, `{{random:a,b}}` and what else stands in double braces."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from random import Random

__all__ = ["Macros", "unknown_macros"]

_MACRO = re.compile(r"\{\{([^{}]{0,2000})\}\}|<(user|bot|char)>", re.IGNORECASE)
_DICE = re.compile(r"\s*(\d{0,3})d?(\d{1,6})\s*(?:([+-])\s*(\d{1,6}))?\s*\Z", re.IGNORECASE)
_COMMA = re.compile(r"(?<!\\),")
_NAMES = (
    "char",
    "bot",
    "user",
    "original",
    "random",
    "pick",
    "roll",
    "comment",
    "hidden_key",
    "reverse",
    "newline",
    "//",
)
_DROPPED = frozenset({"comment", "hidden_key", "trim", "noop"})
_LONGEST_NAME = 100
_LONGEST_ORIGINAL = 8000


def _head(inside: str) -> tuple[str, str]:
    """Return the name of a macro in lower case, and what follows its colons."""
    if inside.lstrip().startswith("//"):
        return "//", ""
    name, _, rest = inside.partition(":")
    return name.strip().casefold(), rest.removeprefix(":")


@dataclass(frozen=True, slots=True)
class Macros:
    """Fills in macros in one pass: what a macro gives is never read for macros again."""

    char: str
    user: str
    chance: Random = field(default_factory=lambda: Random(0))
    """What `{{random:…}}` and `{{roll:…}}` draw from."""
    original: str = ""
    """What `{{original}}` stands for; the first one alone is filled in."""

    def fill(self, text: str) -> str:
        """Return the text with its macros filled in; unknown ones stay as they are."""
        originals = 0

        def found(match: re.Match[str]) -> str:
            nonlocal originals
            name, rest = _head(match[1]) if match[1] is not None else (match[2].casefold(), "")
            if name == "original":
                originals += 1
                return self.original[:_LONGEST_ORIGINAL] if originals == 1 else ""
            filled = self._value(name, rest, match[0])
            return match[0] if filled is None else filled

        return _MACRO.sub(found, text)

    def _value(self, name: str, rest: str, source: str) -> str | None:
        if name in ("char", "bot"):
            return self.char[:_LONGEST_NAME]
        if name == "user":
            return self.user[:_LONGEST_NAME]
        if name == "//" or name in _DROPPED:
            return ""
        if name == "newline":
            return "\n"
        if name == "reverse":
            return rest[::-1]
        if name in ("random", "pick"):
            options = _options(rest)
            drawn = (
                self.chance.randrange(len(options)) if name == "random" else zlib.crc32(source.encode()) % len(options)
            )
            return options[drawn]
        return self._rolled(rest) if name == "roll" else None

    def _rolled(self, rest: str) -> str | None:
        dice = _DICE.match(rest)
        if dice is None or not int(dice[2]):
            return None
        count, sides = (int(dice[1] or 1), int(dice[2])) if "d" in rest.casefold() else (1, int(dice[1] + dice[2]))
        total = sum(self.chance.randint(1, sides) for _ in range(min(count, 100)))
        return str(total + (int(dice[4]) if dice[3] == "+" else -int(dice[4]) if dice[3] else 0))


def _options(rest: str) -> list[str]:
    if "::" in rest:
        return rest.split("::")
    return [option.strip().replace("\\,", ",") for option in _COMMA.split(rest)]


def unknown_macros(text: str) -> list[str]:
    """Return the macros of a text that nobody fills in, each once, at most ten."""
    known = {*_NAMES, *_DROPPED}
    found = (match[0] for match in _MACRO.finditer(text) if match[1] is not None and _head(match[1])[0] not in known)
    return list(dict.fromkeys(found))[:10]
