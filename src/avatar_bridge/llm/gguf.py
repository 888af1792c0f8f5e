"""What a GGUF file says about the model in it, read without loading it.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from avatar_bridge.errors import ModelError

__all__ = ["GgufModel", "read_gguf"]

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 24
_MOST = 1 << 24


@dataclass(frozen=True, slots=True)
class GgufModel:
    """What a model's file tells of it."""

    architecture: str
    context: int | None
    """Tokens that it was trained for."""
    template: str
    """Its chat template (Jinja), empty where it has none."""


def read_gguf(path: Path) -> GgufModel:
    """Return what the file says; raises ModelError where it is missing or no model in GGUF."""
    try:
        with path.open("rb") as stream:
            found = _read(stream)
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}; give the path of a .gguf file") from error
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"the model {path} is no whole GGUF file ({error}); download it again") from error
    architecture = str(found.get("general.architecture", ""))
    context = found.get(f"{architecture}.context_length")
    return GgufModel(
        architecture=architecture,
        context=context if isinstance(context, int) else None,
        template=str(found.get("tokenizer.chat_template", "")),
    )


def _read(stream: BinaryIO) -> dict[str, object]:
    if (magic := stream.read(4)) != _MAGIC:
        raise ValueError(f"it begins with {magic!r}, not with {_MAGIC!r}")
    version, _tensors, count = struct.unpack("<IQQ", stream.read(20))
    if version not in _VERSIONS or count > _MOST:
        raise ValueError(f"its version is {version}, expected one of {_VERSIONS}")
    found: dict[str, object] = {}
    for _ in range(count):
        key = _string(stream)
        (kind,) = struct.unpack("<I", stream.read(4))
        found[key] = _value(stream, kind)
    return found


def _string(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > _LONGEST:
        raise ValueError(f"a text of {length} bytes in its header")
    raw = stream.read(length)
    if len(raw) < length:
        raise ValueError("it ends in its header")
    return raw.decode("utf-8", "replace")


def _value(stream: BinaryIO, kind: int) -> object:
    """Return a value; of an array nothing, for nobody asks."""
    if kind == _STRING:
        return _string(stream)
    if kind == _ARRAY:
        inner, count = struct.unpack("<IQ", stream.read(12))
        if count > _MOST:
            raise ValueError(f"a list of {count} in its header")
        if inner in _SCALARS:
            stream.seek(count * struct.calcsize("<" + _SCALARS[inner]), 1)
            return None
        for _ in range(count):
            _value(stream, inner)
        return None
    if kind not in _SCALARS:
        raise ValueError(f"a value of the unknown kind {kind}")
    form = "<" + _SCALARS[kind]
    return struct.unpack(form, stream.read(struct.calcsize(form)))[0]
