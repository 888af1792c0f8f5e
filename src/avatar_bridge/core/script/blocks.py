"""Markdown by the line: headings, quotes, lists, rules, tables, code blocks."""

from __future__ import annotations

import re

from avatar_bridge.core.script.cursor import LONGEST_TAG, WAIT, Cursor, visible

__all__ = ["fence_line", "line_start", "pipe"]

_INDENT = re.compile(r"[ \t]{1,64}")
_HEADING = re.compile(r"#{1,6}(?:[ \t]+|(?=[\n\r]))")
_HASHES = re.compile(r"#{1,6}[ \t]{0,64}\Z")
_QUOTE = re.compile(r">(?:[ \t]|(?=[\n\r>]))")
_RULE = re.compile(r"(?:([-*_])(?:[ \t]{0,8}\1){2,199}|={3,199})[ \t]{0,8}(?=[\n\r]|\Z)")
_RULE_SO_FAR = re.compile(r"(?:-[- \t]*|\*[* \t]*|_[_ \t]*|=+[ \t]*)\Z")
_BULLET = re.compile(r"[-*+•‣◦][ \t]{1,64}")
_FENCE = re.compile(r"(`{3,99}|~{3,99})([^\n\r]*)")
_TABLE_RULE = re.compile(r"\|[|:\- \t]*-[|:\- \t]*(?=[\n\r]|\Z)")
_TABLE_RULE_SO_FAR = re.compile(r"\|[|:\- \t]*\Z")
_ROW = re.compile(r"\|(?=[ \t])")
_LAST_PIPE = re.compile(r"\|[ \t]{0,64}(?:(?=[\n\r])|(\Z))")
_FENCE_LINE = re.compile(r"[ \t]{0,8}(`{1,199}|~{1,199})[ \t]{0,64}")
_LINE = re.compile(r"[^\n\r]*[\n\r]?")
_STARTS = frozenset("#>-*+•‣◦_=`~|")


def line_start(cursor: Cursor, pos: int) -> int:
    """Read what a line of Markdown begins with; the rest of the line is read as prose."""
    buffer = cursor.buffer
    if indent := _INDENT.match(buffer, pos):
        return cursor.plain(pos, indent.end() - pos)
    char = buffer[pos]
    end = pos
    if char in _STARTS:
        stop = min(len(buffer), pos + LONGEST_TAG)
        end = _block(cursor, char, pos, stop)
        if end == WAIT:
            return WAIT
    if end == pos:
        cursor.line_start = False
    return end


def _block(cursor: Cursor, char: str, pos: int, stop: int) -> int:
    """Return the end of the mark at `pos`, `pos` itself where there is none, or WAIT."""
    if char == "#":
        return _heading(cursor, pos, stop)
    if char == ">":
        if cursor.starved(pos + 1):
            return WAIT
        quote = _QUOTE.match(cursor.buffer, pos)
        return quote.end() if quote else pos
    if char == "|":
        return _table(cursor, pos, stop)
    if char in "`~":
        return _opening_fence(cursor, pos, stop)
    return _rule_or_bullet(cursor, pos, stop)


def _undecided(cursor: Cursor, pattern: re.Pattern[str], pos: int, stop: int) -> bool:
    """Return True while what stands at `pos` may still become what `pattern` begins."""
    if cursor.closed or stop < len(cursor.buffer) or stop - pos >= LONGEST_TAG:
        return False
    return pattern.match(cursor.buffer, pos, stop) is not None


def _heading(cursor: Cursor, pos: int, stop: int) -> int:
    if _undecided(cursor, _HASHES, pos, stop):
        return WAIT
    heading = _HEADING.match(cursor.buffer, pos)
    if heading is None:
        return pos
    cursor.line_start = False
    return heading.end()


def _rule_or_bullet(cursor: Cursor, pos: int, stop: int) -> int:
    if cursor.starved(pos + 1) or _undecided(cursor, _RULE_SO_FAR, pos, stop):
        return WAIT
    if rule := _RULE.match(cursor.buffer, pos, stop):
        cursor.line_start = False
        cursor.writer.remove()
        return rule.end()
    bullet = _BULLET.match(cursor.buffer, pos)
    if bullet is None:
        return pos
    if cursor.starved(bullet.end()) and bullet.end() - pos < LONGEST_TAG:
        return WAIT
    cursor.writer.show(bullet[0])
    cursor.line_start = False
    cursor.item = True
    return bullet.end()


def _table(cursor: Cursor, pos: int, stop: int) -> int:
    if _undecided(cursor, _TABLE_RULE_SO_FAR, pos, stop):
        return WAIT
    if rule := _TABLE_RULE.match(cursor.buffer, pos, stop):
        cursor.writer.show(rule[0])
        cursor.line_start = False
        return rule.end()
    if _ROW.match(cursor.buffer, pos) is None:
        return pos
    cursor.writer.show("|")
    cursor.line_start = False
    cursor.row = True
    return pos + 1


def pipe(cursor: Cursor, pos: int) -> int:
    """Read a `|`: between the cells of a table it is said as a comma, elsewhere it is prose."""
    if not cursor.row:
        return cursor.plain(pos)
    last = _LAST_PIPE.match(cursor.buffer, pos)
    if last is not None and last[1] is not None and not cursor.closed:
        return WAIT
    cursor.writer.show("|")
    if last is None:
        cursor.writer.voice(",")
    return pos + 1


def _opening_fence(cursor: Cursor, pos: int, stop: int) -> int:
    fence = _FENCE.match(cursor.buffer, pos, stop)
    if fence is None:
        short = cursor.buffer[pos:stop].strip(cursor.buffer[pos]) == ""
        return WAIT if short and not cursor.closed and stop - pos < 3 else pos
    if fence[1][0] == "`" and "`" in fence[2]:
        return pos
    if fence.end() == stop:
        if stop - pos >= LONGEST_TAG:
            return pos
        if not cursor.closed:
            return WAIT
    cursor.writer.remove()
    cursor.fence = fence[1]
    cursor.opened_at = cursor.base + pos
    return min(fence.end() + 1, len(cursor.buffer))


def fence_line(cursor: Cursor, pos: int) -> int:
    """Read on inside a code block: it is shown, not said, and no tag in it fires."""
    buffer = cursor.buffer
    if buffer[pos] == "\n" and cursor.before(pos) == "\r":
        return pos + 1
    if cursor.line_start:
        close = _FENCE_LINE.match(buffer, pos)
        if close is None and not cursor.closed and len(buffer) - pos <= 8 and not buffer[pos:].strip(" \t"):
            return WAIT
        if close is not None and close[1].startswith(cursor.fence):
            end = close.end()
            if cursor.starved(end):
                return WAIT
            if buffer[end : end + 1] in ("", "\n", "\r"):
                cursor.writer.remove()
                cursor.fence = ""
                cursor.line_start = False
                return end
        elif close is not None and cursor.starved(close.end()):
            return WAIT
    line = _LINE.match(buffer, pos)
    end = pos + 1 if line is None else line.end()
    cursor.line_start = buffer[end - 1] in "\n\r"
    cursor.writer.show(visible(buffer[pos:end].replace("\r", "\n")))
    return end
