"""What she wears: hoodie, bow, skirt, socks and shoes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .curves import Floats, ease, spline
from .legs import shoe, stockings, thigh
from .paint import region, swatch
from .skeleton import along, only
from .surface import Surface, grid, sweep

__all__ = ["clothes", "thighs"]

_TRUNK = ["hips", "spine", "chest", "upperChest", "neck"]
_TRUNK_BORDERS = [0.625, 0.705, 0.795, 0.938]
_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def _trunk(points: Floats) -> Floats:
    return along(points[:, 1], _TRUNK, _TRUNK_BORDERS, [0.03, 0.04, 0.05, 0.02])


def _torso() -> Surface:
    rows = spline(
        [
            # height, half width, half depth, middle
            (0.954, 0.0420, 0.0380, -0.016),
            (0.938, 0.0620, 0.0470, -0.016),
            (0.918, 0.0860, 0.0560, -0.014),
            (0.885, 0.0990, 0.0640, -0.011),
            (0.840, 0.1000, 0.0710, -0.006),
            (0.780, 0.0965, 0.0730, -0.003),
            (0.710, 0.0940, 0.0715, -0.003),
            (0.650, 0.1010, 0.0770, -0.003),
            (0.612, 0.1110, 0.0860, -0.003),
            (0.596, 0.1075, 0.0830, -0.003),
            (0.582, 0.1000, 0.0770, -0.003),
            (0.562, 0.0985, 0.0755, -0.003),
            (0.545, 0.0800, 0.0620, -0.003),
        ],
        28,
    )
    path = np.stack([np.zeros(len(rows)), rows[:, 0], rows[:, 3]], axis=1)
    part = sweep(path, rows[:, 1], rows[:, 2], _X, region("torso"), around=32, power=2.35)
    _, y0, _, y1 = region("torso")
    down = (rows[0, 0] - part.points[:, 1]) / (rows[0, 0] - rows[-1, 0])
    places = np.stack([part.places[:, 0], y0 + (y1 - y0) * down], axis=1)
    return replace(part, places=places).weighed(_trunk(part.points))


_SLEEVE_AT = "58 66 76 88 100 114 132 160 200 245 268 284 298 312 328 352 400 440 458 466 482 488 490"
_SLEEVE = "26 35 40 43 44 43.8 43 42 41.3 40.6 40 40 40 40.2 40.8 42.2 44.5 45.5 43 36 35 32.5 23"
"""The sleeve's rings: their places from the middle of the body and their radii, in millimetres."""


def _sleeve(side: str, sign: float) -> Surface:
    x, radius = (np.array(row.split(), dtype=np.float64) / 1000.0 for row in (_SLEEVE_AT, _SLEEVE))
    path = np.stack([sign * x, 0.9045 - 0.003 * ease(x, 0.30, 0.45), np.full_like(x, -0.012)], axis=1)
    x0, y0, x1, y1 = region("sleeve")
    part = sweep(path, radius * 0.97, radius, _Z, (x0, y0, x1, y1), around=20)
    down = np.repeat((x - x[0]) / (x[-1] - x[0]), 21)
    part = replace(part, places=np.stack([part.places[:, 0], y0 + (y1 - y0) * down], axis=1))
    names = ["upperChest", f"{side}Shoulder", f"{side}UpperArm", f"{side}LowerArm"]
    return part.weighed(along(sign * part.points[:, 0], names, [0.062, 0.098, 0.298], [0.02, 0.046, 0.036]))


def _ring(
    centre: Sequence[float], radii: tuple[float, float], tilt: float, tube: Floats, where: Sequence[float]
) -> Surface:
    """Return a closed roll around the neck; `tube` its radius at 33 turns from the back."""
    turn = np.linspace(0.0, 2.0 * np.pi, 33)
    x, z = radii[0] * np.sin(turn), -radii[1] * np.cos(turn)
    path = np.stack([centre[0] + x, centre[1] - tilt * z, centre[2] + z], axis=1)
    return sweep(path, tube, tube * 0.85, _Y, where, around=12)


def _hood() -> Surface:
    turn = np.linspace(0.0, 2.0 * np.pi, 33)
    back = 0.5 + 0.5 * np.cos(turn)
    part = _ring((0.0, 0.936, -0.020), (0.066, 0.055), 0.22, 0.0135 + 0.0150 * back**2, swatch("cream"))
    return part.weighed(along(part.points[:, 1], ["upperChest", "neck"], [1.10], 0.02))


def _hood_back() -> Surface:
    path = spline(
        [(0, 0.962, -0.062), (0, 0.930, -0.098), (0, 0.880, -0.104), (0, 0.835, -0.090), (0, 0.820, -0.078)], 12
    )
    wide = np.interp(np.linspace(0, 1, 12), [0, 0.25, 0.6, 0.9, 1], [0.050, 0.074, 0.066, 0.030, 0.002])
    part = sweep(path, wide, np.minimum(wide, 0.024), _X, swatch("cream"), around=18)
    return part.weighed(only(len(part.points), "upperChest"))


