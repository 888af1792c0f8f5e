"""CharX files: a zip with `card.json` at its root, read within limits; nothing in it is unpacked or run."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from avatar_bridge.errors import PersonaError

__all__ = ["charx_card"]

_CARD = "card.json"
_MOST_MEMBERS = 2000
_LONGEST_LINE = 1024
"""Bytes of the table of contents that a file may take on average."""
_LARGEST = 256 * 1024 * 1024
_LARGEST_CARD = 8 * 1024 * 1024
_RATIO = 100
_SMALL = 1024 * 1024
"""Bytes below which a member may be packed as tightly as it likes: JSON full of blanks is no bomb yet."""


def charx_card(data: bytes, *, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Return `card.json` of a CharX file and the names of what else lies in it; raises PersonaError saying why not."""
    _check_directory(data, source)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check(members, source)
            card = next((member for member in members if member.filename == _CARD), None)
            if card is None:
                names = ", ".join(member.filename[:60] for member in members[:5]) or "nothing"
                raise PersonaError(f"{source}: expected {_CARD} at the root of the CharX file; it holds {names}")
            with archive.open(card) as file:
                content = file.read(_LARGEST_CARD + 1)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError) as error:
        raise PersonaError(f"{source}: this CharX file (a zip) is damaged: {error}; download it again") from None
    except (NotImplementedError, RuntimeError, ValueError) as error:
        raise PersonaError(f"{source}: {_CARD} in this CharX file cannot be read: {error}") from None
    if len(content) > _LARGEST_CARD:
        raise PersonaError(f"{source}: {_CARD} has more than {_LARGEST_CARD} bytes")
    return content, tuple(member.filename[:200] for member in members if member.filename != _CARD)


def _check_directory(data: bytes, source: str) -> None:
    """Refuse a table of contents that would be costly to read at all."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if at < 0 or at + 22 > len(data):
        raise PersonaError(f"{source}: expected a CharX file (a zip), whose table of contents is missing; it is cut")
    count, size = struct.unpack_from("<HI", data, at + 10)
    if count > _MOST_MEMBERS or size > _MOST_MEMBERS * _LONGEST_LINE:
        raise PersonaError(f"{source}: expected at most {_MOST_MEMBERS} files in a CharX file, got {count} or more")


def _check(members: list[zipfile.ZipInfo], source: str) -> None:
    """Refuse what no character card needs: bombs, ways out of the folder, links, locked members."""
    if len(members) > _MOST_MEMBERS:
        raise PersonaError(f"{source}: expected at most {_MOST_MEMBERS} files in a CharX file, got {len(members)}")
    if sum(member.file_size for member in members) > _LARGEST:
        raise PersonaError(f"{source}: unpacked, this CharX file would have more than {_LARGEST >> 20} MiB")
    for member in members:
        name = member.filename[:80]
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise PersonaError(f"{source}: the file {name!r} in this CharX file points out of it; it is not read")
        if member.flag_bits & 1:
            raise PersonaError(
                f"{source}: the file {name!r} in this CharX file is locked by a password; it is not read"
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise PersonaError(f"{source}: the file {name!r} in this CharX file is a link; it is not read")
        if member.file_size > _SMALL and member.file_size > _RATIO * max(member.compress_size, 1):
            raise PersonaError(
                f"{source}: the file {name!r} in this CharX file unpacks to {member.file_size} bytes from "
                f"{member.compress_size}: a zip bomb; it is not read"
            )
