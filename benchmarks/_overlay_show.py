"""A show that nobody sees: the bridge served in a process of its own, one overlay page of it, and all they say."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import connect

__all__ = ["Served", "Visit", "busy", "served"]

RATE = 48000
_TOKEN = "a-token-for-the-measurement-only"
_TAKE_DOWN = """
window.__visit = { texts: [], sounds: [], ended: 0 };
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const visit = window.__visit;
      if (typeof data !== "string") {
        if (new Uint8Array(data)[0] === 2) visit.sounds.push(data);
      } else if (!/^.{0,12}"(pong|clock)"/.test(data)) {
        visit.texts.push(data);
        if (/^.{0,12}"ended"/.test(data)) visit.ended = JSON.parse(data).utterance;
      }
    });
  }
};
window.__visit.fetch = () => {
  const visit = window.__visit, texts = visit.texts, sounds = visit.sounds.map((data) => {
    let text = "";
    for (const byte of new Uint8Array(data)) text += String.fromCharCode(byte);
    return btoa(text);
  });
  visit.texts = [];
  visit.sounds = [];
  return [texts, sounds];
};
"""
"""Takes down what the page is told, but for motion frames and the time."""


@dataclass(frozen=True, slots=True)
class Served:
    """A bridge that runs `avatar-bridge serve`."""

    base: str
    token: str

    def overlay(self, **options: object) -> str:
        """Return the overlay's address with options (`layout`, `avatar`, ...)."""
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{self.base}/overlay?token={self.token}{more}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one HTTP request and return its JSON; raises HTTPError for anything but success."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    @contextmanager
    def overheard(self, *streams: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the messages of these streams, as they come, the way any program gets them."""
        heard: list[dict[str, Any]] = []
        address = f"{self.base.replace('http', 'ws', 1)}/v1/events?token={self.token}"

        def listen() -> None:
            heard.extend(json.loads(text) for text in socket if isinstance(text, str))

        with connect(address, max_size=None, ping_interval=None) as socket:
            socket.send(json.dumps({"type": "hello", "kind": "program", "streams": streams, "name": "a listener"}))
            ear = threading.Thread(target=listen)
            ear.start()
            try:
                yield heard
            finally:
                socket.close()
                ear.join(10)


@contextmanager
def served(voice: str = "piper", more: str = "") -> Iterator[Served]:
    """Run `avatar-bridge serve` on a free port with nothing but the overlay; `more` is TOML after its settings."""
    with tempfile.TemporaryDirectory(prefix="overlay-show-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "bridge.toml"
        lines = [
            "[voice]",
            f'engine = "{voice}"',
            "[drivers.overlay]",
            "[web]",
            "port = 0",
            f'token = "{_TOKEN}"',
            more,
        ]
        path.write_text("\n".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "avatar_bridge", "serve", "--json", "--settings", str(path)]
        said = Path(folder) / "said.txt"
        with said.open("wb") as aside:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=aside,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        giving_up = threading.Timer(60, process.kill)
        giving_up.start()
        try:
            if process.stdout is None or not (line := process.stdout.readline()):
                code, words = process.wait(), said.read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"`avatar-bridge serve` ended with {code} before it said its address: {words}")
            giving_up.cancel()
            address = json.loads(line)["overlay"]
            yield Served(address.partition("/overlay")[0], _TOKEN)
        finally:
            giving_up.cancel()
            _end(process)


def busy(seconds: float = 0.5) -> str:
    """Say which part of the time a loop that only counts had a processor: what a busy machine does to any figure."""
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    return f"a loop beside it got {100 * min(share, 1.0):.0f} % of a processor"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(15)
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


@dataclass(slots=True)
class Visit:
    """What one page was told over its socket."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    sounds: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)

    def watch(self, tab: Any) -> None:
        """Let the page that `tab` opens next take down what it is told; it costs no message to anybody meanwhile."""
        tab.add_init_script(_TAKE_DOWN)

    def fetch(self, tab: Any) -> None:
        """Take over what the page took down since the last time."""
        texts, sounds = tab.evaluate("__visit.fetch()")
        self.messages += [json.loads(text) for text in texts]
        for sound in sounds:
            raw = base64.b64decode(sound)
            utterance, offset = np.frombuffer(raw[4:12], "<u4")
            self.sounds.setdefault(int(utterance), []).append((int(offset), raw[16:]))

    def of(self, kind: str, utterance: int | None = None) -> list[dict[str, Any]]:
        """Return the messages of one type, in order."""
        return [m for m in self.messages if m["type"] == kind and utterance in (None, m.get("utterance"))]

    def said(self, utterance: int) -> np.ndarray:
        """Return the utterance's sound as the page was given it, mono float32 at 48 kHz."""
        parts = sorted(self.sounds.get(utterance, []))
        length = max((offset + len(raw) // 2 for offset, raw in parts), default=0)
        sound = np.zeros(length, np.float32)
        for offset, raw in parts:
            sound[offset : offset + len(raw) // 2] = np.frombuffer(raw, "<i2").astype(np.float32) / 32768
        return sound

    def mouth(self, utterance: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the utterance's mouth curve: times in seconds from its first sample, and openness 0 to 1."""
        times, values = [np.zeros(0)], [np.zeros(0)]
        for segment in self.of("segment", utterance):
            mouth = segment["mouth"]
            open_ = np.frombuffer(base64.b64decode(mouth["open"]), np.uint8) / 255
            times.append(mouth["at"] + np.arange(len(open_)) / mouth["rate"])
            values.append(open_)
        return np.concatenate(times), np.concatenate(values)

    def words(self, utterance: int) -> list[dict[str, Any]]:
        """Return the utterance's words with their times."""
        return [word for segment in self.of("segment", utterance) for word in segment["words"]]
