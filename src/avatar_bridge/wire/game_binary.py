"""The binary messages to games, little-endian: motion of many characters (kind 1) and sound (kind 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from struct import Struct, error
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.motion.rig import CHANNELS
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER, LONGEST, SOUND_RATE

__all__ = ["character_frame", "motion", "sound_messages"]

_MOTION, _SOUND = 1, 2
_STEPS = 50.0
"""Steps of a bone's value in one degree."""
_MOST_STEPS = 32_767
_HEAD = Struct("<BBHI")
_SOUND_HEAD = Struct("<BBHIII")
_BONE_INDEX = {name: index for index, name in enumerate(BONE_ORDER)}
_MANY = 256
"""Ways in which frames are put together that are remembered."""


def motion(sequence: int, frames: Sequence[bytes]) -> bytes:
    """Return one message with the frames of several characters, each as `character_frame` made it."""
    return _HEAD.pack(_MOTION, 0, len(frames), sequence & 0xFFFFFFFF) + b"".join(frames)


def character_frame(character: int, at: float, values: Mapping[str, float]) -> bytes:
    """Return one character's part of a motion message, to be seen at `at` seconds of the bridge's clock.

    Face channels that `values` lacks are at rest; of bones only those in `values` are sent, in steps of 1/50 degree.
    """
    layout, face_of, names, indices = _layout(tuple(values))
    face = face_of(values)
    if not names:
        return layout.pack(character, 0, at, *face)
    moved: list[int] = [0] * (2 * len(names))
    moved[0::2] = indices
    moved[1::2] = [round(values[name] * _STEPS) for name in names]
    try:
        return layout.pack(character, len(names), at, *face, *moved)
    except error:
        moved[1::2] = [min(max(steps, -_MOST_STEPS), _MOST_STEPS) for steps in moved[1::2]]
        return layout.pack(character, len(names), at, *face, *moved)


def sound_messages(character: int, utterance: int, offset_samples: int, pcm: NDArray[np.int16]) -> Iterator[bytes]:
    """Yield 16-bit mono audio at `SOUND_RATE`, whose first sample is number `offset_samples` of the utterance."""
    for start in range(0, len(pcm), LONGEST):
        piece = pcm[start : start + LONGEST]
        place = (offset_samples + start) & 0xFFFFFFFF
        head = _SOUND_HEAD.pack(_SOUND, 0, character, utterance & 0xFFFFFFFF, place, SOUND_RATE)
        yield head + piece.astype("<i2", copy=False).tobytes()


_Face = Callable[[Mapping[str, float]], tuple[Any, ...]]


@lru_cache(maxsize=_MANY)
def _layout(given: tuple[str, ...]) -> tuple[Struct, _Face, tuple[str, ...], tuple[int, ...]]:
    """Return how values with these names, in this order, are packed: frames of one body differ only in numbers."""
    names = tuple(name for name in given if name in _BONE_INDEX)
    layout = Struct(f"<HHd{len(CHANNEL_ORDER)}f" + "Hh" * len(names))
    face: _Face = itemgetter(*CHANNEL_ORDER) if set(CHANNEL_ORDER) <= set(given) else _sparse
    return layout, face, names, tuple(_BONE_INDEX[name] for name in names)


def _sparse(values: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(values.get(name, CHANNELS[name].rest) for name in CHANNEL_ORDER)
