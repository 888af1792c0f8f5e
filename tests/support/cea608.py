"""Reads the captions out of an H.264 stream: SEI, ATSC user data, CEA-608 pop-on captions of field 1."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["captions", "pairs"]

_START = re.compile(rb"\x00\x00\x01")
_USER_DATA = b"\xb5\x00\x31GA94\x03"
_BASIC = {0x2A: "á", 0x5C: "é", 0x5E: "í", 0x5F: "ó", 0x60: "ú", 0x7B: "ç", 0x7C: "÷", 0x7D: "Ñ", 0x7E: "ñ", 0x7F: "█"}
_SPECIAL = "®°½¿™¢£♪à èâêîôû"
_EXTENDED = {
    0x12: "ÁÉÓÚÜü‘¡*'—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»",
    0x13: "ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤¦ÅåØø┌┐└┘",
}


def captions(stream: bytes) -> list[str]:
    """Return every caption that an Annex B stream shows, in order, its lines parted by line ends; "" for a clear."""
    shown: list[str] = []
    rows: dict[int, str] = {}
    row, last = 15, None
    for pair in pairs(stream):
        first, second = pair
        if 0x10 <= first <= 0x1F and pair == last:
            last = None  # control codes are sent twice
            continue
        last = pair
        if first in (0x14, 0x1C):
            if second == 0x2E:
                rows = {}
            elif second == 0x2F:
                shown.append("\n".join(rows[number].strip() for number in sorted(rows) if rows[number].strip()))
                rows = {}
            elif second == 0x2C:
                shown.append("")
            elif second == 0x21 and row in rows:
                rows[row] = rows[row][:-1]
        elif first in (0x11, 0x19) and 0x30 <= second <= 0x3F:
            rows[row] = rows.get(row, "") + _SPECIAL[second - 0x30]
        elif first in _EXTENDED and 0x20 <= second <= 0x3F:
            rows[row] = rows.get(row, "")[:-1] + _EXTENDED[first][second - 0x20]
        elif 0x10 <= first <= 0x17 and second >= 0x40:
            row = _row(first, second)
        elif first >= 0x20:
            rows[row] = rows.get(row, "") + "".join(_letter(code) for code in pair if code >= 0x20)
    return shown


def pairs(stream: bytes) -> Iterator[tuple[int, int]]:
    """Yield the byte pairs of field 1, parity taken off, nothing-said left out."""
    places = [match.start() for match in _START.finditer(stream)]
    for begin, end in zip(places, [*places[1:], len(stream)], strict=True):
        unit = stream[begin + 3 : end]
        if unit and unit[0] & 0x1F == 6:
            yield from _user_data(unit[1:].replace(b"\x00\x00\x03", b"\x00\x00"))


def _user_data(sei: bytes) -> Iterator[tuple[int, int]]:
    at = sei.find(_USER_DATA)
    while at >= 0:
        count = sei[at + 8] & 0x1F
        for index in range(count):
            marker, first, second = sei[at + 10 + 3 * index : at + 13 + 3 * index]
            if marker & 0x07 == 0x04 and (first & 0x7F or second & 0x7F):
                yield first & 0x7F, second & 0x7F
        at = sei.find(_USER_DATA, at + 10 + 3 * count)


def _row(first: int, second: int) -> int:
    pairs_of_rows = {0x11: (1, 2), 0x12: (3, 4), 0x15: (5, 6), 0x16: (7, 8), 0x17: (9, 10), 0x10: (11, 11)}
    pairs_of_rows |= {0x13: (12, 13), 0x14: (14, 15)}
    return pairs_of_rows[first][bool(second & 0x20)]


def _letter(code: int) -> str:
    return _BASIC.get(code, chr(code))
