"""A sound card that nobody hears: a private PulseAudio with a null sink, and a recorder of what is played on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np

from avatar_bridge.audio.portaudio import PortAudio

__all__ = ["NullSink", "missing"]

RATE = 16000


def missing() -> str:
    """Return why there can be no null sink here, "" where there can."""
    lacking = [name for name in ("pulseaudio", "pactl", "parec") if shutil.which(name) is None]
    alsa = [path for path in ("/usr/share/alsa/alsa.conf",) if not Path(path).is_file()]
    lost = lacking + alsa
    return f"needs {', '.join(lost)}: apt install pulseaudio pulseaudio-utils libasound2-plugins" if lost else ""


class NullSink:
    """PulseAudio as PortAudio's default output; a context manager that puts the environment back."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="null-sink-"))
        self._server: subprocess.Popen[bytes] | None = None
        self._recorder: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._chunks: list[tuple[float, bytes]] = []
        self._saved: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        self._folder.chmod(0o700)
        config = self._folder / "asound.conf"
        lines = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n"
        config.write_text(lines, encoding="utf-8")
        values = {
            "XDG_RUNTIME_DIR": str(self._folder),
            "ALSA_CONFIG_PATH": str(config),
            "PULSE_SERVER": f"unix:{self._folder / 'pulse.sock'}",
        }
        self._saved = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        self.start()
        PortAudio().restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for name, value in self._saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        socket = self._folder / "pulse.sock"
        modules = (
            f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
            "module-null-sink sink_name=avatar rate=48000 channels=2",
        )
        loads = [part for module in modules for part in ("-L", module)]
        self._server = subprocess.Popen(
            ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", *loads],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while subprocess.run(["pactl", "set-default-sink", "avatar"], capture_output=True, check=False).returncode:
            if time.monotonic() > until:
                raise TimeoutError("PulseAudio did not answer within 20 s")
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill the server, as if the device were pulled out."""
        for process in (self._recorder, self._server):
            if process is not None:
                process.kill()
                process.wait()
        if self._reader is not None and self._recorder is not None and self._recorder.stdout is not None:
            self._reader.join(10)
            self._recorder.stdout.close()
        self._server = self._recorder = self._reader = None

    def record(self) -> None:
        """Start to record what is played, mono at 16 kHz, with the time at which each part arrived."""
        self._chunks = []
        self._recorder = subprocess.Popen(
            ["parec", "-d", "avatar.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=10"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, args=(self._recorder,), daemon=True)
        self._reader.start()

    def recorded(self) -> np.ndarray:
        """Return what was recorded so far, float32."""
        raw = b"".join(chunk for _, chunk in list(self._chunks))
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float32) / 32768

    def arrival(self, sample: int) -> float:
        """Return the time (time.perf_counter) at which a sample of the recording was there."""
        passed = 0
        for at, chunk in list(self._chunks):
            passed += len(chunk) // 2
            if passed > sample:
                return at - (passed - sample) / RATE
        raise IndexError(f"the recording has no sample {sample}")

    def _read(self, recorder: subprocess.Popen[bytes]) -> None:
        while recorder.stdout is not None and (chunk := os.read(recorder.stdout.fileno(), 4096)):
            self._chunks.append((time.perf_counter(), chunk))
