"""The Wyoming protocol of Home Assistant: a line of JSON, more JSON, raw bytes; one event after another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.sound_file import mixed

__all__ = ["Event", "Format", "encode", "pcm_samples", "read_event"]

LONGEST_LINE = 1 << 16
_LARGEST_DATA, _LARGEST_PAYLOAD = 4 << 20, 8 << 20
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_KINDS = {1: ("<i1", 128.0), 2: ("<i2", 32768.0), 4: ("<i4", 2147483648.0)}


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, what it says, and raw bytes."""

    type: str
    data: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Format:
    """How the sound of an `audio-start` or `audio-chunk` is written."""

    rate: int
    width: int
    """Bytes a sample."""
    channels: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Format:
        """Return it as an event tells it; raises ProtocolError for what is none."""
        found = [data.get(name) for name in ("rate", "width", "channels")]
        rate, width, channels = found
        if not all(isinstance(each, int) and not isinstance(each, bool) for each in found):
            raise ProtocolError(f"sound whose rate, width and channels are {found}")
        if not (1000 <= rate <= 768_000 and width in _KINDS and 1 <= channels <= 32):  # type: ignore[operator]
            raise ProtocolError(f"sound of {rate} Hz, {width} bytes a sample and {channels} channels")
        return cls(rate, width, channels)  # type: ignore[arg-type]


def encode(event: Event) -> bytes:
    """Return an event's bytes, its data behind the line as the protocol's own library writes it."""
    data = json.dumps(dict(event.data), ensure_ascii=False).encode() if event.data else b""
    head: dict[str, Any] = {"type": event.type, "version": "1.5.4"}
    if data:
        head["data_length"] = len(data)
    if event.payload:
        head["payload_length"] = len(event.payload)
    return json.dumps(head).encode() + b"\n" + data + event.payload


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """Return the next event, None at a clean end; raises ProtocolError for what is none or is too large.

    The reader's own limit bounds the line (give it LONGEST_LINE). Raises IncompleteReadError where one is cut off.
    """
    try:
        line = await reader.readline()
    except ValueError:
        raise ProtocolError(f"a line of more than {LONGEST_LINE >> 10} KiB") from None
    if not line:
        return None
    head = _object(line, "a line")
    kind = head.get("type")
    if not isinstance(kind, str) or not kind:
        raise ProtocolError("an event without a type")
    data = dict(_dictionary(head.get("data"), "data"))
    if length := _length(head, "data_length", _LARGEST_DATA):
        data |= _object(await reader.readexactly(length), "the data of an event")
    payload = b""
    if length := _length(head, "payload_length", _LARGEST_PAYLOAD):
        payload = await reader.readexactly(length)
    return Event(kind, data, payload)


def pcm_samples(data: bytes, form: Format) -> Samples:
    """Return raw sound mixed to mono; a frame that is not whole is dropped."""
    kind, full = _KINDS[form.width]
    frame = form.width * form.channels
    values = np.frombuffer(data[: len(data) // frame * frame], kind).astype(np.float64) / full
    return mixed(values.astype(np.float32).reshape(-1, form.channels))


def _length(head: Mapping[str, Any], name: str, largest: int) -> int:
    found = head.get(name) or 0
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= largest:
        raise ProtocolError(f"{name} of {found!r}, where at most {largest} is taken")
    return found


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        return _dictionary(json.loads(data), what)
    except (ValueError, RecursionError):
        raise ProtocolError(f"{what} that is no JSON: {data[:60]!r}") from None


def _dictionary(found: Any, what: str) -> dict[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ProtocolError(f"{what} that is no object of JSON")
    return found
