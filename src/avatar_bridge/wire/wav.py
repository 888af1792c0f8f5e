"""WAV bytes: 16-bit PCM, mono, the same bytes for the same samples."""

from __future__ import annotations

import struct

import numpy as np

from avatar_bridge.core.vocabulary import Samples

__all__ = ["encode_wav"]


def encode_wav(samples: Samples, rate: int) -> bytes:
    """Return mono samples (shape (n,), -1..1; what lies outside is clipped) as a whole WAV file."""
    scaled = np.clip(np.rint(samples.astype(np.float64) * 32767.0), -32768, 32767)
    pcm = scaled.astype("<i2").tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(pcm),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        len(pcm),
    )
    return header + pcm
