"""A strict reader of OSC 1.0 packets, written from opensoundcontrol.org/spec-1_0: what is not to the letter is told."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

__all__ = ["OscMessage", "OscPacket", "PacketError", "read_packet", "write_message"]

_AT_ONCE = b"\0\0\0\0\0\0\0\1"


class PacketError(ValueError):
    """A packet that is not OSC."""


@dataclass(frozen=True, slots=True)
class OscMessage:
    """A message: its type tags without the comma, and the values they describe."""

    address: str
    tags: str
    values: tuple[int | float | str | bytes | bool | None, ...]


@dataclass(frozen=True, slots=True)
class OscPacket:
    """What one datagram held."""

    messages: tuple[OscMessage, ...]
    bundled: bool
    size: int
    """Bytes."""


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self.at

    def take(self, size: int, what: str) -> bytes:
        if size < 0 or size > self.left:
            raise PacketError(f"{what} takes {size} bytes, {self.left} are left")
        piece = self._data[self.at : self.at + size]
        self.at += size
        return piece

    def string(self, what: str) -> str:
        end = self._data.find(b"\0", self.at)
        if end < 0:
            raise PacketError(f"{what} has no NUL at its end")
        raw = self.take((end - self.at) // 4 * 4 + 4, what)
        body = raw.rstrip(b"\0")
        if len(raw) - len(body) > 4 or b"\0" in body:
            raise PacketError(f"{what} is not padded with NULs to a multiple of four")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PacketError(f"{what} is not UTF-8") from error


def read_packet(data: bytes) -> OscPacket:
    """Return the messages of a datagram; raises PacketError where it is not OSC to the letter."""
    if len(data) % 4:
        raise PacketError(f"a packet has a multiple of four bytes, this one {len(data)}")
    if data[:8] != b"#bundle\0":
        return OscPacket((_read_message(data),), False, len(data))
    cursor = _Cursor(data)
    cursor.take(8, "the head")
    if cursor.take(8, "the time tag") != _AT_ONCE:
        raise PacketError("the bundle's time tag is not 1, at once")
    messages: list[OscMessage] = []
    while cursor.left:
        (size,) = struct.unpack(">i", cursor.take(4, "an element's size"))
        element = cursor.take(size, "an element")
        if size % 4 or element[:1] != b"/":
            raise PacketError("a bundle's element is no message")
        messages.append(_read_message(element))
    if not messages:
        raise PacketError("the bundle is empty")
    return OscPacket(tuple(messages), True, len(data))


def _read_message(data: bytes) -> OscMessage:
    cursor = _Cursor(data)
    address = cursor.string("the address")
    if not address.startswith("/") or set(address) & set(" #*,?[]{}"):
        raise PacketError(f"{address!r} is no address")
    tags = cursor.string("the type tags")
    if not tags.startswith(","):
        raise PacketError(f"the type tags {tags!r} do not begin with a comma")
    values = tuple(_read_value(tag, cursor) for tag in tags[1:])
    if cursor.left:
        raise PacketError(f"{cursor.left} bytes are left behind {address}")
    return OscMessage(address, tags[1:], values)


def _read_value(tag: str, cursor: _Cursor) -> int | float | str | bytes | bool | None:
    if tag == "i":
        return int.from_bytes(cursor.take(4, "an int"), "big", signed=True)
    if tag == "f":
        (number,) = struct.unpack(">f", cursor.take(4, "a float"))
        if not math.isfinite(number):
            raise PacketError(f"a float is {number}")
        return float(number)
    if tag == "s":
        return cursor.string("a string")
    if tag == "b":
        size = int.from_bytes(cursor.take(4, "a blob's size"), "big", signed=True)
        return cursor.take(size + -size % 4, "a blob")[:size]
    if tag in "TF":
        return tag == "T"
    if tag == "N":
        return None
    raise PacketError(f"the type tag {tag!r} is not of OSC 1.0 or of those that all know")


def write_message(address: str, text: str) -> bytes:
    """Return a message with one string."""
    packed = b""
    for part in (address, ",s", text):
        raw = part.encode("utf-8") + b"\0"
        packed += raw + b"\0" * (-len(raw) % 4)
    return packed
