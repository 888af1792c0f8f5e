"""Line numbers of the keys of a TOML text, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["KeyLines"]

_HEADER = re.compile(r"^\s*\[{1,2}\s*(?P<path>[^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = r'(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\')'
_ASSIGNMENT = re.compile(rf"^\s*(?P<path>{_KEY}(?:\s*\.\s*{_KEY})*)\s*=(?P<value>.*)$")
_INLINE_KEY = re.compile(rf"[{{,]\s*(?P<path>{_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_PART = re.compile(_KEY)
_LITERAL = re.compile(r'"""(?:\\.|.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_OPEN_STRING = re.compile(r'"""|\'\'\'')


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[:1] in "\"'" else part for part in _PART.findall(path))


def _bare(text: str) -> str:
    """Return `text` without its strings and its comment."""
    return _LITERAL.sub("''", text).split("#", 1)[0]


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
                closing = ""
                depth = self._value(line, table, number, depth)
            elif depth == 0 and (header := _HEADER.match(line)):
                table = _parts(header["path"])
                self._note(table, number)
            elif depth == 0 and (assignment := _ASSIGNMENT.match(line)):
                path = (*table, *_parts(assignment["path"]))
                self._note(path, number)
                depth = self._value(assignment["value"], path, number, 0)
            elif depth:
                depth = self._value(line, table, number, depth)
            opened = _OPEN_STRING.search(_LITERAL.sub("''", line).split("#", 1)[0])
            if opened:
                closing = opened.group()

    def _note(self, path: tuple[str, ...], number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)

    def _value(self, text: str, path: tuple[str, ...], number: int, depth: int) -> int:
        for inline in _INLINE_KEY.finditer(text):
            self._note((*path, *_parts(inline["path"])), number)
        bare = _bare(text)
        return max(0, depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"))

    def find(self, path: Sequence[str | int]) -> int | None:
        """Return the line, from 1, of `path` or of the nearest table above it; None where neither is written."""
        names = tuple(str(part) for part in path)
        for length in range(len(names), 0, -1):
            if (line := self._lines.get(names[:length])) is not None:
                return line
        return None
