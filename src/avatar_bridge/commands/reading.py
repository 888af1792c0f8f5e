"""Tagged text from a file or standard input, whole or as it streams in."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

from avatar_bridge.errors import ScriptError

__all__ = ["read_script", "stream_script"]

_PIECE = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_script(source: str) -> str:
    """Return the text of the file `source`, `-` being standard input; raises ScriptError where it is not text."""
    name = _name(source)
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise _unreadable(source, error) from None
    decoder = _decoder(data)
    return _decode(decoder, data, final=True, name=name, before=0)


async def stream_script(source: str) -> AsyncGenerator[str, None]:
    """Yield the text of `source` as it arrives, `-` being standard input; reading waits in a thread, not here."""
    name = _name(source)
    try:
        handle = sys.stdin.fileno() if source == "-" else os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise _unreadable(source, error) from None
    try:
        data = await _piece(handle, source)
        while len(data) < len(codecs.BOM_UTF8) and (more := await _piece(handle, source)):
            data += more
        decoder = _decoder(data)
        before = 0
        while data:
            if text := _decode(decoder, data, final=False, name=name, before=before):
                yield text
            before += len(data)
            data = await _piece(handle, source)
        if text := _decode(decoder, b"", final=True, name=name, before=before):
            yield text
    finally:
        if source != "-":
            os.close(handle)


async def _piece(handle: int, source: str) -> bytes:
    """Return the next bytes; a reader that is never answered keeps nothing from ending, since its thread is a daemon.

    The raw handle is read because a buffered one could not be let go while it waits.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        try:
            data: bytes | OSError = os.read(handle, _PIECE)
        except OSError as error:
            data = error
        with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
            loop.call_soon_threadsafe(_settle, answer, data)

    threading.Thread(target=read, name="reading", daemon=True).start()
    try:
        return await answer
    except OSError as error:
        raise _unreadable(source, error) from None


def _settle(answer: asyncio.Future[bytes], data: bytes | OSError) -> None:
    if answer.done():
        return
    if isinstance(data, OSError):
        answer.set_exception(data)
    else:
        answer.set_result(data)


def _decode(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool, name: str, before: int) -> str:
    try:
        return decoder.decode(data, final)
    except UnicodeDecodeError as error:
        at = before + len(data) - len(error.object) + error.start  # the decoder may have kept bytes of earlier data
        raise ScriptError(
            f"{name}: expected UTF-8 text, but byte {at} is {error.object[error.start : error.start + 1]!r}; "
            "save the file as UTF-8 and try again"
        ) from None


def _decoder(head: bytes) -> codecs.IncrementalDecoder:
    encoding = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), "utf-8")
    return codecs.getincrementaldecoder(encoding)()


def _name(source: str) -> str:
    return "standard input" if source == "-" else source


def _unreadable(source: str, error: OSError) -> ScriptError:
    reason = error.strerror or str(error)
    return ScriptError(f"{_name(source)}: cannot be read: {reason}; name a text file, or - for standard input")
