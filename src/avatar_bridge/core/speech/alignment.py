"""From a segment's text and audio to words in time, from the best source that the voice gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from avatar_bridge.core.speech.estimate import estimated_times, shared
from avatar_bridge.core.speech.groups import owners
from avatar_bridge.core.speech.ipa import is_stressed, merged
from avatar_bridge.core.speech.letters import spelled_length
from avatar_bridge.core.speech.words import TextWord, accented, language, split_words
from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment, Timing, Word, WordMark

__all__ = ["Alignment", "align"]

_ESTIMATE_ERROR = 0.14  # nine in ten word starts are nearer, measured against espeak in eight languages
_JOINED_ERROR = 0.03
_ALIGNED_ERROR = 0.07  # nine in ten word starts are nearer, measured against Piper and espeak


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a segment in time; times count from the segment's first sample."""

    words: tuple[Word, ...]
    """In the order of the text; `char` is an offset in the segment's text. A word left unspoken has duration 0."""
    timing: Timing
    """What the voice told, the finest of it: its phonemes (also where it marks its words besides), its words; or that
    they were found in the audio afterwards (aligned), or estimated."""
    expected_error: float
    """About how far a word's start may be off, in seconds: the voice's own resolution where it gave times."""
    phonemes: tuple[Phoneme, ...]
    """The voice's phonemes with marks joined to their sounds; empty where it gave none."""


def align(text: str, spoken: SpokenSegment) -> Alignment:
    """Return when each word of `text` is spoken.

    Marks of the voice are used as they are; else phonemes, whose first sound gives a word its time; else the audio's
    own pauses and the words' lengths. Text without words gives none, audio without a sample puts all words at 0.
    """
    words = split_words(text)
    phonemes = merged(spoken.phonemes)
    spans = _spans(words, phonemes, owners(text, words, phonemes)) if phonemes else None
    sounding = [phoneme for phoneme in phonemes if phoneme.symbol.strip()]
    error = spoken.hop
    timing: Timing
    if spoken.marks:
        timing, times = "phonemes" if sounding else "words", _marked(words, spoken.marks)
    elif spans and sounding:
        timing, times = "phonemes", _resting(spans, spoken.duration)
        error += _JOINED_ERROR * _joined_share(times, phonemes)
    else:
        timing, times, error = "estimated", estimated_times(text, words, spoken.samples, spoken.rate), _ESTIMATE_ERROR
    if spoken.aligned and timing != "estimated":
        timing, error = "aligned", max(error, _ALIGNED_ERROR)
    stress = _stress(words, times, sounding)
    return Alignment(
        tuple(
            Word(word.text, word.char, at, duration, stressed)
            for word, (at, duration), stressed in zip(words, times, stress, strict=True)
        ),
        timing,
        error,
        phonemes,
    )


def _spans(
    words: Sequence[TextWord], phonemes: Sequence[Phoneme], owned: Sequence[int]
) -> list[tuple[float, float] | None]:
    """Return start and end of each word's sounds, None for a word without any."""
    spans: list[tuple[float, float] | None] = [None] * len(words)
    for phoneme, index in zip(phonemes, owned, strict=True):
        if index >= 0:
            known = spans[index]
            spans[index] = (known[0] if known else phoneme.at, phoneme.at + phoneme.duration)
    return spans


def _resting(spans: Sequence[tuple[float, float] | None], length: float) -> list[tuple[float, float]]:
    """Return start and duration of each word; an unspoken one stands at the start of the next spoken one."""
    times: list[tuple[float, float]] = []
    after = max((span[1] for span in spans if span), default=length)
    for span in reversed(spans):
        if span:
            times.append((span[0], span[1] - span[0]))
            after = span[0]
        else:
            times.append((after, 0.0))
    return times[::-1]


def _joined_share(times: Sequence[tuple[float, float]], phonemes: Sequence[Phoneme]) -> float:
    """Return the share of words whose start is not the start of a group of sounds."""
    starts = {after.at for before, after in pairwise(phonemes) if not before.symbol.strip()}
    starts.add(phonemes[0].at)
    return sum(at not in starts for at, _ in times) / max(1, len(times))


def _marked(words: Sequence[TextWord], marks: Sequence[WordMark]) -> list[tuple[float, float]]:
    """Return start and duration of each word from the marks that touch it.

    Several words under one mark, and words without a mark behind a marked one, share its time by their lengths.
    """
    marks = sorted(marks, key=lambda mark: (mark.char, mark.at))
    groups: list[tuple[list[TextWord], float, float]] = []
    used = 0
    for word in words:
        while used < len(marks) and marks[used].char + max(marks[used].length, 1) <= word.char:
            used += 1
        first = used
        while used < len(marks) and marks[used].char < word.end:
            used += 1
        if used > first:
            own = marks[first:used]
            start = min(mark.at for mark in own)
            groups.append(([word], start, max(mark.at + mark.duration for mark in own) - start))
        elif groups:
            groups[-1][0].append(word)
        else:
            groups.append(([word], min(mark.at for mark in marks), 0.0))
    code = language(words)
    times: list[tuple[float, float]] = []
    for members, at, duration in groups:
        times += shared(at, duration, [spelled_length(word, code) for word in members])
    return times


def _stress(
    words: Sequence[TextWord], times: Sequence[tuple[float, float]], sounding: Sequence[Phoneme]
) -> tuple[bool, ...]:
    """Return which words carry an accent: words of meaning, and where the voice marks stress, stressed ones."""
    content = accented(words)
    marks = [phoneme.at + phoneme.duration / 2 for phoneme in sounding if is_stressed(phoneme.symbol)]
    if not marks:
        return content
    return tuple(
        meaning and any(at <= mark < at + duration for mark in marks)
        for meaning, (at, duration) in zip(content, times, strict=True)
    )
