"""What a client of the game protocol is made of, in plain Python: the reference beside the C# and GDScript ones.

Written from docs/game-protocol.md, without the bridge's own code: a judge shares no code with the judged.
"""

from __future__ import annotations

import base64
import math
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


class BinaryError(ValueError):
    """A binary message that cannot be read."""


@dataclass(frozen=True)
class MotionFrame:
    character: int
    at: float
    channels: tuple[float, ...]
    bones: Mapping[int, float]
    """Degrees beside the resting pose, by the bone's number."""


@dataclass(frozen=True)
class Sound:
    character: int
    utterance: int
    offset: int
    rate: int
    samples: tuple[int, ...]


def read_motion(binary: bytes, channels: int, bones: int) -> tuple[int, list[MotionFrame]]:
    """Return the sequence number and the frames of a motion message; raises BinaryError."""
    try:
        kind, _, count, sequence = struct.unpack_from("<BBHI", binary)
        if kind != 1:
            raise BinaryError(f"expected a motion message, got kind {kind}")
        place, frames = 8, []
        for _ in range(count):
            character, moved, at = struct.unpack_from("<HHd", binary, place)
            values = struct.unpack_from(f"<{channels}f", binary, place + 12)
            place += 12 + 4 * channels
            pairs = [struct.unpack_from("<Hh", binary, place + 4 * index) for index in range(moved)]
            place += 4 * moved
            if any(bone >= bones for bone, _ in pairs):
                raise BinaryError("a bone that the welcome did not name")
            frames.append(MotionFrame(character, at, values, {bone: steps / 50.0 for bone, steps in pairs}))
    except struct.error as error:
        raise BinaryError(f"a motion message cut short: {error}") from None
    return sequence, frames


def read_sound(binary: bytes) -> Sound:
    """Return a sound message; raises BinaryError."""
    if len(binary) < 16 or binary[0] != 2 or len(binary) % 2:
        raise BinaryError("expected a sound message with whole samples")
    _, _, character, utterance, offset, rate = struct.unpack_from("<BBHIII", binary)
    if rate == 0:
        raise BinaryError("a rate of 0")
    count = (len(binary) - 16) // 2
    return Sound(character, utterance, offset, rate, struct.unpack_from(f"<{count}h", binary, 16))


class ClockSync:
    """The offset from the client's clock to the bridge's."""

    def __init__(self) -> None:
        self._window: deque[tuple[float, float]] = deque(maxlen=8)
        self._contradicted = False
        self._answers = 0
        self._begun = 0.0
        self.offset: float | None = None

    def take(self, sent: float, now: float, received: float) -> None:
        trip = received - sent
        offset = now - (sent + received) / 2.0
        if not math.isfinite(offset) or trip < 0:
            return
        self._begun = self._begun if self._answers else sent
        self._answers += 1
        if self.offset is not None and abs(offset - self.offset) > trip / 2.0 + 0.010:
            if not self._contradicted:
                self._contradicted = True
                return
            self._window.clear()
        self._contradicted = False
        self._window.append((trip, offset))
        least = min(trip for trip, _ in self._window)
        self.offset = next(offset for trip, offset in reversed(self._window) if trip == least)

    def settled(self, now: float) -> bool:
        """Return whether the offset may be relied on at `now` (client's clock): four answers, or one and 0.3 s."""
        return self._answers >= 4 or (self._answers > 0 and now - self._begun >= 0.3)


class MouthSampler:
    """The mouth curves of an utterance."""

    def __init__(self) -> None:
        self._curves: list[tuple[float, float, list[tuple[float, ...]]]] = []

    def take(self, mouth: Mapping[str, Any]) -> None:
        opened = base64.b64decode(mouth["open"])
        shapes = base64.b64decode(mouth["shapes"])
        rows = [
            tuple(value / 255.0 for value in (opened[index], *shapes[5 * index : 5 * index + 5]))
            for index in range(len(opened))
        ]
        self._curves = [curve for curve in self._curves if curve[0] != mouth["at"]]
        self._curves.append((mouth["at"], mouth["rate"], rows))

    def sample(self, time: float) -> tuple[float, ...]:
        """Return open and the five shapes."""
        for at, rate, rows in self._curves:
            place = (time - at) * rate
            if rows and 0.0 <= place <= len(rows) - 1:
                first = min(int(place), len(rows) - 1)
                second = min(first + 1, len(rows) - 1)
                part = place - first
                return tuple(a + (b - a) * part for a, b in zip(rows[first], rows[second], strict=True))
        return (0.0,) * 6


class MotionSampler:
    """The newest frames of one character."""

    def __init__(self) -> None:
        self._frames: deque[MotionFrame] = deque(maxlen=32)

    def take(self, frame: MotionFrame) -> None:
        if not self._frames or frame.at > self._frames[-1].at:
            self._frames.append(frame)

    @property
    def newest(self) -> float | None:
        return self._frames[-1].at if self._frames else None

    def sample(self, time: float) -> tuple[tuple[float, ...], dict[int, float]] | None:
        """Return channels and bones at `time` of the bridge's clock."""
        frames = self._frames
        if not frames:
            return None
        if time <= frames[0].at:
            return frames[0].channels, dict(frames[0].bones)
        for first, second in zip(frames, list(frames)[1:], strict=False):
            if time <= second.at:
                part = (time - first.at) / (second.at - first.at)
                channels = tuple(a + (b - a) * part for a, b in zip(first.channels, second.channels, strict=True))
                bones = {
                    bone: first.bones.get(bone, 0.0) * (1.0 - part) + second.bones.get(bone, 0.0) * part
                    for bone in {*first.bones, *second.bones}
                }
                return channels, bones
        return frames[-1].channels, dict(frames[-1].bones)


