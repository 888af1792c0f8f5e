"""The hair: a cap, strands laid over it, side locks, two tails and a curl; lilac with tips of sunset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .curves import Floats, ease, spline, table, unit
from .head import CENTRE, face_normals, laid
from .paint import region, swatch
from .skeleton import JOINTS, along, only
from .surface import Surface, grid, sweep

__all__ = ["hair", "shade", "ties"]

_RADII = np.array([0.1375, 0.1460, 0.1300])
_WIDTH = (0.55, 0.95, 1.0, 0.86, 0.55, 0.04)


def _place(azimuth: Floats, elevation: Floats, lift: Floats) -> Floats:
    """Return points over the skull; degrees, azimuth 0 ahead and rising to the left; `lift` metres."""
    a, e = np.radians(azimuth), np.radians(elevation)
    way = np.stack([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)], axis=-1)
    return CENTRE + way * (_RADII + lift[..., None])


def _rounded(part: Surface, share: float) -> Surface:
    """Return the surface with normals drawn towards those of a ball, for calm light."""
    ball = unit((part.points - CENTRE) / _RADII**2)
    return part.facing(part.normals * (1.0 - share) + ball * share)


def _cap() -> Surface:
    azimuth = np.linspace(-180.0, 180.0, 57)
    hairline = np.interp(np.abs(azimuth), [0, 30, 58, 72, 88, 105, 140, 180], [33, 31, 16, -4, -14, -30, -44, -50])
    share = np.linspace(0.0, 1.0, 16)[:, None]
    elevation = 90.0 + (hairline - 90.0) * share
    lift = 0.0165 * (1.0 - ease(share, 0.82, 1.0)) - 0.004 * ease(share, 0.82, 1.0) + 0.004 * ease(share, 0.0, 0.3)
    points = _place(np.broadcast_to(azimuth, elevation.shape), elevation, np.broadcast_to(lift, elevation.shape))
    x0, y0, x1, y1 = region("cap")
    u = (azimuth + 180.0) / 360.0
    v = (90.0 - elevation) / 140.0
    places = np.stack(np.broadcast_arrays(x0 + (x1 - x0) * u, y0 + (y1 - y0) * v), axis=2)
    part = grid(points, places, outward=points - CENTRE)
    return _rounded(part, 0.5).weighed(only(len(part.points), "head"))


def _strand(
    path: Floats,
    width: float,
    depth: float,
    profile: Sequence[float] = _WIDTH,
    around: int = 8,
    start: float = 0.0,
    end: float = 1.0,
) -> Surface:
    """Return a lens-shaped strand along `path`, flat side to the head."""
    out = path - CENTRE
    out[:, 1] *= 0.35
    tangent = unit(np.gradient(path, axis=0))
    side = unit(np.cross(tangent, unit(out)))
    shape = table(profile, len(path))
    x0, y0, x1, y1 = region("hair")
    where = (x0, y0 + (y1 - y0) * start, x1, y0 + (y1 - y0) * end)
    return sweep(path, width * shape, depth * np.sqrt(shape), side, where, around=around, power=1.7)


def _over(points: Sequence[tuple[float, float, float]], count: int) -> Floats:
    knots = spline(points, count)
    return _place(knots[:, 0], knots[:, 1], knots[:, 2])


_BANGS = (
    # root azimuth, azimuth, tip azimuth, tip elevation, half width
    (-2, -4, -9, 6.5, 0.0215),
    (13, 15, 11, 8.0, 0.0200),
    (-20, -24, -27, 4.5, 0.0220),
    (24, 31, 30, 3.5, 0.0215),
    (-36, -44, -47, -3.5, 0.0215),
    (38, 47, 50, -4.0, 0.0215),
    (4, 5, 2, 12.0, 0.0130),
    (-30, -34, -36, 9.0, 0.0130),
)
_BANG = (0.30, 0.75, 1.0, 1.0, 0.72, 0.03)


def _bang_path(index: int) -> Floats:
    root, middle, tip, low, _ = _BANGS[index]
    over = 0.0015 * (index % 3)
    return _over(
        [
            (root * 0.55, 78, 0.0130 + over),
            (root, 60, 0.0190 + over),
            (middle, 40, 0.0200 + over),
            (middle + 0.4 * (tip - middle), 22 + 0.2 * low, 0.0185 + over),
            (tip, low, 0.0110 + over),
        ],
        13,
    )


def _bangs() -> list[Surface]:
    found = []
    for index, bang in enumerate(_BANGS):
        part = _strand(_bang_path(index), bang[4], 0.0075, _BANG, end=0.90)
        found.append(_rounded(part, 0.45).weighed(only(len(part.points), "head")))
    return found


def shade() -> list[Surface]:
    """Return the shadows that the bangs throw on the forehead."""
    found = []
    u, v, _, _ = swatch("skin_shadow")
    for index, bang in enumerate(_BANGS):
        path = _bang_path(index)[6:, :2] * [0.985, 1.0] + [0.0015, -0.0075]
        size = bang[4] * table(_BANG, 13)[6:, None]
        way = np.gradient(path, axis=0)
        side = np.stack([-way[:, 1], way[:, 0]], axis=1)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        flat = np.stack([path + side * size * t for t in (-1.0, 0.0, 1.0)], axis=1)
        points = laid(flat, 0.0006 + 0.00005 * index)
        part = grid(points, np.broadcast_to([u, v], flat.shape), outward=np.array([0.0, 0.0, 1.0]))
        found.append(part.facing(face_normals(part.points)).weighed(only(len(part.points), "head")))
    return found


def _sides() -> list[Surface]:
    found = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        joints = [JOINTS[f"{side}Lock{k}"].at for k in range(1, 5)]
        heights = [-joint[1] for joint in joints]
        names = ["head", *(f"{side}Lock{k}" for k in range(1, 4))]
        rows = (((0.0, 0.0, 0.0), 0.0225, 0.104, 0.930), ((0.006, 0.01, -0.024), 0.0175, 0.130, 0.975))
        for shift, width, inward, end in rows:
            top = _place(np.array([sign * 46.0, sign * 60.0]), np.array([58.0, 30.0]), np.array([0.016, 0.018]))
            loose = [np.array(j) + np.array(shift) * [sign, 1, 1] for j in joints[:3]]
            last = np.array([sign * inward, end, joints[3][2] + shift[2]])
            path = spline(np.vstack([top, loose, last[None]]), 17)
            part = _strand(path, width, 0.0115, (0.45, 0.85, 1.0, 1.0, 0.80, 0.03))
            weights = along(-part.points[:, 1], names, heights[:3], 0.022)
            found.append(_rounded(part, 0.3).weighed(weights))
    return found


def _back() -> list[Surface]:
    found = []
    for index, azimuth in enumerate(np.linspace(88.0, 272.0, 11)):
        low = -42.0 - 10.0 * abs(np.sin(np.radians(azimuth - 90.0))) - 4.0 * (index % 2)
        path = _over(
            [
                (azimuth, 52, 0.0120),
                (azimuth, 20, 0.0200),
                (azimuth, -14, 0.0200),
                (azimuth, -36, 0.0120),
                (azimuth + (3 if index % 2 else -3), low - 12, 0.0140),
            ],
            13,
        )
        part = _strand(path, 0.0340, 0.0110, (0.45, 0.9, 1.0, 0.9, 0.55, 0.03), end=0.84)
        found.append(_rounded(part, 0.45).weighed(only(len(part.points), "head")))
    return found


def _tails() -> list[Surface]:
    found = []
    rows = (
        # offset of the middle, of the tip, width, depth, profile
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0330, 0.0270),
        ((0.018, 0.006, 0.012), (0.034, 0.030, 0.018), 0.0200, 0.0150),
        ((-0.012, -0.010, -0.014), (-0.030, 0.016, -0.016), 0.0200, 0.0150),
        ((0.004, 0.004, 0.020), (0.000, 0.060, 0.034), 0.0165, 0.0130),
    )
    for side, sign in (("left", 1.0), ("right", -1.0)):
        joints = np.array([JOINTS[f"{side}Tail{k}"].at for k in range(1, 6)])
        names = [f"{side}Tail{k}" for k in range(1, 5)]
        for middle, tip, width, depth in rows:
            shift = np.outer(np.sin(np.pi * np.linspace(0.0, 1.0, 5)), middle) + np.outer(
                np.linspace(0, 1, 5) ** 2, tip
            )
            knots = joints + shift * [sign, 1.0, 1.0]
            knots = np.vstack([knots[0] + [-0.012 * sign, 0.016, 0.008], knots])
            path = spline(knots, 22)
            profile = (0.30, 0.55, 0.95, 1.0, 0.84, 0.52, 0.02)
            part = _strand(path, width, depth, profile, around=10, start=0.1)
            weights = along(-part.points[:, 1], names, list(-joints[1:4, 1]), 0.035)
            found.append(part.weighed(weights))
    return found


def ties() -> list[Surface]:
    """Return the bands that hold the tails."""
    found = []
    for side in ("left", "right"):
        top, below = (np.array(JOINTS[f"{side}Tail{k}"].at) for k in (1, 2))
        way = unit(below - top)
        path = top + np.outer(np.linspace(-0.004, 0.016, 9), way)
        size = 0.0195 + 0.0055 * np.sqrt(np.clip(1.0 - np.linspace(-1.0, 1.0, 9) ** 2, 0.0, 1.0))
        size[[0, -1]] = 0.012
        part = sweep(path, size, size, (0.0, 0.0, 1.0), swatch("coral"), around=14)
        found.append(part.weighed(only(len(part.points), f"{side}Tail1")))
    return found


def _curl() -> Surface:
    joints = [JOINTS[f"ahoge{k}"].at for k in (1, 2, 3)]
    path = spline([(-0.004, 1.275, 0.036), *joints, (0.074, 1.336, 0.066)], 13)
    part = _strand(path, 0.0105, 0.0050, (0.45, 0.9, 1.0, 0.75, 0.02))
    weights = along(part.points[:, 0] + part.points[:, 1], ["head", "ahoge1", "ahoge2"], [1.290, 1.355], 0.02)
    return part.weighed(weights)


def hair() -> list[Surface]:
    """Return every part of the hair."""
    return [_cap(), *_bangs(), *_sides(), *_back(), *_tails(), _curl()]
