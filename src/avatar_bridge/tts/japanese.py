"""Japanese text as sounds, by Open JTalk's dictionary: which characters are read how.

Imported in a child process alone; `pyopenjtalk` is looked for on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from avatar_bridge.errors import VoiceError

__all__ = ["PAUSES", "Reading", "ipa", "labels", "open_jtalk", "readings"]

_REMEDY = 'install it with: pip install "avatar-bridge[openjtalk]"'
PAUSES = frozenset(("pau", "sil", "sp", "unk"))
"""Open JTalk's symbols that are no sound."""
_IPA = {"sh": "ɕ", "ch": "tɕ", "j": "dʑ", "z": "dz", "r": "ɾ", "f": "ɸ", "g": "ɡ", "hy": "ç", "ny": "ɲ", "y": "j"}
_IPA |= {"cl": "ʔ", "v": "v", "ry": "ɾʲ", "gy": "ɡʲ", "fy": "ɸʲ", "kw": "kw", "gw": "ɡw"}
_FRONT = {"h": "ç", "n": "ɲ"}
_VOWELS = frozenset("aiueo")
_FORWARD = frozenset("szɕʑʲɲçɨ")
"""Behind these u stands forward."""
_LIPS, _VELUM = frozenset("pbmw"), frozenset("kg")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a word is read."""

    char: int
    """Offset of the word in the text."""
    length: int
    """Characters of the text; 0 for a word that stands for a place in a number (the ten of 20)."""
    phones: tuple[str, ...]
    """Open JTalk's symbols: `sh`, `a`, `N`, `cl`; empty or pauses for punctuation."""
    joined: bool
    """Whether it belongs to the word before it: an auxiliary (です), a counter (三杯)."""
    surface: str


def open_jtalk() -> Any:
    """Return the module `pyopenjtalk`; raises VoiceError with a remedy where it is missing."""
    try:
        return importlib.import_module("pyopenjtalk")
    except ImportError as error:
        raise VoiceError(f"Japanese needs a package that is missing ({error}); {_REMEDY}") from error


def readings(text: str) -> list[Reading]:
    """Return the words of `text` and how they are read, in order."""
    found = open_jtalk().g2p_mapping(text, use_sudachi_kanji_yomi=_has_sudachi())
    words: list[Reading] = []
    end = 0
    for one in found:
        first, last = one["char_span"]
        first, last = (end, end) if (first, last) == (0, 0) and end else (first, last)
        joined = one["pos"] == "助動詞" or (one["chain_flag"] == 1 and one["pos"] != "助詞")
        words.append(Reading(first, last - first, tuple(one["phonemes"]), joined, one["surface"]))
        end = last
    return words


def labels(text: str) -> list[str]:
    """Return the full-context labels of `text`, a line a sound, silence at both ends."""
    module = open_jtalk()
    features = module.run_frontend(text, use_sudachi_kanji_yomi=_has_sudachi())
    return [str(label) for label in module.make_label(features)]


def ipa(phones: Sequence[str]) -> list[str]:
    """Return each of Open JTalk's symbols in IPA, "" for a pause; the moraic nasal takes the place of what follows.

    A devoiced vowel carries its ring; u stands forward (ɨ) behind sibilants and palatals, as speakers say it.
    """
    told: list[str] = []
    for number, phone in enumerate(phones):
        after = phones[number + 1].lower() if number + 1 < len(phones) else ""
        if phone in PAUSES:
            told.append("")
        elif phone == "N":
            told.append(_nasal(after))
        elif phone.lower() in _VOWELS:
            vowel = phone.lower()
            if vowel == "u":
                vowel = "ɨ" if told and told[-1][-1:] in _FORWARD else "ɯ"
            told.append(vowel + ("\u0325" if phone.isupper() else ""))
        else:
            told.append(_consonant(phone, after))
    return told


def _consonant(phone: str, after: str) -> str:
    if phone == "z" and after == "u":
        return "z"
    if after == "i" and phone in _FRONT:
        return _FRONT[phone]
    plain = _IPA.get(phone)
    if plain is None:
        plain = f"{_IPA.get(phone[0], phone[0])}ʲ" if len(phone) == 2 and phone[1] == "y" else phone
    if after == "i" and plain[-1] in "kɡbpmɾtdv":
        plain += "ʲ"
    return plain


def _nasal(after: str) -> str:
    if not after or after in PAUSES:
        return "ɴ"
    if after[0] in _LIPS:
        return "m"
    if after[0] in _VELUM:
        return "ŋ"
    if after[0] in "tdnrzcj":
        return "ɲ" if after in ("ch", "j", "ny") else "n"
    return "ɴ"


def _has_sudachi() -> bool:
    """Return whether the large dictionary is here that decides between the readings of a kanji."""
    return find_spec("sudachidict_core") is not None
