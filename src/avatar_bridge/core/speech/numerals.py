"""Numbers as English words, as an English voice reads them: years, prices, times, ordinals, decimals."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["number_words"]

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_SIGNS = {
    "$": "dollar",
    "€": "euro",
    "£": "pound",
    "¥": "yen",
    "%": "percent",
    "°": "degrees",
    "/": "slash",
    "-": "",
    ":": "",
}


def number_words(text: str) -> list[str]:
    """Return the English words of one written number with its signs and letters, in the order in which they stand."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    found: list[str] = []
    if plain[:1] in {"-", "−"}:
        found.append("minus")
    for match in re.finditer(r"\d+|[^\W\d_]+|.", plain):
        part = match.group()
        if part.isdigit():
            before = plain[: match.start()]
            found += _digits(part) if before.endswith(".") and before[-2:-1].isdigit() else _cardinal(part)
        elif part == ".":
            found.append("point")
        elif part.isalpha():
            found.append(part)
        elif _SIGNS.get(part):
            found.append(_SIGNS[part])
    return found


def _digits(part: str) -> list[str]:
    return [_ONES[int(digit)] for digit in part]


def _cardinal(part: str) -> list[str]:
    if len(part) > 15:
        return _digits(part)
    return list(_spoken(int(part)))


def _spoken(value: int) -> Iterator[str]:
    if value < 20:
        yield _ONES[value]
        return
    if value < 100:
        yield _TENS[value // 10 - 2]
        if value % 10:
            yield _ONES[value % 10]
        return
    if 1100 <= value < 2000 and value % 100:
        yield from (*_spoken(value // 100), "hundred", *_spoken(value % 100))
        return
    scale, name = next(item for item in _SCALES if value >= item[0])
    yield from _spoken(value // scale)
    yield name
    if value % scale:
        yield from _spoken(value % scale)
