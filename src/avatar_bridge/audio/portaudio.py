"""PortAudio by way of sounddevice: loaded on first use, started afresh when a device is gone, with remedies."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from avatar_bridge.errors import SpeakerError

__all__ = ["PortAudio", "aside"]

_T = TypeVar("_T")

_LIBRARY_REMEDY = {
    "linux": "install it with: sudo apt install libportaudio2 (Fedora: sudo dnf install portaudio)",
    "darwin": "install it with: brew install portaudio",
    "win32": "install it with: pip install --force-reinstall sounddevice",
}
_NO_DEVICE = "connect or switch on an output, or play without sound: --speaker none"
_LOCK = threading.RLock()
"""PortAudio may be started and ended by one thread at a time."""
_SILENCED: list[Any] = []


def _silence_alsa() -> None:
    """Keep ALSA from writing its complaints about absent cards onto the terminal; errors come back as codes anyway."""
    if sys.platform != "linux" or _SILENCED:
        return
    nothing = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)(
        lambda *_: None
    )
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(nothing)
    _SILENCED.append(nothing)


class PortAudio:
    """The sound library of this machine; raises SpeakerError with a remedy where it is missing."""

    def __init__(self) -> None:
        _silence_alsa()
        try:
            import sounddevice
        except ImportError as error:
            raise SpeakerError(f'sound needs sounddevice ({error}): pip install "avatar-bridge[sound]"') from error
        except OSError as error:
            remedy = _LIBRARY_REMEDY.get(sys.platform, _LIBRARY_REMEDY["linux"])
            raise SpeakerError(f"the PortAudio library is missing ({error}); {remedy}") from error
        self._sound = sounddevice

    def names(self) -> list[str]:
        """Return the names of the outputs."""
        with _LOCK:
            devices = self._sound.query_devices()
        return [str(device["name"]) for device in devices if device["max_output_channels"] > 0]

    def restart(self) -> None:
        """Look for devices again; every open stream of this process ends. Raises SpeakerError."""
        # PortAudio lists devices once, when it starts; sounddevice has no public way to start it again
        with _LOCK:
            try:
                self._sound._terminate()  # noqa: SLF001
                self._sound._initialize()  # noqa: SLF001
            except self._sound.PortAudioError as error:
                raise SpeakerError(f"PortAudio did not start again: {error}; {_NO_DEVICE}") from error

    def play(
        self,
        device: str | int | None,
        rate: int | None,
        latency: float,
        callback: Callable[..., None],
        finished: Callable[[], None],
    ) -> Any:
        """Return a running float32 output stream of one or two channels; raises SpeakerError.

        The system chooses the block: asking for one of our own makes it gather several, which a stop waits for.
        """
        with _LOCK:
            try:
                info = self._sound.query_devices(device, "output")
                rate = round(rate or info["default_samplerate"])
                stream = self._sound.OutputStream(
                    samplerate=rate,
                    blocksize=0,
                    device=device,
                    channels=min(2, int(info["max_output_channels"])),
                    dtype="float32",
                    latency=latency,
                    callback=callback,
                    finished_callback=finished,
                )
                stream.start()
            except (self._sound.PortAudioError, ValueError) as error:
                if not self.names():
                    raise SpeakerError(f"this machine has no sound output; {_NO_DEVICE}") from error
                asked = "the default output" if device is None else f"the output {device!r}"
                known = ", ".join(map(repr, self.names()))
                raise SpeakerError(f"{asked} cannot be opened: {error}; outputs here: {known}; {_NO_DEVICE}") from error
        return stream

    def end(self, stream: Any) -> None:
        """End a stream at once, whatever state its device is in."""
        with _LOCK, contextlib.suppress(self._sound.PortAudioError):
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)


async def aside(work: Callable[[], _T]) -> _T:
    """Run what may block for long, or for ever, in a thread that does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def tell(outcome: Callable[[], None]) -> None:
        if not future.done():
            outcome()

    def run() -> None:
        try:
            result = work()
        except SpeakerError as error:
            failure = error
            outcome: Callable[[], None] = lambda: future.set_exception(failure)  # noqa: E731
        else:
            outcome = lambda: future.set_result(result)  # noqa: E731
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=run, name="sound", daemon=True).start()
    return await future
