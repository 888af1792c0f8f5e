"""PNG pictures as arrays, without an imaging library."""

from __future__ import annotations

import struct
import zlib

import numpy as np

__all__ = ["apart", "difference", "near", "pixels", "structure"]

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def pixels(png: bytes) -> np.ndarray:
    """Return a PNG's pixels, uint8 of height x width x 4 (red, green, blue, alpha); 8 bits a channel, not interlaced.

    The format: W3C, "Portable Network Graphics (PNG) Specification", sections 5 and 9.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("expected a PNG")
    parts, at = [], 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            parts.append(body)
        at += size + 12
    if depth != 8 or interlaced or colour not in _CHANNELS:
        raise ValueError(f"expected 8 bits a channel without interlace, got depth {depth}, colour type {colour}")
    raw = np.frombuffer(zlib.decompress(b"".join(parts)), np.uint8).reshape(height, -1)
    return _rgba(_unfiltered(raw, _CHANNELS[colour]).reshape(height, width, -1))


def _rgba(image: np.ndarray) -> np.ndarray:
    height, width, channels = image.shape
    whole = np.full((height, width, 4), 255, np.uint8)
    whole[..., :3] = image[..., :3] if channels > 2 else image[..., :1]
    if channels in (2, 4):
        whole[..., 3] = image[..., -1]
    return whole


def _unfiltered(raw: np.ndarray, step: int) -> np.ndarray:
    """Return the rows without their filter bytes and filters."""
    rows, above = [], np.zeros(raw.shape[1] - 1, np.uint8)
    for kind, row in zip(raw[:, 0], raw[:, 1:], strict=True):
        above = _row(int(kind), row, above, step)
        rows.append(above)
    return np.stack(rows)


def _row(kind: int, row: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return row + above
    done, over = bytearray(step) + bytearray(row.tobytes()), bytes(step) + above.tobytes()
    for i in range(step, len(done)):
        left, up = done[i - step], over[i]
        done[i] = (done[i] + ((left + up) // 2 if kind == 3 else _paeth(left, up, over[i - step]))) & 255
    return np.frombuffer(bytes(done[step:]), np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean difference of two pictures of one size, 0 to 255, colours only."""
    return float(np.abs(one[..., :3].astype(np.int16) - other[..., :3]).mean())


def structure(image: np.ndarray, cell: int = 8) -> np.ndarray:
    """Return each cell's brightness over grey and how much edge lies in it: rows x columns x 2, 0 to 255."""
    alpha = image[..., 3:] / 255.0
    grey = (image[..., :3] * alpha + 128.0 * (1.0 - alpha)) @ np.array([0.299, 0.587, 0.114])
    across, down = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])), np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    rows, columns = grey.shape[0] // cell, grey.shape[1] // cell
    layers = np.stack([grey, across + down], axis=-1)[: rows * cell, : columns * cell]
    return np.asarray(layers.reshape(rows, cell, columns, cell, 2).mean(axis=(1, 3)))


def apart(one: np.ndarray, other: np.ndarray, least: float = 12.0) -> int:
    """Return in how many cells two structures differ by `least` or more."""
    return int((np.abs(one - other).max(axis=-1) >= least).sum())


def near(image: np.ndarray, colour: tuple[int, int, int], within: int = 24) -> np.ndarray:
    """Return which pixels have a colour or nearly so, bool of height x width."""
    return (np.abs(image[..., :3].astype(np.int16) - np.array(colour)).max(axis=-1) <= within) & (image[..., 3] > 127)
