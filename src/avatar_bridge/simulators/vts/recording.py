"""A record of everything clients send, one JSON object a line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from avatar_bridge.errors import WorldError
from avatar_bridge.simulators.vts.log import InjectedFrame, LoggedRequest

__all__ = ["Recording"]


class Recording:
    """The file. Every line has `t` (seconds of `time.perf_counter()` at receipt), `wall` (Unix seconds) and `kind`.

    Kinds: `frame` (an accepted injection: mode, values, weights, face_found), `request` (anything else: type, id, data,
    error, answered_at), `connect`, `disconnect`. Raises WorldError when the file cannot be opened; when it cannot be
    written later, `failure` says why and the simulator goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""
        self._wall = time.time() - time.perf_counter()
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise WorldError(
                f"{path} cannot be written ({error.strerror}): choose another file to record to"
            ) from error

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left and close."""
        try:
            self._file.close()
        except OSError as failure:
            self.failure = str(failure)

    def frame(self, frame: InjectedFrame) -> None:
        """Write an accepted injection."""
        row: dict[str, Any] = {"mode": frame.mode, "values": dict(frame.values)}
        if frame.weights:
            row["weights"] = dict(frame.weights)
        self._write("frame", frame.at, frame.session, frame.plugin, {**row, "face_found": frame.face_found})

    def request(self, request: LoggedRequest) -> None:
        """Write a request with its outcome; tokens are left out."""
        data = {key: value for key, value in request.data.items() if key != "authenticationToken"}
        row = {
            "type": request.message_type,
            "id": request.request_id,
            "data": data,
            "error": request.error_id,
            "answered_at": request.answered_at,
        }
        self._write("request", request.at, request.session, request.plugin, row)

    def note(self, kind: str, at: float, session: int, plugin: str) -> None:
        """Write that a session came or went."""
        self._write(kind, at, session, plugin, {})

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if not self.failure:
            try:
                self._file.flush()
            except OSError as failure:
                self.failure = str(failure)

    def _write(self, kind: str, at: float, session: int, plugin: str, row: dict[str, Any]) -> None:
        if self.failure:
            return
        line = {"t": at, "wall": self._wall + at, "kind": kind, "session": session, "plugin": plugin, **row}
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
        try:
            self._file.write(text + "\n")
        except OSError as failure:
            self.failure = str(failure)
