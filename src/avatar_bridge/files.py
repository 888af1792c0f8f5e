"""Files read as text that may be wrong, and written whole or not at all."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import secrets
import subprocess
from pathlib import Path

from avatar_bridge.errors import UsageError, WorldError

__all__ = ["read_text", "write_atomically"]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_text(path: Path, fault: type[UsageError]) -> str:
    """Return the text of a UTF-8 file that a person wrote, a byte order mark left out.

    UTF-16 with its mark is read as well: Windows PowerShell writes it for `>`. Raises `fault` naming the file where it
    cannot be read or is neither.
    """
    try:
        data = path.read_bytes()
        marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if marked else "utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise fault(f"{path}: expected UTF-8 text; byte {error.start} is not: save the file as UTF-8") from None
    except OSError as error:
        raise fault(f"{path}: cannot be read: {error.strerror}") from None


def write_atomically(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file so that it is never seen half written; a failure leaves what was there before.

    Text is written as UTF-8 with line feeds. `private` makes the file readable by its owner alone: mode 0600, on
    Windows an access list with the user alone. Raises WorldError naming the file and the remedy.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        handle = os.open(temporary, _NEW, 0o600 if private else 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if private:
                _restrict(temporary)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {_reason(error)}") from error


def _restrict(path: Path) -> None:
    """Leave a file to its owner on Windows, where the mode that it was made with says nothing."""
    user = os.environ.get("USERNAME")
    if os.name != "nt" or not user:
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["icacls", str(path), "/inheritance:r", "/grant:r", f"{user}:F"],
            check=True,
            capture_output=True,
            timeout=5,
        )


def _reason(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full; free some space and try again"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "writing is not allowed there; choose another folder"
    return error.strerror or str(error)
