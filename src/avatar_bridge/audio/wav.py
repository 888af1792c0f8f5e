"""The `wav` speaker: a performance recorded into a file as a listener would hear it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr

from avatar_bridge.audio.wall_playhead import WallPlayhead
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.errors import SpeakerError
from avatar_bridge.wire.wav import HEADER_BYTES, LONGEST_BYTES, header, pcm

__all__ = ["WavSpeaker"]

_FADE = 0.005
"""Seconds over which a stop fades out."""


def _trouble(target: Path, error: OSError) -> SpeakerError:
    cause = error.strerror or str(error)
    return SpeakerError(f"{target} could not be written: {cause}; make room or name another place, then try again")


class _Partial:
    """A WAV file under a temporary name beside its target."""

    def __init__(self, target: Path, rate: int) -> None:
        self._target = target
        self._rate = rate
        self._bytes = 0
        self._path = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            self._file: BinaryIO = self._path.open("wb")
        except OSError as error:
            raise _trouble(target, error) from error
        self._file.seek(HEADER_BYTES)

    def append(self, pieces: Iterable[Samples]) -> None:
        """Add audio; raises OSError where it cannot be written."""
        for piece in pieces:
            sound = pcm(piece)
            if self._bytes + len(sound) > LONGEST_BYTES:
                raise OSError(0, "a WAV file holds at most 4 GiB")
            self._file.write(sound)
            self._bytes += len(sound)

    def finish(self) -> None:
        """Write the header and put the file in its place."""
        self._file.seek(0)
        self._file.write(header(self._bytes, self._rate))
        self._file.close()
        self._path.replace(self._target)

    def discard(self) -> None:
        """Leave nothing behind."""
        # a full disk fails once more at the flush; the file goes anyway
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


class WavSpeaker:
    """A Speaker that records what a listener would hear, silences and interrupts included, at the wall clock's pace.

    The recording runs from the first sound on; the file appears when the speaker is closed. Its rate is that of the
    first audio written, unless `rate` (samples a second) is given; other audio is resampled.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        rate: int | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Record to `path`, keeping time by `now` (monotonic seconds)."""
        self._target = Path(path)
        self._rate = rate
        self._now = now
        self._playhead = WallPlayhead()
        self._partial: _Partial | None = None
        self._start: float | None = None
        self._pending: list[tuple[int, Samples]] = []
        self._flushed = 0
        self._end = 0
        self._failure: SpeakerError | None = None
        self._diagnostics: list[Diagnostic] = []

    async def open(self) -> None:
        """Check that the place can be written; raises SpeakerError where it cannot."""
        folder = self._target.parent
        if not folder.is_dir():
            raise SpeakerError(f"{self._target} cannot be recorded: there is no folder {folder}; make it first")
        if not os.access(folder, os.W_OK):
            raise SpeakerError(f"{self._target} cannot be recorded: {folder} cannot be written; name another place")

    def begin(self) -> None:
        """Start a new utterance behind what is still to be heard."""
        self._playhead.begin(self._now())

    def write(self, samples: Samples, rate: int) -> None:
        """Place the audio where it is heard; audio that follows without a gap joins to the sample."""
        if not len(samples) or self._playhead.stopped:
            return
        now = self._now()
        if self._rate is None:
            self._rate = rate
        heard_at = self._playhead.write(now, len(samples) / rate)
        if self._start is None:
            self._start = heard_at
        at = round((heard_at - self._start) * self._rate)
        # rounding must not tear pieces apart that follow each other
        at = self._end if abs(at - self._end) <= 2 else at
        audio = samples if rate == self._rate else soxr.resample(samples, rate, self._rate)
        self._pending.append((at, np.array(audio, np.float32)))
        self._end = at + len(audio)
        self._flush(self._index(now))

    def finish(self) -> None:
        """Let the playhead run on from the end of the audio."""
        self._playhead.finish(self._now())

    def heard(self) -> float:
        """Return the seconds of the utterance that would have been heard."""
        return self._playhead.heard(self._now())

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        return self._playhead.queued(self._now())

    def stop(self) -> float:
        """End the sound here with a fade of 5 ms, return what was heard."""
        now = self._now()
        heard = self._playhead.stop(now)
        if self._rate is not None:
            self._cut(self._index(now))
        return heard

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong: the file can no longer be written."""
        news, self._diagnostics = self._diagnostics, []
        return news

    async def close(self) -> None:
        """Put the file in its place; raises SpeakerError where it could not be written whole."""
        self.stop()
        if self._rate is None:
            return
        self._flush(self._end)
        partial, self._partial = self._partial, None
        if partial is None:
            return
        try:
            if self._failure is None:
                partial.finish()
                return
        except OSError as error:
            self._failure = _trouble(self._target, error)
        partial.discard()
        raise self._failure

    def _index(self, now: float) -> int:
        return 0 if self._start is None or self._rate is None else max(0, round((now - self._start) * self._rate))

    def _cut(self, at: int) -> None:
        """Drop what lies behind sample `at`, but for a fade."""
        fade = max(1, round(_FADE * (self._rate or 1)))
        kept: list[tuple[int, Samples]] = []
        for start, piece in self._pending:
            if start < at + fade:
                piece = piece[: at + fade - start]
                ramp = np.clip((at + fade - start - np.arange(len(piece))) / fade, 0.0, 1.0)
                kept.append((start, (piece * ramp).astype(np.float32)))
        self._pending = kept
        self._end = max((start + len(piece) for start, piece in kept), default=self._flushed)

    def _flush(self, until: int) -> None:
        """Write the pieces that were heard whole by sample `until`."""
        while self._pending and self._failure is None:
            start, piece = self._pending[0]
            if start + len(piece) > until:
                return
            del self._pending[0]
            try:
                if self._partial is None:
                    self._partial = _Partial(self._target, self._rate or 1)
                self._silence(start - self._flushed)
                self._partial.append([piece])
                self._flushed = start + len(piece)
            except OSError as error:
                self._fail(_trouble(self._target, error))
            except SpeakerError as error:
                self._fail(error)

    def _silence(self, samples: int) -> None:
        while samples > 0 and self._partial is not None:
            some = min(samples, 1 << 16)
            self._partial.append([np.zeros(some, np.float32)])
            samples -= some

    def _fail(self, failure: SpeakerError) -> None:
        self._failure = failure
        self._pending.clear()
        self._diagnostics.append(Diagnostic(f"the recording ends here: {failure}"))
