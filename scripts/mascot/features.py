"""Nose, brows and cheeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .curves import Floats, ease
from .head import face_normals, laid, puff
from .layer import layer, plain
from .skeleton import only
from .surface import Surface, grid

__all__ = ["brows", "cheeks", "nose"]


def nose() -> Surface:
    """Return the nose: a small shade on one side."""
    flat = np.array(
        [
            [[0.0005, 1.0690], [0.0005, 1.0690]],
            [[-0.0036, 1.0632], [0.0014, 1.0632]],
            [[-0.0016, 1.0612], [0.0006, 1.0618]],
        ]
    )
    points = laid(flat, 0.0012)
    part = grid(points, plain(points, "nose"), outward=np.array([0.0, 0.0, 1.0]))
    return part.facing(face_normals(part.points)).weighed(only(len(part.points), "head"))


@dataclass(frozen=True, slots=True)
class _Brow:
    """The left brow: how far its inner and outer end rise, in metres, and how it bends."""

    inner: float = 0.0
    outer: float = 0.0
    bend: float = 0.0060
    x: float = 0.0


_BROW = _Brow()
_BROWS: Mapping[str, _Brow] = {
    "happy": _Brow(0.0060, 0.0050, 0.0090),
    "angry": _Brow(-0.0155, 0.0050, 0.0010, -0.0060),
    "sad": _Brow(0.0090, -0.0110, 0.0005, -0.0020),
    "relaxed": _Brow(0.0060, -0.0030, 0.0085),
    "surprised": _Brow(0.0130, 0.0115, 0.0095),
}


def _brow_points(brow: _Brow) -> Floats:
    s = np.linspace(0.0, 1.0, 16)
    x = 0.0300 + brow.x * (1.0 - s) + 0.0520 * s
    y = 1.1690 + brow.inner * (1.0 - s) + brow.outer * s - 0.0050 * s * s + brow.bend * np.sin(np.pi * s**0.85)
    size = 0.0039 * (0.25 + 0.75 * ease(s, -0.02, 0.13)) * (1.0 - 0.9 * ease(s, 0.45, 1.0))
    curve = np.stack([x, y], axis=1)
    half = np.stack([0 * s, size], axis=1)
    lift = 0.0182 + 0.0030 * np.sin(np.pi * s)
    return np.stack([laid(curve + half, lift), laid(curve - half, lift)])


def brows() -> list[Surface]:
    """Return both brows, floating before the hair as drawn brows do."""
    found = []
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        states = dict(_BROWS)
        states[f"browUp{side}"] = _Brow(0.0150, 0.0140, 0.0095)
        states[f"browDown{side}"] = _Brow(-0.0140, -0.0050, 0.0030, -0.0040)

        def shape(brow: _Brow, sign: float = sign) -> Floats:
            return np.asarray(_brow_points(brow) * np.array([sign, 1.0, 1.0]))

        found.append(layer(shape, _BROW, states, "brow"))
    return found


def cheeks() -> list[Surface]:
    """Return the blush of both cheeks, over their own texture."""
    found = []
    for sign in (1.0, -1.0):
        across, up = np.meshgrid(np.linspace(-1.0, 1.0, 7), np.linspace(1.0, -1.0, 5))
        flat = np.stack([sign * (0.0790 + 0.0205 * across), 1.0610 + 0.0135 * up], axis=2)
        points = laid(flat, 0.0034)
        places = np.stack([0.5 + 0.5 * across, 0.5 - 0.5 * up], axis=2)
        part = grid(points, places, outward=np.array([0.0, 0.0, 1.0]))
        part = part.facing(face_normals(part.points)).weighed(only(len(part.points), "head"))
        morphs = {"cheekPuff": puff(part.points, 0.014)}
        found.append(Surface(part.points, part.normals, part.places, part.triangles, part.weights, morphs))
    return found
