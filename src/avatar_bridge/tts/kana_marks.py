"""Which moras of a Japanese voice belong to which characters of the text, where the voice tells moras but no words.

Kana say how they sound, Chinese characters do not: they take what the kana around them leave. Least cost over both
rows, with phrases and pauses as anchors; readings that particles and long vowels have count as their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from avatar_bridge.core.vocabulary import WordMark
from avatar_bridge.tts.least_cost import least_cost

__all__ = ["PAUSE", "SpokenMora", "kana_marks"]

PAUSE = "pau"

_ROWS = (
    *(("", "アイウエオ"), ("k", "カキクケコ"), ("s", "サ＿スセソ"), ("t", "タ＿＿テト"), ("n", "ナニヌネノ")),
    *(("h", "ハヒ＿ヘホ"), ("m", "マミムメモ"), ("y", "ヤ＿ユ＿ヨ"), ("r", "ラリルレロ"), ("w", "ワ＿＿＿＿")),
    *(("g", "ガギグゲゴ"), ("z", "ザ＿ズゼゾ"), ("d", "ダ＿＿デド"), ("b", "バビブベボ"), ("p", "パピプペポ")),
)
_KANA: Mapping[str, tuple[str, str]] = MappingProxyType(
    {kana: (row, vowel) for row, kanas in _ROWS for kana, vowel in zip(kanas, "aiueo", strict=True) if kana != "＿"}
    | {"シ": ("sh", "i"), "チ": ("ch", "i"), "ツ": ("ts", "u"), "フ": ("f", "u"), "ジ": ("j", "i"), "ヂ": ("j", "i")}
    | {"ヅ": ("z", "u"), "ヲ": ("", "o"), "ン": ("", "N"), "ッ": ("", "cl"), "ヴ": ("v", "u")}
)
_SMALL = MappingProxyType(dict(zip("ァィゥェォャュョヮ", "aiueoauoa", strict=True)))
_SOFT = frozenset("kgnhbpmr")
_PARTICLES: Mapping[str, tuple[str, str]] = MappingProxyType({"ハ": ("w", "a"), "ヘ": ("", "e")})
_PAUSES = frozenset("、。，．！？!?,.…\n")
_MISFIT, _UNHEARD, _EXTRA = 1.5, 2.0, 2.0
_WORST = 0.5
"""Cost a character from which on the text is not what was said."""
_MORAS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "han": (3.0, 0.3, 0.0, 0.4, 1.0, 2.0, 3.0),
        "digit": (0.8, 0.3, 0.0, 0.1, 0.2, 0.4, 0.8),
        "letter": (0.2, 0.0, 0.2, 0.5, 0.9, 1.3),
    }
)
"""What it costs that a character is heard as so many moras."""

_Kind = Literal["kana", "pause", "han", "digit", "letter"]


@dataclass(frozen=True, slots=True)
class SpokenMora:
    """One mora as a voice speaks it: OpenJTalk's consonant ("" for none) and vowel, PAUSE for silence; in seconds."""

    consonant: str
    vowel: str
    at: float
    end: float
    opens: bool = False
    """Whether an accent phrase begins with it."""


@dataclass(frozen=True, slots=True)
class _Unit:
    char: int
    length: int
    kind: _Kind
    sounds: tuple[tuple[str, str], ...] = ()
    """How a kana may sound."""
    first: bool = False
    """Whether a run of its kind begins here."""


def kana_marks(text: str, moras: Sequence[SpokenMora]) -> tuple[WordMark, ...]:
    """Return when each kana and each run of other characters is spoken; none where text and moras do not match."""
    row = _units(text)
    if not row or not moras:
        return ()
    skips = [0.3 if mora.vowel == PAUSE else _EXTRA for mora in moras]
    spans, cost = least_cost(len(row), skips, lambda unit, used: _costs(row[unit], used, moras))
    if cost > _WORST * len(row):
        return ()
    return tuple(_marks([(unit, *span) for unit, span in zip(row, spans, strict=True)], moras))


