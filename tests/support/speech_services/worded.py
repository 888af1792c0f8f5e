"""Sound that is as long as its words: each a tone, with rests where a speaker makes them; its times are the truth.

As a program (`python -m speech_services.worded SPEED PITCH`) it reads a text and writes a WAV.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speech_services.tones import tone, wav_bytes

__all__ = ["Truth", "worded"]

Truth = Sequence[tuple[int, float, float]]
"""Offset in the text of each word, and the seconds at which it begins and ends."""

_RESTS = {",": 0.15, ";": 0.15, ".": 0.3, "!": 0.3, "?": 0.3}


def worded(text: str, rate: int, *, speed: float = 1.0, pitch: float = 0.0) -> tuple[NDArray[np.int16], Truth]:
    """Return the sound of a text, `pitch` semitones up, and its truth."""
    stretches: list[tuple[float, int]] = []
    truth: list[tuple[int, float, float]] = []
    at = 0
    for found in re.finditer(r"(\w[\w']*)|([,;.!?])", text):
        if found[1]:
            length = round((0.05 + 0.09 * _syllables(found[1]) + 0.02 * len(found[1])) / speed * rate)
            truth.append((found.start(), at / rate, (at + length) / rate))
            stretches.append((200.0 * 2 ** (pitch / 12.0), length))
        else:
            length = round(_RESTS[found[2]] / speed * rate)
            stretches.append((0.0, length))
        at += length
    return tone(stretches, rate), truth


def _syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+(?!$)|[aiouy]+$", word.lower())))


if __name__ == "__main__":
    said, _ = worded(sys.stdin.buffer.read().decode(), 22050, speed=float(sys.argv[1]), pitch=float(sys.argv[2]))
    sys.stdout.buffer.write(wav_bytes(said, 22050))
