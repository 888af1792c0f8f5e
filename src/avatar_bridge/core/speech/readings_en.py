"""How English voices read what is not written as it is said: numbers, abbreviations, units, letters, numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from avatar_bridge.core.speech.cardinals import LONGEST, cardinal, digit_words, ordinal

__all__ = ["ABBREVIATIONS", "SIGNS", "UNITS", "number_readings", "roman_readings", "spelled"]

SIGNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "&": ("and", "ampersand"),
        "+": ("plus",),
        "=": ("equals", "is"),
        "@": ("at",),
        "%": ("percent",),
        "#": ("", "hashtag", "hash", "number"),
        "$": ("dollars", "dollar"),
    }
)
"""What a sign is read as; an empty reading is silence."""

ABBREVIATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dr": ("doctor", "drive"),
        "mr": ("mister",),
        "mrs": ("missus",),
        "ms": ("ms", "miss"),
        "st": ("saint", "street"),
        "prof": ("professor",),
        "jr": ("junior",),
        "sr": ("senior",),
        "vs": ("versus", "v s"),
        "etc": ("et cetera",),
        "e.g.": ("for example", "e g"),
        "i.e.": ("that is", "i e"),
        "a.m.": ("a m",),
        "p.m.": ("p m",),
        "no": ("number", "no"),
        "inc": ("inc", "incorporated"),
        "ltd": ("limited",),
        "co": ("company", "co"),
        "corp": ("corporation", "corp"),
        "ave": ("avenue",),
        "rd": ("road",),
        "blvd": ("boulevard",),
        "approx": ("approximately",),
        "dept": ("department",),
        "est": ("established", "estimated"),
        "gen": ("general",),
        "col": ("colonel",),
        "capt": ("captain",),
        "lt": ("lieutenant",),
        "sgt": ("sergeant",),
        "rev": ("reverend",),
        "gov": ("governor",),
        "sen": ("senator",),
        "fig": ("figure",),
        "vol": ("volume",),
        "pp": ("pages",),
        "mt": ("mount",),
        "ft": ("feet", "fort"),
        "jan": ("january",),
        "feb": ("february",),
        "aug": ("august",),
        "sept": ("september",),
        "oct": ("october",),
        "nov": ("november",),
        "dec": ("december",),
        "mon": ("monday",),
        "tue": ("tuesday",),
        "wed": ("wednesday",),
        "thu": ("thursday",),
        "fri": ("friday",),
    }
)
"""What stands with a full stop behind it (or in it) and is read as another word."""

UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "km": ("kilometers", "kilometer"),
        "m": ("meters", "meter", "million", "m"),
        "cm": ("centimeters", "centimeter"),
        "mm": ("millimeters", "millimeter"),
        "mi": ("miles", "mile"),
        "ft": ("feet", "foot"),
        "kg": ("kilograms", "kilogram", "kilos"),
        "g": ("grams", "gram", "g"),
        "mg": ("milligrams", "milligram"),
        "lb": ("pounds", "pound"),
        "lbs": ("pounds",),
        "oz": ("ounces", "ounce"),
        "l": ("liters", "liter"),
        "ml": ("milliliters", "milliliter"),
        "h": ("hours", "hour", "h"),
        "hr": ("hours", "hour"),
        "hrs": ("hours",),
        "min": ("minutes", "minute"),
        "s": ("seconds", "second", "s"),
        "sec": ("seconds", "second"),
        "ms": ("milliseconds", "millisecond"),
        "kb": ("kilobytes", "k b"),
        "mb": ("megabytes", "m b"),
        "gb": ("gigabytes", "gigs", "g b"),
        "tb": ("terabytes", "t b"),
        "hz": ("hertz",),
        "khz": ("kilohertz",),
        "mhz": ("megahertz",),
        "ghz": ("gigahertz",),
        "w": ("watts",),
        "kw": ("kilowatts",),
        "kwh": ("kilowatt hours",),
        "v": ("volts", "v"),
        "mph": ("miles per hour", "m p h"),
        "kph": ("kilometers per hour", "k p h"),
        "fps": ("frames per second", "f p s"),
        "k": ("thousand", "k"),
        "c": ("celsius", "c"),
        "f": ("fahrenheit", "f"),
        "am": ("a m",),
        "pm": ("p m",),
    }
)
"""What stands behind a number and is read as another word."""

_COINS = MappingProxyType(
    {
        "$": ("dollar", "dollars", "cent", "cents"),
        "€": ("euro", "euros", "cent", "cents"),
        "£": ("pound", "pounds", "penny", "pence"),
        "¥": ("yen", "yen", "sen", "sen"),
        "₩": ("won", "won", "jeon", "jeon"),
    }
)
_NUMBER = re.compile(
    r"(?P<sign>[-−+])?(?P<coin>[$€£¥₩])?(?P<body>\d+(?:[.,:/'’\-–]\d+)*)(?P<tail>[a-zA-Z]*)\s?(?P<mark>[%°€]?C?)"
)
_ROMAN = MappingProxyType({"I": 1, "V": 5, "X": 10, "L": 50, "C": 100})
_MOST = 12


def number_readings(text: str) -> tuple[str, ...]:
    """Return how a written number with its signs may be read, likeliest first; none where it is no number."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return ()
    sign = {"-": ("minus ", "negative "), "−": ("minus ", "negative "), "+": ("plus ",)}.get(found["sign"] or "", ("",))
    body = _amounts(found["coin"], found["body"]) if found["coin"] else _bodies(found["body"], found["tail"])
    after = _after(found["tail"], found["mark"])
    rows = (f"{first}{middle} {last}" for middle in body for first in sign for last in after)
    return tuple(dict.fromkeys(" ".join(row.split()) for row in rows))[:_MOST]


