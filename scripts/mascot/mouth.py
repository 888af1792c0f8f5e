"""The mouth: lips of skin that open on teeth and tongue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .curves import Floats
from .head import jaw, laid, puff
from .layer import layer
from .surface import Surface

__all__ = ["lips", "mouth"]

_Y = 1.0400


@dataclass(frozen=True, slots=True)
class _Mouth:
    """The mouth's shape: metres on the face."""

    width: float = 0.0162
    up: float = 0.0003
    down: float = 0.0003
    lift: float = 0.0050
    """How far the corners stand above the middle."""
    round: float = 0.8
    """The lips' roundness: 0.5 an ellipse, 1 a lens."""
    x: float = 0.0
    y: float = 0.0
    drop: float = 0.0
    """How far the chin sinks."""
    tongue: float = 0.0
    puff: float = 0.0
    teeth: float = 0.16
    """The share of the opening that the teeth fill."""


_REST = _Mouth()
_STATES: Mapping[str, _Mouth] = {
    "aa": replace(_REST, width=0.0190, up=0.0050, down=0.0240, lift=0.0020, round=0.50, drop=0.007),
    "ih": replace(_REST, width=0.0190, up=0.0026, down=0.0062, lift=0.0020, round=0.60, drop=0.002, teeth=0.45),
    "ou": replace(_REST, width=0.0085, up=0.0062, down=0.0085, lift=0.0, round=0.5, y=-0.001, teeth=0.0),
    "ee": replace(_REST, width=0.0275, up=0.0048, down=0.0100, lift=0.0045, round=0.62, drop=0.002, teeth=0.48),
    "oh": replace(_REST, width=0.0138, up=0.0100, down=0.0165, lift=0.0, round=0.5, drop=0.005, teeth=0.0),
    "happy": replace(_REST, width=0.0245, up=-0.0010, down=0.0060, lift=0.0075, round=0.66, drop=0.002),
    "angry": replace(_REST, width=0.0150, up=0.0016, down=0.0010, lift=-0.0055),
    "sad": replace(_REST, width=0.0125, up=0.0004, down=0.0006, lift=-0.0050, y=-0.0015),
    "relaxed": replace(_REST, width=0.0195, lift=0.0065),
    "surprised": replace(
        _REST, width=0.0105, up=0.0080, down=0.0135, lift=0.0, round=0.5, y=-0.002, drop=0.004, teeth=0.0
    ),
    "smile": replace(_REST, width=0.0230, lift=0.0085),
    "frown": replace(_REST, width=0.0140, lift=-0.0060, y=-0.0010),
    "mouthLeft": replace(_REST, x=0.0160, width=0.0130, lift=0.0040),
    "mouthRight": replace(_REST, x=-0.0160, width=0.0130, lift=0.0040),
    "tongueOut": replace(_REST, width=0.0150, up=0.0008, down=0.0050, lift=0.0050, tongue=1.0, round=0.6),
    "cheekPuff": replace(_REST, width=0.0100, lift=-0.0010, puff=1.0),
}
_COUNT = 17
_LIPS = ((0.0, 0.0036), (0.1, 0.0037), (0.25, 0.0037), (0.45, 0.0035), (0.65, 0.0028), (0.84, 0.0015), (1.0, -0.0006))


def _edge(state: _Mouth, t: Floats, height: float) -> Floats:
    """Return an edge (n, 2) at `t` from -1, the right corner, to 1."""
    arch = np.clip(1.0 - t * t, 0.0, 1.0) ** state.round
    y = _Y + state.y + state.lift * (t * t - 0.35) + height * arch
    return np.stack([state.x + state.width * t, y], axis=1)


def _upper(state: _Mouth, t: Floats) -> Floats:
    return _edge(state, t, state.up)


def _lower(state: _Mouth, t: Floats) -> Floats:
    return _edge(state, t, -state.down)


def _sunk(points: Floats, state: _Mouth) -> Floats:
    """Return face points moved as the head's own skin moves in this state."""
    flat = points.reshape(-1, 3)
    return (flat + jaw(flat, state.drop) + puff(flat, 0.014 * state.puff)).reshape(points.shape)


