"""What passes between the bridge and a child process: JSON with arrays and value types, in length-prefixed frames.

A frame is `uint32 header length, uint32 body length` (little-endian), the header as JSON in UTF-8, and the arrays of
the header one after another as raw bytes. No pickle: a frame can hold data alone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from avatar_bridge.core import vocabulary
from avatar_bridge.core.mind import dialogue
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import ModelAbilities, VoiceAbilities

__all__ = ["PREFIX", "lengths", "pack", "unpack"]

PREFIX = struct.calcsize("<II")
"""Bytes before the header."""

_LENGTHS = struct.Struct("<II")
_LONGEST = 1 << 30
_ARRAY, _TYPE = "$array", "$type"
_DTYPES = frozenset(("float32", "float64", "int16", "int32", "int64", "uint8"))
_TYPES: dict[str, type] = {
    name: kind
    for room in (vocabulary, dialogue)
    for name in room.__all__
    if isinstance(kind := getattr(room, name), type)
} | {kind.__name__: kind for kind in (VoiceAbilities, ModelAbilities)}


def pack(message: Mapping[str, Any]) -> bytes:
    """Return `message` as one frame; values are JSON's, numpy arrays and the dataclasses of the vocabulary
    and of dialogue."""
    arrays: list[bytes] = []
    header = json.dumps(_plain(message, arrays), ensure_ascii=False, separators=(",", ":"))
    # a lone surrogate is no UTF-8, yet it can stand in a text
    encoded = header.encode("utf-8", "surrogatepass")
    body = b"".join(arrays)
    return _LENGTHS.pack(len(encoded), len(body)) + encoded + body


def lengths(prefix: bytes) -> tuple[int, int]:
    """Return the lengths of header and body; raises ProtocolError where the stream is out of step."""
    header, body = _LENGTHS.unpack(prefix)
    if header > _LONGEST or body > _LONGEST:
        raise ProtocolError(f"expected a frame of at most {_LONGEST} bytes, but its prefix says {header} + {body}")
    return header, body


def unpack(header: bytes, body: bytes) -> dict[str, Any]:
    """Return the message of a frame; raises ProtocolError where it is none."""
    try:
        message = json.loads(header.decode("utf-8", "surrogatepass"))
        value = _rich(message, memoryview(body))
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"expected a frame of JSON and arrays, but it cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ProtocolError(f"expected a frame with a JSON object, but it holds a {type(value).__name__}")
    return value


def _plain(value: Any, arrays: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.name not in _DTYPES:
            raise TypeError(f"an array of {value.dtype} cannot be sent to a worker")
        raw = np.ascontiguousarray(value).tobytes()
        at = sum(map(len, arrays))
        arrays.append(raw)
        return {_ARRAY: [value.dtype.name, list(value.shape), at, len(raw)]}
    if isinstance(value, Mapping):
        return {str(key): _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, arrays) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            _TYPE: type(value).__name__,
            "fields": [_plain(getattr(value, field.name), arrays) for field in fields(value)],
        }
    return value


def _rich(value: Any, body: memoryview) -> Any:
    if isinstance(value, list):
        return tuple(_rich(item, body) for item in value)
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        dtype, shape, at, length = value[_ARRAY]
        if dtype not in _DTYPES or at + length > len(body):
            raise ValueError(f"an array of {dtype} that the frame does not hold")
        return np.frombuffer(body[at : at + length], dtype=dtype).reshape(shape)
    if _TYPE in value:
        return _TYPES[value[_TYPE]](*(_rich(item, body) for item in value["fields"]))
    return {key: _rich(item, body) for key, item in value.items()}
