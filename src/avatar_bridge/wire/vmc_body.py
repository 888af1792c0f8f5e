"""A frame of the rig as the pose of a humanoid in Unity's space: what VMC calls Bone/Pos.

The rig's body is VRM 1.0's: right-handed, facing +Z, left hand at +X. Unity's is left-handed and faces +Z with its left
hand at -X: the mirror image in x. So a position (x, y, z) becomes (-x, y, z), a quaternion (x, y, z, w) (x, -y, -z, w).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.motion.rig import BONE_CHANNELS, RESTING_POSE
from avatar_bridge.wire.vmc_skeleton import HUMANOID, MASCOT, Skeleton

__all__ = ["Body"]

Floats = NDArray[np.float64]

_INDEX: Final = {bone: index for index, bone in enumerate(HUMANOID)}
_PLACES: Final = {
    f"{bone}_{axis}": (index, number)
    for bone, index in _INDEX.items()
    for number, axis in enumerate(("x", "y", "z"))
    if f"{bone}_{axis}" in BONE_CHANNELS
}
_SHARES: Final[Mapping[str, tuple[str, float, float, float]]] = {
    "hips": ("body", 0.2, 0.3, 0.25),
    "spine": ("body", 0.3, 0.3, 0.35),
    "chest": ("body", 0.3, 0.25, 0.25),
    "upper_chest": ("body", 0.2, 0.15, 0.15),
    "neck": ("head", 0.4, 0.4, 0.4),
    "head": ("head", 0.6, 0.6, 0.6),
}
"""How much of a turn, a bow and a tilt each bone takes: as the overlay's VRM does."""
_EYE_DEGREES: Final = 12.6
"""How far an eyeball turns at 1 of a gaze channel: as the overlay's VRM does."""
_REACH: Final = (0.2, 0.15, 0.06)
"""Metres that a full position channel moves the hips, as shares of their height."""
_LEAN: Final = 12.0
"""Degrees that a full lean bends the body forward."""
_STRAIGHT: Final = 0.9999
_BREATH: Final = {"chest": (1.6, 0.0), "neck": (-0.9, 0.0), "left_shoulder": (0.0, -2.2), "right_shoulder": (0.0, 2.2)}
"""Degrees of pitch and roll at a full breath."""


def _rest() -> Floats:
    angles = np.zeros((len(HUMANOID), 3))
    for channel, degrees in RESTING_POSE.items():
        angles[_PLACES[channel]] = degrees
    return angles


_REST: Final = _rest()


def _product(first: Floats, second: Floats) -> Floats:
    """Return the Hamilton products of quaternions x y z w, shape (n, 4)."""
    ax, ay, az, aw = first.T
    bx, by, bz, bw = second.T
    return np.stack(
        (
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ),
        axis=1,
    )


def _bones(angles: Floats) -> Floats:
    """Return Ry * Rz * Rx of degrees x y z, shape (n, 3), as quaternions."""
    half = np.radians(0.5 * angles)
    (sx, sy, sz), (cx, cy, cz) = np.sin(half).T, np.cos(half).T
    return np.stack(
        (
            cy * cz * sx + sy * sz * cx,
            sy * cz * cx + cy * sz * sx,
            cy * sz * cx - sy * cz * sx,
            cy * cz * cx - sy * sz * sx,
        ),
        axis=1,
    )


def _turns(angles: Floats) -> Floats:
    """Return Ry(yaw) * Rx(-pitch) * Rz(-roll) of degrees yaw pitch roll, shape (n, 3), as quaternions."""
    half = np.radians(0.5 * angles) * (1.0, -1.0, -1.0)
    (sy, sx, sz), (cy, cx, cz) = np.sin(half).T, np.cos(half).T
    return np.stack(
        (
            cy * sx * cz + sy * cx * sz,
            sy * cx * cz - cy * sx * sz,
            cy * cx * sz - sy * sx * cz,
            cy * cx * cz + sy * sx * sz,
        ),
        axis=1,
    )


