"""The audio of one utterance as pages get it: 48 kHz, 16 bit, kept as far as it may be wanted again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.wire.page_binary import LONGEST, SOUND_RATE, pcm16, sound_messages

__all__ = ["Encoding", "PageSound"]

Encoding = Callable[[int, int, NDArray[np.int16]], Iterator[bytes]]
"""Utterance, number of the first sample and audio to messages of `LONGEST` samples each, the last of fewer."""

_KEPT = 1.0
"""Seconds of audio that was heard already and is still kept."""


class PageSound:
    """Resamples what is written as one stream, so that pieces join without a click, and keeps what is unheard."""

    def __init__(self, utterance: int, encoding: Encoding = sound_messages) -> None:
        """`encoding` makes messages of the audio."""
        self.utterance = utterance
        self._encoding = encoding
        self.samples = 0
        """Samples of the utterance so far, at `SOUND_RATE`."""
        self._kept: deque[tuple[int, NDArray[np.int16]]] = deque()
        self._resampler: soxr.ResampleStream | None = None
        self._rate = 0

    def write(self, samples: Samples, rate: int) -> int:
        """Take audio in; return from which sample on it is new. The resampler keeps some milliseconds back."""
        audio = np.ascontiguousarray(samples, np.float32)
        ready: list[Samples] = []
        if rate != self._rate:
            ready += self._rest()
            self._rate = rate
            if rate != SOUND_RATE:
                self._resampler = soxr.ResampleStream(rate, SOUND_RATE, 1, dtype="float32", quality="HQ")
        ready.append(audio if self._resampler is None else self._resampler.resample_chunk(audio))
        return self._append(ready)

    def finish(self) -> int:
        """Take in what was kept back; return from which sample on it is new."""
        return self._append(self._rest())

    def since(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Yield the messages of all audio from sample `first` on, as far as it is kept, each with its first sample."""
        for offset, pcm in self._kept:
            skipped = max(0, first - offset)
            begin = offset + skipped
            for message in self._encoding(self.utterance, begin, pcm[skipped:]):
                yield begin, message
                begin += LONGEST

    def forget(self, position: float) -> None:
        """Let go of what was heard well before `position` seconds."""
        first = round((position - _KEPT) * SOUND_RATE)
        while self._kept and self._kept[0][0] + len(self._kept[0][1]) <= first:
            self._kept.popleft()

    def _rest(self) -> list[Samples]:
        resampler, self._resampler = self._resampler, None
        return [] if resampler is None else [resampler.resample_chunk(np.zeros(0, np.float32), last=True)]

    def _append(self, ready: list[Samples]) -> int:
        first = self.samples
        for audio in ready:
            if len(audio):
                pcm = pcm16(audio)
                self._kept.append((self.samples, pcm))
                self.samples += len(pcm)
        return first
