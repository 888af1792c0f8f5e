"""What one part of the body tells the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Happening"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a part of the body did at `at`, for other parts to join in."""

    kind: Literal[
        "blink", "shift", "turn", "posture", "state", "quiet", "sway", "tilt", "glance", "smile_warm", "slow_blink"
    ]
    """shift: the gaze went elsewhere; turn: the head is going to turn far; posture: the weight shifted; state: another
    state holds; quiet: nothing has happened for long; from sway on they are pastimes."""
    at: float
    x: float = 0.0
    """Of a shift: the new place of the gaze from where the head's pose points, in units of the gaze channels."""
    y: float = 0.0
    """The same, upwards."""
    size: float = 0.0
    """Degrees that the gaze or the head goes."""
    away: bool = False
    """True for a shift away from the viewer."""
