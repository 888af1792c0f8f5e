"""Tagged text in, speech and cues out, however the text is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from avatar_bridge.core.script import angles, blocks, brackets, inline
from avatar_bridge.core.script.cursor import CONTROLS, WAIT, Cursor
from avatar_bridge.core.script.dialects import DIALECTS, Names, Reader
from avatar_bridge.core.script.emoji import EMOJI_STARTS, TEXT_STYLE
from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, ScriptEvent, Text
from avatar_bridge.errors import UsageError

__all__ = ["Parser", "Script", "parse"]

_ALWAYS = rf"\[\]<*_~`\\|\n\r【［{CONTROLS}\ufe0f\u20e3{EMOJI_STARTS}"
_BEFORE_U20E3 = rf"0-9#{TEXT_STYLE}"
_SPECIAL = re.compile(
    rf"[{_ALWAYS}!hHwW{_BEFORE_U20E3}](?:(?<![!hHwW{_BEFORE_U20E3}])|(?<=!)(?=\[|\Z)"
    r"|(?:(?<=[hH])(?=[tT]|\Z)|(?<=[wW])(?=[wW]|\Z))(?<!\w\w)"
    rf"|(?<=[{_BEFORE_U20E3}])(?=[\ufe0f\u20e3]|\Z))"
)
"""The characters that may begin something other than plain text; at the end of a piece, those that may become so.

