"""Sound whose every stretch is known to the sample, and the ways in which a server gets it wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["pcm_bytes", "spoilt", "tone", "wav_bytes"]


def tone(stretches: Sequence[tuple[float, int]], rate: int) -> NDArray[np.int16]:
    """Return (frequency, samples) after one another; frequency 0 is silence."""
    parts = []
    for frequency, count in stretches:
        part = 0.35 * np.sin(2 * np.pi * frequency * (np.arange(count) + 0.5) / rate)
        parts.append(np.rint(part * 32767).astype("<i2"))
    whole: NDArray[np.int16] = np.concatenate([np.zeros(0, np.int16), *parts]).astype(np.int16)
    return whole


def spoilt(samples: NDArray[np.int16], fault: str) -> NDArray[np.int16]:
    if fault == "silent":
        return np.zeros_like(samples)
    if fault == "clipped":
        return np.clip(samples.astype(np.int32) * 20, -32768, 32767).astype("<i2")
    return samples


def pcm_bytes(samples: NDArray[np.int16]) -> bytes:
    return samples.astype("<i2").tobytes()


def wav_bytes(samples: NDArray[np.int16], rate: int, *, fault: str = "", length: int | None = None) -> bytes:
    """Return a WAV; `length`: what its header says instead of the truth."""
    sound = pcm_bytes(spoilt(samples, fault))
    size = len(sound) if length is None else length
    if fault == "truncated":
        sound = sound[: len(sound) // 2 // 2 * 2]
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", (size + 36) & 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16
    )
    return head + struct.pack("<4sI", b"data", size) + sound
