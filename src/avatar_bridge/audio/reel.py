"""The audio between the bridge and a device's callback: pulled by the device, placed in time by its clock.

One thread writes and asks (the event loop's), another pulls (the device's). Nothing is locked: the writer appends and
replaces, the puller takes from the front, and each of these is one atomic step in Python.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from avatar_bridge.core.vocabulary import Samples

__all__ = ["Reel"]

_FADE = 0.005
"""Seconds over which the sound fades out at a stop."""
_FADE_WITHIN = 0.008
"""Seconds after a stop from which the sound is cut instead: a fade handed over later would not be silence at once."""


class _Track:
    """One utterance: how much was written and pulled, and when what was pulled is heard. Positions in samples."""

    __slots__ = ("finished_at", "last", "pulled", "stamps", "stopped", "written")

    def __init__(self) -> None:
        self.written = 0
        self.pulled = 0
        self.finished_at: float | None = None
        self.stopped = False
        self.last = -np.inf
        self.stamps: deque[tuple[int, int, float]] = deque()
        """(position, samples, time at which the first of them is heard) of each part that was pulled."""


class _Tape:
    """Chunks in order, each with its track; only the puller takes."""

    __slots__ = ("_offset", "chunks")

    def __init__(self) -> None:
        self.chunks: deque[tuple[_Track, Samples]] = deque()
        self._offset = 0

    def take(self, out: Samples, heard_at: float, rate: int) -> None:
        """Fill `out` from the front, as far as there is something, and stamp what is taken."""
        filled = 0
        while filled < len(out) and self.chunks:
            track, chunk = self.chunks[0]
            count = min(len(out) - filled, len(chunk) - self._offset)
            out[filled : filled + count] = chunk[self._offset : self._offset + count]
            track.stamps.append((track.pulled, count, heard_at + filled / rate))
            track.pulled += count
            filled += count
            self._offset += count
            if self._offset >= len(chunk):
                self.chunks.popleft()
                self._offset = 0

    def waiting(self, track: _Track | None = None) -> int:
        """Return the samples not taken yet, of one track or of all."""
        chunks = list(self.chunks)
        begun = self._offset if chunks and track in (None, chunks[0][0]) else 0
        return sum(len(chunk) for owner, chunk in chunks if track in (None, owner)) - begun


class Reel:
    """A queue of utterances at the device's rate that knows how much of the newest one was heard, in seconds.

    Times are monotonic seconds on one scale. `latency` is a guess, used only until the device pulls for the first time.
    """

    def __init__(self, rate: int, latency: float = 0.0) -> None:
        self.rate = rate
        self.latency = latency
        self._track = _Track()
        self._tape = _Tape()
        self._playing = self._tape
        self._stopped_at = 0.0

    @property
    def finished(self) -> bool:
        """True when no more is to be written to this utterance: it was finished or stopped."""
        return self._track.stopped or self._track.finished_at is not None

    @property
    def stopped(self) -> bool:
        """True from a stop to the next utterance."""
        return self._track.stopped

    @property
    def written(self) -> float:
        """Seconds written in this utterance."""
        return self._track.written / self.rate

    def begin(self) -> None:
        """Start a new utterance behind what is still queued."""
        self._track = _Track()

    def write(self, samples: Samples) -> None:
        """Queue audio at the device's rate; after a stop it is forgotten."""
        if len(samples) and not self._track.stopped:
            self._track.written += len(samples)
            self._tape.chunks.append((self._track, samples))

    def finish(self, now: float) -> None:
        """Say that the utterance has no more audio."""
        if self._track.finished_at is None:
            self._track.finished_at = now

    def pull(self, frames: int, heard_at: float, now: float = 0.0) -> Samples:
        """Return the next `frames` samples, silence where nothing is queued; the first is heard at `heard_at`."""
        out = np.zeros(frames, np.float32)
        tape = self._tape
        if tape is not self._playing and now - self._stopped_at > _FADE_WITHIN:
            self._playing = tape
        if tape is not self._playing:
            fade = out[: max(1, min(frames, round(_FADE * self.rate)))]
            self._playing.take(fade, heard_at, self.rate)
            fade *= np.linspace(1.0, 0.0, len(fade), dtype=np.float32)
            tape.take(out[len(fade) :], heard_at + len(fade) / self.rate, self.rate)
            self._playing = tape
        else:
            tape.take(out, heard_at, self.rate)
        return out

    def heard(self, now: float) -> float:
        """Return the seconds of the utterance heard by `now`; it never goes back."""
        track = self._track
        if not track.stopped:
            track.last = max(track.last, self._position(track, now))
        return float(track.last)

    def queued(self, now: float) -> float:
        """Return the seconds written and not heard yet."""
        return 0.0 if self._track.stopped else max(0.0, self.written - self.heard(now))

    def wanted(self, now: float) -> bool:
        """Return True while something that was written is still to be heard."""
        return self._track.written > 0 and self.queued(now) > 0.0

    def stop(self, now: float) -> float:
        """Forget what is queued; the next pull fades out. Return what was heard."""
        heard = self.heard(now)
        self._stopped_at = now
        self._tape = _Tape()
        self._track.stopped = True
        return heard

    def skip(self, position: float, now: float) -> None:
        """Forget what lies before `position` seconds of this utterance, heard at `now`; only while no device pulls."""
        track, rest = self._track, _Tape()
        target = min(round(position * self.rate), track.written)
        drop = target - (track.written - self._tape.waiting(track))
        for owner, chunk in self._unheard():
            if owner is track and drop < len(chunk):
                rest.chunks.append((owner, chunk[max(0, drop) :]))
            if owner is track:
                drop -= len(chunk)
        self._tape = self._playing = rest
        track.pulled = max(track.pulled, target)
        track.last = max(track.last, position)
        track.stamps.clear()
        if not rest.chunks and track.written:
            # nothing is left to pull: time alone moves it from here to the end and beyond
            track.stamps.append((target, track.written - target, now - max(0.0, position - track.written / self.rate)))

    def _unheard(self) -> list[tuple[_Track, Samples]]:
        """Return the chunks not taken yet, the first one without what was taken of it."""
        chunks = list(self._tape.chunks)
        total = sum(len(chunk) for _, chunk in chunks)
        taken = total - self._tape.waiting()
        return [(owner, chunk[taken:] if number == 0 else chunk) for number, (owner, chunk) in enumerate(chunks)]

    def _position(self, track: _Track, now: float) -> float:
        stamps = track.stamps
        while len(stamps) > 1 and stamps[1][2] <= now:
            stamps.popleft()
        if not stamps:
            if track.finished_at is not None and not track.written:
                return now - track.finished_at
            return float(
                max(track.last, -(self._tape.waiting() - self._tape.waiting(track)) / self.rate - self.latency)
            )
        position, count, heard_at = stamps[0]
        since = now - heard_at
        end = position + count
        if track.finished_at is not None and end >= track.written and since * self.rate > count:
            # the sound is over: run on from its end, or from the finish if that came later
            return end / self.rate + max(0.0, now - max(heard_at + count / self.rate, track.finished_at))
        return position / self.rate + min(since, count / self.rate)
