"""The eyes: white and iris laid on the face under lids of skin that open on them.

A lid is a ring of skin between the eye's opening and the face around it. Closing the opening covers the iris
truly, at any weight, without a hole in the face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .curves import Floats, ease
from .head import face_normals, laid
from .layer import plain
from .paint import region
from .skeleton import only
from .surface import Surface, grid

__all__ = ["eyes", "lids"]


@dataclass(frozen=True, slots=True)
class _Eye:
    """The left eye's shape: metres on the face, x outward."""

    inner: tuple[float, float] = (0.0265, 1.0975)
    outer: tuple[float, float] = (0.0905, 1.1030)
    top: float = 0.0390
    bottom: float = 0.0260
    upper_lash: float = 1.0
    lower_lash: float = 1.0
    iris: float = 1.0
    flat: float = 1.0
    """The iris's height against its own; closed eyes need less of it to hide."""
    look: tuple[float, float] = (0.0, 0.0)


_REST = _Eye()
_CLOSED = replace(_REST, top=-0.0150, bottom=0.0070, inner=(0.0275, 1.0960), outer=(0.0895, 1.0965), lower_lash=0.0)
_EMOTIONS: Mapping[str, _Eye] = {
    "happy": replace(
        _REST,
        top=0.0190,
        bottom=-0.0420,
        inner=(0.0275, 1.0890),
        outer=(0.0895, 1.0920),
        upper_lash=1.1,
        lower_lash=0.0,
        flat=0.5,
        look=(0.0, -0.002),
    ),
    "angry": replace(_REST, top=0.0260, bottom=0.0235, inner=(0.0275, 1.0920), outer=(0.0910, 1.1115), upper_lash=1.15),
    "sad": replace(
        _REST, top=0.0300, bottom=0.0235, inner=(0.0270, 1.1045), outer=(0.0890, 1.0930), look=(0.0, -0.003)
    ),
    "relaxed": replace(
        _REST, top=0.0210, bottom=0.0160, inner=(0.0265, 1.0965), outer=(0.0905, 1.0985), look=(0.0, -0.002)
    ),
    "surprised": replace(_REST, top=0.0430, bottom=0.0300, iris=0.86, upper_lash=0.85),
    "eyeWide": replace(_REST, top=0.0440, bottom=0.0285, iris=0.95),
    "eyeSmile": replace(_REST, top=0.0365, bottom=-0.0055),
}
_LOOKS: Mapping[str, tuple[float, float]] = {
    "lookUp": (0.0, 0.0095),
    "lookDown": (0.0, -0.0095),
    "lookLeft": (0.0105, 0.0),
    "lookRight": (-0.0105, 0.0),
}
"""How far the irises go on the face, in metres, x to the character's left."""

_COUNT = 22
_LID = ((0.0, 0.0024), (0.1, 0.0026), (0.26, 0.0028), (0.45, 0.0027), (0.65, 0.0022), (0.84, 0.0012), (1.0, -0.0006))
_IRIS_CENTRE = np.array([0.0578, 1.1035])


def _upper(eye: _Eye, s: Floats) -> Floats:
    """Return the upper lid's edge (n, 2) at shares `s` from the inner to the outer corner."""
    line = _corners(eye, s)
    arch = np.sin(np.pi * np.clip(s, 0, 1) ** 0.88) ** (0.66 if eye.top > 0 else 1.0)
    line[:, 1] += eye.top * arch
    return line


def _lower(eye: _Eye, s: Floats) -> Floats:
    line = _corners(eye, s)
    line[:, 1] -= eye.bottom * np.sin(np.pi * np.clip(s, 0, 1) ** 1.12) ** 0.78
    return line


def _corners(eye: _Eye, s: Floats) -> Floats:
    inner, outer = np.array(eye.inner), np.array(eye.outer)
    return np.asarray(inner + (outer - inner) * s[:, None])


def _lid_points(eye: _Eye) -> Floats:
    s = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, _COUNT))
    opening = np.concatenate([_upper(eye, s), _lower(eye, s[::-1])])
    rest = np.concatenate([_upper(_REST, s), _lower(_REST, s[::-1])])
    centre = np.array([0.0588, 1.1045])
    turn = np.arctan2(rest[:, 1] - centre[1], rest[:, 0] - centre[0])
    turn = np.unwrap(turn)
    rim = centre + np.stack([0.0455 * np.cos(turn), 0.0545 * np.sin(turn)], axis=1)
    rows = []
    for share, lift in _LID:
        rows.append(laid(opening + (rim - opening) * share, lift))
    points = np.stack(rows)
    return np.concatenate([points, points[:, :1]], axis=1)


def _lash_points(eye: _Eye) -> Floats:
    s = np.linspace(-0.01, 1.0, 24)
    edge = _upper(eye, s)
    size = eye.upper_lash * (0.0032 + 0.0042 * ease(s, 0.0, 0.85)) * ease(s, -0.02, 0.10)
    along = np.gradient(edge, axis=0)
    out = np.stack([-along[:, 1], along[:, 0]], axis=1)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    wing = edge[-1] + np.array([0.0070, 0.0050 if eye.bottom > 0.0 and eye.top > 0.0 else -0.0022])
    lower = np.concatenate([edge - out * 0.0010, wing[None, :]])
    upper = np.concatenate([edge + out * size[:, None], wing[None, :] + [0.0, 0.0004]])
    return np.stack([laid(lower, 0.0030), laid((lower + upper) / 2, 0.0038), laid(upper, 0.0034)])


