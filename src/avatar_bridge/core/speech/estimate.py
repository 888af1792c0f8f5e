"""Word times for audio of which nothing is known but its text: from where it is silent and how long words take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.activity import Span, speech_activity
from avatar_bridge.core.speech.letters import spelled_length
from avatar_bridge.core.speech.words import TextWord, accented, language, pause_after
from avatar_bridge.core.vocabulary import Samples

__all__ = ["estimated_times", "shared"]

_SHIFT_COST = 4.0  # what it costs a pause to lie one second from where the words expect it
_UNWRITTEN = 2.0  # what it costs a pause to stand where the text has no punctuation
_ACCENT = 0.05  # seconds more for a word of meaning
_FINAL = 0.08  # seconds more for the last word before punctuation
_IN_NUMBER = 0.4  # how likely a pause is between the parts of a number
_UNSPOKEN = 0.5  # what it costs punctuation to pass without a pause


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is said in one go: a word, or a part of a long number."""

    word: int
    length: float
    pause: float
    """How likely a pause follows, 0..1."""


def estimated_times(text: str, words: Sequence[TextWord], samples: Samples, rate: int) -> list[tuple[float, float]]:
    """Return start and duration in seconds of each word.

    Pauses in the audio are matched to punctuation in the text; between them words share the time by their length.
    Audio without any speech is shared as a whole.
    """
    if not words:
        return []
    spans = list(speech_activity(samples, rate)) or [Span(0.0, len(samples) / rate)]
    pieces = list(_pieces(text, words))
    lengths = [piece.length for piece in pieces]
    spans = _fewest(spans, len(pieces))
    ends = [*_cuts(spans, lengths, [piece.pause for piece in pieces[:-1]]), len(pieces)]
    times: list[tuple[float, float]] = []
    first = 0
    for span, end in zip(spans, ends, strict=True):
        times += shared(span.at, span.end - span.at, lengths[first:end])
        first = end
    return _whole(times, pieces)


def _pieces(text: str, words: Sequence[TextWord]) -> Iterator[_Piece]:
    code = language(words)
    content = accented(words)
    following = [*words[1:], None]
    for index, (word, after) in enumerate(zip(words, following, strict=True)):
        pause = pause_after(text, word, after)
        parts = [word]
        if word.kind == "number":
            parts = [TextWord(part, word.char, word.kind) for part in re.findall(r"\w+\W*", word.text)] or parts
        for part in parts:
            last = part is parts[-1]
            length = spelled_length(part, code) + (_ACCENT if content[index] else 0.0)
            yield _Piece(index, length + (_FINAL if last and pause else 0.0), pause if last else _IN_NUMBER)


def _whole(times: Sequence[tuple[float, float]], pieces: Sequence[_Piece]) -> list[tuple[float, float]]:
    """Return the times of words from those of their pieces."""
    spans: dict[int, tuple[float, float]] = {}
    for (at, duration), piece in zip(times, pieces, strict=True):
        start = spans[piece.word][0] if piece.word in spans else at
        spans[piece.word] = start, at + duration
    return [(start, end - start) for start, end in spans.values()]


def shared(at: float, duration: float, lengths: Sequence[float]) -> list[tuple[float, float]]:
    """Return start and duration of each of several things that share a stretch of time by their lengths."""
    total = sum(lengths)
    times: list[tuple[float, float]] = []
    for length in lengths:
        part = duration * length / total
        times.append((at, part))
        at += part
    return times


def _fewest(spans: list[Span], most: int) -> list[Span]:
    """Return at most `most` spans, joined over the shortest pauses."""
    while len(spans) > most:
        gaps = [after.at - before.end for before, after in pairwise(spans)]
        index = gaps.index(min(gaps))
        spans = [*spans[:index], Span(spans[index].at, spans[index + 1].end), *spans[index + 2 :]]
    return spans


def _cuts(spans: Sequence[Span], lengths: Sequence[float], breaks: Sequence[float]) -> list[int]:
    """Return for each pause before which word it lies: the cheapest increasing choice."""
    if len(spans) < 2:
        return []
    spoken = np.cumsum([span.end - span.at for span in spans])
    expected = np.cumsum(lengths) / sum(lengths) * spoken[-1]
    offsets = np.asarray(breaks)
    cost: NDArray[np.float64] = np.empty((len(spans) - 1, len(breaks)))
    for index in range(len(spans) - 1):
        gap = min(spans[index + 1].at - spans[index].end, 0.5)
        distance = np.abs(expected[:-1] - spoken[index])
        # A pause at punctuation spares the cost of leaving that punctuation unspoken.
        cost[index] = _SHIFT_COST * distance + (1 - offsets) * _UNWRITTEN * (0.5 + gap) - offsets * _UNSPOKEN
    return _increasing(cost)


def _increasing(cost: NDArray[np.float64]) -> list[int]:
    """Return for each row a column, strictly increasing, of least total cost; columns count from 1."""
    rows, columns = cost.shape
    total = np.full((rows, columns), np.inf)
    total[0] = cost[0]
    for row in range(1, rows):
        reached = np.minimum.accumulate(total[row - 1])
        total[row, 1:] = cost[row, 1:] + reached[:-1]
    choice = [int(np.argmin(total[-1]))]
    for row in range(rows - 2, -1, -1):
        choice.append(int(np.argmin(total[row, : choice[-1]])))
    return [column + 1 for column in reversed(choice)]
