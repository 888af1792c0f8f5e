"""The child's side of a worker: constructs one engine and answers calls on it, until its standard input ends.

Run as `python -m avatar_bridge.stage.worker_main`. Whatever goes wrong inside the engine without being one of our
errors ends the process: its parent sees that, reads the traceback and starts another.
"""

from __future__ import annotations

import importlib
import inspect
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.stage.worker_frames import PREFIX, lengths, pack, unpack

__all__ = ["OUT_OF_MEMORY", "main"]

OUT_OF_MEMORY = 77
"""Exit code of a worker that ran out of memory."""

_NICENESS = 5
_STOPPING = 0.05
"""Seconds between two tellings of an engine that it is to stop."""


class _Inbox:
    """The calls that wait, and the id of the newest call that was cancelled."""

    def __init__(self, stream: BinaryIO) -> None:
        self.calls: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.cancelled = 0
        self.engine: Any = None
        self._stream = stream
        self._answering = 0
        self._lock = threading.Lock()

    def answering(self, number: int) -> None:
        """Learn which call the engine works at; 0 for none."""
        with self._lock:
            self._answering = number

    def read(self) -> None:
        """Read frames until the stream ends, then end the process at once, whatever it computes."""
        while (message := _receive(self._stream)) is not None:
            if message.get("call") == "cancel":
                self._cancel(int(message["id"]))
            else:
                self.calls.put(message)
        os._exit(0)

    def _cancel(self, number: int) -> None:
        """Have a call end at its next piece, and soon where its engine can be stopped."""
        self.cancelled = max(self.cancelled, number)
        if self._answering == number and hasattr(self.engine, "stop"):
            threading.Thread(target=self._stop, args=(number,), name="stop", daemon=True).start()

    def _stop(self, number: int) -> None:
        """Tell the engine to stop until it has: it may just be about to begin what it can be stopped at."""
        while True:
            with self._lock:
                if self._answering != number:
                    return
                self.engine.stop()
            time.sleep(_STOPPING)


def _receive(stream: BinaryIO) -> dict[str, Any] | None:
    prefix = stream.read(PREFIX)
    if len(prefix) < PREFIX:
        return None
    header, body = lengths(prefix)
    raw = stream.read(header + body)
    if len(raw) < header + body:
        return None
    return unpack(raw[:header], raw[header:])


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes away from descriptors 0 and 1, so that no print of a native library falls into the frames."""
    inward, outward = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(inward, os.O_BINARY)
        msvcrt.setmode(outward, os.O_BINARY)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return os.fdopen(inward, "rb"), os.fdopen(outward, "wb", buffering=0)


def _construct(spec: str, settings: Mapping[str, Any]) -> Any:
    """Return the engine that `module:Class` names, constructed; raises UsageError where it cannot be."""
    module_name, _, class_name = spec.partition(":")
    try:
        engine = getattr(importlib.import_module(module_name), class_name, None)
    except ModuleNotFoundError as error:
        raise UsageError(f"the engine {spec!r} cannot be loaded: {error}; is its package installed?") from error
    if engine is None:
        raise UsageError(f"the engine {spec!r} cannot be loaded: {module_name} has no {class_name or 'class name'!r}")
    try:
        inspect.signature(engine).bind(**settings)
    except TypeError as error:
        known = ", ".join(inspect.signature(engine).parameters) or "none"
        raise UsageError(f"{class_name} does not take these settings: {error}; it knows: {known}") from error
    return engine(**settings)


def _answer(engine: Any, call: Mapping[str, Any], inbox: _Inbox, outward: BinaryIO) -> None:
    number = int(call["id"])

    began = time.process_time()

    def send(kind: str, **more: Any) -> None:
        spent = {} if kind == "piece" else {"cpu": time.process_time() - began}
        _send(outward, {"id": number, "kind": kind, **spent, **more})

    if number <= inbox.cancelled:
        send("done")
        return
    inbox.answering(number)
    try:
        method = getattr(engine, call["call"], None)
        if method is None:
            raise UsageError(f"the engine {type(engine).__name__} has no {call['call']!r}")
        result = method(**call["arguments"])
        for piece in result if isinstance(result, Iterator) else (result,):
            if number <= inbox.cancelled:
                break
            send("piece", value=piece)
        inbox.answering(0)
        send("done")
    except AvatarBridgeError as error:
        inbox.answering(0)
        send("error", error=type(error).__name__, message=str(error))


def _send(outward: BinaryIO, message: Mapping[str, Any]) -> None:
    rest = memoryview(pack(message))
    while rest:
        rest = rest[outward.write(rest) :]


def main() -> int:
    """Serve one parent; the exit code is 0 when it hung up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    inward, outward = _take_streams()
    first = _receive(inward)
    if first is None:
        return 0
    sys.path.extend(path for path in first["paths"] if path not in sys.path)
    inbox = _Inbox(inward)
    threading.Thread(target=inbox.read, name="inbox", daemon=True).start()
    try:
        engine = _construct(first["spec"], first["settings"])
    except AvatarBridgeError as error:
        _send(outward, {"id": 0, "kind": "error", "error": type(error).__name__, "message": str(error)})
        return 1
    inbox.engine = engine
    _send(
        outward,
        {
            "id": 0,
            "kind": "ready",
            "rate": getattr(engine, "rate", None),
            "abilities": getattr(engine, "abilities", None),
        },
    )
    while True:
        _answer(engine, inbox.calls.get(), inbox, outward)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(0)
