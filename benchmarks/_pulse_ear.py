"""What a sound card really plays and when: its monitor, recorded with the sound server's own account of time.

PulseAudio hands a monitor's samples over in blocks, some before and some after they are heard, so the time at which
they arrive says little. `pa_stream_get_latency` tells for a monitor how long ago the next sample was heard, negative
where it is still to come (PulseAudio's API documentation, "Latency Control"); that is used here. The account takes
about three seconds to settle after another program has begun to play: `forget` what was recorded before.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import threading
import time
from collections.abc import Callable
from typing import Any, Self

import numpy as np

__all__ = ["PulseEar"]

_RATE = 48000
_SMOOTHED = 0.4
_CONTEXT_READY, _CONTEXT_LOST = 4, (5, 6)
_STREAM_READY, _STREAM_LOST = 2, (3, 4)
_FLOAT32LE = 5
_ADJUST_LATENCY, _INTERPOLATE, _AUTO_UPDATE = 0x2000, 0x0002, 0x0008
_UNSET = 0xFFFFFFFF


class _SampleSpec(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8)]


class _BufferSpec(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")]


_READ = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


class PulseEar:
    """Records a monitor; a context manager. The environment names the server (`PULSE_SERVER`)."""

    def __init__(self, source: str = "avatar.monitor", *, fragment: float = 0.01) -> None:
        self._source = source
        self._fragment = fragment
        self._parts: list[np.ndarray] = []
        self._marks: list[tuple[int, float]] = []
        self._length = 0
        self._lock = threading.Lock()
        self._read = _READ(self._take)
        self._pulse = _library()
        self._loop: Any = None
        self._context: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        pulse = self._pulse
        self._loop = pulse.pa_threaded_mainloop_new()
        self._context = pulse.pa_context_new(pulse.pa_threaded_mainloop_get_api(self._loop), b"a listener")
        pulse.pa_threaded_mainloop_start(self._loop)
        self._locked(lambda: pulse.pa_context_connect(self._context, None, 0, None))
        self._await(lambda: int(pulse.pa_context_get_state(self._context)), _CONTEXT_READY, _CONTEXT_LOST)
        self._locked(self._connect)
        self._await(lambda: int(pulse.pa_stream_get_state(self._stream)), _STREAM_READY, _STREAM_LOST)
        return self

    def __exit__(self, *_: object) -> None:
        pulse = self._pulse
        self._locked(lambda: pulse.pa_stream_disconnect(self._stream))
        self._locked(lambda: pulse.pa_context_disconnect(self._context))
        pulse.pa_threaded_mainloop_stop(self._loop)
        pulse.pa_stream_unref(self._stream)
        pulse.pa_context_unref(self._context)
        pulse.pa_threaded_mainloop_free(self._loop)

    def forget(self) -> None:
        """Drop what was recorded so far."""
        with self._lock:
            self._parts, self._marks, self._length = [], [], 0

    def recording(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mono float32 samples at 48 kHz and the time (`perf_counter`) at which each was heard.

        The server's account is smoothed over 0.4 s: a single one strays by half a millisecond.
        """
        with self._lock:
            sound = np.concatenate([np.zeros(0, np.float32), *self._parts])
            marks = np.array(self._marks).reshape(-1, 2)
        if not len(marks):
            raise ValueError("nothing was recorded")
        positions = marks[:, 0] / _RATE
        starts = marks[:, 1] - positions
        near = [starts[np.abs(positions - at) <= _SMOOTHED / 2] for at in positions]
        smooth = np.array([np.median(part) for part in near])
        at = np.arange(len(sound)) / _RATE
        return sound, at + np.interp(at, positions, smooth)

    def _connect(self) -> None:
        pulse = self._pulse
        spec = _SampleSpec(_FLOAT32LE, _RATE, 1)
        buffer = _BufferSpec(_UNSET, _UNSET, _UNSET, _UNSET, round(self._fragment * _RATE) * 4)
        self._stream = pulse.pa_stream_new(self._context, b"monitor", ctypes.byref(spec), None)
        pulse.pa_stream_set_read_callback(self._stream, self._read, None)
        flags = _ADJUST_LATENCY | _INTERPOLATE | _AUTO_UPDATE
        if pulse.pa_stream_connect_record(self._stream, self._source.encode(), ctypes.byref(buffer), flags) < 0:
            raise RuntimeError(f"PulseAudio has no source called {self._source}")

    def _take(self, stream: int, _: int, __: object) -> None:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        latency, negative = ctypes.c_uint64(), ctypes.c_int()
        known = self._pulse.pa_stream_get_latency(stream, ctypes.byref(latency), ctypes.byref(negative)) == 0
        now = time.perf_counter()
        while self._pulse.pa_stream_readable_size(stream):
            if self._pulse.pa_stream_peek(stream, ctypes.byref(data), ctypes.byref(size)) < 0 or not size.value:
                return
            raw = ctypes.string_at(data.value, size.value) if data.value else bytes(size.value)
            self._pulse.pa_stream_drop(stream)
            with self._lock:
                if known:
                    late = latency.value / 1e6
                    self._marks.append((self._length, now + late if negative.value else now - late))
                    known = False
                self._parts.append(np.frombuffer(raw, "<f4"))
                self._length += len(raw) // 4

    def _locked(self, act: Callable[[], Any]) -> None:
        self._pulse.pa_threaded_mainloop_lock(self._loop)
        try:
            act()
        finally:
            self._pulse.pa_threaded_mainloop_unlock(self._loop)

    def _await(self, state: Callable[[], int], ready: int, lost: tuple[int, int]) -> None:
        ends = time.monotonic() + 20
        while (now := state()) != ready:
            if now in lost or time.monotonic() > ends:
                raise RuntimeError("PulseAudio gave the listener no recording")
            time.sleep(0.005)


def _library() -> Any:
    name = ctypes.util.find_library("pulse")
    if name is None:
        raise OSError("expected PulseAudio's client library: apt install libpulse0")
    pulse = ctypes.CDLL(name)
    for call in ("pa_threaded_mainloop_new", "pa_threaded_mainloop_get_api", "pa_context_new", "pa_stream_new"):
        getattr(pulse, call).restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    for call, arguments in {
        "pa_threaded_mainloop_get_api": [pointer],
        "pa_threaded_mainloop_start": [pointer],
        "pa_threaded_mainloop_lock": [pointer],
        "pa_threaded_mainloop_unlock": [pointer],
        "pa_threaded_mainloop_stop": [pointer],
        "pa_threaded_mainloop_free": [pointer],
        "pa_context_new": [pointer, ctypes.c_char_p],
        "pa_context_connect": [pointer, ctypes.c_char_p, ctypes.c_int, pointer],
        "pa_context_get_state": [pointer],
        "pa_context_disconnect": [pointer],
        "pa_context_unref": [pointer],
        "pa_stream_new": [pointer, ctypes.c_char_p, pointer, pointer],
        "pa_stream_set_read_callback": [pointer, _READ, pointer],
        "pa_stream_connect_record": [pointer, ctypes.c_char_p, pointer, ctypes.c_int],
        "pa_stream_get_state": [pointer],
        "pa_stream_get_latency": [pointer, pointer, pointer],
        "pa_stream_readable_size": [pointer],
        "pa_stream_peek": [pointer, pointer, pointer],
        "pa_stream_drop": [pointer],
        "pa_stream_disconnect": [pointer],
        "pa_stream_unref": [pointer],
    }.items():
        getattr(pulse, call).argtypes = arguments
    pulse.pa_stream_readable_size.restype = ctypes.c_size_t
    return pulse
