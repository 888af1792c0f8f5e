"""The mascot's colours and its one painted texture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from .curves import Floats, ease

__all__ = ["atlas", "blush", "linear", "outlines", "region", "rgb", "swatch"]

WIDTH, HEIGHT = 1024, 512

_COLOURS: Mapping[str, int] = {
    "skin": 0xFFEADD,
    "skin_shadow": 0xF9CDBC,
    "cream": 0xFFFAF3,
    "navy": 0x353B70,
    "coral": 0xFF7A63,
    "gold": 0xFFCB61,
    "teal": 0x2BBDB4,
    "white": 0xFFFFFF,
    "lash": 0x3B2A52,
    "crease": 0xE2A898,
    "brow": 0x6D5AA2,
    "mouth": 0x8E3046,
    "tongue": 0xF58A8A,
    "lip": 0x7A3440,
    "nose": 0xEDB3A2,
    "navy_dark": 0x272C58,
    "hair_dark": 0x9C8AD0,
}

_REGIONS: Mapping[str, tuple[int, int, int, int]] = {
    "iris": (0, 0, 160, 192),
    "hair": (160, 0, 288, 256),
    "cap": (288, 0, 512, 128),
    "torso": (512, 0, 1024, 256),
    "sleeve": (512, 256, 640, 512),
    "skirt": (128, 256, 384, 384),
    "sock": (384, 256, 512, 384),
    "sclera": (0, 192, 64, 256),
    "shoe": (64, 192, 160, 256),
}


def rgb(colour: int) -> Floats:
    """Return an sRGB colour's three shares of 1."""
    return np.array([colour >> 16 & 255, colour >> 8 & 255, colour & 255]) / 255.0


def linear(colour: int) -> list[float]:
    """Return an sRGB colour as glTF's linear factors."""
    share = rgb(colour)
    return [round(float(c), 5) for c in np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)]


def region(name: str, inset: float = 1.5) -> tuple[float, float, float, float]:
    """Return a painted region's x0, y0, x1, y1 in texture coordinates, `inset` pixels within its edge."""
    x0, y0, x1, y1 = _REGIONS[name]
    return (x0 + inset) / WIDTH, (y0 + inset) / HEIGHT, (x1 - inset) / WIDTH, (y1 - inset) / HEIGHT


def swatch(name: str) -> tuple[float, float, float, float]:
    """Return a plain colour's place as a region without extent."""
    index = list(_COLOURS).index(name)
    x, y = (32 * (index % 16) + 16) / WIDTH, (400 + 32 * (index // 16)) / HEIGHT
    return x, y, x, y


def _mix(below: Floats, above: int | Floats, share: Floats) -> Floats:
    colour = rgb(above) if isinstance(above, int) else above
    return np.asarray(below * (1.0 - share[..., None]) + colour * share[..., None])


def _band(value: Floats, low: float, high: float, soft: float = 0.008) -> Floats:
    return np.asarray(ease(value, low - soft, low + soft) * (1.0 - ease(value, high - soft, high + soft)))


def _plain(u: Floats, colour: int) -> Floats:
    return np.broadcast_to(rgb(colour), (*u.shape, 3)).copy()


def _iris(u: Floats, v: Floats) -> Floats:
    x, y = 2.0 * u - 1.0, 2.0 * v - 1.0
    r = np.hypot(x, y)
    turn = np.arctan2(y, x)
    image = _mix(_plain(u, 0x0E6E86), 0x25C3B8, ease(v, 0.25, 0.72))
    image = _mix(image, 0x9DF3D6, ease(v, 0.60, 0.98) * ease(r, 0.25, 0.6))
    rays = 0.5 + 0.5 * np.cos(turn * 26.0 + 2.0 * np.sin(turn * 5.0))
    image = _mix(image, 0xC9FFEA, 0.30 * rays * ease(r, 0.42, 0.62) * ease(r, 0.92, 0.78) * ease(v, 0.35, 0.75))
    image = _mix(image, 0x0A3550, ease(v, 0.52, 0.08) * 0.75)
    image = _mix(image, 0x0B2C48, ease(np.hypot(x / 0.40, (y + 0.02) / 0.44), 1.12, 0.92))
    image = _mix(image, 0xFF9A7D, ease(np.hypot(x / 0.26, (y - 0.52) / 0.14), 1.25, 0.55) * 0.70)
    return _mix(image, 0x0C2440, ease(r, 0.84, 0.93))


def _strand(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0xB19EE6), 0xCFC2F6, ease(v, 0.0, 0.45))
    streak = 0.5 + 0.5 * np.sin(u * 2.0 * np.pi * 4.0 + 1.3 * np.sin(v * 5.0))
    image = _mix(image, 0xA28FDC, 0.30 * ease(streak, 0.72, 0.98))
    edge = 0.245 + 0.03 * np.abs(np.sin(u * np.pi * 7.0))
    image = _mix(image, 0xF6F0FF, 0.80 * _band(v - (edge - 0.245), 0.23, 0.30, 0.014))
    tip = ease(v + 0.05 * np.sin(u * 2.0 * np.pi * 3.0), 0.60, 0.97)
    return _mix(image, 0xFF9C8C, tip)


def _cap(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0xCBBDF4), 0xB09DE4, ease(v, 0.35, 1.0))
    streak = 0.5 + 0.5 * np.sin(u * 2.0 * np.pi * 30.0 + 2.0 * np.sin(v * 4.0))
    image = _mix(image, 0xA794DF, 0.35 * ease(streak, 0.75, 0.99) * ease(v, 0.05, 0.3))
    jag = 0.035 * np.abs(np.sin(u * np.pi * 23.0)) + 0.02 * np.abs(np.sin(u * np.pi * 51.0))
    return _mix(image, 0xF6F0FF, 0.7 * _band(v + jag, 0.40, 0.47, 0.012))


