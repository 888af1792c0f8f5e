"""Mandarin text as sounds: pinyin by pypinyin's phrases, written in IPA with arrows for the tones.

Imported in a child process alone; `pypinyin` is looked for on first use.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass

from avatar_bridge.errors import VoiceError

__all__ = ["Syllable", "hanzi_number", "pinyin_ipa", "syllables"]

_REMEDY = 'install it with: pip install "avatar-bridge[kokoro]"'
_INITIALS = {"b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ"}
_INITIALS |= {"h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ"}
_INITIALS |= {"c": "ʦʰ", "s": "s", "": ""}
_FINALS = {"a": "a", "ai": "ai", "an": "a-n", "ang": "a-ŋ", "ao": "au", "e": "ɤ", "ei": "ei", "en": "ə-n", "eng": "ə-ŋ"}
_FINALS |= {"i": "i", "ia": "ja", "ian": "jɛ-n", "iang": "ja-ŋ", "iao": "jau", "ie": "je", "in": "i-n", "iu": "jou"}
_FINALS |= {"ing": "i-ŋ", "iong": "jʊ-ŋ", "ong": "ʊ-ŋ", "ou": "ou", "u": "u", "ui": "wei", "ua": "wa", "uai": "wai"}
_FINALS |= {"uan": "wa-n", "un": "wə-n", "uang": "wa-ŋ", "ueng": "wə-ŋ", "uo": "wo", "o": "wo", "v": "y", "ve": "ɥe"}
_FINALS |= {"van": "ɥɛ-n", "vn": "y-n", "er": "ɚ", "io": "jɔ"}
"""The tone stands at the dash, else at the end."""
_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_SPLIT = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcs]?)(.*?)([1-5]?)")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]+")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Syllable:
    """How a character is read."""

    char: int
    sounds: str
    """IPA with a tone arrow."""
    starts_word: bool


def syllables(text: str, offset: int = 0) -> list[Syllable]:
    """Return the syllables of the Chinese characters in `text`; `char` counts from `offset`.

    Raises VoiceError with a remedy where pypinyin is missing.
    """
    try:
        pypinyin = importlib.import_module("pypinyin")
        words = importlib.import_module("pypinyin.seg.mmseg").seg
    except ImportError as error:
        raise VoiceError(f"Chinese needs a package that is missing ({error}); {_REMEDY}") from error
    found: list[Syllable] = []
    for run in _HAN.finditer(text):
        at = offset + run.start()
        for word in words.cut(run[0]):
            read = pypinyin.lazy_pinyin(
                word, style=pypinyin.Style.TONE3, neutral_tone_with_five=True, v_to_u=False, tone_sandhi=True
            )
            for place, pinyin in enumerate(read[: len(word)]):
                found.append(Syllable(at + place, pinyin_ipa(pinyin), place == 0))
            at += len(word)
    return found


def pinyin_ipa(pinyin: str) -> str:
    """Return a syllable such as `zhong1` in IPA; "" for what is no pinyin."""
    plain = pinyin.replace("ü", "v")
    if plain.startswith("yu"):
        plain = "v" + plain[2:]
    elif plain.startswith(("yi", "wu")):
        plain = plain[1:]
    elif plain[:1] in ("y", "w"):
        plain = ("i" if plain[0] == "y" else "u") + plain[1:]
    parts = _SPLIT.fullmatch(plain)
    if parts is None:
        return ""
    initial, final, tone = parts[1], parts[2], _TONES[parts[3] or "5"]
    final = {"iou": "iu", "uei": "ui", "uen": "un"}.get(final, final)
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return _INITIALS[initial] + "ɨ" + tone
    shape = "ɔ" if final == pinyin.rstrip("12345") == "o" else _FINALS.get(final)
    if shape is None:
        return ""
    nucleus, dash, coda = shape.partition("-")
    return _INITIALS[initial] + nucleus + tone + (coda if dash else "")


def hanzi_number(digits: str) -> str:
    """Return a whole number in Chinese characters; more than eight digits, or a leading 0, one by one."""
    if len(digits) > 8 or (digits.startswith("0") and len(digits) > 1):
        return "".join(_DIGITS[int(digit)] for digit in digits)
    number = int(digits)
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1000 else ""
        return hanzi_number(str(high)) + "万" + gap + (hanzi_number(str(low)) if low else "")
    told, waiting = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            told += ("零" if waiting and told else "") + _DIGITS[digit] + name
            waiting = False
        else:
            waiting = True
    told = told or _DIGITS[0]
    return told[1:] if told.startswith("一十") else told
