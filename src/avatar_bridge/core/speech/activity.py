"""Where in the audio somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar_bridge.core.speech.loudness import band_levels, noise_gate
from avatar_bridge.core.vocabulary import Samples

__all__ = ["Span", "speech_activity"]

_RATE = 100.0
_FAINTEST = -38.0  # dB against the loud parts, below which nothing counts as speech


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech in seconds from the first sample."""

    at: float
    end: float


def speech_activity(samples: Samples, rate: int, *, hangover: float = 0.1, shortest: float = 0.04) -> tuple[Span, ...]:
    """Return the stretches of speech in mono audio, in order, apart by more than `hangover` seconds.

    A frame is speech where its level exceeds the noise floor by 8 dB. Shorter bursts than `shortest` are left out;
    silence and level noise have none. Gain does not matter.
    """
    if not len(samples):
        return ()
    levels = band_levels(samples, rate, _RATE)
    if levels.stationary:
        return ()
    active = levels.decibels > max(noise_gate(levels.decibels), _FAINTEST)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    spans: list[Span] = []
    for start, end in zip(edges[::2] / _RATE, edges[1::2] / _RATE, strict=True):
        if spans and start - spans[-1].end <= hangover:
            spans[-1] = Span(spans[-1].at, float(end))
        else:
            spans.append(Span(float(start), float(end)))
    whole = len(samples) / rate
    return tuple(Span(span.at, min(span.end, whole)) for span in spans if span.end - span.at >= shortest)