@dataclass
class SoundRing:
    """The sound of one utterance, in blocks: what is asked for, what goes out, and when it was or will be heard."""

    latency: float = 0.0
    rate: int = 48_000
    prebuffer: int = 2_880
    position: int = 0
    start: float | None = None
    """Client's clock at which utterance time 0 is or was heard."""
    late: float = 0.0
    underruns: int = 0
    end: int | None = None
    _samples: list[int] = field(default_factory=list)
    _first: int | None = None
    _running: bool = False
    _over: bool = False

    def take(self, offset: int, samples: Sequence[int]) -> None:
        if self._over:
            return
        if self._first is None:
            self._first = self.position = offset
        there = self._first + len(self._samples)
        if offset > there:
            self._samples += [0] * (offset - there)
            there = offset
        self._samples += samples[there - offset :]

    def finish(self, end: int) -> None:
        self.end = end

    def cancel(self) -> None:
        self._over = True
        self._running = False

    @property
    def done(self) -> bool:
        return self._over or (self.end is not None and self._first is not None and self.position >= self.end)

    def pull(self, dsp: float, count: int) -> tuple[list[int], bool]:
        """Return the samples of the block whose first is due at `dsp`, and whether a `playing` is to be told."""
        if self._first is None or self.done:
            return [], False
        there = self._first + len(self._samples) - self.position
        told = False
        if not self._running:
            whole = self.end is not None and self.position + there >= self.end
            if there < self.prebuffer and not whole:
                return [], False
            start = dsp + self.latency - self.position / self.rate
            self.late += 0.0 if self.start is None else start - self.start
            self.start, self._running, told = start, True, True
        taken = self._samples[self.position - self._first :][:count]
        self.position += len(taken)
        if len(taken) < count and not self.done:
            self._running = False
            self.underruns += 1
        return taken, told


@dataclass
class CueKeeper:
    """The cues of one utterance: which begin, which are left out, which holds end."""

    cues: list[Message] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    cancelled: bool = False
    over: bool = False
    """Cancelled or ended: what is released from then on is released at once."""
    _settled: set[int] = field(default_factory=set)
    _releases: list[Message] = field(default_factory=list)
    _ending: list[Message] = field(default_factory=list)

    def tell(self, cues: list[Message]) -> None:
        self.cues = cues

    def release(self, message: Message) -> None:
        self._releases.append({**message, "at": None} if self.over else message)

    def cancel(self) -> None:
        self.cancelled = self.over = True
        self.reset()

    def end(self) -> None:
        """Take the end of the utterance: what was to be released later is released now."""
        self.over = True
        self._releases = [{**each, "at": None} for each in self._releases]

    def follow(self) -> CueKeeper:
        """Return the keeper of the next utterance: what was to be released later in this one ends with it."""
        released = [(each["cue"], each["action"]) for each in self._releases]
        out = [cue for cue in self.held if (cue["id"], cue["name"]) in released or (None, cue["name"]) in released]
        return CueKeeper(held=[cue for cue in self.held if cue not in out], _ending=self._ending + out)

    def reset(self) -> None:
        self._ending += self.held
        self.held = []
        self._releases = []

    def tick(self, heard: float) -> tuple[list[Message], list[Message], list[Message]]:
        """Return what begins, what is left out, and what ends."""
        begun: list[Message] = []
        left: list[Message] = []
        due = [cue for cue in self.cues if cue["id"] not in self._settled and cue["start"] <= heard]
        for cue in sorted(due, key=lambda each: (each["start"], each["id"])):
            if self.cancelled:
                break
            self._settled.add(cue["id"])
            late = cue["kind"] == "gesture" and cue["at"] < heard - 0.15
            over = cue["released"] is not None and cue["released"] <= heard
            (left if late or over else begun).append(cue)
        self.held += [cue for cue in begun if cue.get("native") and (cue["kind"] != "gesture" or not cue["duration"])]
        ended, self._ending = self._ending, []
        for release in [each for each in self._releases if each["at"] is None or each["at"] <= heard]:
            self._releases.remove(release)
            out = [
                cue
                for cue in self.held
                if (cue["id"] == release["cue"] if release["cue"] is not None else cue["name"] == release["action"])
            ]
            ended += out
            self.held = [cue for cue in self.held if cue not in out]
        return begun, left, ended


__all__ = [
    "BinaryError",
    "ClockSync",
    "CueKeeper",
    "MotionFrame",
    "MotionSampler",
    "MouthSampler",
    "Sound",
    "SoundRing",
    "read_motion",
    "read_sound",
]
