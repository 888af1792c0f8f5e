"""Line numbers of the keys of a TOML text, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["KeyLines"]

_HEADER = re.compile(r"^\s*\[{1,2}\s*(?P<path>[^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = r'(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\')'
_ASSIGNMENT = re.compile(rf"^\s*(?P<path>{_KEY}(?:\s*\.\s*{_KEY})*)\s*=(?P<value>.*)$")
_PART = re.compile(_KEY)
_TOKEN = re.compile(
    r'''
    """ (?:\\. | .)*? """ | \'{3} .*? \'{3}          # a long string that ends on its line
    | (?P<opener> """ | \'{3} )                     # one that does not
    | " (?:[^"\\] | \\.)* " | \' [^\']* \'           # a short string
    | (?P<bracket> [\[\]{}] ) | (?P<comment> \# )
    ''',
    re.VERBOSE,
)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[:1] in "\"'" else part for part in _PART.findall(path))


def _scan(text: str, depth: int) -> tuple[int, str]:
    """Return how many brackets are open after `text`, and the quotes of a long string that goes on behind it."""
    for token in _TOKEN.finditer(text):
        if token["comment"]:
            break
        if token["opener"]:
            return depth, token["opener"]
        if token["bracket"]:
            depth = max(0, depth + (1 if token["bracket"] in "[{" else -1))
    return depth, ""


class KeyLines:
    """Finds the line on which a key path of a TOML text was written."""

    __slots__ = ("_lines",)

    def __init__(self, text: str) -> None:
        """Scan `text`; a text that is not TOML gives some lines or none, never an error."""
        self._lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        depth = 0
        closing = ""
        for number, line in enumerate(text.splitlines(), 1):
            if closing:
                _, found, line = line.partition(closing)
                if not found:
                    continue
            elif depth == 0 and (header := _HEADER.match(line)):
                table = _parts(header["path"])
                self._note(table, number)
                continue
            elif depth == 0 and (assignment := _ASSIGNMENT.match(line)):
                self._note((*table, *_parts(assignment["path"])), number)
                line = assignment["value"]
            depth, closing = _scan(line, depth)

    def _note(self, path: tuple[str, ...], number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)

    def find(self, path: Sequence[str | int]) -> int | None:
        """Return the line, from 1, of `path` or of the nearest table above it; None where neither is written."""
        names = tuple(str(part) for part in path)
        for length in range(len(names), 0, -1):
            if (line := self._lines.get(names[:length])) is not None:
                return line
        return None
