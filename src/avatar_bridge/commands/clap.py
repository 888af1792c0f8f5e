"""What `calibrate` plays: a clap every second and a half, and a flash of the face on each."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.vocabulary import Diagnostic, Samples, SpokenSegment, WordMark
from avatar_bridge.ports import VoiceAbilities

__all__ = ["PERIOD", "ClapVoice", "clap_map", "clap_sound", "claps"]

PERIOD = 1.5
"""Seconds from clap to clap."""
_RATE = 48_000
_BEFORE = 0.7
"""Seconds of silence before the clap."""
_RING = 0.03
_CLAP = re.compile("clap")
_MAP = """
name = "clap"
[actions.flash]
meaning = "shuts the eyes and starts up, on a clap"
kind = "gesture"
stroke = 0.06
duration = 0.32
keyframes.blink = [[0.0, 0.0], [0.06, 1.0], [0.22, 1.0], [0.32, 0.0]]
keyframes.head_pitch = [[0.0, 0.0], [0.06, 5.0], [0.32, 0.0]]
"""


def clap_map() -> MotionMap:
    """Return the motion map whose one action, `flash`, has the eyes shut on the clap."""
    return load_motion_map(_MAP, source="clap")


def clap_sound() -> Samples:
    """Return one clap with its silence, `PERIOD` long at 48 kHz: noise that dies away within 30 ms."""
    samples = np.zeros(round(PERIOD * _RATE), np.float32)
    length = round(4 * _RING * _RATE)
    fall = np.exp(-np.arange(length) / (_RING * _RATE / 2))
    start = round(_BEFORE * _RATE)
    samples[start : start + length] = 0.8 * fall * np.random.default_rng(1).uniform(-1.0, 1.0, length)
    return samples


async def claps() -> AsyncIterator[str]:
    """Yield tagged text without end: a flash on every clap."""
    while True:
        yield "[flash] clap. "


class ClapVoice:
    """A ports.Voice that claps for each "clap" in a text."""

    abilities = VoiceAbilities("words")

    async def open(self) -> None:
        """Nothing has to be loaded."""

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield one clap a word, the word being the clap itself."""
        sound = clap_sound()
        for found in _CLAP.finditer(text):
            yield SpokenSegment(sound, _RATE, marks=(WordMark(found.start(), len(found[0]), _BEFORE, 4 * _RING),))

    def diagnostics(self) -> list[Diagnostic]:
        """Return nothing: a clap does not fail."""
        return []

    async def close(self) -> None:
        """Nothing has to be given back."""