_FOLDS = (
    # where a fold of the hoodie begins, in millimetres from the emblem; how it leans; how long it is
    (92.0, 62.0, -0.62, 46.0),
    (80.0, -68.0, -0.35, 52.0),
    (104.0, -30.0, -0.55, 60.0),
    (72.0, -104.0, 0.25, 34.0),
)


def _emblem(image: Floats, x: Floats, y: Floats) -> Floats:
    """Return the image with the print of a bridge before the setting sun; x, y in millimetres."""
    sun = np.hypot(x, y + 1.0)
    image = _mix(image, 0xFF9B7D, ease(sun, 16.6, 15.4) * (y > 0.0))
    image = _mix(image, 0xFFCB61, ease(sun, 10.6, 9.4) * (y > 0.0))
    arch = 25.0 * np.sqrt(np.clip(1.0 - (x / 34.0) ** 2, 0.0, 1.0))
    hangers = _band(np.abs((x + 3.75) % 7.5 - 3.75), -1.0, 0.7, 0.35) * _band(y, 0.0, 400.0, 0.3) * (y < arch)
    rim = np.abs(np.hypot(x / 34.0, y / 25.0) - 1.0) * 27.0
    deck = _band(np.abs(y), -1.0, 1.7, 0.4) * (np.abs(x) < 43.0)
    waves = _band(np.abs(y + 6.0), -1.0, 0.9, 0.4) * (np.abs(np.abs(x) - 13.0) < 9.0)
    waves = waves + _band(np.abs(y + 10.5), -1.0, 0.9, 0.4) * (np.abs(x) < 10.0)
    lines = np.clip(hangers + _band(rim, -1.0, 1.5, 0.5) * (y > 0.0) + deck + waves, 0.0, 1.0)
    return _mix(image, 0x353B70, lines)


def _torso(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0xFFFAF3), 0xF6ECE6, ease(v, 0.55, 1.0))
    x, y = (u - 0.25) * 560.0, (0.47 - v) * 409.0
    image = _mix(image, 0xDCD4EC, 0.55 * ease(np.abs(np.cos(2.0 * np.pi * u)), 0.80, 1.0))
    for left, top, slope, long in _FOLDS:
        along = (top - y) / long
        off = np.abs(np.abs(x) - left - slope * (top - y)) - 5.0 * np.sin(np.pi * np.clip(along, 0.0, 1.0))
        image = _mix(image, 0xDCD4EC, 0.8 * ease(off, 0.6, -1.6) * (along > 0.0) * (along < 1.0))
    image = _emblem(image, x / 1.35, (y - 4.0) / 1.35)
    side = np.abs(x) - (46.0 + 0.55 * np.clip(y + 118.0, 0.0, 40.0) * -1.0 + 22.0)
    pocket = np.maximum(_band(np.abs(side), -1.0, 0.8, 0.5) * _band(y, -132.0, -72.0, 1.0), 0.0)
    pocket = np.maximum(pocket, _band(np.abs(y + 72.0), -1.0, 0.8, 0.5) * (np.abs(x) < 46.0))
    image = _mix(image, 0xD3C4C4, pocket)
    image = _mix(image, 0x353B70, _band(v, 0.872, 1.2, 0.004))
    rib = 0.5 + 0.5 * np.cos(u * 2.0 * np.pi * 56.0)
    image = _mix(image, 0x272C58, 0.6 * rib * _band(v, 0.885, 1.2, 0.004))
    return _mix(image, 0xFF7A63, _band(v, 0.832, 0.852, 0.004))


