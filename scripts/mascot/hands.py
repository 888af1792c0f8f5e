"""The hands: a soft palm, four fingers and a thumb that bend at their joints."""

from __future__ import annotations

import numpy as np

from .curves import spline, table
from .paint import swatch
from .skeleton import JOINTS, along
from .surface import Surface, sweep

__all__ = ["hands"]

_SIZES = {"Index": 0.0092, "Middle": 0.0094, "Ring": 0.0091, "Little": 0.0083}


def _palm(side: str, sign: float) -> Surface:
    x = np.array([0.440, 0.470, 0.488, 0.500, 0.515, 0.532, 0.545, 0.552, 0.555])
    across = np.array([0.0210, 0.0205, 0.0215, 0.0250, 0.0290, 0.0305, 0.0295, 0.0250, 0.0120])
    thick = np.array([0.0200, 0.0185, 0.0170, 0.0160, 0.0150, 0.0135, 0.0110, 0.0085, 0.0030])
    path = np.stack([sign * x, np.full(9, 0.9045), np.full(9, -0.0115)], axis=1)
    part = sweep(path, across, thick, (0.0, 0.0, 1.0), swatch("skin"), around=18, power=2.4)
    return part.weighed(along(sign * part.points[:, 0], [f"{side}LowerArm", f"{side}Hand"], [0.490], 0.014))


def _finger(side: str, sign: float, name: str) -> Surface:
    proximal, middle, distal = (
        np.array(JOINTS[f"{side}{name}{part}"].at) for part in ("Proximal", "Intermediate", "Distal")
    )
    end = distal + (distal - middle) * 0.98
    start = proximal - (middle - proximal) * 0.55
    path = spline(np.stack([start, proximal, middle, distal, end]), 17)
    size = _SIZES[name] * table([0.90, 1.0, 1.0, 0.96, 0.86], 17)
    size[-3:] *= [0.94, 0.74, 0.10]
    path[:, 1] -= 0.0008
    part = sweep(path, size * 0.96, size, (0.0, 0.0, 1.0), swatch("skin"), around=10)
    names = [f"{side}Hand", *(f"{side}{name}{part}" for part in ("Proximal", "Intermediate", "Distal"))]
    borders = [float(abs(joint[0])) for joint in (proximal, middle, distal)]
    return part.weighed(along(sign * part.points[:, 0], names, borders, [0.006, 0.0045, 0.004]))


def _thumb(side: str) -> Surface:
    names = [f"{side}Thumb{part}" for part in ("Metacarpal", "Proximal", "Distal")]
    joints = [np.array(JOINTS[name].at) for name in names]
    end = joints[2] + (joints[2] - joints[1]) * 0.92
    path = spline(np.stack([joints[0] - (joints[1] - joints[0]) * 0.35, *joints, end]), 17)
    size = 0.0102 * table([0.85, 1.20, 1.08, 0.98, 0.86], 17)
    size[-3:] *= [0.93, 0.72, 0.10]
    part = sweep(path, size, size * 0.95, (0.0, 1.0, 0.0), swatch("skin"), around=10)
    way = (end - joints[0]) / np.linalg.norm(end - joints[0])
    borders = [float((joint - joints[0]) @ way) for joint in joints]
    at = (part.points - joints[0]) @ way
    return part.weighed(along(at, [f"{side}Hand", *names], borders, [0.010, 0.006, 0.005]))


def hands() -> list[Surface]:
    """Return both hands with their wrists."""
    found = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        found += [_palm(side, sign), _thumb(side)]
        found += [_finger(side, sign, name) for name in _SIZES]
    return found
