"""A trace of what was sent: one JSON line a command or frame."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from avatar_bridge.errors import UsageError

__all__ = ["Trace"]


class Trace:
    """Writes `due_s`, `playhead_s`, `late_ms`, `driver`, `kind` and `body` a line; flushed when it is closed."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("w", encoding="utf-8", buffering=1 << 16)
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
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Write out what is buffered and close the file."""
        self._file.close()
