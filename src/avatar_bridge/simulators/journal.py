"""A record of what a simulator received: one JSON object a line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Self

from avatar_bridge.errors import WorldError

__all__ = ["Journal"]


class Journal:
    """The file, or nothing where there is no path. Lines have `t` (`time.perf_counter()`), `wall` and `kind`.

    Raises WorldError when the file cannot be opened; when it cannot be written later, `failure` says why.
    """

    def __init__(self, path: Path | None) -> None:
        self.failure = ""
        self._wall = time.time() - time.perf_counter()
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n") if path else None
        except OSError as error:
            raise WorldError(
                f"{path} cannot be written ({error.strerror}): choose another file to record to"
            ) from error

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left and close."""
        self.close()

    def write(self, kind: str, at: float, **row: Any) -> None:
        """Write one line."""
        if self._file is None or self.failure:
            return
        line = {"t": at, "wall": self._wall + at, "kind": kind, **row}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            self.failure = str(error)

    def close(self) -> None:
        """Write what is left and close."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.failure = str(error)
            self._file = None
