"""Legs, stockings and shoes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .curves import Floats, ease, spline
from .paint import region, swatch
from .skeleton import along, only
from .surface import Surface, sweep

__all__ = ["shoe", "stockings", "thigh"]

_X, _Z = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


_HEIGHTS = np.array([0.560, 0.520, 0.470, 0.420, 0.370, 0.335, 0.305, 0.275, 0.240, 0.200, 0.160, 0.120, 0.090, 0.060])
_RADII = np.array([52.0, 54.5, 54.0, 50.5, 45.5, 42.0, 40.0, 39.5, 41.0, 41.0, 37.5, 33.0, 31.0, 32.0]) / 1000.0
_SHOE_AT = np.array([-0.052, -0.046, -0.030, -0.005, 0.025, 0.050, 0.072, 0.088, 0.097])
_SHOE_WIDTH = np.array([6.0, 25.5, 34.5, 36.0, 38.5, 41.0, 38.5, 27.0, 6.0]) / 1000.0
_SHOE_TOP = np.array([50.0, 66.0, 74.0, 72.0, 60.0, 50.0, 42.0, 34.0, 22.0]) / 1000.0
_SOLE = 0.018


def _tube(side: str, sign: float, high: float, low: float, over: Floats, where: Sequence[float]) -> Surface:
    """Return the leg from height `high` down to `low`, `over` (16) metres outside the skin."""
    heights = np.linspace(high, low, 16)
    radius = np.interp(-heights, -_HEIGHTS, _RADII) + over
    bow = 0.004 * ease(heights, 0.09, 0.20) * ease(heights, 0.32, 0.22) + 0.006 * ease(heights, 0.2, 0.08)
    path = np.stack([np.full(16, sign * 0.058), heights, 0.001 - bow], axis=1)
    part = sweep(path, radius * 0.97, radius, _X, where, around=20)
    names = ["hips", f"{side}UpperLeg", f"{side}LowerLeg", f"{side}Foot"]
    return part.weighed(along(-part.points[:, 1], names, [-0.540, -0.305, -0.080], [0.02, 0.035, 0.02]))


def thigh(side: str, sign: float) -> Surface:
    """Return the bare part of a leg."""
    return _tube(side, sign, 0.560, 0.330, np.zeros(16), swatch("skin"))


def stockings(side: str, sign: float) -> list[Surface]:
    """Return a long sock with a thick top, and one leg of the shorts under the skirt."""
    sock = np.full(16, 0.0018)
    sock[:2] += 0.0026
    return [
        _tube(side, sign, 0.372, 0.060, sock, region("sock")),
        _tube(side, sign, 0.565, 0.462, np.full(16, 0.0018), swatch("navy_dark")),
    ]


def _last(side: str, sign: float, low: Floats, high: Floats, over: float, power: float, colour: str) -> Surface:
    """Return a shoe's form between two heights (9) along the foot."""
    knots = np.stack([np.full(9, sign * 0.060), (low + high) / 2.0, _SHOE_AT * (1.0 + 8.0 * over)], axis=1)
    at, fine = np.linspace(0.0, 1.0, 9), np.linspace(0.0, 1.0, 22)
    half = np.interp(fine, at, (high - low) / 2.0)
    wide = np.interp(fine, at, _SHOE_WIDTH + over)
    part = sweep(spline(knots, 22), wide, half, _X, swatch(colour), around=18, power=power)
    return part.weighed(along(part.points[:, 2], [f"{side}Foot", f"{side}Toes"], [0.055], 0.018))


def _collar(side: str, sign: float) -> Surface:
    path = spline([(sign * 0.058, y, -0.011) for y in (0.052, 0.078, 0.098, 0.103)], 8)
    size = np.array([36.0, 39.0, 40.0, 40.0, 40.0, 40.5, 39.5, 33.0]) / 1000.0
    part = sweep(path, size, size * 1.06, _X, swatch("cream"), around=18)
    return part.weighed(only(len(part.points), f"{side}Foot"))


def _lace(side: str, sign: float, height: float, ahead: float) -> Surface:
    turn = np.linspace(-1.0, 1.0, 7)
    path = np.stack([sign * 0.060 + 0.020 * turn, height - 0.007 * turn**2, np.full(7, ahead)], axis=1)
    part = sweep(path, np.full(7, 0.0035), np.full(7, 0.0035), _Z, swatch("cream"), around=7)
    return part.weighed(only(len(part.points), f"{side}Foot"))


def shoe(side: str, sign: float) -> list[Surface]:
    """Return a sneaker: upper, sole, collar and laces."""
    return [
        _last(side, sign, np.full(9, 0.010), _SHOE_TOP, 0.0, 2.0, "coral"),
        _last(side, sign, np.zeros(9), np.full(9, _SOLE), 0.0046, 4.0, "cream"),
        _collar(side, sign),
        _lace(side, sign, 0.0560, 0.044),
        _lace(side, sign, 0.0630, 0.030),
    ]
