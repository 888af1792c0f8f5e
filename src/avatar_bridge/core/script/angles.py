"""Angle brackets: thinking, XML and SSML tags, special tokens, addresses, prose."""

from __future__ import annotations

import html
import re

from avatar_bridge.core.script.cursor import LONGEST_TAG, WAIT, Cursor
from avatar_bridge.core.script.inline import spoken_address

__all__ = ["angle", "thinking"]

_THOUGHTS = frozenset({"think", "thinking", "reasoning", "thought"})
_STRIPPED = frozenset({"speak", "p", "s", "prosody", "emphasis", "voice", "say-as", "sub", "lang", "w", "phoneme"})
_NAME = r"[A-Za-z][\w:.-]{0,40}"
_VALUE = r"(?:\"[^\"\n\r]*\"|'[^'\n\r]*'|[^\s\"'<>=`]+)"
_ELEMENT = re.compile(rf"<(/?)({_NAME})((?:[ \t]+{_NAME}[ \t]*=[ \t]*{_VALUE}|[ \t]+{_NAME})*)[ \t]*(/?)>")
_ELEMENT_SO_FAR = re.compile(
    rf"<(?:/|/?{_NAME}(?:[ \t]+{_NAME}[ \t]*=[ \t]*{_VALUE}|[ \t]+{_NAME})*[ \t]*"
    rf"(?:/|[ \t]{_NAME}[ \t]*=[ \t]*(?:\"[^\"\n\r]*|'[^'\n\r]*)?)?)?\Z"
)
_ATTRIBUTE = re.compile(rf"({_NAME})[ \t]*=[ \t]*({_VALUE})")
_SPECIAL_END = re.compile(r"\|>|[\n\r]")
_REPEATED = re.compile(r"<{1,4096}(?=<)")
_MAIL = re.compile(r"<([\w.-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)>")
_MAIL_SO_FAR = re.compile(r"<[\w.-]{1,64}@[\w.-]*\Z")
_LINK = re.compile(r"<https?://[^\s<>]{1,2000}>", re.IGNORECASE)
_LINK_SO_FAR = re.compile(r"<https?:/?(?:/[^\s<>]*)?\Z", re.IGNORECASE)
_THOUGHT_ENDS = {
    name: (re.compile(rf"</{name}\s{{0,8}}>", re.IGNORECASE), re.compile(rf"</{name}\s{{0,8}}\Z", re.IGNORECASE))
    for name in _THOUGHTS
}


def angle(cursor: Cursor, pos: int) -> int:
    """Read a `<`."""
    buffer = cursor.buffer
    if run := _REPEATED.match(buffer, pos):
        return cursor.plain(pos, run.end() - pos)
    if cursor.starved(pos + 1):
        return WAIT
    if buffer[pos + 1 : pos + 2] == "|":
        return _special(cursor, pos) if cursor.reader.token else cursor.plain(pos)
    stop = min(len(buffer), pos + LONGEST_TAG)
    element = _ELEMENT.match(buffer, pos, stop)
    if element is not None:
        return _element(cursor, pos, element)
    if mail := _MAIL.match(buffer, pos):
        cursor.writer.both(mail[1])
        return mail.end()
    if link := _LINK.match(buffer, pos):
        cursor.writer.say(spoken_address(link[0][1:-1]), link[0][1:-1])
        return link.end()
    if cursor.closed:
        return cursor.plain(pos)
    if (
        stop == len(buffer)
        and stop - pos < LONGEST_TAG
        and (_ELEMENT_SO_FAR.match(buffer, pos) or _MAIL_SO_FAR.match(buffer, pos))
    ):
        return WAIT
    if len(buffer) - pos < 2000 and _LINK_SO_FAR.match(buffer, pos):
        return WAIT
    return cursor.plain(pos)


def _special(cursor: Cursor, pos: int) -> int:
    """Read `<|…|>`."""
    buffer = cursor.buffer
    end = _SPECIAL_END.search(buffer, pos + 2, pos + LONGEST_TAG + 2)
    if end is None:
        if len(buffer) < pos + LONGEST_TAG + 2 and not cursor.closed:
            return cursor.wait(_SPECIAL_WAKE, LONGEST_TAG + 2)
        return cursor.plain(pos)
    if end[0] != "|>" or not buffer[pos + 2 : end.start()].strip():
        return cursor.plain(pos)
    cursor.obey(cursor.reader.special(buffer[pos + 2 : end.start()]), pos, end.end(), "")
    return end.end()


_SPECIAL_WAKE = re.compile(r"[>\n\r]")


def _element(cursor: Cursor, pos: int, element: re.Match[str]) -> int:
    """Read a whole `<name …>`, `</name>` or `<name …/>`."""
    closing, name, written, empty = element.groups()
    folded = name.casefold()
    if folded in _THOUGHTS:
        cursor.writer.remove()
        if closing:
            message = f"{element[0]} ends thinking that did not begin: what came before it was spoken"
            cursor.writer.diagnose(message, cursor.base + pos)
        elif not empty:
            cursor.thought = folded
            cursor.opened_at = cursor.base + pos
        return element.end()
    if not cursor.reader.angle:
        return cursor.plain(pos)
    if closing:
        return _closing_element(cursor, pos, element, folded)
    attributes = {
        each[1].casefold().rpartition(":")[2]: html.unescape(each[2].strip("\"'"))
        for each in _ATTRIBUTE.finditer(written)
    }
    asked = cursor.reader.element(name, attributes)
    if asked is None:
        return _stripped(cursor, pos, element, folded)
    cursor.obey(asked, pos, element.end(), "" if empty else f"<{folded}")
    return element.end()


def _closing_element(cursor: Cursor, pos: int, element: re.Match[str], name: str) -> int:
    asked = cursor.reader.element(name, {"name": name})
    if asked is None:
        return _stripped(cursor, pos, element, name)
    if asked[0].kind == "pause":
        cursor.writer.remove()
        return element.end()
    cursor.writer.remove()
    if not cursor.writer.release(None, f"<{name}"):
        cursor.writer.diagnose(f"{element[0]} closes nothing: no <{name}> is open here", cursor.base + pos)
    return element.end()


def _stripped(cursor: Cursor, pos: int, element: re.Match[str], name: str) -> int:
    """Drop an element of SSML whose text is read, break the line at `<br>`; anything else is prose."""
    if name == "br":
        cursor.writer.remove()
        cursor.writer.both("\n")
        return element.end()
    if name not in _STRIPPED and ":" not in name:
        return cursor.plain(pos)
    cursor.writer.remove()
    return element.end()


def thinking(cursor: Cursor, pos: int) -> int:
    """Read on inside `<think>`: nothing is said, shown or done until its end."""
    buffer = cursor.buffer
    whole, so_far = _THOUGHT_ENDS[cursor.thought]
    end = whole.search(buffer, pos)
    if end is not None:
        cursor.thought = ""
        cursor.writer.remove()
        return end.end()
    if not cursor.closed:
        last = buffer.rfind("<", max(pos, len(buffer) - 24))
        if last >= 0 and (so_far.match(buffer, last) or f"</{cursor.thought}".startswith(buffer[last:].lower())):
            if last > pos:
                return last
            return WAIT
    return len(buffer)
