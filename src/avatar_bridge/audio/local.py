"""The `local` speaker: this machine's sound card, whose own clock is the playhead."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import numpy as np
import soxr

from avatar_bridge.audio.portaudio import PortAudio, aside
from avatar_bridge.audio.reel import Reel
from avatar_bridge.audio.wall_playhead import WallPlayhead
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.errors import SpeakerError

__all__ = ["LocalSpeaker"]

_LATENCY = 0.04
"""Seconds asked of the device: low enough for an interrupt, high enough for a callback in Python (20 ms runs dry)."""
_SILENT_FOR = 0.5
"""Seconds without a callback after which a device counts as gone."""
_SETTLED_AFTER, _SETTLING = 0.2, 2.5
"""Seconds of sound that show that a new device moves, and how long some sound servers take to start one."""
_SETTLE_EVERY, _LOOK_EVERY, _RETRY_EVERY = 0.02, 0.1, 2.0
_PULL, _JUMP = 0.05, 0.04
"""Share of a deviation from the device's even pace that is believed at once, and seconds from which all of it is."""
_LONGEST_LATENCY = 3.0
_ONE_GAP = 0.1
"""Seconds within which several reports of a dry device are one gap; before the first sound they mean nothing."""


class LocalSpeaker:
    """A Speaker on a sound device; carries on silently by the wall clock while the device is away.

    device: part of its name or its number, None for the default. rate: samples a second, None for the device's own.
    latency: seconds asked of the device.
    """

    def __init__(self, device: str | int | None = None, rate: int | None = None, *, latency: float = _LATENCY) -> None:
        self._device = device
        self._rate = rate
        self._latency = latency
        self._sound: PortAudio | None = None
        self._stream: Any = None
        self._reel = Reel(rate or 48000, latency)
        self._resampler: soxr.ResampleStream | None = None
        self._written_rate = 0
        self._wall: WallPlayhead | None = None
        self._watch: asyncio.Task[None] | None = None
        self._called = self._next_heard = self._moved = self._ran_dry = 0.0
        self._ended = self._closed = self._missed = False
        self._underflows = 0
        self._diagnostics: list[Diagnostic] = []

    async def open(self) -> None:
        """Open the device; raises SpeakerError with a remedy where there is none."""
        self._closed = False
        try:
            await aside(self._start)
            await self._settle()
        except BaseException:
            # the thread may still be opening it: it gives the device back itself then
            self._closed = True
            await aside(self._end)
            raise
        self._watch = asyncio.create_task(self._look_after())

    async def _settle(self) -> None:
        """Wait until the device really asks for sound, so that the first word is not the one that waits."""
        for _ in range(round(_SETTLING / _SETTLE_EVERY)):
            if self._moved >= _SETTLED_AFTER or self._ended:
                return
            await asyncio.sleep(_SETTLE_EVERY)

    def begin(self) -> None:
        """Start a new utterance behind what is still queued."""
        self._end_resampler()
        if self._wall is not None:
            self._wall.begin(time.perf_counter())
        self._reel.begin()

    def write(self, samples: Samples, rate: int) -> None:
        """Queue audio; pieces of one rate are resampled as one stream, so that they join without a click."""
        if not len(samples) or self._reel.stopped:
            return
        if self._wall is not None:
            self._wall.write(time.perf_counter(), len(samples) / rate)
            self._miss()
        if rate != self._written_rate:
            self._end_resampler()
            self._written_rate = rate
        if rate == self._reel.rate:
            self._reel.write(np.array(samples, np.float32))
            return
        if self._resampler is None:
            self._resampler = soxr.ResampleStream(rate, self._reel.rate, 1, dtype="float32", quality="HQ")
        self._reel.write(self._resampler.resample_chunk(np.ascontiguousarray(samples, np.float32)))

    def finish(self) -> None:
        """Say that the utterance has no more audio."""
        self._end_resampler()
        self._reel.finish(now := time.perf_counter())
        if self._wall is not None:
            self._wall.finish(now)

    def heard(self) -> float:
        """Return the seconds of the utterance that left the device by now."""
        now = time.perf_counter()
        self._notice(now)
        return self._reel.heard(now) if self._wall is None else self._wall.heard(now)

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        now = time.perf_counter()
        return self._reel.queued(now) if self._wall is None else self._wall.queued(now)

    def stop(self) -> float:
        """Fade out in the device's next block (or cut, if that comes late), forget the rest, return what was heard."""
        now = time.perf_counter()
        self._resampler = None
        heard = self._reel.stop(now)
        return heard if self._wall is None else self._wall.stop(now)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong: a vanished device, its return, sound that came too late for it."""
        count, self._underflows = self._underflows, 0
        often = "once" if count == 1 else f"{count} times"
        if count:
            self._diagnostics.append(Diagnostic(f"the sound device ran dry {often}: the machine was very busy"))
        news, self._diagnostics = self._diagnostics, []
        return news

    async def close(self) -> None:
        """Stop and give the device back."""
        self.stop()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        self._closed = True
        await aside(self._end)

    def _end(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None and self._sound is not None:
            self._sound.end(stream)

    def _start(self) -> None:
        self._sound = self._sound or PortAudio()
        self._ended, self._next_heard, self._moved = False, 0.0, 0.0
        stream = self._sound.play(self._device, self._rate, self._latency, self._fill, self._on_end)
        rate = round(stream.samplerate)
        if rate != self._reel.rate:
            self._reel = Reel(rate)
        self._rate = rate
        self._reel.latency = float(stream.latency)
        self._called = time.perf_counter()
        self._stream = stream
        if self._closed:
            self._end()

    def _on_end(self) -> None:
        self._ended = True

    def _fill(self, out: np.ndarray, frames: int, times: Any, status: Any) -> None:
        """Answer the device: runs in its thread, where nothing may wait."""
        now = time.perf_counter()
        self._called = now
        self._moved += frames / self._reel.rate
        if self._wall is not None:
            # back, but not yet in step: silence until the loop has skipped what was missed
            out.fill(0.0)
            return
        if status.output_underflow and now - self._ran_dry > _ONE_GAP and self._reel.wanted(now):
            self._ran_dry = now
            self._underflows += 1
        delay = times.outputBufferDacTime - times.currentTime
        if not 0.0 < delay < _LONGEST_LATENCY:
            # some systems do not tell when a block is heard
            delay = self._reel.latency
        measured, expected = now + delay, self._next_heard
        heard_at = measured if abs(measured - expected) > _JUMP else expected + _PULL * (measured - expected)
        self._next_heard = heard_at + frames / self._reel.rate
        out[:] = self._reel.pull(frames, heard_at, now)[:, np.newaxis]

    def _end_resampler(self) -> None:
        if self._resampler is not None and not self._reel.stopped:
            self._reel.write(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._resampler = None

    def _notice(self, now: float) -> None:
        """Go over to the wall clock where the device has stopped asking for sound."""
        if self._wall is not None or self._stream is None:
            return
        patience = _SILENT_FOR if self._moved >= _SETTLED_AFTER else _SETTLING
        if not self._ended and now - self._called < patience:
            return
        wanted, heard = self._reel.wanted(now), self._reel.heard(now)
        wall = WallPlayhead(heard, self._reel.written)
        if self._reel.stopped:
            wall.stop(now)
        elif self._reel.written or self._reel.finished:
            wall.run(now)
            if self._reel.finished:
                wall.finish(now)
        self._wall = wall
        if wanted:
            self._miss()

    def _miss(self) -> None:
        """Tell that the device is away, once, and only where something was to be heard."""
        if not self._missed:
            text = "the sound device is gone; the show goes on without sound until it is back"
            self._diagnostics.append(Diagnostic(text))
        self._missed = True

    async def _look_after(self) -> None:
        """Notice a device that vanished, and open it again when it is back."""
        retry_at = 0.0
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            now = time.perf_counter()
            self._notice(now)
            if self._wall is None:
                retry_at = now + _RETRY_EVERY / 4
                continue
            self._reel.skip(self._wall.heard(now), now)
            if now >= retry_at:
                with contextlib.suppress(SpeakerError):
                    await aside(self._reopen)
                    await self._settle()
                    self._return()
                retry_at = time.perf_counter() + _RETRY_EVERY

    def _reopen(self) -> None:
        self._end()
        if self._sound is not None:
            self._sound.restart()
        self._start()

    def _return(self) -> None:
        if self._wall is not None and self._moved >= _SETTLED_AFTER and not self._ended:
            self._reel.skip(self._wall.heard(now := time.perf_counter()), now)
            self._wall, missed, self._missed = None, self._missed, False
            if missed:
                self._diagnostics.append(Diagnostic("the sound device is back"))
