"""Sound that came from elsewhere: whether it is speech at all, and what is wrong with it."""

from __future__ import annotations

import numpy as np

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import VoiceError

__all__ = ["Pcm", "received"]

_SILENT = 1e-3
_FULL, _RUN, _SHARE = 0.999, 3, 2e-4


class Pcm:
    """Raw 16-bit mono sound as it comes in: a sample may be cut in two."""

    def __init__(self, largest: int = 64 << 20) -> None:
        """`largest`: bytes beyond which it is no segment any more."""
        self._data = bytearray()
        self._largest = largest

    def feed(self, data: bytes) -> None:
        """Take what came; raises VoiceError beyond the limit."""
        self._data += data
        if len(self._data) > self._largest:
            raise VoiceError(f"the voice sends without an end: more than {self._largest >> 20} MiB for a segment")

    def __len__(self) -> int:
        """Return how many whole samples there are."""
        return len(self._data) // 2

    def samples(self) -> Samples:
        """Return them all, -1..1; half a sample at the end is dropped."""
        whole = np.frombuffer(bytes(self._data[: len(self) * 2]), "<i2")
        return whole.astype(np.float32) / np.float32(32768)


def received(what: str, samples: Samples, rate: int) -> tuple[str, ...]:
    """Return what is to be noted about speech; raises VoiceError for none and for silence."""
    if float(np.abs(samples).max(initial=0.0)) < _SILENT:
        found = f"{len(samples) / rate:.2f} s of silence" if len(samples) else "not a single sample"
        raise VoiceError(f"{what} answered {found}; does its voice know the language of the text?")
    # tops of waves that are cut off are runs of samples at full scale
    full = np.abs(samples) >= _FULL
    if float(np.mean(np.convolve(full, np.ones(_RUN), "same") >= _RUN)) < _SHARE:
        return ()
    return ("the voice is clipped: it is too loud where it comes from; turn its volume down there",)
