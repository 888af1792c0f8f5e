"""What the mouth does for a sound: how far it opens and which of the five shapes it takes.

Openness by class of sound: A 1, O .7, E .65, schwa .5, I .4, U .35, consonants .35, w .25, f v .12,
p b m and silence 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from avatar_bridge.core.speech.ipa import Sound

__all__ = ["MOUTH_RATE", "SHAPE_OPENNESS", "MouthTarget", "mouth_target"]

MOUTH_RATE = 100.0
"""Samples a second of every mouth curve."""

SHAPE_OPENNESS = (1.0, 0.4, 0.35, 0.65, 0.7)
"""How far each of the five shapes opens the mouth at full weight, in the order of `VISEMES`."""

_AA = (1.0, 0.0, 0.0, 0.0, 0.0)
_IH = (0.0, 1.0, 0.0, 0.0, 0.0)
_OU = (0.0, 0.0, 1.0, 0.0, 0.0)
_EE = (0.0, 0.0, 0.0, 1.0, 0.0)
_OH = (0.0, 0.0, 0.0, 0.0, 1.0)
_NEUTRAL = (0.3, 0.2, 0.1, 0.3, 0.1)
_RHOTIC = (0.15, 0.1, 0.4, 0.2, 0.15)
_ROUNDED_FRONT = (0.0, 0.2, 0.8, 0.0, 0.0)
_ROUNDED_MID = (0.0, 0.0, 0.4, 0.2, 0.4)
_ROUNDED_OPEN = (0.5, 0.0, 0.0, 0.0, 0.5)


@dataclass(frozen=True, slots=True)
class MouthTarget:
    """What the mouth aims at during one sound."""

    open: float
    """0..1."""
    shape: tuple[float, float, float, float, float]
    """Share of each of the five shapes, sum 1, in the order of `VISEMES`."""
    dominance: float
    """How strongly the shape holds against its neighbours: 1 for a vowel, near 0 for a sound without a shape."""
    closed: bool = False
    """True where the lips must meet."""
    rounded: bool = False
    """True where the lips round, which begins before the sound."""


@lru_cache(maxsize=512)
def mouth_target(sound: Sound | None) -> MouthTarget:
    """Return what the mouth aims at during a sound; None is silence."""
    if sound is None:
        return MouthTarget(0.0, _NEUTRAL, 0.01)
    match sound.kind:
        case "vowel":
            return _vowel(sound)
        case "bilabial":
            return MouthTarget(0.0, _NEUTRAL, 0.01, closed=True)
        case "labiodental":
            return MouthTarget(0.12, _IH, 0.05)
        case "rounded":
            return MouthTarget(0.25, _OU, 0.9, rounded=True)
        case "postalveolar":
            return MouthTarget(0.35, _OU, 0.2)
        case "palatal":
            return MouthTarget(0.35, _IH, 0.4)
        case "sibilant":
            return MouthTarget(0.35, _IH, 0.1)
        case _:
            return MouthTarget(0.35, _NEUTRAL, 0.03)


def _vowel(sound: Sound) -> MouthTarget:
    height, backness, rounded = sound.height, sound.backness, sound.rounded
    if height >= 0.8:
        return MouthTarget(0.85, _ROUNDED_OPEN, 1.0, rounded=True) if rounded else MouthTarget(1.0, _AA, 1.0)
    if height <= 0.2:
        if rounded and backness < 0.4:
            return MouthTarget(0.35, _ROUNDED_FRONT, 1.0, rounded=True)
        if backness > 0.6 or rounded:
            return MouthTarget(0.35, _OU, 1.0, rounded=rounded)
        return MouthTarget(0.4, _IH, 1.0)
    if backness < 0.4:
        if rounded:
            return MouthTarget(0.55, _ROUNDED_MID, 1.0, rounded=True)
        return MouthTarget(0.65, _EE, 1.0)
    if backness > 0.6:
        if rounded or height < 0.5:
            return MouthTarget(0.7, _OH, 1.0, rounded=rounded)
        return MouthTarget(1.0, _AA, 1.0)
    return MouthTarget(0.5, _RHOTIC if sound.rhotic or rounded else _NEUTRAL, 0.8, rounded=rounded)
