"""The binary glTF container: views, accessors and the file."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import Floats

__all__ = ["Container"]

_FLOAT, _BYTE, _SHORT = 5126, 5121, 5123


class Container:
    """Collects a file's binary part and its description; `root` is glTF's JSON."""

    def __init__(self) -> None:
        self._binary = bytearray()
        self.root: dict[str, Any] = {"asset": {"version": "2.0", "generator": "Avatar Bridge scripts/mascot"}}

    def add(self, kind: str, entry: dict[str, Any]) -> int:
        """Append to the list `kind` of the root and return the place."""
        entries: list[dict[str, Any]] = self.root.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def view(self, content: bytes, target: int | None = None) -> int:
        """Append bytes, aligned to four."""
        self._binary += b"\0" * (-len(self._binary) % 4)
        entry: dict[str, Any] = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(content)}
        if target is not None:
            entry["target"] = target
        self._binary += content
        return self.add("bufferViews", entry)

    def vectors(self, values: Floats, *, bounds: bool = False) -> int:
        """Append float vectors (n, 3) or matrices (n, 16)."""
        rounded = _rounded(values)
        kind = {3: "VEC3", 16: "MAT4"}[values.shape[1]]
        entry: dict[str, Any] = {
            "bufferView": self.view(rounded.tobytes(), None if kind == "MAT4" else 34962),
            "componentType": _FLOAT,
            "count": len(rounded),
            "type": kind,
        }
        if bounds:
            entry |= _bounds(rounded)
        return self.add("accessors", entry)

    def places(self, values: Floats) -> int:
        """Append texture coordinates (n, 2) from 0 to 1 as shares of 65535."""
        whole = np.asarray(np.rint(np.clip(values, 0.0, 1.0) * 65535.0), dtype="<u2")
        return self.add(
            "accessors",
            {
                "bufferView": self.view(whole.tobytes(), 34962),
                "componentType": _SHORT,
                "normalized": True,
                "count": len(whole),
                "type": "VEC2",
            },
        )

    def bytes4(self, values: NDArray[np.uint8], *, normalized: bool) -> int:
        """Append vectors (n, 4) of bytes."""
        entry = {
            "bufferView": self.view(values.tobytes(), 34962),
            "componentType": _BYTE,
            "count": len(values),
            "type": "VEC4",
        }
        return self.add("accessors", entry | ({"normalized": True} if normalized else {}))

    def indices(self, triangles: NDArray[np.int64]) -> int:
        """Append a triangle list (n, 3)."""
        flat = triangles.reshape(-1).astype("<u2")
        view = self.view(flat.tobytes(), 34963)
        return self.add(
            "accessors", {"bufferView": view, "componentType": _SHORT, "count": len(flat), "type": "SCALAR"}
        )

    def displacements(self, moves: Floats) -> int:
        """Append a morph (n, 3), storing only the points that move."""
        rounded = _rounded(moves)
        moved = np.flatnonzero(np.any(rounded != 0.0, axis=1))
        entry: dict[str, Any] = {"componentType": _FLOAT, "count": len(rounded), "type": "VEC3"} | _bounds(rounded)
        if len(moved):
            entry["sparse"] = {
                "count": len(moved),
                "indices": {"bufferView": self.view(moved.astype("<u2").tobytes()), "componentType": _SHORT},
                "values": {"bufferView": self.view(rounded[moved].tobytes())},
            }
        return self.add("accessors", entry)

    def image(self, name: str, content: bytes) -> int:
        """Append a PNG as a texture."""
        source = self.add("images", {"name": name, "mimeType": "image/png", "bufferView": self.view(content)})
        if "samplers" not in self.root:
            self.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071})
        return self.add("textures", {"name": name, "source": source, "sampler": 0})

    def content(self) -> bytes:
        """Return the file."""
        self._binary += b"\0" * (-len(self._binary) % 4)
        self.root["buffers"] = [{"byteLength": len(self._binary)}]
        text = json.dumps(self.root, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self._binary)
        return b"".join(
            (
                struct.pack("<4sII", b"glTF", 2, total),
                struct.pack("<I4s", len(text), b"JSON"),
                text,
                struct.pack("<I4s", len(self._binary), b"BIN\0"),
                bytes(self._binary),
            )
        )


def _rounded(values: Floats) -> NDArray[np.float32]:
    """Return values to a hundredth of a millimetre, without negative zeros, so that every machine writes the same."""
    return np.asarray(np.round(values, 5) + 0.0, dtype="<f4")


def _bounds(values: NDArray[np.float32]) -> dict[str, list[float]]:
    return {"min": [float(v) for v in values.min(axis=0)], "max": [float(v) for v in values.max(axis=0)]}