def spelled(letters: str) -> str:
    """Return the letters of an abbreviation one by one; digits as words."""
    names = (digit_words(letter) if letter.isdecimal() else letter.casefold() for letter in letters if letter.isalnum())
    return " ".join(name for name in names if name)


def roman_readings(text: str, *, regnal: bool) -> tuple[str, ...]:
    """Return how a Roman numeral behind a name is read: "the eighth" of a king, "eight" of a war; none for others."""
    value = _roman(text)
    if value is None:
        return ()
    plain = (cardinal(value), f"the {ordinal(value)}")
    return (*(plain[::-1] if regnal else plain), f"roman {plain[0]}", spelled(text))


def _roman(text: str) -> int | None:
    total = last = 0
    for letter in reversed(text):
        value = _ROMAN.get(letter)
        if value is None:
            return None
        total += value if value >= last else -value
        last = max(last, value)
    return total if re.fullmatch(r"L?X{0,3}(?:IX|IV|V?I{0,3})", text) and total else None


def _after(tail: str, mark: str) -> tuple[str, ...]:
    if mark:
        return {
            "%": ("percent",),
            "€": ("euros", "euro"),
            "°": ("degrees",),
            "°C": ("degrees celsius", "degrees"),
        }.get(mark, ("",))
    if not tail or tail.casefold() in {"st", "nd", "rd", "th", "s"}:
        return ("",)
    return UNITS.get(tail.casefold(), (spelled(tail), tail.casefold()))


def _bodies(body: str, tail: str) -> Iterator[str]:
    plain = re.sub(r"(?<=\d)[,'’](?=\d{3})", "", body)
    tail = tail.casefold()
    parts = re.split(r"[.,:/\-–'’]", plain)
    if len(parts) == 1:
        # what has its thousands parted is a number and no year
        amount = (
            (cardinal(int(plain)), _with_and(cardinal(int(plain)))) if plain != body and len(plain) <= LONGEST else ()
        )
        yield from amount or _whole(plain, tail)
    elif ":" in plain:
        yield from _clock(parts)
    elif "/" in plain:
        yield from _slashed(parts)
    elif "." in plain or "," in plain:
        yield from _pointed(parts)
    else:
        yield from _ranged(parts)


def _whole(digits: str, tail: str) -> Iterator[str]:
    value = int(digits) if len(digits) <= LONGEST else None
    if value is None:
        yield digit_words(digits)
        return
    if tail in {"st", "nd", "rd", "th"}:
        yield ordinal(value)
        yield _with_and(ordinal(value))
        return
    if tail == "s":
        yield from (_plural(reading) for reading in _plain(digits, value))
        return
    yield from _plain(digits, value)


def _plain(digits: str, value: int) -> Iterator[str]:
    if len(digits) > 1 and digits[0] == "0":
        yield digit_words(digits)
        yield digit_words(digits).replace("zero", "oh")
        yield cardinal(value)
        return
    if len(digits) == 4 and 1100 <= value < 2100 and value // 100 != 20:
        yield from _year(value)
    yield cardinal(value)
    if value > 100:
        yield _with_and(cardinal(value))
    if len(digits) == 4 and value // 100 == 20:
        yield from _year(value)
    if len(digits) == 3 and value % 100:
        yield f"{cardinal(value // 100)} {_pair(value % 100)}"
    if len(digits) > 2:
        yield digit_words(digits)
        yield digit_words(digits).replace("zero", "oh")


def _year(value: int) -> Iterator[str]:
    high, low = divmod(value, 100)
    if low:
        yield f"{cardinal(high)} {_pair(low)}"
        yield f"{cardinal(high)} hundred {cardinal(low)}"
        yield f"{cardinal(high)} hundred and {cardinal(low)}"
    else:
        yield f"{cardinal(high)} hundred"


