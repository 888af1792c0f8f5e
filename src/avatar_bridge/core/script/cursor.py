"""Where the parser stands: the unread source, and what has been met so far.

A rule is a function of a cursor and a position. It acts on what stands there and returns the position behind it,
or WAIT where what comes next decides. What it decides depends on the text alone, never on where the text was cut:
that is the chunk law.
"""

from __future__ import annotations

import re
from typing import Final

from avatar_bridge.core.script.dialects import Instruction, Reader
from avatar_bridge.core.script.spoken import Writer

__all__ = ["CONTROLS", "LONGEST_TAG", "WAIT", "Cursor", "visible"]

WAIT: Final = -1
LONGEST_TAG: Final = 200
"""Characters after which an unfinished tag is released as text."""


CONTROLS: Final = r"\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff"
"""Inside of a regex class: what is neither said nor shown (a line break of any kind apart)."""

_CONTROL = re.compile(f"[{CONTROLS}]")


def visible(text: str) -> str:
    """Return a verbatim piece of source (code) without its control characters."""
    return _CONTROL.sub("", text)


class Cursor:
    """The state of one parse."""

    __slots__ = (
        "base",
        "buffer",
        "closed",
        "fence",
        "item",
        "line_start",
        "loose",
        "opened_at",
        "prev",
        "reader",
        "row",
        "skips",
        "tag_end",
        "thought",
        "url",
        "wake",
        "wake_at",
        "writer",
    )

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.writer = Writer()
        self.buffer = ""
        """Source that is not decided yet."""
        self.base = 0
        """Offset of the buffer in the source."""
        self.prev = ""
        """The source character before the buffer."""
        self.tag_end = -1
        """Offset of the end of the last tag."""
        self.closed = False
        self.wake: re.Pattern[str] | None = None
        """While a rule waits: what has to come before it is worth another look."""
        self.wake_at = 0
        """Length of the buffer from which on a look is due in any case."""
        self.line_start = True
        self.item = False
        """True right behind the mark of a list item."""
        self.row = False
        """True inside a row of a table."""
        self.loose = ""
        """An emphasis that was opened and whose end is still far."""
        self.skips: dict[int, int] = {}
        """Source offsets of closing markup that was seen ahead, each with its length."""
        self.fence = ""
        """The fence that a code block is waiting for."""
        self.thought = ""
        """The element of thinking that is waiting for its end."""
        self.opened_at = 0
        """Offset of the code block or the thinking that is open."""
        self.url = False
        """True in the part of an address that is shown and not said."""

    def before(self, pos: int) -> str:
        """Return the source character before `pos`; empty at the start, a space behind a tag."""
        if self.base + pos == self.tag_end:
            return " "
        return self.buffer[pos - 1] if pos else self.prev

    def starved(self, pos: int) -> bool:
        """Return True where the buffer ends at `pos` and more may come."""
        return pos >= len(self.buffer) and not self.closed

    def wait(self, wake: re.Pattern[str], length: int) -> int:
        """Wait until something comes that `wake` finds, or until `length` characters have gathered."""
        self.wake, self.wake_at = wake, length
        return WAIT

    def plain(self, pos: int, length: int = 1) -> int:
        """Say and show the source as it stands."""
        self.writer.both(self.buffer[pos : pos + length])
        return pos + length

    def obey(self, instructions: tuple[Instruction, ...], pos: int, end: int, family: str) -> None:
        """Carry out what the tag between `pos` and `end` asks for."""
        writer, offset = self.writer, self.base + pos
        writer.remove()
        self.tag_end = self.base + end
        for each in instructions:
            if each.kind == "cue":
                writer.cue(
                    each.name,
                    strength=each.strength,
                    duration=each.duration,
                    options=each.options,
                    source=self.buffer[pos:end],
                    offset=offset,
                    family=family,
                )
            elif each.kind == "pause" and each.duration is not None:
                writer.pause(each.duration, source=self.buffer[pos:end], offset=offset)
            elif each.kind == "close" and not writer.release(each.name or None, family):
                what = f"{each.name!r} is" if each.name else "anything is"
                writer.diagnose(f"{self.buffer[pos:end]} closes nothing: no span of {what} open here", offset)
            for problem in each.problems:
                writer.diagnose(problem, offset, each.suggestion)
