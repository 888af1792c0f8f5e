"""The headset: its band is a bridge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .curves import spline
from .paint import swatch
from .skeleton import only
from .surface import Surface, join, sweep

__all__ = ["headset"]

_Y, _Z = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def _disc(sign: float, x: Sequence[float], radius: Sequence[float], where: Sequence[float]) -> Surface:
    path = np.stack([sign * np.asarray(x), np.full(len(x), 1.122), np.full(len(x), -0.012)], axis=1)
    size = np.asarray(radius, dtype=np.float64)
    return sweep(path, size * 1.12, size, _Y, where, around=24)


def _cups() -> list[Surface]:
    found = []
    for sign in (1.0, -1.0):
        shell = _disc(sign, (0.132, 0.136, 0.168, 0.174, 0.176), (0.020, 0.040, 0.040, 0.036, 0.024), swatch("navy"))
        ring = _disc(sign, (0.168, 0.176, 0.1795, 0.1795), (0.030, 0.030, 0.026, 0.018), swatch("coral"))
        middle = _disc(sign, (0.176, 0.1815, 0.1830, 0.1830), (0.018, 0.018, 0.014, 0.0), swatch("teal"))
        found += [shell, ring, middle]
    return found


def _bridge() -> list[Surface]:
    """Return the deck from ear to ear, the arch above it and the hangers between."""
    turn = np.linspace(np.radians(-6.0), np.radians(186.0), 41)
    deck = np.stack([0.1690 * np.cos(turn), 1.126 + 0.1890 * np.sin(turn), np.full(41, -0.012)], axis=1)
    rise = 0.032 * np.sin(np.clip(turn, 0.0, np.pi)) ** 2
    arch = deck + np.stack([rise * np.cos(turn), rise * np.sin(turn), np.zeros(41)], axis=1)
    found = [
        sweep(deck, np.full(41, 0.0125), np.full(41, 0.0048), _Z, swatch("navy"), around=10, power=3.0),
        sweep(arch[6:-6], np.full(29, 0.0055), np.full(29, 0.0040), _Z, swatch("coral"), around=8),
    ]
    for index in range(9, 32, 2):
        hanger = np.stack([deck[index], arch[index]])
        found.append(sweep(hanger, np.full(2, 0.0016), np.full(2, 0.0016), _Z, swatch("gold"), around=6))
    return found


def _microphone() -> list[Surface]:
    boom = spline([(-0.168, 1.098, 0.010), (-0.158, 1.052, 0.056), (-0.112, 1.026, 0.096), (-0.074, 1.019, 0.122)], 18)
    tip = spline([(-0.080, 1.0195, 0.119), (-0.060, 1.0175, 0.127)], 7)
    size = 0.0082 * np.sqrt(np.clip(1.0 - np.linspace(-1.0, 1.0, 7) ** 2, 0.02, 1.0))
    return [
        sweep(boom, np.full(18, 0.0026), np.full(18, 0.0026), _Y, swatch("navy"), around=7),
        sweep(tip, size, size, _Y, swatch("coral"), around=10),
    ]


def headset() -> Surface:
    """Return the headset: ear cups as piers, the band as deck, an arch on hangers above it, a microphone."""
    whole = join([*_cups(), *_bridge(), *_microphone()])
    return whole.weighed(only(len(whole.points), "head"))
