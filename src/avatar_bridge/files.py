"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from avatar_bridge.errors import WorldError

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file so that it is never seen half written; a failure leaves what was there before.

    Text is written as UTF-8 with line feeds. `private` makes the file readable by its owner alone, where the system
    has such a notion. Raises WorldError naming the file and the remedy.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            temporary.chmod(_usual_mode())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise WorldError(f"{path} cannot be written: {_reason(error)}") from error


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _reason(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full; free some space and try again"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "writing is not allowed there; choose another folder"
    return error.strerror or str(error)
