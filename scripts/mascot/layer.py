"""A layer of the face: a patch in one colour with a morph for each state it can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from .curves import Floats
from .head import face_normals
from .paint import swatch
from .skeleton import only
from .surface import Surface, grid

__all__ = ["layer", "plain"]

_State = TypeVar("_State")


def plain(points: Floats, colour: str) -> Floats:
    """Return the texture places (rows, columns, 2) of a grid in one plain colour."""
    u, v, _, _ = swatch(colour)
    return np.broadcast_to([u, v], (*points.shape[:2], 2))


def layer(shape: Callable[[_State], Floats], rest: _State, states: Mapping[str, _State], colour: str) -> Surface:
    """Return the patch `shape(rest)` (rows, columns, 3) with the way to `shape(state)` for each named state."""
    still = shape(rest)
    base = grid(still, plain(still, colour), outward=np.array([0.0, 0.0, 1.0]))
    morphs = {}
    for name, state in states.items():
        move = (shape(state) - still).reshape(-1, 3)
        if float(np.abs(move).max()) > 1e-7:
            morphs[name] = move
    weights = only(len(base.points), "head")
    return Surface(base.points, face_normals(base.points), base.places, base.triangles, weights, morphs)
