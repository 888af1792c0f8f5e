"""The neutral rig: everything that moves, written once as named channels.

Signs are Live2D's ParamAngle: positive yaw turns to screen right, positive pitch looks up, positive roll tilts to
screen right. Terms are VRM 1.0's where it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from avatar_bridge.core.vocabulary import VISEMES

__all__ = ["BONES", "BONE_CHANNELS", "CHANNELS", "EXPRESSIONS", "FACE_CHANNELS", "RESTING_POSE", "Channel", "clamp"]

EXPRESSIONS = ("happy", "angry", "sad", "relaxed", "surprised")
"""VRM 1.0's emotion presets."""

_SIDED_BONES = (
    "shoulder",
    "upper_arm",
    "lower_arm",
    "hand",
    "upper_leg",
    "lower_leg",
    "foot",
    "toes",
    "thumb_metacarpal",
    "thumb_proximal",
    "thumb_distal",
    "index_proximal",
    "index_intermediate",
    "index_distal",
    "middle_proximal",
    "middle_intermediate",
    "middle_distal",
    "ring_proximal",
    "ring_intermediate",
    "ring_distal",
    "little_proximal",
    "little_intermediate",
    "little_distal",
)

BONES = (
    "hips",
    "spine",
    "chest",
    "upper_chest",
    "neck",
    *(f"{side}_{bone}" for side in ("left", "right") for bone in _SIDED_BONES),
)
"""VRM 1.0's humanoid bones in snake case; each has channels `<bone>_x`, `<bone>_y` and `<bone>_z`.

The head is left out: `head_yaw`, `head_pitch` and `head_roll` drive it.

The three are degrees, added to `RESTING_POSE`. The sums are Euler angles of the bone against its parent, of a body in
VRM 1.0's T-pose that faces +Z with its left hand at +X and its head at +Y: R = Ry * Rz * Rx, so x twists an arm about
its own length first, z raises (left: +) or lowers (left: -) it, and y swings it about the vertical (left: - forward).
A left arm bends at the elbow by `left_lower_arm_y` < 0, a finger curls by z < 0; the right side has y and z reversed.
A leg swings forward by x < 0, a knee bends by x > 0."""

RESTING_POSE: Mapping[str, float] = MappingProxyType(
    {
        "left_shoulder_z": -4.0,
        "right_shoulder_z": 4.0,
        "left_upper_arm_z": -68.0,
        "right_upper_arm_z": 68.0,
        "left_upper_arm_y": -6.0,
        "right_upper_arm_y": 6.0,
        "left_lower_arm_y": -14.0,
        "right_lower_arm_y": 14.0,
        "left_hand_z": -6.0,
        "right_hand_z": 6.0,
        **{
            f"{side}_{finger}_{joint}_z": sign * angle
            for side, sign in (("left", -1.0), ("right", 1.0))
            for finger, angle in (("index", 8.0), ("middle", 11.0), ("ring", 14.0), ("little", 17.0))
            for joint in ("proximal", "intermediate", "distal")
        },
    }
)
"""How a body with bones stands when nothing moves it, in degrees from the T-pose; what is not named is 0."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One number of the rig."""

    name: str
    low: float
    high: float
    rest: float = 0.0
    unit: Literal["degrees", "weight", "signed"] = "weight"
    """degrees, a weight from 0 to 1, or a signed amount from -1 to 1."""
    blend: Literal["add", "max"] = "add"
    """How a later layer joins an earlier one: added to it, or the greater of the two (eyelids)."""


def _face() -> tuple[Channel, ...]:
    degrees = [
        Channel("head_yaw", -45, 45, unit="degrees"),
        Channel("head_pitch", -40, 40, unit="degrees"),
        Channel("head_roll", -40, 40, unit="degrees"),
        Channel("body_yaw", -30, 30, unit="degrees"),
        Channel("body_pitch", -30, 30, unit="degrees"),
        Channel("body_roll", -30, 30, unit="degrees"),
    ]
    signed = [
        Channel(name, -1, 1, unit="signed")
        for name in (
            "position_x",  # to screen right
            "position_y",  # up
            "position_z",  # towards the viewer: a lean
            "gaze_x",
            "gaze_y",
            "brow_left",
            "brow_right",
            "mouth_smile",  # -1 a frown, 0 neutral, 1 a full smile
            "mouth_x",
        )
    ]
    weights = [
        Channel("blink_left", 0, 1, blend="max"),
        Channel("blink_right", 0, 1, blend="max"),
        *(
            Channel(name, 0, 1)
            for name in (
                "eye_wide",
                "eye_smile",
                "cheek",  # blush
                "cheek_puff",
                "tongue_out",
                "breath",
                "mouth_open",
                *VISEMES,
                *EXPRESSIONS,
            )
        ),
    ]
    return (*degrees, *signed, *weights)


FACE_CHANNELS = _face()
"""The channels of head, body and face; what a frame always carries."""

CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {channel.name: channel for channel in FACE_CHANNELS}
    | {
        f"{bone}_{axis}": Channel(f"{bone}_{axis}", -180, 180, unit="degrees")
        for bone in BONES
        for axis in ("x", "y", "z")
    }
)
"""Every channel by name."""

BONE_CHANNELS = frozenset(f"{bone}_{axis}" for bone in BONES for axis in ("x", "y", "z"))
"""The channels of the humanoid bones."""


def clamp(name: str, value: float) -> float:
    """Return `value` held within the channel's range; an unknown name raises KeyError."""
    channel = CHANNELS[name]
    return min(max(value, channel.low), channel.high)