def _lower_lash_points(eye: _Eye) -> Floats:
    s = np.linspace(0.30, 0.99, 14)
    edge = _lower(eye, s)
    size = eye.lower_lash * 0.0021 * ease(s, 0.28, 0.8)
    below = edge - np.stack([np.zeros_like(s), size], axis=1)
    return np.stack([laid(edge + np.array([0.0, 0.0003 * eye.lower_lash]), 0.0026), laid(below, 0.0026)])


def _crease_points(eye: _Eye) -> Floats:
    s = np.linspace(0.16, 0.90, 16)
    lifted = replace(eye, top=max(eye.top, 0.004) * 0.96 + 0.001)
    edge = _upper(lifted, s) + np.array([0.0, 0.0095])
    size = 0.0013 * np.sin(np.pi * np.linspace(0.05, 0.95, 16))
    return np.stack([laid(edge, 0.0036), laid(edge + np.stack([0 * s, size], axis=1), 0.0036)])


def _disc(centre: Floats, radius: tuple[float, float], lift: float, rings: int = 5, count: int = 28) -> Floats:
    turn = np.linspace(0.0, 2.0 * np.pi, count + 1)
    share = np.linspace(0.0, 1.0, rings)[:, None]
    flat = np.stack(
        [centre[0] + radius[0] * share * np.cos(turn), centre[1] + radius[1] * share * np.sin(turn)], axis=2
    )
    return laid(flat, lift)


def _disc_places(rings: int, count: int, where: Sequence[float]) -> Floats:
    turn = np.linspace(0.0, 2.0 * np.pi, count + 1)
    share = np.linspace(0.0, 1.0, rings)[:, None]
    x0, y0, x1, y1 = where
    u = 0.5 + 0.5 * share * np.cos(turn)
    v = 0.5 - 0.5 * share * np.sin(turn)
    return np.stack([x0 + (x1 - x0) * u, y0 + (y1 - y0) * v], axis=2)


def _white_points(_: _Eye) -> Floats:
    return _disc(np.array([0.0578, 1.1040]), (0.0385, 0.0455), 0.0004)


def _iris_points(eye: _Eye) -> Floats:
    centre = _IRIS_CENTRE + eye.look
    return _disc(centre, (0.0250 * eye.iris, 0.0325 * eye.iris * eye.flat), 0.0010)


def _shine_points(eye: _Eye, sign: float) -> Floats:
    centre = _IRIS_CENTRE + np.array(eye.look) * 0.7 + np.array([-0.0085 * sign, 0.0140 * eye.flat]) * eye.iris
    return _disc(centre, (0.0074, 0.0092), 0.0013, 2, 16)


def _glint_points(eye: _Eye, sign: float) -> Floats:
    centre = _IRIS_CENTRE + np.array(eye.look) * 0.7 + np.array([0.0098 * sign, -0.0140 * eye.flat]) * eye.iris
    return _disc(centre, (0.0038, 0.0046), 0.0013, 2, 12)


def _sided(points: Floats, sign: float) -> Floats:
    return np.asarray(points * np.array([sign, 1.0, 1.0]))


def _part(shape: Callable[[_Eye], Floats], places: Floats, sign: float, states: Mapping[str, _Eye]) -> Surface:
    """Return one layer of one eye with a morph for each state."""
    rest = _sided(shape(_REST), sign)
    base = grid(rest, places, outward=np.array([0.0, 0.0, 1.0]))
    morphs = {}
    for name, state in states.items():
        move = (_sided(shape(state), sign) - rest).reshape(-1, 3)
        if float(np.abs(move).max()) > 1e-7:
            morphs[name] = move
    normals = face_normals(base.points)
    return Surface(base.points, normals, base.places, base.triangles, only(len(base.points), "head"), morphs)


def _states(side: str) -> dict[str, _Eye]:
    states = dict(_EMOTIONS)
    states["blinkLeft" if side == "left" else "blinkRight"] = _CLOSED
    sign = 1.0 if side == "left" else -1.0
    for name, (x, y) in _LOOKS.items():
        states[name] = replace(_REST, look=(x * sign, y))
    return states


def lids() -> list[Surface]:
    """Return the lids, of skin."""
    found = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        points = _lid_points(_REST)
        found.append(_part(_lid_points, plain(points, "skin"), sign, _states(side)))
    return found


def eyes() -> list[Surface]:
    """Return white, iris, lights, lashes and crease of both eyes, back to front; the lights on one side in both."""
    found = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        states = _states(side)
        found.append(_part(_white_points, _disc_places(5, 28, region("sclera")), sign, {}))
        layers: tuple[tuple[Callable[[_Eye], Floats], str | None], ...] = (
            (_iris_points, None),
            (partial(_shine_points, sign=sign), "white"),
            (partial(_glint_points, sign=sign), "white"),
            (_lash_points, "lash"),
            (_lower_lash_points, "lash"),
            (_crease_points, "crease"),
        )
        for shape, colour in layers:
            points = shape(_REST)
            places = _disc_places(5, 28, region("iris")) if colour is None else plain(points, colour)
            found.append(_part(shape, places, sign, states))
    return found
