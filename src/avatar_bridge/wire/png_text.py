"""Text chunks of PNG and APNG files, read and written without decoding the picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from avatar_bridge.errors import PersonaError

__all__ = ["SIGNATURE", "png_texts", "with_png_text"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 100_000
_LONGEST_TEXT = 12 * 1024 * 1024


def _chunks(data: bytes, source: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield each chunk's kind, offset and body; text chunks with their checksum proved."""
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if at == len(data):
            raise PersonaError(f"{source}: the PNG ends without its IEND chunk: the file is cut; download it again")
        if at + 12 > len(data):
            raise PersonaError(f"{source}: the PNG is cut at byte {at}; download it again")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            name = kind.decode("latin-1")
            raise PersonaError(
                f"{source}: the {name!r} chunk at byte {at} says that it has {length} bytes, but the file has only "
                f"{len(data) - at - 12} more; download it again"
            )
        body = data[at + 8 : at + 8 + length] if kind == b"tEXt" and length <= _LONGEST_TEXT else b""
        if body and zlib.crc32(kind + body) != struct.unpack_from(">I", data, end - 4)[0]:
            raise PersonaError(f"{source}: the text at byte {at} of the PNG has a wrong checksum; download it again")
        yield kind, at, body
        if kind == b"IEND":
            return
        at = end
    raise PersonaError(f"{source}: expected a PNG with at most {_MOST_CHUNKS} chunks")


def png_texts(data: bytes, *, source: str) -> dict[str, bytes]:
    """Return the values of a PNG's `tEXt` chunks by keyword in lower case, the first of each keyword.

    Compressed ones (zTXt, iTXt) are passed over. Raises PersonaError where the file is cut, damaged or no PNG.
    """
    if not data.startswith(SIGNATURE):
        raise PersonaError(f"{source}: expected a PNG, which begins with {SIGNATURE!r}; got {data[:8]!r}")
    found: dict[str, bytes] = {}
    for kind, _, body in _chunks(data, source):
        if kind == b"tEXt":
            keyword, zero, value = body.partition(b"\0")
            if zero and len(keyword) <= 79:
                found.setdefault(keyword.decode("latin-1").casefold(), value)
    return found


def with_png_text(data: bytes, texts: dict[str, bytes], *, source: str) -> bytes:
    """Return a PNG with these `tEXt` chunks before its end, in place of those of the same keywords."""
    png_texts(data, source=source)
    keywords = {keyword.casefold() for keyword in texts}
    out = [SIGNATURE]
    for kind, at, body in _chunks(data, source):
        length = struct.unpack_from(">I", data, at)[0]
        if kind == b"IEND":
            for keyword, value in texts.items():
                text = b"tEXt" + keyword.encode("latin-1") + b"\0" + value
                out.append(struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)))
        if kind != b"tEXt" or body.partition(b"\0")[0].decode("latin-1").casefold() not in keywords:
            out.append(data[at : at + 12 + length])
    return b"".join(out)
