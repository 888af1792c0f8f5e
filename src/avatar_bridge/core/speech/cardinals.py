"""Whole numbers as words in English, German, Spanish and French."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["LONGEST", "cardinal", "digit_words", "ordinal"]

LONGEST: Final = 15
"""Digits of the longest number that is read as one; longer ones are read digit by digit."""

_ONES_EN = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_EN = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES_DE = (
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    *("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
)
_TENS_DE = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_ONES_ES = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    *("trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno"),
    *("veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho"),
    "veintinueve",
)
_TENS_ES = ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS_ES = (
    *("ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos"),
    *("ochocientos", "novecientos"),
)
_ONES_FR = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "dix sept", "dix huit", "dix neuf"),
)
_TENS_FR = ("vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre vingt", "quatre vingt")
_ORDINALS: Mapping[str, str] = MappingProxyType(
    {
        "one": "first",
        "two": "second",
        "three": "third",
        "five": "fifth",
        "eight": "eighth",
        "nine": "ninth",
        "twelve": "twelfth",
    }
)


def cardinal(value: int, language: str = "en") -> str:
    """Return a whole number of at most `LONGEST` digits as words with spaces between; negative ones need a sign.

    A language without numbers here gets English ones.
    """
    return " ".join(_SAYING.get(language, _english)(value).split())


def digit_words(digits: str, language: str = "en") -> str:
    """Return each digit as a word."""
    return " ".join(cardinal(int(digit), language) for digit in digits if digit.isdecimal())


def ordinal(value: int) -> str:
    """Return the English ordinal of a whole number: "twenty first"."""
    *before, last = cardinal(value).split()
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last = f"{last}th"
    return " ".join([*before, last])


def _english(value: int) -> str:
    if value < 20:
        return _ONES_EN[value]
    if value < 100:
        return f"{_TENS_EN[value // 10 - 2]} {_ONES_EN[value % 10] if value % 10 else ''}"
    scales = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
    scale, name = next(item for item in scales if value >= item[0])
    return f"{_english(value // scale)} {name} {_english(value % scale) if value % scale else ''}"


def _german(value: int) -> str:
    if value < 20:
        return _ONES_DE[value]
    if value < 100:
        one = "" if not value % 10 else "ein" if value % 10 == 1 else _ONES_DE[value % 10]
        return f"{one}und{_TENS_DE[value // 10 - 2]}" if one else _TENS_DE[value // 10 - 2]
    if value < 10**6:
        scale, name = (1000, "tausend") if value >= 1000 else (100, "hundert")
        many = "ein" if value // scale == 1 else _german(value // scale)
        return f"{many}{name}{_german(value % scale) if value % scale else ''}"
    scale, name = next(
        item for item in ((10**12, "Billion"), (10**9, "Milliarde"), (10**6, "Million")) if value >= item[0]
    )
    rest = _german(value % scale) if value % scale else ""
    if value // scale == 1:
        return f"eine {name} {rest}"
    return f"{_german(value // scale)} {name}{'n' if name.endswith('e') else 'en'} {rest}"


def _spanish(value: int) -> str:
    if value < 30:
        return _ONES_ES[value]
    if value < 100:
        return _TENS_ES[value // 10 - 3] + (f" y {_ONES_ES[value % 10]}" if value % 10 else "")
    if value == 100:
        return "cien"
    if value < 1000:
        return f"{_HUNDREDS_ES[value // 100 - 1]} {_spanish(value % 100) if value % 100 else ''}"
    if value < 10**6:
        many = "" if value < 2000 else _shortened(value // 1000)
        return f"{many} mil {_spanish(value % 1000) if value % 1000 else ''}"
    scale, name = (10**12, "billón") if value >= 10**12 else (10**6, "millón")
    many = "un" if value // scale == 1 else _shortened(value // scale)
    plural = name if value // scale == 1 else name.replace("ón", "ones")
    return f"{many} {plural} {_spanish(value % scale) if value % scale else ''}"


def _shortened(value: int) -> str:
    """Return a Spanish number as it stands before a noun: "uno" loses its o."""
    words = _spanish(value)
    return (
        words.replace("veintiuno", "veintiún")
        if words.endswith("veintiuno")
        else words.removesuffix("o")
        if (words.endswith("uno"))
        else words
    )


def _french(value: int) -> str:
    if value < 20:
        return _ONES_FR[value]
    if value < 100:
        tens = value // 10
        rest = value % 10 + (10 if tens in {7, 9} else 0)
        joint = " et " if rest in {1, 11} and tens < 8 else " "
        return _TENS_FR[tens - 2] + (f"{joint}{_ONES_FR[rest]}" if rest else "")
    if value < 10**6:
        scale, name = (1000, "mille") if value >= 1000 else (100, "cent")
        many = "" if value // scale == 1 else _french(value // scale)
        return f"{many} {name} {_french(value % scale) if value % scale else ''}"
    scale, name = next(
        item for item in ((10**12, "billion"), (10**9, "milliard"), (10**6, "million")) if value >= item[0]
    )
    plural = name if value // scale == 1 else f"{name}s"
    return f"{_french(value // scale)} {plural} {_french(value % scale) if value % scale else ''}"


_SAYING: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {"en": _english, "de": _german, "es": _spanish, "fr": _french}
)