class Body:
    """Poses one skeleton; the same frame gives the same pose."""

    def __init__(self, skeleton: Skeleton = MASCOT) -> None:
        """Take the proportions: they are in the positions sent, rotations are the same for every body."""
        offsets = np.array([skeleton.offsets[bone] for bone in HUMANOID])
        self._height = float(offsets[_INDEX["hips"], 1])
        self._thigh = float(np.linalg.norm(offsets[_INDEX["left_lower_leg"]]))
        self._shin = float(np.linalg.norm(offsets[_INDEX["left_foot"]]))
        self._places = offsets * (-1.0, 1.0, 1.0)

    def pose(self, values: Mapping[str, float]) -> NDArray[np.float32]:
        """Return each bone's local position x y z (metres) and rotation x y z w in Unity, shape (54, 7) by `HUMANOID`.

        Absent channels stand at rest. The legs follow the hips, so that the feet stay on the floor.
        """
        get = values.get
        angles = _REST.copy()
        for name in values.keys() & BONE_CHANNELS:
            angles[_PLACES[name]] += values[name]
        turns = np.zeros_like(angles)
        for bone, (part, yaw, pitch, roll) in _SHARES.items():
            turns[_INDEX[bone]] = (
                yaw * get(f"{part}_yaw", 0.0),
                pitch * get(f"{part}_pitch", 0.0),
                roll * get(f"{part}_roll", 0.0),
            )
            if part == "body":
                turns[_INDEX[bone], 1] -= pitch * _LEAN * get("position_z", 0.0)
        for bone, (pitch, roll) in _BREATH.items():
            turns[_INDEX[bone], 1:] += get("breath", 0.0) * pitch, get("breath", 0.0) * roll
        look = _EYE_DEGREES * get("gaze_x", 0.0), _EYE_DEGREES * get("gaze_y", 0.0), 0.0
        turns[_INDEX["left_eye"]] = turns[_INDEX["right_eye"]] = look
        hips = np.array([get(f"position_{axis}", 0.0) * share for axis, share in zip("xyz", _REACH, strict=True)])
        hips *= self._height
        self._bend(angles, hips)
        rotations = _product(_turns(turns), _bones(angles))
        self._stand(rotations, hips)
        found = np.empty((len(HUMANOID), 7), dtype=np.float32)
        found[:, :3] = self._places
        found[0, :3] += hips * (-1.0, 1.0, 1.0)
        found[:, 3:] = rotations * (1.0, -1.0, -1.0, 1.0)
        return found

    def _bend(self, angles: Floats, hips: Floats) -> None:
        """Bend the knees by as much as the hips come down (law of cosines)."""
        length = self._thigh + self._shin
        if hips[1] >= 0.0 or length <= 0.0:
            return
        reach = max(length + hips[1], 0.35 * length, abs(self._thigh - self._shin) * 1.01)
        reach = min(reach, _STRAIGHT * length)
        thigh = (self._thigh**2 + reach**2 - self._shin**2) / (2 * self._thigh * reach)
        knee = (self._thigh**2 + self._shin**2 - reach**2) / (2 * self._thigh * self._shin)
        swing = math.degrees(math.acos(min(max(thigh, -1.0), 1.0)))
        bend = 180.0 - math.degrees(math.acos(min(max(knee, -1.0), 1.0)))
        for side in ("left", "right"):
            angles[_INDEX[f"{side}_upper_leg"], 0] -= swing
            angles[_INDEX[f"{side}_lower_leg"], 0] += bend
            angles[_INDEX[f"{side}_foot"], 0] += swing - bend

    def _stand(self, rotations: Floats, hips: Floats) -> None:
        """Take the turn of the hips back from the legs, and lean them to where the feet stand."""
        length = max(self._thigh + self._shin, 1e-6)
        aside, ahead = (math.asin(min(max(float(hips[axis]) / length, -0.9), 0.9)) / 2.0 for axis in (0, 2))
        lean = _product(
            np.array([[0.0, 0.0, -math.sin(aside), math.cos(aside)]]),
            np.array([[math.sin(ahead), 0.0, 0.0, math.cos(ahead)]]),
        )
        back = rotations[:1] * (-1.0, -1.0, -1.0, 1.0)
        legs = [_INDEX["left_upper_leg"], _INDEX["right_upper_leg"]]
        rotations[legs] = _product(np.repeat(_product(back, lean), 2, axis=0), rotations[legs])
