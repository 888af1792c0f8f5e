"""The head: a soft jaw, round cheeks, and the surface that the face is laid on."""

from __future__ import annotations

import numpy as np

from .curves import Floats, ease, spline, unit
from .paint import swatch
from .skeleton import only
from .surface import Surface, grid, sweep

__all__ = ["CENTRE", "face_normals", "head", "jaw", "laid", "neck", "puff"]

CENTRE = np.array([0.0, 1.145, -0.005])
_POWER = 2.60
# height, half width, front, back
_SECTIONS = spline(
    [
        (0.9975, 0.0005, 0.0880, 0.0840),
        (1.0000, 0.0175, 0.0960, 0.0660),
        (1.0060, 0.0355, 0.1015, 0.0420),
        (1.0160, 0.0550, 0.1060, 0.0100),
        (1.0320, 0.0770, 0.1105, -0.0350),
        (1.0530, 0.0975, 0.1140, -0.0700),
        (1.0800, 0.1140, 0.1180, -0.0940),
        (1.1100, 0.1225, 0.1210, -0.1090),
        (1.1450, 0.1260, 0.1230, -0.1180),
        (1.1800, 0.1240, 0.1215, -0.1210),
        (1.2150, 0.1160, 0.1140, -0.1170),
        (1.2450, 0.0985, 0.0970, -0.1020),
        (1.2680, 0.0720, 0.0700, -0.0780),
        (1.2810, 0.0400, 0.0380, -0.0460),
        (1.2850, 0.0005, 0.0000, -0.0060),
    ],
    64,
)
_MIDDLE = -0.005


def _front(x: Floats, y: Floats) -> Floats:
    """Return z of the front surface at x, y."""
    width = np.interp(y, _SECTIONS[:, 0], _SECTIONS[:, 1])
    front = np.interp(y, _SECTIONS[:, 0], _SECTIONS[:, 2])
    share = np.minimum(np.abs(x) / np.maximum(width, 1e-6), 0.999)
    middle = np.minimum(_MIDDLE, front)
    return np.asarray(middle + (front - middle) * (1.0 - share**_POWER) ** (1.0 / _POWER), dtype=np.float64)


def face_normals(points: Floats) -> Floats:
    """Return the clean normals of a face: those of an ellipsoid, so that light draws no nose-less bumps."""
    return unit((points - CENTRE - [0.0, -0.02, -0.02]) / np.array([0.130, 0.175, 0.135]) ** 2)


def laid(flat: Floats, lift: Floats | float) -> Floats:
    """Return points of the face (..., 3) at flat x, y (..., 2), raised by `lift` metres towards the viewer."""
    x, y = flat[..., 0], flat[..., 1]
    point = np.stack([x, y, _front(x, y)], axis=-1)
    out = unit((point - CENTRE) * [0.8, 0.35, 1.0])
    return np.asarray(point + out * np.broadcast_to(np.asarray(lift, dtype=np.float64), x.shape)[..., None])


def jaw(points: Floats, drop: float) -> Floats:
    """Return how far points of the face move when the chin sinks by `drop` metres."""
    share = ease(points[:, 1], 1.048, 1.006) * ease(points[:, 2], 0.0, 0.08)
    return np.stack([np.zeros_like(share), -drop * share, -0.3 * drop * share], axis=1)


def puff(points: Floats, size: float) -> Floats:
    """Return how far points of the face move when the cheeks fill by `size` metres."""
    move = np.zeros_like(points)
    for sign in (1.0, -1.0):
        away = np.hypot((points[:, 0] - sign * 0.072) / 0.062, (points[:, 1] - 1.043) / 0.046)
        share = ease(away, 1.0, 0.0) * ease(points[:, 2], 0.0, 0.05)
        move += share[:, None] * size * np.array([sign * 0.9, -0.05, 0.45])
    return move


def head() -> Surface:
    """Return the skin of the head with the morphs of jaw and cheeks."""
    around = 44
    turn = np.linspace(0.0, 2.0 * np.pi, around + 1)
    sections = _SECTIONS[np.unique(np.linspace(0, 63, 34).astype(int))]
    power = np.where(np.cos(turn) > 0, _POWER, 2.0)
    across = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2.0 / power)
    ahead = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2.0 / power)
    y, width, front, back = (sections[:, k : k + 1] for k in range(4))
    middle = np.clip(np.full_like(front, _MIDDLE), back + (front - back) * 0.1, np.maximum(front - 0.02, back))
    x = width * across
    z = middle + np.where(ahead > 0, (front - middle) * ahead, (middle - back) * ahead)
    points = np.stack(np.broadcast_arrays(x, y, z), axis=2)
    u, v, _, _ = swatch("skin")
    part = grid(points, np.broadcast_to([u, v], (*points.shape[:2], 2)), outward=points - CENTRE)
    low = ease(part.points[:, 1], 1.03, 1.0)[:, None] * (part.points[:, 2] < 0.085)[:, None]
    part = part.facing(face_normals(part.points) * (1.0 - 0.5 * low) + part.normals * 0.5 * low)
    morphs = {
        name: jaw(part.points, drop)
        for name, drop in (("aa", 0.007), ("oh", 0.005), ("ih", 0.002), ("ee", 0.002), ("surprised", 0.004))
    }
    morphs["cheekPuff"] = puff(part.points, 0.014)
    weighed = part.weighed(only(len(part.points), "head"))
    return Surface(weighed.points, weighed.normals, weighed.places, weighed.triangles, weighed.weights, morphs)


def neck() -> Surface:
    """Return the neck, in the head's shadow."""
    path = spline([(0, 0.905, -0.020), (0, 0.950, -0.016), (0, 1.000, -0.006), (0, 1.040, 0.0)], 10)
    size = np.interp(path[:, 1], [0.905, 0.94, 0.98, 1.04], [0.046, 0.035, 0.033, 0.036])
    part = sweep(path, size, size, (1.0, 0.0, 0.0), swatch("skin_shadow"), around=16)
    share = ease(part.points[:, 1], 0.950, 1.0)[:, None]
    return part.weighed(only(len(part.points), "neck") * (1.0 - share) + only(len(part.points), "head") * share)
