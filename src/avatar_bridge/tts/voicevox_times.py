"""When a VOICEVOX engine will say what, known from its AudioQuery before it has synthesised anything.

Mirrors the engine's own way from query to frames (voicevox_engine, `_query_to_decoder_feature`): interrogative upspeak,
silence at both ends, the pauses' override and scale, the speed over everything, each sound rounded to whole frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from avatar_bridge.core.speech.ipa import BOUNDARY
from avatar_bridge.core.vocabulary import Phoneme
from avatar_bridge.tts.kana_marks import SpokenMora

__all__ = ["HOP", "IPA", "QueryTimes", "query_times"]

HOP = 256 / 24000
"""Seconds of one frame, to which every sound is rounded."""

_FRAMES_A_SECOND = 93.75
_UPSPEAK = 0.15

_NAMES = """
a:a i:i u:ɯ e:e o:o A:ḁ I:i̥ U:ɯ̥ E:e̥ O:o̥ N:ɴ cl:ʔ pau: sil: b:b by:bʲ ch:tɕ d:d dy:dʲ f:ɸ g:ɡ gw:ɡʷ gy:ɡʲ h:h hy:ç
j:dʑ k:k kw:kʷ ky:kʲ m:m my:mʲ n:n ny:ɲ p:p py:pʲ r:ɾ ry:ɾʲ s:s sh:ɕ t:t ts:ts ty:tʲ v:v w:w y:j z:z
"""
IPA: Mapping[str, str] = MappingProxyType(
    {name: ipa for name, _, ipa in (pair.partition(":") for pair in _NAMES.split())}
)
"""Phonemes of OpenJTalk, which these engines speak, in IPA; capitals are unvoiced vowels."""


@dataclass(frozen=True, slots=True)
class QueryTimes:
    """The sounds of a query in order, an empty boundary before each accent phrase, and their length."""

    phonemes: tuple[Phoneme, ...]
    moras: tuple[SpokenMora, ...]
    """The same by mora, pauses within the text too, the silence at both ends not."""
    duration: float


@dataclass(frozen=True, slots=True)
class _Sound:
    name: str
    seconds: float
    """As the query has it."""
    vowel: bool = True
    opens: bool = False
    """True on the first sound of an accent phrase."""
    again: bool = False
    """True where it draws out the mora before it."""


def query_times(query: Mapping[str, Any], *, upspeak: bool = True) -> QueryTimes | None:
    """Return when each sound of an AudioQuery is heard; None where its engine gives no lengths (AivisSpeech).

    upspeak: `enable_interrogative_upspeak` of the synthesis. Raises ValueError for what is no AudioQuery.
    """
    try:
        found = list(_sounds(query["accent_phrases"], upspeak))
        before, after = _seconds(query["prePhonemeLength"]), _seconds(query["postPhonemeLength"])
        override = query.get("pauseLength")
        stretch, speed = _seconds(query.get("pauseLengthScale", 1.0)), _seconds(query["speedScale"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no AudioQuery: {type(error).__name__}: {error}") from None
    if not any(sound.seconds for sound in found if sound.name != "pau"):
        return None
    if not speed:
        raise ValueError("an AudioQuery with speedScale 0")
    timed: list[tuple[_Sound, float, float]] = []
    frames = 0
    for sound in (_Sound("sil", before), *found, _Sound("sil", after)):
        seconds = sound.seconds
        if sound.name == "pau":
            seconds = (seconds if override is None else _seconds(override)) * stretch
        count = round(seconds / speed * _FRAMES_A_SECOND)
        timed.append((sound, frames * HOP, count * HOP))
        frames += count
    return QueryTimes(tuple(_phonemes(timed)), tuple(_moras(timed[1:-1])), frames * HOP)


def _phonemes(timed: Sequence[tuple[_Sound, float, float]]) -> Iterator[Phoneme]:
    for sound, at, duration in timed:
        if sound.opens:
            yield Phoneme(BOUNDARY, at, 0.0)
        yield Phoneme(IPA.get(sound.name, ""), at, duration)


def _moras(timed: Sequence[tuple[_Sound, float, float]]) -> list[SpokenMora]:
    found: list[SpokenMora] = []
    consonant, begin, opens = "", 0.0, False
    for sound, at, duration in timed:
        if not sound.vowel:
            consonant, begin, opens = sound.name, at, sound.opens
            continue
        if sound.again:
            found[-1] = replace(found[-1], end=at + duration)
            continue
        begin = begin if consonant else at
        found.append(SpokenMora(consonant, sound.name, begin, at + duration, opens or sound.opens))
        consonant, opens = "", False
    return found


def _sounds(phrases: Any, upspeak: bool) -> Iterator[_Sound]:
    """Yield the sounds of the accent phrases with their lengths in seconds, unscaled."""
    for phrase in phrases:
        moras = phrase["moras"]
        for number, mora in enumerate(moras):
            consonant = mora.get("consonant")
            if consonant is not None:
                yield _Sound(consonant, _seconds(mora["consonant_length"]), False, number == 0)
            yield _Sound(mora["vowel"], _seconds(mora["vowel_length"]), True, number == 0 and consonant is None)
        # a voiced last mora of a question is heard once more, higher
        if upspeak and moras and phrase.get("is_interrogative") and _seconds(moras[-1].get("pitch", 0.0)) > 0:
            yield _Sound(moras[-1]["vowel"], _UPSPEAK, again=True)
        pause = phrase.get("pause_mora")
        if pause is not None:
            yield _Sound(pause["vowel"], _seconds(pause["vowel_length"]))


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"no AudioQuery: a length of {value!r}")
    return float(value)
