"""Markdown inside a line, addresses, emoji and stray characters."""

from __future__ import annotations

import re

from avatar_bridge.core.script.asterisks import action
from avatar_bridge.core.script.cursor import LONGEST_TAG, WAIT, Cursor, visible
from avatar_bridge.core.script.emoji import SEQUENCE, meaning
from avatar_bridge.core.script.lane import SPACED_WORD, is_word

__all__ = [
    "address",
    "address_tail",
    "backtick",
    "control",
    "emphasis",
    "escape",
    "line_end",
    "picture",
    "spoken_address",
]

_LONGEST_EMPHASIS = 80
_LONGEST_RUN = 64
_LONGEST_HOST = 250
_EMPHASIS_RUNS = {char: re.compile(rf"{re.escape(char)}{{1,{_LONGEST_RUN}}}") for char in "*_~"}
_BACKTICKS = re.compile(rf"`{{1,{_LONGEST_RUN}}}")
_LINE_BREAK = re.compile(r"[\n\r]")
_OPENING = frozenset("([{\"'“‘«„—–-/:,.!?…|*_~¿¡「『（【［、。，！？：")
_OPENED = frozenset("([{\"'“‘«„$€£¥¿¡#@*_~`+-.…\\&/<「『（【［")
_ESCAPED = frozenset("*_`~#<>|!")
_EMOJI = re.compile(SEQUENCE)
_SCHEMES = ("https://", "http://", "www.")
_HEAD = re.compile(r"[A-Za-z0-9._~%!$&'+;=:@-]*")
_HOST = re.compile(
    r"(?:https?://(?:[^@\s/]{1,128}@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?"
    r"|www\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?::\d{1,5})?)",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:[A-Za-z0-9/%=&+~_#$@-]+|[.,;:!?'()]{1,16}(?=[A-Za-z0-9/%=&+~_#$@-]))*")
_LONGEST_JOINT = 16
_TAIL_JOINT = re.compile(r"[.,;:!?'()]{1,16}\Z")


_TIGHT_WORD = re.compile(rf"(?![\uac00-\ud7af]){SPACED_WORD}")


def _closers(char: str, length: int) -> re.Pattern[str]:
    """Return what ends emphasis; `_` never inside a word, a single `*` never before a digit, as in `2 *3*4`."""
    mark = re.escape(char)
    behind = rf"(?!{_TIGHT_WORD.pattern})" if char == "_" else r"(?!\d)" if (char, length) == ("*", 1) else ""
    runs = [rf"{mark}{{{length}}}(?!{mark}){behind}"]
    if length < 3 and char != "~":
        runs.append(rf"{mark}{{3}}(?!{mark}){behind}")
    return re.compile(rf"(?<![\s{mark}])(?:{'|'.join(runs)})|[\n\r]")


_CLOSERS = {
    (char, length): _closers(char, length)
    for char, length in (("*", 1), ("*", 2), ("*", 3), ("_", 1), ("_", 2), ("_", 3), ("~", 2))
}
_WAKES = {char: re.compile(rf"[{re.escape(char)}\n\r]") for char in "*_~`"}


def emphasis(cursor: Cursor, pos: int) -> int:
    """Read a run of `*`, `_` or `~`: markup is dropped, an action fires, `2*3*4` and `snake_case` are prose."""
    buffer, char = cursor.buffer, cursor.buffer[pos]
    run = _EMPHASIS_RUNS[char].match(buffer, pos)
    end = pos + 1 if run is None else run.end()
    if cursor.starved(end) and end - pos < _LONGEST_RUN:
        return WAIT
    for at in range(pos + 1, min(end, pos + 3)):
        if cursor.base + at in cursor.skips:
            end = at
            break
    if end - pos > 3:
        return _ornament(cursor, pos, end)
    before, after = cursor.before(pos), buffer[end : end + 1]
    if char == "*" and end - pos == 1 and after in ("\ufe0f", "\u20e3"):
        return picture(cursor, pos)
    opens = after not in ("", char) and not after.isspace() and _may_open(before, after, char)
    if opens and (char, end - pos) in _CLOSERS:
        return _opening(cursor, pos, end)
    return _unpaired(cursor, pos, end)


def _ornament(cursor: Cursor, pos: int, end: int) -> int:
    """Read a run too long for markup; asterisks are shown and not said."""
    if cursor.buffer[pos] != "*":
        return cursor.plain(pos, end - pos)
    cursor.writer.show(cursor.buffer[pos:end])
    return end


def _may_open(before: str, after: str, char: str) -> bool:
    """Return True where emphasis may begin between these two; between faces' eyes (`>_<`, `(*^^*)`) it does not."""
    if not is_word(after) and after not in _OPENED and after < "\U0001f000":
        return False
    if not before or before.isspace() or before in _OPENING:
        return True
    return char != "_" and is_word(before) and (_is_loose(before) or _is_loose(after))


def _is_loose(char: str) -> bool:
    """Return True for a word character that Markdown may stand directly beside: CJK, Thai, Hangul."""
    return is_word(char) and _TIGHT_WORD.match(char) is None and char.isalpha()


def _opening(cursor: Cursor, pos: int, end: int) -> int:
    buffer, char, length = cursor.buffer, cursor.buffer[pos], end - pos
    acts = cursor.reader.asterisk if char == "*" and length == 1 else "never"
    stop = end + (LONGEST_TAG if acts == "always" else _LONGEST_EMPHASIS)
    found = _CLOSERS[char, length].search(buffer, end + 1, stop + 4)
    if found is not None and found.start() >= stop:
        found = None
    if len(buffer) < stop + 4 and not cursor.closed:
        if found is None:
            return cursor.wait(_WAKES[char], stop + 4 - pos)
        if found[0][0] == char and found.end() == len(buffer):
            return WAIT
    if found is None and len(buffer) > stop:
        cursor.loose = buffer[pos:end]
        return end
    if found is None or found[0][0] != char:
        return _unpaired(cursor, pos, end)
    claimed = any(cursor.base + at in cursor.skips for at in range(found.start(), found.end()))
    if claimed and found.end() - found.start() == length:
        return _unpaired(cursor, pos, end)
    close = found.start() if claimed else found.end() - length
    if acts != "never":
        alone = cursor.before(pos) in ("", "\n") or cursor.writer.between_sentences
        asked = action(buffer[end:close], cursor.reader.names, acts, alone=alone)
        if asked is not None:
            cursor.obey((asked,), pos, close + length, "")
            return close + length
    cursor.skips[cursor.base + close] = length
    return end


def _unpaired(cursor: Cursor, pos: int, end: int) -> int:
    """Read a mark that opens nothing: it may close something far ahead of its opening; else it is prose."""
    char, before, after = cursor.buffer[pos], cursor.before(pos), cursor.buffer[end : end + 1]
    mark = cursor.buffer[pos:end]
    outside = not after or _TIGHT_WORD.match(after) is None
    if cursor.loose == mark and before and not before.isspace() and outside:
        cursor.loose = ""
        return end
    inside = before and not before.isspace() and after and not after.isspace() and not outside
    beside = any(is_word(each) and not each.isdigit() for each in (before, after) if each)
    if char != "*" or inside or not beside:
        return cursor.plain(pos, end - pos)
    cursor.writer.show(mark)
    return end


def backtick(cursor: Cursor, pos: int) -> int:
    """Read inline code: what stands in it is said and shown, and no tag in it fires."""
    buffer = cursor.buffer
    run = _BACKTICKS.match(buffer, pos)
    end = pos + 1 if run is None else run.end()
    if cursor.starved(end) and end - pos < _LONGEST_RUN:
        return WAIT
    if end - pos == _LONGEST_RUN:
        cursor.writer.show(buffer[pos:end])
        return end
    mark = re.compile(rf"(?<!`){buffer[pos:end]}(?!`)|[\n\r]")
    stop = end + LONGEST_TAG
    found = mark.search(buffer, end, stop)
    if len(buffer) < stop and not cursor.closed:
        if found is None:
            return cursor.wait(_WAKES["`"], stop - pos)
        if found[0][0] == "`" and found.end() == len(buffer):
            return WAIT
    if found is None or found[0][0] != "`":
        if is_word(cursor.before(pos) or " ") and is_word(buffer[end : end + 1] or " "):
            return cursor.plain(pos, end - pos)
        cursor.writer.show(buffer[pos:end])
        return end
    code = buffer[end : found.start()]
    if len(code) > 2 and code[0] == code[-1] == " " and code.strip():
        code = code[1:-1]
    cursor.writer.both(visible(code))
    return found.end()


def escape(cursor: Cursor, pos: int) -> int:
    r"""Read a backslash: before a mark of Markdown it is dropped; `\[`, `\(` and `\\` are LaTeX and stay whole."""
    if cursor.starved(pos + 1):
        return WAIT
    after = cursor.buffer[pos + 1 : pos + 2]
    if after and after in _ESCAPED:
        return cursor.plain(pos + 1)
    return cursor.plain(pos, 2 if after and after in "[]\\" else 1)


def line_end(cursor: Cursor, pos: int) -> int:
    """Read a line break of any system; all become one newline."""
    cursor.line_start = True
    cursor.item = cursor.row = False
    cursor.loose = ""
    if cursor.buffer[pos] == "\r" or cursor.before(pos) != "\r":
        cursor.writer.both("\n")
    return pos + 1


def control(cursor: Cursor, pos: int) -> int:
    """Drop a control character; show a lone surrogate as the replacement character."""
    if "\ud800" <= cursor.buffer[pos] <= "\udfff":
        cursor.writer.show("\ufffd")
    return pos + 1


def picture(cursor: Cursor, pos: int) -> int:
    """Read an emoji as a whole: it is shown, not said, and may ask for an expression."""
    buffer = cursor.buffer
    found = _EMOJI.match(buffer, pos)
    if found is None:
        if buffer[pos] in "\ufe0f\u20e3":
            cursor.writer.show(buffer[pos])
            return pos + 1
        if not cursor.closed and len(buffer) - pos <= 2 and buffer[pos + 1 :] in ("", "\ufe0f"):
            return WAIT
        return cursor.plain(pos)
    if found.end() == len(buffer) and not cursor.closed and found.end() - pos < LONGEST_TAG:
        return WAIT
    sequence = found[0]
    cursor.writer.show(sequence, gap=True)
    if cursor.reader.emoji:
        names = cursor.reader.names
        name = next((each for each in meaning(sequence) if names.takes(each)), None)
        if name is not None and not cursor.writer.repeats(name):
            cursor.writer.cue(name, source=sequence, offset=cursor.base + pos)
    return found.end()


def address(cursor: Cursor, pos: int) -> int:
    """Read the start of a web address: it is shown whole and said as its host."""
    buffer = cursor.buffer
    start = buffer[pos : pos + 8].lower()
    if is_word(cursor.before(pos) or " ") or not any(
        start.startswith(scheme) or scheme.startswith(start) for scheme in _SCHEMES
    ):
        return cursor.plain(pos)
    scheme = next((each for each in _SCHEMES if start.startswith(each)), None)
    if scheme is None:
        return cursor.plain(pos) if cursor.closed else WAIT
    head = _HEAD.match(buffer, pos + len(scheme), pos + _LONGEST_HOST)
    end = pos if head is None else head.end()
    if cursor.starved(end) and end < pos + _LONGEST_HOST:
        return WAIT
    host = _HOST.match(buffer, pos, end)
    if host is None:
        return cursor.plain(pos)
    cursor.writer.say(_bare(host), host[0])
    cursor.url = buffer[host.end() : host.end() + 1] in ("/", "?", "#")
    return host.end()


def _bare(host: re.Match[str]) -> str:
    """Return how an address is said: its host without `www.`."""
    name = host[2] or host[1]
    return name[4:] if name.lower().startswith("www.") and "." in name[4:] else name


def spoken_address(url: str) -> str:
    """Return how a whole address is said: its host, or itself where it has none."""
    host = _HOST.match(url)
    return url if host is None else _bare(host)


def address_tail(cursor: Cursor, pos: int) -> int:
    """Read on in an address behind its host; punctuation at its end belongs to the sentence."""
    buffer = cursor.buffer
    tail = _TAIL.match(buffer, pos)
    end = pos if tail is None else tail.end()
    if end > pos:
        cursor.writer.show(buffer[pos:end])
        return end
    if not cursor.closed and len(buffer) - end <= _LONGEST_JOINT and _TAIL_JOINT.match(buffer, end):
        return WAIT
    cursor.url = False
    return end
