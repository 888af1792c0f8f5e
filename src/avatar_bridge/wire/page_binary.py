"""The binary messages to pages, little-endian: motion frames (kind 1) and sound (kind 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import itemgetter
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.motion.rig import BONES, FACE_CHANNELS
from avatar_bridge.core.vocabulary import Samples

__all__ = ["BONE_ORDER", "CHANNEL_ORDER", "LONGEST", "SOUND_RATE", "motion_frame", "pcm16", "sound_messages"]

CHANNEL_ORDER = tuple(channel.name for channel in FACE_CHANNELS)
"""What the floats of a motion frame stand for, in order."""
BONE_ORDER = tuple(f"{bone}_{axis}" for bone in BONES for axis in ("x", "y", "z"))
"""What the bone indices of a motion frame stand for."""
SOUND_RATE = 48_000
"""Samples a second of all sound that goes to pages."""

_MOTION, _SOUND = 1, 2
_STEPS = 50.0
"""Steps of a bone's value in one degree."""
_MOST_STEPS = 32_767
LONGEST = SOUND_RATE // 2
"""Samples in one message at most."""
_SOUND_HEAD = Struct("<BBHIII")
_REST = tuple((channel.name, channel.rest) for channel in FACE_CHANNELS)
_FACE = frozenset(CHANNEL_ORDER)
_BONE_INDEX = {name: index for index, name in enumerate(BONE_ORDER)}
_all_of = itemgetter(*CHANNEL_ORDER)


@lru_cache(maxsize=len(BONE_ORDER) + 1)
def _layout(bones: int) -> Struct:
    return Struct(f"<BBHId{len(CHANNEL_ORDER)}f" + "Hh" * bones)


def motion_frame(sequence: int, at: float, values: Mapping[str, float]) -> bytes:
    """Return the frame that is to be seen at `at` seconds of the bridge's clock.

    Face channels that `values` lacks are at rest; of bones only those in `values` are sent, in steps of 1/50 degree.
    """
    try:
        face = _all_of(values)
    except KeyError:
        face = tuple(values.get(name, rest) for name, rest in _REST)
    moved: list[int] = []
    if len(values) > len(face) or not values.keys() <= _FACE:
        for name in values.keys() - _FACE:
            index = _BONE_INDEX.get(name)
            if index is not None:
                steps = round(values[name] * _STEPS)
                moved += (index, min(max(steps, -_MOST_STEPS), _MOST_STEPS))
    count = len(moved) // 2
    return _layout(count).pack(_MOTION, 0, count, sequence & 0xFFFFFFFF, at, *face, *moved)


def pcm16(samples: Samples) -> NDArray[np.int16]:
    """Return audio as 16-bit integers, clipped to full scale."""
    pcm: NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    return pcm


def sound_messages(utterance: int, offset_samples: int, pcm: NDArray[np.int16]) -> Iterator[bytes]:
    """Yield 16-bit mono audio at `SOUND_RATE`, whose first sample is number `offset_samples` of the utterance."""
    for start in range(0, len(pcm), LONGEST):
        piece = pcm[start : start + LONGEST]
        head = _SOUND_HEAD.pack(_SOUND, 0, 0, utterance & 0xFFFFFFFF, offset_samples + start, SOUND_RATE)
        yield head + piece.astype("<i2", copy=False).tobytes()
