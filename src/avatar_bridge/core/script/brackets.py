"""Square brackets, plain and full-width: tags, Markdown links, check boxes, prose."""

from __future__ import annotations

import re

from avatar_bridge.core.script.cursor import LONGEST_TAG, WAIT, Cursor

__all__ = ["bracket", "image", "wide_bracket"]

_LONGEST_LINK = 2048
_LITERALS = re.compile(r"(?:\[\[){1,2048}")
_END = re.compile(r"[\[\]\n\r]")
_WIDE = {
    "【": ("】", re.compile(r"[【】\n\r]"), re.compile(r"【{1,2048}(?=【)")),
    "［": ("］", re.compile(r"[［］\n\r]"), re.compile(r"［{1,2048}(?=［)")),
}
_LINK = re.compile(
    r"\((?:<([^<>\n\r]*)>|((?:[^\s()<>]|\([^\s()<>]{0,200}\))*))"
    r"(?:[ \t]{1,8}(?:\"[^\"\n\r]{0,200}\"|'[^'\n\r]{0,200}'))?[ \t]{0,8}\)"
)
_LINK_END = re.compile(r"[)\n\r]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,15}:|www\.|[/#?.]|[^\s/]+\.[a-z]", re.IGNORECASE)
_LONG_ADDRESS = re.compile(r"\(<?(?:[a-z][a-z0-9+.-]{1,15}:|www\.)", re.IGNORECASE)
_INDEXED = re.compile(r"[A-Za-z0-9_)]")
_CHECK = frozenset((" ", "x", "X"))


def bracket(cursor: Cursor, pos: int) -> int:
    """Read a `[`."""
    buffer = cursor.buffer
    if literals := _LITERALS.match(buffer, pos):
        cursor.writer.both("[" * (len(literals[0]) // 2))
        return literals.end()
    if cursor.starved(pos + 1):
        return WAIT
    end = _END.search(buffer, pos + 1, pos + LONGEST_TAG + 2)
    if end is None:
        if len(buffer) < pos + LONGEST_TAG + 2 and not cursor.closed:
            return cursor.wait(_END, LONGEST_TAG + 2)
        return cursor.plain(pos)
    if end[0] != "]":
        return cursor.plain(pos)
    if cursor.starved(end.end()):
        return WAIT
    inside = buffer[pos + 1 : end.start()]
    if cursor.item:
        cursor.item = False
        if inside in _CHECK:
            cursor.writer.show(buffer[pos : end.end()])
            return end.end()
    link = _link(cursor, pos, end.end(), inside)
    if link:
        return WAIT if link == WAIT else pos + 1
    return _tag(cursor, pos, end.end(), inside)


def image(cursor: Cursor, pos: int) -> int:
    """Read a `!`: before a link it makes an image, of which the alternative text is read."""
    buffer = cursor.buffer
    if cursor.starved(pos + 1):
        return WAIT
    if buffer[pos + 1 : pos + 2] != "[":
        return cursor.plain(pos)
    if cursor.starved(pos + 2):
        return WAIT
    end = _END.search(buffer, pos + 2, pos + LONGEST_TAG + 3)
    if end is None and len(buffer) < pos + LONGEST_TAG + 3 and not cursor.closed:
        return cursor.wait(_END, LONGEST_TAG + 3)
    if end is None or end[0] != "]":
        return cursor.plain(pos)
    if cursor.starved(end.end()):
        return WAIT
    link = _link(cursor, pos + 1, end.end(), buffer[pos + 2 : end.start()])
    if link == WAIT:
        return WAIT
    return pos + 2 if link else cursor.plain(pos)


def wide_bracket(cursor: Cursor, pos: int) -> int:
    """Read a full-width `【` or `［`."""
    buffer = cursor.buffer
    closing, ends, repeated = _WIDE[buffer[pos]]
    if run := repeated.match(buffer, pos):
        return cursor.plain(pos, run.end() - pos)
    end = ends.search(buffer, pos + 1, pos + LONGEST_TAG + 2)
    if end is None:
        if len(buffer) < pos + LONGEST_TAG + 2 and not cursor.closed:
            return cursor.wait(ends, LONGEST_TAG + 2)
        return cursor.plain(pos)
    if end[0] != closing:
        return cursor.plain(pos)
    return _tag(cursor, pos, end.end(), buffer[pos + 1 : end.start()])


def _tag(cursor: Cursor, pos: int, end: int, inside: str) -> int:
    asked = cursor.reader.bracket(inside, in_word=_INDEXED.match(cursor.before(pos)) is not None)
    if asked is None:
        return cursor.plain(pos)
    cursor.obey(asked, pos, end, "bracket")
    return end


def _link(cursor: Cursor, pos: int, end: int, inside: str) -> int:
    """Return 1 where `[inside]` begins a link, whose address is then skipped, 0 where it does not, or WAIT."""
    buffer = cursor.buffer
    if buffer[end : end + 1] != "(":
        return 0
    room = _LONGEST_LINK if _LONG_ADDRESS.match(buffer, end) else LONGEST_TAG
    link = _LINK.match(buffer, end, end + room)
    if link is None:
        broken = buffer.find("\n", end, end + room) >= 0 or buffer.find("\r", end, end + room) >= 0
        if broken or cursor.closed or len(buffer) - end >= room:
            return 0
        return cursor.wait(_LINK_END, end - pos + room)
    target = link[1] or link[2] or ""
    if _ADDRESS.match(target) is None and cursor.reader.knows(inside):
        return 0
    cursor.skips[cursor.base + end - 1] = link.end() - end + 1
    return 1