def _pair(value: int) -> str:
    return f"oh {cardinal(value)}" if value < 10 else cardinal(value)


def _with_and(words: str) -> str:
    head, found, rest = words.rpartition("hundred ")
    if found:
        return f"{head}hundred and {rest}"
    head, found, rest = words.rpartition("thousand ")
    return f"{head}thousand and {rest}" if found else words


def _plural(words: str) -> str:
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}es" if words.endswith("x") else f"{words}s"


def _clock(parts: list[str]) -> Iterator[str]:
    numbers = [int(part) for part in parts]
    hour, minute = numbers[0], numbers[1]
    if len(numbers) == 2 and not minute:
        yield cardinal(hour)
        yield f"{cardinal(hour)} o'clock"
        yield f"{cardinal(hour)} hundred"
        yield f"{cardinal(hour)} zero zero"
    else:
        yield " ".join([cardinal(hour), *(_pair(part) for part in numbers[1:])])
    yield " ".join(cardinal(part) for part in numbers)
    yield f"{cardinal(hour)} to {cardinal(minute)}"


def _slashed(parts: list[str]) -> Iterator[str]:
    numbers = [int(part) for part in parts]
    if len(numbers) == 2 and 0 < numbers[0] < numbers[1]:
        name = {2: "half", 4: "quarter"}.get(numbers[1], ordinal(numbers[1]))
        plural = "halves" if name == "half" else f"{name}s"
        yield f"{cardinal(numbers[0])} {name if numbers[0] == 1 else plural}"
        if numbers == [1, 2]:
            yield "a half"
    rows = [cardinal(number) for number in numbers]
    yield " slash ".join(rows)
    yield " ".join(rows)
    if len(parts[-1]) == 4:
        years = [*_year(numbers[-1])]
        yield from (" ".join([*rows[:-1], year]) for year in years[:1])
        yield from (" slash ".join([*rows[:-1], year]) for year in years)
    yield " over ".join(rows)


def _pointed(parts: list[str]) -> Iterator[str]:
    first, *rest = parts
    yield " point ".join([_short(first), *(digit_words(part) for part in rest)])
    yield " point ".join(_short(part) for part in parts)
    yield " dot ".join(_short(part) for part in parts)
    yield " point ".join([_short(first), *(digit_words(part).replace("zero", "oh") for part in rest)])


def _short(digits: str) -> str:
    return cardinal(int(digits)) if len(digits) <= LONGEST else digit_words(digits)


def _ranged(parts: list[str]) -> Iterator[str]:
    rows = [_short(part) for part in parts]
    spelled_out = " ".join(digit_words(part) for part in parts)
    if len(parts) == 2 and int(parts[0]) < int(parts[1]) and len(parts[0]) < 3:
        yield " to ".join(rows)
    if any(len(part) > 2 for part in parts):
        yield spelled_out
        yield spelled_out.replace("zero", "oh")
    yield " ".join(rows)
    yield " to ".join(rows)
    yield " dash ".join(rows)
    yield " minus ".join(rows)
    if len(parts) > 1 and all(len(part) == 4 for part in parts):
        yield " to ".join(next(_year(int(part))) for part in parts)
        yield " ".join(next(_year(int(part))) for part in parts)
    mixed = [
        row if len(part) < 3 else with_and
        for part, row, with_and in zip(parts, rows, map(_with_and, rows), strict=True)
    ]
    yield " ".join(mixed)


def _amounts(coin: str, body: str) -> Iterator[str]:
    plain = re.sub(r"(?<=\d)[,'’](?=\d{3})", "", body)
    whole, _, part = plain.partition(".")
    if not whole.isdecimal() or (part and not part.isdecimal()) or len(whole) > LONGEST:
        yield from _bodies(body, "")
        return
    one, many, small, smalls = _COINS[coin]
    name = one if int(whole) == 1 else many
    for amount in dict.fromkeys((cardinal(int(whole)), _with_and(cardinal(int(whole))))):
        if not part:
            yield f"{amount} {name}"
            yield f"{one} {amount}"
            continue
        cents = cardinal(int(part[:2].ljust(2, "0")))
        yield f"{amount} {name} and {cents} {small if cents == 'one' else smalls}"
        yield f"{amount} {name} {cents} {small if cents == 'one' else smalls}"
        yield f"{amount} {cents}"
        yield f"{amount} {name} {cents}"
        yield f"{amount} {name} and {cents}"
        yield f"{amount} point {digit_words(part)} {many}"
        yield f"{one} {amount} point {digit_words(part)}"
        yield f"{amount} point {cents} {many}"
