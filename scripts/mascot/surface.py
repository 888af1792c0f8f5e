"""Surfaces: points with normals, texture places, joint weights and shapes they can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .curves import Floats, unit

__all__ = ["Surface", "grid", "join", "sweep"]


@dataclass(frozen=True, slots=True)
class Surface:
    """A triangle surface of n points."""

    points: Floats
    normals: Floats
    places: Floats
    """Texture coordinates (n, 2), glTF's: 0, 0 is the top left."""
    triangles: NDArray[np.int64]
    weights: Floats | None = None
    """Joint weights (n, joints)."""
    morphs: Mapping[str, Floats] = field(default_factory=dict)
    """Displacements (n, 3) by name."""

    def weighed(self, weights: Floats) -> Surface:
        """Return the surface with these joint weights."""
        return replace(self, weights=weights)

    def facing(self, normals: Floats) -> Surface:
        """Return the surface with these normals."""
        return replace(self, normals=unit(normals))


def _normals(points: Floats, triangles: NDArray[np.int64]) -> Floats:
    """Return smooth normals; points at one place share theirs."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    _, places = np.unique(np.round(points, 6), axis=0, return_inverse=True)
    places = places.reshape(-1)
    total = np.zeros((int(places.max()) + 1, 3))
    for k in range(3):
        np.add.at(total, places[triangles[:, k]], face)
    return unit(total[places])


def grid(points: Floats, places: Floats, *, outward: Floats | None = None) -> Surface:
    """Return the surface over a grid of points (rows, columns, 3) with texture places (rows, columns, 2).

    `outward` (rows, columns, 3) or (3,) tells which side is out; without it, rows x columns order decides.
    """
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, d], axis=1), np.stack([a, d, c], axis=1)])
    flat = points.reshape(-1, 3)
    if outward is not None:
        p, q, r = (flat[triangles[:, k]] for k in range(3))
        way = np.broadcast_to(outward, points.shape).reshape(-1, 3)[triangles[:, 0]]
        if float(np.sum(np.cross(q - p, r - p) * way)) < 0:
            triangles = triangles[:, ::-1]
    p, q, r = (flat[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(q - p, r - p), axis=1)
    normals = _normals(flat, triangles)
    return Surface(flat, normals, places.reshape(-1, 2), triangles[area > 1e-10].copy())


def sweep(
    path: Floats,
    width: Floats,
    depth: Floats,
    side: Floats | Sequence[float],
    region: Sequence[float],
    *,
    around: int = 14,
    power: float = 2.0,
) -> Surface:
    """Return a tube along `path` (k, 3), an ellipse (or superellipse of `power`) at each point.

    `side` (3,) or (k, 3) is the direction of `width` (half widths, k); `depth` is across it. `region` is the part
    x0, y0, x1, y1 of the texture: x runs around, y along.
    """
    tangent = unit(np.gradient(path, axis=0))
    across = np.broadcast_to(np.asarray(side, dtype=np.float64), path.shape)
    across = unit(across - np.sum(across * tangent, axis=1, keepdims=True) * tangent)
    normal = unit(np.cross(tangent, across))
    turn = np.linspace(0.0, 2.0 * np.pi, around + 1)
    cos, sin = np.cos(turn), np.sin(turn)
    cos = np.sign(cos) * np.abs(cos) ** (2.0 / power)
    sin = np.sign(sin) * np.abs(sin) ** (2.0 / power)
    cos[-1], sin[-1] = cos[0], sin[0]
    offset = (
        width[:, None, None] * cos[None, :, None] * across[:, None, :]
        + depth[:, None, None] * sin[None, :, None] * normal[:, None, :]
    )
    u = np.linspace(0.0, 1.0, around + 1)
    v = np.linspace(0.0, 1.0, len(path))
    x0, y0, x1, y1 = region
    places = np.stack(np.broadcast_arrays(x0 + (x1 - x0) * u[None, :], y0 + (y1 - y0) * v[:, None]), axis=2)
    return grid(path[:, None, :] + offset, places, outward=offset)


def join(parts: Sequence[Surface]) -> Surface:
    """Return one surface of all parts; a morph that a part lacks leaves that part still."""
    start, triangles = 0, []
    for part in parts:
        triangles.append(part.triangles + start)
        start += len(part.points)
    names = dict.fromkeys(name for part in parts for name in part.morphs)
    morphs = {
        name: np.concatenate([part.morphs.get(name, np.zeros_like(part.points)) for part in parts]) for name in names
    }
    weights = [part.weights for part in parts if part.weights is not None]
    return Surface(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.places for part in parts]),
        np.concatenate(triangles),
        np.concatenate(weights) if len(weights) == len(parts) else None,
        morphs,
    )
