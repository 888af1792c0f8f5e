"""A trace of what was sent: one JSON line a command or frame."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import UsageError

__all__ = ["Trace"]


class Trace:
    """Writes `due_s`, `playhead_s`, `late_ms`, `driver`, `kind` and `body` a line; flushed when it is closed.

    A disk that is full ends the trace, not the show: `trouble` says so then.
    """

    def __init__(self, path: Path) -> None:
        self.trouble: Diagnostic | None = None
        self._path = path
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n", buffering=1 << 16)
        except OSError as error:
            raise UsageError(f"the trace cannot be written to {path}: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, *, due: float, playhead: float, driver: str, kind: str, body: Mapping[str, Any]) -> None:
        """Add a line; `due` and `playhead` are seconds of the utterance."""
        line = {
            "due_s": round(due, 6),
            "playhead_s": round(playhead, 6),
            "late_ms": round(1000 * (playhead - due), 3),
            "driver": driver,
            "kind": kind,
            "body": body,
        }
        if self.trouble is None:
            with self._contained():
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Write out what is buffered and close the file."""
        with self._contained():
            self._file.close()

    @contextmanager
    def _contained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
            self.trouble = Diagnostic(f"the trace {self._path} ends early: {reason}", None, "free some space")
