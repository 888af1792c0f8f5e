"""The mascot's joints in T-pose: metres, facing +Z, left = +X."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .curves import Floats, ease

__all__ = ["HUMANOID", "JOINTS", "SPRINGS", "Joint", "Spring", "along", "only"]


@dataclass(frozen=True, slots=True)
class Joint:
    """A node of the skeleton at its place in the world."""

    name: str
    parent: str | None
    at: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Spring:
    """A chain of joints that swings, the last one being its end."""

    name: str
    joints: tuple[str, ...]
    stiffness: float
    gravity: float
    drag: float
    radius: float
    colliders: tuple[str, ...]


_TRUNK = (
    ("hips", None, (0.0, 0.560, 0.0)),
    ("spine", "hips", (0.0, 0.615, -0.002)),
    ("chest", "spine", (0.0, 0.700, -0.006)),
    ("upperChest", "chest", (0.0, 0.790, -0.010)),
    ("neck", "upperChest", (0.0, 0.938, -0.014)),
    ("head", "neck", (0.0, 0.985, -0.004)),
)
_ARM_Y, _ARM_Z = 0.905, -0.012
_ARM = (
    ("Shoulder", "upperChest", (0.026, 0.0, 0.0)),
    ("UpperArm", "Shoulder", (0.098, 0.0, 0.0)),
    ("LowerArm", "UpperArm", (0.298, 0.0, 0.0)),
    ("Hand", "LowerArm", (0.490, 0.0, 0.0)),
    ("ThumbMetacarpal", "Hand", (0.503, -0.005, 0.015)),
    ("ThumbProximal", "ThumbMetacarpal", (0.526, -0.009, 0.032)),
    ("ThumbDistal", "ThumbProximal", (0.546, -0.011, 0.045)),
)
_FINGERS = (
    ("Index", 0.0215, 0.542, 1.0),
    ("Middle", 0.0070, 0.545, 1.06),
    ("Ring", -0.0075, 0.543, 1.0),
    ("Little", -0.0205, 0.537, 0.84),
)
_LEG = (
    ("UpperLeg", "hips", (0.056, 0.535, 0.0)),
    ("LowerLeg", "UpperLeg", (0.058, 0.305, 0.004)),
    ("Foot", "LowerLeg", (0.058, 0.075, -0.008)),
    ("Toes", "Foot", (0.060, 0.020, 0.060)),
)
_TAIL = (
    (0.094, 1.050, -0.096),
    (0.138, 0.985, -0.122),
    (0.176, 0.895, -0.128),
    (0.190, 0.800, -0.112),
    (0.168, 0.700, -0.086),
)
_LOCK = ((0.141, 1.110, 0.060), (0.147, 1.050, 0.062), (0.139, 0.995, 0.060), (0.116, 0.935, 0.058))
_AHOGE = ((0.002, 1.296, 0.035), (0.018, 1.335, 0.040), (0.052, 1.352, 0.056))
_SKIRT = ((0.575, 0.088), (0.500, 0.128), (0.415, 0.160))


def _fingers() -> list[tuple[str, str, tuple[float, float, float]]]:
    found: list[tuple[str, str, tuple[float, float, float]]] = []
    for name, z, x, size in _FINGERS:
        found += [
            (f"{name}Proximal", "Hand", (x, 0.0, z)),
            (f"{name}Intermediate", f"{name}Proximal", (round(x + 0.023 * size, 4), 0.0, round(z * 1.08, 4))),
            (f"{name}Distal", f"{name}Intermediate", (round(x + 0.040 * size, 4), 0.0, round(z * 1.14, 4))),
        ]
    return found


def _sided(side: str, sign: float) -> list[Joint]:
    found = []
    for name, parent, (x, y, z) in (*_ARM, *_fingers()):
        above = parent if parent == "upperChest" else side + parent
        found.append(Joint(side + name, above, (sign * x, round(_ARM_Y + y, 4), round(_ARM_Z + z, 4))))
    for name, parent, (x, y, z) in _LEG:
        found.append(Joint(side + name, parent if parent == "hips" else side + parent, (sign * x, y, z)))
    return found


def _chain(name: str, parent: str, places: Sequence[tuple[float, float, float]], sign: float = 1.0) -> list[Joint]:
    found = []
    for index, (x, y, z) in enumerate(places, start=1):
        found.append(Joint(f"{name}{index}", parent, (sign * x, y, z)))
        parent = f"{name}{index}"
    return found


def _joints() -> tuple[Joint, ...]:
    found = [Joint(*row) for row in _TRUNK]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        found += _sided(side, sign)
        found += _chain(f"{side}Tail", "head", _TAIL, sign)
        found += _chain(f"{side}Lock", "head", _LOCK, sign)
    found += _chain("ahoge", "head", _AHOGE)
    return tuple(found)


JOINTS: Mapping[str, Joint] = {joint.name: joint for joint in _joints()}
"""Every joint by name, a parent before its children."""

HUMANOID: tuple[str, ...] = tuple(
    name for name in JOINTS if not any(part in name for part in ("Tail", "Lock", "ahoge"))
)
"""The joints that are VRM humanoid bones, under VRM's own names."""

_INDEX = {name: index for index, name in enumerate(JOINTS)}


def _springs() -> tuple[Spring, ...]:
    body = ("head", "neck", "chest", "leftShoulder", "rightShoulder", "leftArm", "rightArm")
    found = []
    for side in ("left", "right"):
        tail = tuple(f"{side}Tail{k}" for k in range(1, 6))
        lock = tuple(f"{side}Lock{k}" for k in range(1, 5))
        found.append(Spring(f"{side}Tail", tail, 1.0, 0.22, 0.42, 0.026, body))
        found.append(Spring(f"{side}Lock", lock, 2.6, 0.12, 0.55, 0.012, body))
    found.append(Spring("ahoge", ("ahoge1", "ahoge2", "ahoge3"), 1.6, 0.0, 0.28, 0.006, ()))
    return tuple(found)


SPRINGS: tuple[Spring, ...] = _springs()
"""What swings, under VRMC_springBone's terms."""


def only(count: int, name: str) -> Floats:
    """Return weights (count, joints) of points that follow the joint `name` alone."""
    weights = np.zeros((count, len(JOINTS)))
    weights[:, _INDEX[name]] = 1.0
    return weights


def along(
    position: Floats, names: Sequence[str], borders: Sequence[float], softness: float | Sequence[float]
) -> Floats:
    """Return weights (n, joints) of points at `position` (n) on a chain of joints.

    `borders[i]` is where `names[i]` hands over to `names[i + 1]`, over `softness` (one, or one a border) on both
    sides; borders rise.
    """
    softs = [softness] * len(borders) if isinstance(softness, (int, float)) else list(softness)
    weights = np.zeros((len(position), len(JOINTS)))
    left = np.ones(len(position))
    for index, name in enumerate(names):
        if index < len(borders):
            passed = ease(position, borders[index] - softs[index], borders[index] + softs[index])
        else:
            passed = np.zeros(len(position))
        weights[:, _INDEX[name]] += left * (1.0 - passed)
        left = left * passed
    return weights
