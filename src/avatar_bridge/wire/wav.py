"""WAV bytes: 16-bit PCM, mono, the same bytes for the same samples."""

from __future__ import annotations

import struct

import numpy as np

from avatar_bridge.core.vocabulary import Samples

__all__ = ["HEADER_BYTES", "LONGEST_BYTES", "encode_wav", "header", "pcm"]

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_BYTES = _HEADER.size
LONGEST_BYTES = 0xFFFF_FFFF - HEADER_BYTES
"""Bytes of sound that one file can hold."""


def encode_wav(samples: Samples, rate: int) -> bytes:
    """Return mono samples (shape (n,), -1..1; what lies outside is clipped) as a whole WAV file."""
    sound = pcm(samples)
    return header(len(sound), rate) + sound


def header(size: int, rate: int) -> bytes:
    """Return what comes before `size` bytes of sound, at most LONGEST_BYTES, of `rate` samples a second."""
    riff = (b"RIFF", size + HEADER_BYTES - 8, b"WAVE")
    return _HEADER.pack(*riff, b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", size)


def pcm(samples: Samples) -> bytes:
    """Return samples as little-endian 16-bit integers, clipped at full scale."""
    return np.clip(np.rint(samples.astype(np.float64) * 32767.0), -32768, 32767).astype("<i2").tobytes()
