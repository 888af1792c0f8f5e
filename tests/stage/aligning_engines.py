"""Aligner engines for the tests of the worker that holds them."""

from __future__ import annotations

import os

import numpy as np

from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError

__all__ = ["Wordwise"]


class Wordwise:
    """Finds every word of a text to last 0.1 s; texts that say so fail."""

    def __init__(self, *, missing: bool = False) -> None:
        if missing:
            raise UsageError('words cannot be looked for; install it with: pip install "avatar-bridge[align]"')

    def align(self, text: str, samples: Samples, rate: int) -> SpokenSegment | None:
        if text == "die":
            os._exit(5)
        if text == "fail":
            raise UsageError("it cannot be done")
        if text == "none" or not len(samples):
            return None
        marks = tuple(WordMark(text.index(word), len(word), 0.1 * n, 0.1) for n, word in enumerate(text.split()))
        return SpokenSegment(np.zeros(0, np.float32), rate, (Phoneme("a", 0.0, 0.1),), marks, 0.01, aligned=True)