def _lip_points(state: _Mouth) -> Floats:
    t = -np.cos(np.linspace(0.0, np.pi, _COUNT))
    opening = np.concatenate([_upper(state, t), _lower(state, t[::-1])])
    half = np.linspace(np.pi, 0.0, _COUNT)
    rim_up = np.stack([0.040 * np.cos(half), 1.0345 + 0.0225 * np.sin(half)], axis=1)
    rim_down = np.stack([0.040 * np.cos(half[::-1]), 1.0345 - 0.0300 * np.sin(half)], axis=1)
    rim = np.concatenate([rim_up, rim_down]) + np.array([0.6 * state.x, 0.0])
    rows = [laid(opening + (rim - opening) * share, lift) for share, lift in _LIPS]
    points = np.stack(rows)
    return _sunk(np.concatenate([points, points[:, :1]], axis=1), state)


def _inside_points(state: _Mouth) -> Floats:
    turn = np.linspace(0.0, 2.0 * np.pi, 25)
    share = np.linspace(0.0, 1.0, 6)[:, None]
    high = np.where(np.sin(turn) > 0, 0.0150, 0.0245)
    flat = np.stack([0.6 * state.x + 0.029 * share * np.cos(turn), 1.0370 + high * share * np.sin(turn)], axis=2)
    return _sunk(laid(flat, 0.0014), state)


def _teeth_points(state: _Mouth) -> Floats:
    t = np.linspace(-0.80, 0.80, 12)
    top = _upper(state, t) + np.array([0.0, 0.0012])
    gap = np.minimum(state.up + state.down, 0.024)
    size = (0.0012 + state.teeth * max(gap, 0.0)) * np.clip(1.0 - (t / 0.80) ** 4, 0.15, 1.0)
    return _sunk(np.stack([laid(top, 0.0025), laid(top - np.stack([0 * t, size], axis=1), 0.0025)]), state)


def _tongue_points(state: _Mouth) -> Floats:
    centre = _lower(state, np.array([0.0]))[0] + [0.0, 0.0015]
    turn = np.linspace(0.0, 2.0 * np.pi, 17)
    share = np.array([[0.0], [1.0]])
    wide, high = 0.62 * state.width, 0.0012 + 0.27 * max(state.down, 0.0)
    flat = np.stack([centre[0] + wide * share * np.cos(turn), centre[1] + high * share * np.sin(turn)], axis=2)
    return _sunk(laid(flat, 0.0020), state)


def _tongue_out_points(state: _Mouth) -> Floats:
    t = np.linspace(-1.0, 1.0, 11)[None, :]
    share = np.array([[0.0], [0.35], [0.7], [0.9], [1.0]])
    wide = 0.0085 * np.sqrt(np.clip(1.0 - np.clip(share - 0.45, 0, 1) ** 2 / 0.3025, 0.0, 1.0))
    long = 0.2 + 0.8 * state.tongue
    x = t * wide * (0.3 + 0.7 * long) + 0 * share
    y = _Y - 0.0020 - 0.0175 * share * long + 0 * t
    bulge = (0.0052 + 0.0060 * np.sin(np.pi * np.clip(share * 0.75, 0, 1))) * (1.0 - 0.35 * t * t)
    lift = np.where(long > 0.5, bulge, -0.0060)
    return laid(np.stack([x, y], axis=2), lift)


def _line(edge: Callable[[_Mouth, Floats], Floats], size: float, low: float) -> Callable[[_Mouth], Floats]:
    def points(state: _Mouth) -> Floats:
        t = np.linspace(-1.04, 1.04, 21)
        curve = edge(state, np.clip(t, -1.0, 1.0))
        curve[:, 0] = state.x + state.width * t
        half = 0.5 * size * (low + (1.0 - low) * (1.0 - np.abs(t / 1.04) ** 3))
        half = np.stack([0 * t, half], axis=1)
        return _sunk(np.stack([laid(curve + half, 0.0041), laid(curve - half, 0.0041)]), state)

    return points


def lips() -> Surface:
    """Return the skin around the mouth."""
    return layer(_lip_points, _REST, _STATES, "skin")


def mouth() -> list[Surface]:
    """Return the mouth's inside, teeth, tongue and the lines of its lips, back to front."""
    return [
        layer(_inside_points, _REST, _STATES, "mouth"),
        layer(_tongue_points, _REST, _STATES, "tongue"),
        layer(_teeth_points, _REST, _STATES, "white"),
        layer(_tongue_out_points, _REST, _STATES, "tongue"),
        layer(_line(_lower, 0.0012, 0.0), _REST, _STATES, "lip"),
        layer(_line(_upper, 0.0019, 0.1), _REST, _STATES, "lip"),
    ]
