"""OSC 1.0: messages and bundles to bytes and back (opensoundcontrol.org/spec-1_0), typed as written.

A float stays a float and an int an int: receivers check the types.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.errors import ProtocolError, UsageError

__all__ = ["FLOAT", "LARGEST", "Argument", "Message", "Sheet", "Slot", "bundle", "encode", "read"]

Argument: TypeAlias = int | float | str | bool | bytes | None
"""i, f, s, T or F, b, and N for None."""

LARGEST: Final = 1472
"""Most bytes of a bundle: what an Ethernet frame of 1500 leaves after the headers of IP and UDP."""

_HEAD: Final = b"#bundle\0" + struct.pack(">Q", 1)
"""A bundle's head with the time tag that says "at once"."""
_INT = struct.Struct(">i")
_FLOAT = struct.Struct(">f")
_DEPTH = 8


class _Blank(Enum):
    """The place of a float that is filled in later."""

    FLOAT = "float"


FLOAT: Final = _Blank.FLOAT
Slot: TypeAlias = Argument | _Blank
"""What stands in a `Sheet`: a value that stays, or `FLOAT`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message as it was read."""

    address: str
    arguments: tuple[Argument, ...] = ()


def _padded(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if b"\0" in data:
        raise UsageError(f"an OSC string ends at the first NUL; take it out of {text!r}")
    return data + b"\0" * (4 - len(data) % 4)


def _argument(value: Slot) -> tuple[str, bytes]:
    match value:
        case None:
            return "N", b""
        case bool():
            return "T" if value else "F", b""
        case int():
            if not -(2**31) <= value < 2**31:
                raise UsageError(f"an OSC int has 32 bits, got {value}")
            return "i", _INT.pack(value)
        case float():
            return "f", _FLOAT.pack(value)
        case str():
            return "s", _padded(value)
        case bytes():
            return "b", _INT.pack(len(value)) + value + b"\0" * (-len(value) % 4)
        case _Blank():
            return "f", _FLOAT.pack(0.0)


def encode(address: str, *arguments: Argument) -> bytes:
    """Return one message; raises UsageError for a bad address or an int beyond 32 bits."""
    return _encode(address, arguments)[0]


def _encode(address: str, arguments: Iterable[Slot]) -> tuple[bytes, list[int]]:
    """Return one message and the offsets of its blanks."""
    if not address.startswith("/") or any(letter.isspace() for letter in address):
        raise UsageError(f"an OSC address starts with / and has no space in it, got {address!r}")
    coded = [_argument(value) for value in arguments]
    data = bytearray(_padded(address))
    data += _padded("," + "".join(tag for tag, _ in coded))
    blanks: list[int] = []
    for value, (_, packed) in zip(arguments, coded, strict=True):
        if value is FLOAT:
            blanks.append(len(data))
        data += packed
    return bytes(data), blanks


def bundle(messages: Sequence[bytes]) -> bytes:
    """Return encoded messages as one bundle that is due at once."""
    return _HEAD + b"".join(_INT.pack(len(each)) + each for each in messages)


class Sheet:
    """Messages whose layout stays and whose floats change: in bundles that are filled, not built.

    Everything in OSC stands on a multiple of four bytes, so a whole frame's floats go in with one array assignment.
    """

    def __init__(
        self,
        messages: Sequence[tuple[str, Sequence[Slot]]],
        *,
        most: int = LARGEST,
        together: int = 0,
    ) -> None:
        """Lay `messages` (address, arguments with `FLOAT` where a value changes) into bundles of at most `most` bytes.

        `together`: so many of the last messages begin a new bundle. Raises UsageError for a message that is too large.
        """
        buffer = bytearray()
        starts: list[int] = []
        blanks: list[int] = []
        for index, (address, arguments) in enumerate(messages):
            data, places = _encode(address, arguments)
            if len(_HEAD) + 4 + len(data) > most:
                raise UsageError(
                    f"{address} takes {len(data)} bytes and fits in no bundle of {most}; shorten its names"
                )
            apart = together and index == len(messages) - together
            if apart or not starts or len(buffer) - starts[-1] + 4 + len(data) > most:
                starts.append(len(buffer))
                buffer += _HEAD
            buffer += _INT.pack(len(data))
            blanks += [(len(buffer) + place) // 4 for place in places]
            buffer += data
        self.size = len(blanks)
        """How many floats a frame has."""
        self._buffer = buffer
        self._floats = np.frombuffer(buffer, dtype=">f4")
        self._blanks = np.array(blanks, dtype=np.intp)
        self._spans = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(buffer)], strict=True)]

    def fill(self, values: NDArray[np.float32] | Sequence[float]) -> list[bytes]:
        """Return the bundles with `values`, shape (size,), in the order of the blanks."""
        self._floats[self._blanks] = values
        return [bytes(self._buffer[span]) for span in self._spans]


def read(packet: bytes) -> list[Message]:
    """Return the messages of a packet, a bundle's in their order; raises ProtocolError where it is not OSC."""
    try:
        return _read(packet, 0)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ProtocolError(
            f"expected an OSC message or bundle, got {len(packet)} bytes that are none: {error}"
        ) from error


def _read(packet: bytes, depth: int) -> list[Message]:
    if not packet.startswith(b"#bundle\0"):
        return [_message(packet)]
    if depth >= _DEPTH:
        raise ValueError(f"bundles within bundles, {_DEPTH} deep")
    found: list[Message] = []
    at = len(_HEAD)
    while at < len(packet):
        (size,) = _INT.unpack_from(packet, at)
        if size < 0 or at + 4 + size > len(packet):
            raise ValueError(f"an element of {size} bytes in a bundle that has {len(packet) - at - 4} left")
        found += _read(packet[at + 4 : at + 4 + size], depth + 1)
        at += 4 + size
    return found


def _text(packet: bytes, at: int) -> tuple[str, int]:
    end = packet.index(b"\0", at)
    return packet[at:end].decode("utf-8"), end + 4 - (end - at) % 4


def _message(packet: bytes) -> Message:
    address, at = _text(packet, 0)
    if not address.startswith("/"):
        raise ValueError(f"the address {address!r} does not start with /")
    if at >= len(packet):
        return Message(address)
    tags, at = _text(packet, at)
    if not tags.startswith(","):
        raise ValueError(f"the type tags {tags!r} do not start with a comma")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        value, at = _value(tag, packet, at)
        arguments.append(value)
    return Message(address, tuple(arguments))


def _value(tag: str, packet: bytes, at: int) -> tuple[Argument, int]:
    match tag:
        case "i":
            return int(_INT.unpack_from(packet, at)[0]), at + 4
        case "f":
            return float(_FLOAT.unpack_from(packet, at)[0]), at + 4
        case "s" | "S":
            return _text(packet, at)
        case "b":
            (size,) = _INT.unpack_from(packet, at)
            if size < 0 or at + 4 + size > len(packet):
                raise ValueError(f"a blob of {size} bytes goes beyond the packet")
            return packet[at + 4 : at + 4 + size], at + 4 + size + -size % 4
        case "T" | "F":
            return tag == "T", at
        case "N" | "I":
            return None, at
        case "h" | "t":
            return int.from_bytes(packet[at : at + 8], "big", signed=tag == "h"), at + 8
        case "d":
            return float(struct.unpack_from(">d", packet, at)[0]), at + 8
        case _:
            raise ValueError(f"the type tag {tag!r} is not known")
