"""Lip-sync from phoneme times: the best tier, for voices that tell what they say when.

Targets are blended by dominance (after Cohen and Massaro, "Modeling coarticulation in synthetic visual speech", 1993):
each sound holds on to its neighbours with a weight that falls with time; consonants weigh little, so they take the
shape of their vowels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.ipa import BOUNDARY, merged, sounds
from avatar_bridge.core.speech.lipsync_amplitude import loudness
from avatar_bridge.core.speech.visemes import MOUTH_RATE, SHAPE_OPENNESS, MouthTarget, mouth_target
from avatar_bridge.core.vocabulary import MouthCurve, Phoneme, Samples

__all__ = ["PhonemeLipSync"]

_NUCLEUS = 0.6  # share of a diphthong's time that belongs to its first vowel
_LONGEST_BOUNDARY = 0.15  # a word boundary beyond this is a pause
_SHORTEST_CLOSURE = 0.05
_CLOSING = 0.016  # from where the vowels leave the lips to where they meet


@dataclass(frozen=True, slots=True)
class _Move:
    """A target with its place in time."""

    target: MouthTarget
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class PhonemeLipSync:
    """Mouth curves from phoneme times, with coarticulation, anticipated rounding and full closures.

    `lead`: seconds by which shapes come before their sound. `reach`: seconds that a movement takes to each side of a
    sound's edge. `spread`: seconds in which a shape's hold on its neighbours falls to a third; `rounding`: the same
    ahead of rounded lips, which come earlier. `loudness_share`: how much of the
    openness follows the loudness, where audio is given; it does not depend on gain and never opens a closure.
    """

    lead: float = 0.02
    reach: float = 0.028
    spread: float = 0.03
    rounding: float = 0.05
    loudness_share: float = 0.1

    def curve(self, samples: Samples, rate: int, phonemes: Sequence[Phoneme] = ()) -> MouthCurve:
        """Return the curve of a segment; `samples` may be empty, then its length is that of the phonemes.

        Raises ValueError without any phonemes: another tier must do it then.
        """
        if not phonemes:
            raise ValueError("lip-sync from phonemes was given no phonemes; use the amplitude tier for bare audio")
        joined = merged(phonemes)
        length = len(samples) / rate if len(samples) else joined[-1].at + joined[-1].duration
        count = max(1, int(np.ceil(length * MOUTH_RATE - 1e-6)))
        times = np.arange(count) / MOUTH_RATE + self.lead
        moves = tuple(_moves(joined))
        opened = self._openness(times, moves)
        if len(samples) and self.loudness_share:
            opened *= 1 - self.loudness_share * (1 - loudness(samples, rate)[:count])
        opened = np.clip(opened * _edges(times - self.lead, length), 0.0, 1.0)
        opened[opened < 1e-4] = 0.0
        shares = self._shares(times, moves)
        scale = np.minimum(1.0, opened / (shares @ np.asarray(SHAPE_OPENNESS)))
        shapes = (shares * scale[:, None]).astype(np.float32)
        return MouthCurve(MOUTH_RATE, opened.astype(np.float32), np.minimum(shapes, np.float32(1.0)))

    def _openness(self, times: NDArray[np.float64], moves: Sequence[_Move]) -> NDArray[np.float64]:
        opened = np.zeros(len(times))
        gate = np.ones(len(times))
        for move in moves:
            part = _window(times, move.start - self.reach, move.end + self.reach)
            near = times[part]
            opened[part] += move.target.open * (
                _rise(near - move.start, self.reach) - _rise(near - move.end, self.reach)
            )
            if move.target.closed:
                extra = max(0.0, _SHORTEST_CLOSURE - (move.end - move.start)) / 2
                start, end = move.start - extra, move.end + extra
                part = _window(times, start - _CLOSING, end + _CLOSING)
                near = times[part]
                half = _CLOSING / 2
                gate[part] *= 1 - (_rise(near - start + half, half) - _rise(near - end - half, half))
        return opened * gate

    def _shares(self, times: NDArray[np.float64], moves: Sequence[_Move]) -> NDArray[np.float64]:
        """Return the share of each shape at each time, shape (n, 5), rows of sum 1."""
        weights = np.full(len(times), 1e-9)
        shares = np.full((len(times), 5), 2e-10)
        for move in moves:
            before = self.rounding if move.target.rounded else self.spread
            part = _window(times, move.start - 6 * before, move.end + 6 * self.spread)
            near = times[part]
            away = np.maximum((move.start - near) / before, (near - move.end) / self.spread)
            weight = move.target.dominance * np.exp(-np.maximum(away, 0.0))
            weights[part] += weight
            shares[part] += weight[:, None] * np.asarray(move.target.shape)
        return np.asarray(shares / weights[:, None])


def _window(times: NDArray[np.float64], start: float, end: float) -> slice:
    low, high = np.searchsorted(times, (start, end))
    return slice(int(low), int(high) + 1)


def _rise(distance: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return a step from 0 to 1 smoothed by a Hann window of `reach` to each side."""
    x = np.clip(distance / reach, -1.0, 1.0)
    return np.asarray(0.5 * (1 + x + np.sin(np.pi * x) / np.pi))


def _edges(times: NDArray[np.float64], length: float, span: float = 0.03) -> NDArray[np.float64]:
    """Return a factor that brings the curve to 0 at the audio's two ends, so that nothing snaps there."""
    return np.asarray(_rise(times - span / 2, span / 2) * (1 - _rise(times - length + span / 2, span / 2)))


def _moves(phonemes: Sequence[Phoneme]) -> Iterator[_Move]:
    """Yield the targets in order without gaps; short word boundaries are shared between their neighbours."""
    spans = [(phoneme, phoneme.at, phoneme.at + phoneme.duration) for phoneme in phonemes]
    for index, (phoneme, start, end) in enumerate(spans):
        if phoneme.symbol == BOUNDARY and end - start <= _LONGEST_BOUNDARY and 0 < index < len(spans) - 1:
            continue
        if index > 1 and _bridged(spans[index - 1]):
            start = (spans[index - 1][1] + spans[index - 1][2]) / 2
        if index < len(spans) - 2 and _bridged(spans[index + 1]):
            end = (spans[index + 1][1] + spans[index + 1][2]) / 2
        yield from _parts(phoneme.symbol, start, end)


def _bridged(span: tuple[Phoneme, float, float]) -> bool:
    phoneme, start, end = span
    return phoneme.symbol == BOUNDARY and end - start <= _LONGEST_BOUNDARY


def _parts(symbol: str, start: float, end: float) -> Iterator[_Move]:
    found = sounds(symbol)
    if not found:
        yield _Move(mouth_target(None), start, end)
        return
    shares = [1 / len(found)] * len(found)
    if len(found) == 2 and found[0].kind == found[1].kind == "vowel":
        shares = [_NUCLEUS, 1 - _NUCLEUS]
    at = start
    for sound, share in zip(found, shares, strict=True):
        yield _Move(mouth_target(sound), at, at + share * (end - start))
        at += share * (end - start)