def _bow() -> list[Surface]:
    centre = np.array([0.0, 0.9080, 0.0560])
    found = []
    for sign in (1.0, -1.0):
        lobe = spline([(0.004, 0, 0.004), (0.026, 0.010, 0.006), (0.048, 0.014, -0.002), (0.056, 0.010, -0.008)], 10)
        size = np.interp(np.linspace(0, 1, 10), [0, 0.45, 0.85, 1], [0.0075, 0.0185, 0.0200, 0.010])
        found.append(sweep(centre + lobe * [sign, 1, 1], size, 0.30 * size + 0.002, _Y, swatch("teal"), around=12))
        end = spline([(0.004, -0.004, 0.002), (0.018, -0.034, 0.012), (0.030, -0.064, 0.016)], 8)
        size = np.interp(np.linspace(0, 1, 8), [0, 0.8, 1], [0.006, 0.0125, 0.0105])
        found.append(sweep(centre + end * [sign, 1, 1], size, np.full(8, 0.0024), _X, swatch("teal"), around=8))
    knot = spline([(0, 0.013, 0.006), (0, 0, 0.010), (0, -0.013, 0.006)], 7)
    size = np.array([0.003, 0.0085, 0.0105, 0.0110, 0.0105, 0.0085, 0.003])
    found.append(sweep(centre + knot, size, size * 0.8, _X, swatch("navy"), around=12))
    arch = np.linspace(0.0, np.pi, 13)
    path = centre + np.stack([0.0078 * np.cos(arch), -0.004 + 0.0078 * np.sin(arch), np.full(13, 0.0195)], axis=1)
    found.append(sweep(path, np.full(13, 0.0013), np.full(13, 0.0013), _Z, swatch("gold"), around=6))
    deck = centre + np.stack([np.linspace(-0.0105, 0.0105, 4), np.full(4, -0.0035), np.full(4, 0.0195)], axis=1)
    found.append(sweep(deck, np.full(4, 0.0013), np.full(4, 0.0013), _Z, swatch("gold"), around=6))
    return [part.weighed(only(len(part.points), "upperChest")) for part in found]


def _strings() -> list[Surface]:
    found = []
    for sign in (1.0, -1.0):
        path = spline([(sign * 0.040, 0.925, 0.046), (sign * 0.044, 0.880, 0.064), (sign * 0.043, 0.815, 0.0745)], 9)
        size = np.array([0.0024] * 7 + [0.0036, 0.0036])
        part = sweep(path, size, size, _X, swatch("navy"), around=7)
        found.append(part.weighed(_trunk(part.points)))
    return found


def _skirt() -> Surface:
    rows, columns = 9, 109
    share = np.linspace(0.0, 1.0, rows)[:, None]
    turn = np.linspace(0.0, 2.0 * np.pi, columns)[None, :]
    flare = share**0.85
    fold = (turn / (2.0 * np.pi) * 18.0) % 1.0
    pleat = (0.5 - np.abs(fold - 0.42)) * 0.020 * flare
    wide, deep = 0.0860 + 0.0760 * flare + pleat, 0.0660 + 0.0790 * flare + pleat
    points = np.stack(
        np.broadcast_arrays(
            wide * np.sin(turn), 0.592 - 0.172 * share - 0.004 * flare * np.cos(2 * turn), -0.003 + deep * np.cos(turn)
        ),
        axis=2,
    )
    x0, y0, x1, y1 = region("skirt")
    places = np.stack(np.broadcast_arrays(x0 + (x1 - x0) * turn / (2.0 * np.pi), y0 + (y1 - y0) * share), axis=2)
    part = grid(points, places, outward=points - [0.0, 0.5, 0.0])
    low = 0.76 * ease(part.points[:, 1], 0.585, 0.46)
    left = ease(part.points[:, 0], -0.06, 0.06)
    count = len(part.points)
    weights = only(count, "hips") * (1.0 - low)[:, None]
    weights += (
        only(count, "leftUpperLeg") * (low * left)[:, None]
        + only(count, "rightUpperLeg") * (low * (1.0 - left))[:, None]
    )
    return part.weighed(weights)


def clothes() -> list[Surface]:
    """Return everything of cloth, and the legs' skin apart from it."""
    found = [_torso(), _hood(), _hood_back(), *_bow(), *_strings(), _skirt()]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        found += [_sleeve(side, sign), *stockings(side, sign), *shoe(side, sign)]
    return found


def thighs() -> list[Surface]:
    """Return the bare part of the legs."""
    return [thigh("left", 1.0), thigh("right", -1.0)]
