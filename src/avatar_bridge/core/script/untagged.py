"""A script without its tags and with everything else as it was: what a program gets that shows the reply by itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from avatar_bridge.core.script.parser import parse

__all__ = ["Untagged", "untagged"]

_LONGEST: Final = 200
"""Characters after which what never closes is no tag."""
_OPENING = re.compile(r"[\[【［<*`]")
_CLOSINGS: Final = {"[": "]", "【": "】", "［": "］", "<": ">", "*": "*"}
_NAMED = re.compile(r"<[|/A-Za-z]")
_THOUGHT = re.compile(r"</?(?:think|thinking|thought|reasoning)\b", re.IGNORECASE)


class Untagged:
    """Fed with a script piece by piece and drained of its text; any way of cutting it gives the same text.

    A tag goes with the space behind it where there is one before it as well. Markdown, code, links, emoji and thinking
    stay; `[[` becomes the bracket that it stands for. Never more than one unfinished tag is held back.
    """

    def __init__(self, *, dialect: str = "auto", names: Collection[str] | None = None) -> None:
        """`dialect` and `names` are the Parser's."""
        self._dialect, self._names = dialect, names
        self._buffer = ""
        self._before = "\n"
        """The last character that was given out."""
        self._fenced = False
        self._closed = False

    def feed(self, text: str) -> str:
        """Take the next piece and return the text that is certain by now."""
        self._buffer += text
        return self._read()

    def close(self) -> str:
        """Return the rest: the script ends here."""
        self._closed = True
        return self._read()

    def _read(self) -> str:
        out: list[str] = []
        while self._buffer:
            found = _OPENING.search(self._buffer)
            if found is None:
                self._give(out, len(self._buffer))
                break
            self._give(out, found.start())
            taken = self._tick(out) if self._buffer[0] == "`" else self._candidate(out)
            if not taken:
                break
        return "".join(out)

    def _give(self, out: list[str], count: int) -> None:
        if count:
            out.append(self._buffer[:count])
            self._before = self._buffer[count - 1]
            self._buffer = self._buffer[count:]

    def _tick(self, out: list[str]) -> bool:
        """Take code: a fence switches, a span in a line stays as it is. False where more text must come first."""
        ticks = len(self._buffer) - len(self._buffer.lstrip("`"))
        if ticks == len(self._buffer) and not self._closed:
            return False
        if ticks >= 3:
            self._fenced = not self._fenced
            self._give(out, ticks)
            return True
        end = self._end("`", ticks)
        if end is None:
            return False
        self._give(out, max(end, ticks))
        return True

    def _candidate(self, out: list[str]) -> bool:
        """Take what may be a tag: False where more text must come first."""
        first = self._buffer[0]
        if self._fenced:
            self._give(out, 1)
            return True
        if len(self._buffer) < 2 and not self._closed:
            return False
        if first == "[" and self._buffer[1:2] == "[":
            out.append("[")
            self._before, self._buffer = "[", self._buffer[2:]
            return True
        if (first == "<" and not _NAMED.match(self._buffer)) or (first == "*" and self._buffer[1:2] in (" ", "*", "")):
            self._give(out, 2 if first == "*" and self._buffer[1:2] == "*" else 1)
            return True
        end = self._end(_CLOSINGS[first], 1)
        if end is None or (end == len(self._buffer) and not self._closed):
            return False
        linked = first == "[" and self._buffer[end : end + 1] == "("
        if end and not linked and self._is_tag(self._buffer[:end]):
            self._drop(end)
            return True
        self._give(out, 1)
        return True

    def _end(self, closing: str, start: int) -> int | None:
        """Return the end of what opens at the beginning: 0 where it never closes, None where that is not known yet."""
        limit = min(len(self._buffer), _LONGEST)
        place = self._buffer.find(closing, start, limit)
        line = self._buffer.find("\n", start, limit)
        if place >= 0 and (line < 0 or place < line):
            return place + 1
        if line >= 0 or limit == _LONGEST or self._closed:
            return 0
        return None

    def _is_tag(self, candidate: str) -> bool:
        if _THOUGHT.match(candidate):
            return False
        script = parse(candidate, dialect=self._dialect, names=self._names)
        told = script.cues or script.releases or script.pauses or script.diagnostics
        return bool(told) and not script.shown.strip() and not script.speech.strip()

    def _drop(self, end: int) -> None:
        """Leave a tag out, with the space behind it where one stands before it."""
        end += self._before.isspace() and self._buffer[end : end + 1] == " "
        self._buffer = self._buffer[end:]


def untagged(text: str, *, dialect: str = "auto", names: Collection[str] | None = None) -> str:
    """Return a whole script without its tags."""
    reading = Untagged(dialect=dialect, names=names)
    return reading.feed(text) + reading.close()