def _sleeve(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0xFF8B73), 0xF9765F, ease(v, 0.5, 0.9))
    image = _mix(image, 0xFFFAF3, _band(v, 0.795, 0.830, 0.004) + _band(v, 0.745, 0.765, 0.004))
    return _mix(image, 0x353B70, _band(v, 0.930, 1.2, 0.004))


def _skirt(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0x3D447E), 0x353B70, ease(v, 0.1, 0.7))
    fold = (u * 18.0) % 1.0
    image = _mix(image, 0x272C58, 0.75 * ease(fold, 0.70, 0.98) * ease(v, 0.0, 0.5))
    image = _mix(image, 0xFFFAF3, _band(v, 0.775, 0.805))
    return _mix(image, 0xFF7A63, _band(v, 0.83, 0.90))


def _sock(u: Floats, v: Floats) -> Floats:
    image = _mix(_plain(u, 0x353B70), 0x2D3264, ease(v, 0.4, 1.0))
    image = _mix(image, 0xFF7A63, _band(v, 0.055, 0.085))
    return _mix(image, 0xFFFAF3, _band(v, -1.0, 0.035))


def _sclera(u: Floats, v: Floats) -> Floats:
    return _mix(_plain(u, 0xCFCBE8), 0xFFFFFF, ease(v, 0.13, 0.27))


def _shoe(u: Floats, v: Floats) -> Floats:
    return _mix(_plain(u, 0xFFFAF3), 0xFF7A63, ease(v, 0.55, 0.58))


_PAINTERS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "iris": _iris,
    "hair": _strand,
    "cap": _cap,
    "torso": _torso,
    "sleeve": _sleeve,
    "skirt": _skirt,
    "sock": _sock,
    "sclera": _sclera,
    "shoe": _shoe,
}


def atlas() -> NDArray[np.uint8]:
    """Return the texture (512, 1024, 3) that every part of the mascot shares."""
    image = np.ones((HEIGHT, WIDTH, 3))
    for name, (x0, y0, x1, y1) in _REGIONS.items():
        u = (np.arange(x1 - x0) + 0.5) / (x1 - x0)
        v = (np.arange(y1 - y0) + 0.5) / (y1 - y0)
        across, down = np.meshgrid(u, v)
        image[y0:y1, x0:x1] = _PAINTERS[name](across, down)
    for index, colour in enumerate(_COLOURS.values()):
        x, y = 32 * (index % 16), 384 + 32 * (index // 16)
        image[y : y + 32, x : x + 32] = rgb(colour)
    return np.asarray(np.rint(np.clip(image, 0.0, 1.0) * 255.0), dtype=np.uint8)


def blush() -> NDArray[np.uint8]:
    """Return the texture (64, 64, 4) of a cheek: a soft spot with two strokes."""
    x, y = np.meshgrid((np.arange(64) + 0.5) / 32.0 - 1.0, (np.arange(64) + 0.5) / 32.0 - 1.0)
    alpha = 0.80 * ease(np.hypot(x, y), 1.0, 0.1)
    for centre in (-0.28, 0.02, 0.32):
        line = np.abs(x - centre + 0.28 * y)
        alpha = np.maximum(alpha, 1.0 * ease(line, 0.075, 0.03) * ease(np.abs(y), 0.42, 0.30))
    image = np.empty((64, 64, 4))
    image[..., :3] = rgb(0xFF7C84)
    image[..., 3] = alpha
    return np.asarray(np.rint(image * 255.0), dtype=np.uint8)


def outlines() -> NDArray[np.uint8]:
    """Return how wide the hair's outline is (128, 256, 3), over the same places as the atlas.

    Strands lie on each other at their roots, where lines would cross and break into dots: there they have none.
    """
    image = np.ones((HEIGHT // 4, WIDTH // 4, 3))
    x0, y0, x1, y1 = (side // 4 for side in _REGIONS["hair"])
    down = (np.arange(y1 - y0) + 0.5) / (y1 - y0)
    image[y0:y1, x0:x1] = ease(down, 0.22, 0.62)[:, None, None]
    return np.asarray(np.rint(image * 255.0), dtype=np.uint8)