def _costs(unit: _Unit, used: int, moras: Sequence[SpokenMora]) -> Iterator[tuple[int, float]]:
    """Yield (moras, cost) of the ways in which a unit may be heard from `used` on."""
    mora = moras[used] if used < len(moras) else None
    if unit.kind == "pause":
        yield 0, 0.1
        if mora is not None and mora.vowel == PAUSE:
            yield 1, -0.5
        return
    opening = -0.3 if unit.first and mora is not None and mora.opens else 0.0
    if unit.kind == "kana":
        yield 0, _UNHEARD
        if mora is not None and mora.vowel != PAUSE:
            yield 1, _misfit(unit, mora) + opening
        return
    for count, cost in enumerate(_MORAS[unit.kind]):
        if used + count > len(moras) or (count and moras[used + count - 1].vowel == PAUSE):
            return
        yield count, cost + (opening if count else 0.0)


def _misfit(unit: _Unit, mora: SpokenMora) -> float:
    vowel = mora.vowel if mora.vowel in ("N", "cl") else mora.vowel.lower()
    if (mora.consonant, vowel) in unit.sounds:
        return 0.1 * unit.sounds.index((mora.consonant, vowel))
    return _MISFIT / 2 if any(vowel == other for _, other in unit.sounds) else _MISFIT


def _marks(spans: Sequence[tuple[_Unit, int, int]], moras: Sequence[SpokenMora]) -> Iterator[WordMark]:
    """Yield a mark for each kana, and one for neighbouring characters of any other kind."""
    group = 0

    def number(index: int) -> int:
        nonlocal group
        unit, before = spans[index][0], spans[index - 1][0] if index else None
        joined = before is not None and before.kind == unit.kind != "kana" and before.char + before.length == unit.char
        group += not joined
        return group

    for _, indices in groupby(range(len(spans)), number):
        own = [spans[index] for index in indices]
        start, end = own[0][1], own[-1][2]
        if end > start and own[0][0].kind != "pause":
            length = own[-1][0].char + own[-1][0].length - own[0][0].char
            yield WordMark(own[0][0].char, length, moras[start].at, moras[end - 1].end - moras[start].at)


def _units(text: str) -> list[_Unit]:
    row: list[_Unit] = []
    for char, character in enumerate(text):
        kana = chr(ord(character) + 0x60) if "ぁ" <= character <= "ゖ" else character
        before = row[-1] if row and row[-1].char + row[-1].length == char else None
        if kana in _SMALL and before is not None and before.kind == "kana":
            row[-1] = replace(before, length=before.length + 1, sounds=_blended(before.sounds, kana))
        elif kana in _KANA or kana in _SMALL:
            row.append(_Unit(char, 1, "kana", _readings(kana, before), _is_first(character, before, text)))
        elif character in _PAUSES:
            row.append(_Unit(char, 1, "pause"))
        elif kana == "ー":
            vowel = before.sounds[0][1] if before is not None and before.sounds else "a"
            row.append(_Unit(char, 1, "kana", (("", vowel),)))
        elif character.isalnum() or character == "々":
            kind: _Kind = "digit" if character.isdigit() else "letter" if character < "\u2e80" else "han"
            row.append(_Unit(char, 1, kind, (), before is None or before.kind != kind))
    return row


def _is_first(character: str, before: _Unit | None, text: str) -> bool:
    """Return whether a word may well begin with this kana: a run of katakana does, hiragana behind a pause or space."""
    if before is None or before.kind == "pause":
        return True
    return "ァ" <= character <= "ヺ" and not "ァ" <= text[before.char] <= "ヺ"


def _readings(kana: str, before: _Unit | None) -> tuple[tuple[str, str], ...]:
    own = _KANA.get(kana) or ("", _SMALL[kana])
    vowel = before.sounds[0][1] if before is not None and before.sounds else ""
    longer = (
        ("", "o") if kana == "ウ" and vowel in ("o", "") else ("", "e") if kana == "イ" and vowel in ("e", "") else None
    )
    particle = _PARTICLES.get(kana)
    return (own, *((longer,) if longer else ()), *((particle,) if particle else ()))


def _blended(sounds: tuple[tuple[str, str], ...], small: str) -> tuple[tuple[str, str], ...]:
    """Return the sounds of a kana with a small one behind it: キ and ャ are kya, フ and ァ are fa."""
    consonant, _ = sounds[0]
    soft = consonant + "y" if small in "ャュョ" and consonant in _SOFT else consonant
    return ((soft, _SMALL[small]), (consonant or "w", _SMALL[small]))