A class comes first and the conditions look back, because the engine finds the members of a class quickly."""
_find_special = _SPECIAL.search


def _closing_bracket(cursor: Cursor, pos: int) -> int:
    return cursor.plain(pos)


_RULES: MappingProxyType[str, Callable[[Cursor, int], int]] = MappingProxyType(
    {
        "[": brackets.bracket,
        "]": _closing_bracket,
        "【": brackets.wide_bracket,
        "［": brackets.wide_bracket,
        "!": brackets.image,
        "<": angles.angle,
        "*": inline.emphasis,
        "_": inline.emphasis,
        "~": inline.emphasis,
        "`": inline.backtick,
        "\\": inline.escape,
        "|": blocks.pipe,
        "\n": inline.line_end,
        "\r": inline.line_end,
        **dict.fromkeys("hHwW", inline.address),
    }
)
_IS_CONTROL = re.compile(f"[{CONTROLS}]")


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script, parsed."""

    speech: str
    """What is said."""
    shown: str
    """What is shown as subtitles."""
    cues: tuple[Cue, ...] = ()
    releases: tuple[Release, ...] = ()
    pauses: tuple[Pause, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class Parser:
    """Reads a script piece by piece; any way of cutting it yields the same events.

    `dialect` is one of `DIALECTS`, `names` the known names and aliases of actions; without them every well-formed
    tag is a cue. Raises UsageError for an unknown dialect and for text after `close`.
    """

    def __init__(self, *, dialect: str = "auto", names: Collection[str] | None = None) -> None:
        if dialect not in DIALECTS and dialect != "ssml":
            raise UsageError(f"there is no dialect {dialect!r}; expected one of: {', '.join(DIALECTS)}")
        self._cursor = Cursor(Reader(dialect, Names(names)))
        self._quick: list[str] = []
        self._plain = False

    def feed(self, text: str) -> None:
        """Take the next piece of the script, of any length."""
        if self._plain and _find_special(text) is None:
            self._quick.append(text)
            return
        cursor = self._cursor
        if cursor.closed:
            raise UsageError("the script is closed: begin a new Parser for the next utterance")
        self._catch_up()
        cursor.buffer = cursor.buffer + text if cursor.buffer else text
        if cursor.wake is not None and len(cursor.buffer) < cursor.wake_at and cursor.wake.search(text) is None:
            return
        self._read()

    def close(self) -> None:
        """Say that the script ends here; what was held back is decided."""
        cursor = self._cursor
        if cursor.closed:
            return
        self._catch_up()
        cursor.closed = True
        self._plain = False
        self._read()
        if cursor.thought:
            message = f"<{cursor.thought}> is never closed: all that follows it was left out"
            cursor.writer.diagnose(message, cursor.opened_at)
        elif cursor.fence:
            message = f"the code block {cursor.fence} is never closed: all that follows it is shown and not said"
            cursor.writer.diagnose(message, cursor.opened_at)
        cursor.writer.finish()

    def events(self) -> list[ScriptEvent]:
        """Return and forget the events so far, in the order of the speech."""
        writer = self._cursor.writer
        text = self._take_quick()
        if text:
            event = writer.follow(text)
            if event is not None:
                return [event] if event.spoken else []
            writer.both(text)
        return writer.events()

    def _catch_up(self) -> None:
        """Pass on the pieces of plain text that were only put aside."""
        if self._quick:
            self._cursor.writer.both(self._take_quick())

    def _take_quick(self) -> str:
        quick = self._quick
        if not quick:
            return ""
        text = quick[0] if len(quick) == 1 else "".join(quick)
        quick.clear()
        if text:
            self._cursor.base += len(text)
            self._cursor.prev = text[-1]
        return text

    def _read(self) -> None:
        """Read the buffer as far as it can be decided."""
        cursor = self._cursor
        cursor.wake = None
        buffer = cursor.buffer
        pos, length = 0, len(buffer)
        while pos < length:
            if cursor.line_start or cursor.fence or cursor.thought or cursor.url:
                end = self._mode(pos)
            else:
                end = self._inline(pos)
            if end == WAIT:
                break
            pos = end
        if pos:
            cursor.prev = buffer[pos - 1]
            cursor.base += pos
            cursor.buffer = buffer[pos:]
        self._plain = not (
            cursor.buffer
            or cursor.closed
            or cursor.line_start
            or cursor.fence
            or cursor.thought
            or cursor.url
            or cursor.writer.waits
        )

    def _mode(self, pos: int) -> int:
        cursor = self._cursor
        if cursor.thought:
            return angles.thinking(cursor, pos)
        if cursor.fence:
            return blocks.fence_line(cursor, pos)
        if cursor.url:
            return inline.address_tail(cursor, pos)
        return blocks.line_start(cursor, pos)

    def _inline(self, pos: int) -> int:
        """Read plain text up to the next mark, or the mark at `pos`."""
        cursor = self._cursor
        found = _find_special(cursor.buffer, pos)
        if found is None:
            cursor.item = False
            return cursor.plain(pos, len(cursor.buffer) - pos)
        start = found.start()
        if start > pos:
            cursor.item = False
            cursor.plain(pos, start - pos)
            return start
        char = cursor.buffer[pos]
        if cursor.skips:
            skipped = cursor.skips.pop(cursor.base + pos, 0)
            if skipped:
                return pos + skipped
        rule = _RULES.get(char)
        if rule is not None:
            return rule(cursor, pos)
        return inline.control(cursor, pos) if _IS_CONTROL.match(char) else inline.picture(cursor, pos)


def parse(text: str | Iterable[str], *, dialect: str = "auto", names: Collection[str] | None = None) -> Script:
    """Return the whole of a script, given as one text or as pieces. Raises UsageError for an unknown dialect."""
    parser = Parser(dialect=dialect, names=names)
    for piece in (text,) if isinstance(text, str) else text:
        parser.feed(piece)
    parser.close()
    events = parser.events()
    texts = [each for each in events if isinstance(each, Text)]
    return Script(
        "".join(each.spoken for each in texts),
        "".join(each.shown for each in texts),
        tuple(each for each in events if isinstance(each, Cue)),
        tuple(each for each in events if isinstance(each, Release)),
        tuple(each for each in events if isinstance(each, Pause)),
        tuple(each for each in events if isinstance(each, Diagnostic)),
    )
