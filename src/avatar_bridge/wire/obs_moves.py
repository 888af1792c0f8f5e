"""Where an item of OBS is on its way from one place to another, as the fields of SetSceneItemTransform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from avatar_bridge.wire.obs_deeds import Move

__all__ = ["Pose", "aim", "between", "pose_of", "same"]

_UNBOUND: Final = "OBS_BOUNDS_NONE"
_NEAR: Final = 0.6
"""Pixels (and hundredths of scale) by which OBS may tell another place than it was given."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Place and size of an item: scale factors, or the bounding box's pixels where it has one."""

    x: float
    y: float
    width: float
    height: float
    bound: bool = False

    def fields(self) -> dict[str, float]:
        """Return it as OBS takes it."""
        sizes = ("boundsWidth", "boundsHeight") if self.bound else ("scaleX", "scaleY")
        return {"positionX": self.x, "positionY": self.y, sizes[0]: self.width, sizes[1]: self.height}


def pose_of(transform: Mapping[str, Any]) -> Pose:
    """Return the pose in a transform that OBS told; raises KeyError, TypeError or ValueError for another form."""
    bound = str(transform.get("boundsType", _UNBOUND)) != _UNBOUND
    sizes = ("boundsWidth", "boundsHeight") if bound else ("scaleX", "scaleY")
    x, y, width, height = (float(transform[key]) for key in ("positionX", "positionY", *sizes))
    return Pose(x, y, width, height, bound)


def aim(origin: Pose, move: Move) -> Pose:
    """Return where a move leads from where the item stood at first."""
    x = (origin.x if move.x is None else move.x) + move.by_x
    y = (origin.y if move.y is None else move.y) + move.by_y
    least = 1.0 if origin.bound else 0.0
    width, height = (_grown(size, move.scale, least) for size in (origin.width, origin.height))
    return Pose(x, y, width, height, origin.bound)


def between(start: Pose, goal: Pose, share: float) -> Pose:
    """Return the pose after `share` (0..1) of the time, eased in and out (3s² - 2s³); the goal itself at 1."""
    if share >= 1:
        return goal
    eased = max(share, 0.0) ** 2 * (3 - 2 * max(share, 0.0))

    def mixed(name: str) -> float:
        begin, end = getattr(start, name), getattr(goal, name)
        return float(begin + (end - begin) * eased)

    return Pose(mixed("x"), mixed("y"), mixed("width"), mixed("height"), goal.bound)


def same(one: Pose, other: Pose) -> bool:
    """Return whether two poses look alike."""
    tolerance = _NEAR if one.bound else _NEAR / 100
    near = abs(one.x - other.x) <= _NEAR and abs(one.y - other.y) <= _NEAR and one.bound == other.bound
    return near and abs(one.width - other.width) <= tolerance and abs(one.height - other.height) <= tolerance


def _grown(size: float, scale: float, least: float) -> float:
    """Return a size times `scale`; a mirrored one (negative) stays mirrored."""
    return max(size * scale, least) if size >= 0 else size * scale
