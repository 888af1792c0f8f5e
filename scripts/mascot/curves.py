"""Curves through points, and easing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Floats", "ease", "spline", "table", "unit"]

Floats = NDArray[np.float64]


def ease(value: ArrayLike, low: float = 0.0, high: float = 1.0) -> Floats:
    """Return 0 below `low`, 1 above `high` and a smoothstep between; `low` may be the greater."""
    share = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float64)


def unit(vectors: Floats) -> Floats:
    """Return the vectors (..., 3) at length 1; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-12, length, 1.0), dtype=np.float64)


def spline(points: Sequence[Sequence[float]] | Floats, count: int) -> Floats:
    """Return `count` points of the Catmull-Rom curve through `points` (k, d), evenly spaced in its parameter."""
    knots = np.asarray(points, dtype=np.float64)
    if len(knots) == 1:
        return np.repeat(knots, count, axis=0)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    at = np.linspace(0.0, len(knots) - 1, count)
    index = np.minimum(at.astype(int), len(knots) - 2)
    t = (at - index)[:, None]
    a, b, c, d = (padded[index + k] for k in range(4))
    return np.asarray(
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3),
        dtype=np.float64,
    )


def table(values: Sequence[float], count: int) -> Floats:
    """Return `count` numbers of the Catmull-Rom curve through `values`, never beyond their least and greatest."""
    curve = spline([[value] for value in values], count)[:, 0]
    return np.clip(curve, min(values), max(values))
