"""A VMC program in a process of its own: python-osc's server, and 60 pictures a second that show what came last.

Ends with its standard input, and prints every change of the blendshape that it was asked to watch and of the head, one
JSON object a line: when it was received, and the picture (of this program's own) that first showed it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

__all__: list[str] = []

_FRAME = 1 / 60


class _Screen:
    """What was received last, taken over by the next picture."""

    def __init__(self, clip: str) -> None:
        self._clip = clip
        self._coming: dict[str, Any] = {}
        self._complete: tuple[float, dict[str, Any]] | None = None
        self._lock = threading.Lock()
        self.pictures: list[dict[str, Any]] = []

    def take(self, address: str, *values: Any) -> None:
        """Take one message."""
        if address == "/VMC/Ext/Blend/Val" and values[0] == self._clip:
            self._coming["weight"] = values[1]
        elif address == "/VMC/Ext/Bone/Pos" and values[0] == "Head":
            self._coming["head"] = values[4]
        elif address == "/VMC/Ext/Blend/Apply":
            with self._lock:
                self._complete = (time.perf_counter(), dict(self._coming))

    def draw(self) -> None:
        """Show what is there."""
        with self._lock:
            complete, self._complete = self._complete, None
        if complete is not None:
            received, shown = complete
            self.pictures.append({"at": time.perf_counter(), "received": received, **shown})


def _main(clip: str) -> None:
    screen, over = _Screen(clip), threading.Event()
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(screen.take)
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    print(server.server_address[1], flush=True)

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    due = time.perf_counter()
    while not over.is_set():
        due = max(due + _FRAME, time.perf_counter() - _FRAME)
        time.sleep(max(due - time.perf_counter(), 0.0))
        screen.draw()
    server.shutdown()
    print(json.dumps(screen.pictures))


if __name__ == "__main__":
    _main(sys.argv[1])
