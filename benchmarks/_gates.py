"""The gates of a lively motion: what curves sampled at 60 Hz must show, whoever made them.

Each gate takes curves and returns a value with the range it should lie in. Estimators follow published practice and
are set so that they give the published values for known curves: the power centroid over 10 s windows is 0.19 Hz for
a random-target head that waits 0.5 to 2 s, the slope of two sines lies at -8 to -9, their autocorrelation at 0.95.
Nothing here knows how the curves were made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "Gate", "Take", "autocorrelation", "blinks", "centroid", "gates", "slope"]

RATE = 60
"""Frames a second of every curve."""

Curve = NDArray[np.float64]

_AXES = ("yaw", "pitch", "roll")
_DEGREES = 1.0 / 0.03
"""Degrees of gaze at 1 of the gaze channels: one degree is about 0.03."""
_SACCADE = 30.0
"""Degrees a second above which the gaze is moving, the usual threshold of eye tracking."""
_ON_VIEWER = 4.5
"""Degrees within which the gaze is on the viewer's face."""
_TURN = 10.0
"""Units of a head turn that a blink may go with, made within 0.6 s."""
_TOGETHER = 0.3
"""Seconds within which a blink belongs to a gaze shift, a head turn or the end of a phrase."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's value and the range it must lie in."""

    number: int
    name: str
    value: float
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    chance: float | None = None
    """What the same curves give by chance, where that is worth knowing."""

    @property
    def passed(self) -> bool:
        """True where the value lies in the range."""
        return self.low <= self.value <= self.high

    @property
    def excess(self) -> float:
        """How far the value lies beyond the middle of its range, in half ranges; above 1 it fails."""
        if math.isinf(self.low):
            return self.value / self.high if self.high > 0 else 1.0 + self.value - self.high
        if math.isinf(self.high):
            return self.low / self.value if self.value > 0 else math.inf
        return abs(self.value - 0.5 * (self.low + self.high)) / (0.5 * (self.high - self.low))

    @property
    def target(self) -> str:
        """The range in words."""
        if math.isinf(self.low):
            return f"<= {self.high:g}"
        return f">= {self.low:g}" if math.isinf(self.high) else f"{self.low:g}..{self.high:g}"


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Some minutes of one state."""

    state: str
    curves: Mapping[str, Curve]
    """Channels of the neutral rig, one value a frame."""
    phrase_ends: Sequence[float] = ()
    accents: Sequence[float] = ()
    """Seconds of the centres of stressed vowels."""
    unmarked_pitch: Curve | None = None
    """Head pitch of the same performance without accents: the difference shows the beats alone."""
    idle: Mapping[str, Curve] = field(default_factory=dict)
    """The idle take of the same character, to compare speech with."""

    def head(self) -> Curve:
        """Return the head's three axes, shape (3, n)."""
        return np.stack([self.curves[f"head_{axis}"] for axis in _AXES])


def _windows(curve: Curve, seconds: float) -> tuple[Curve, Curve]:
    size = min(int(seconds * RATE), len(curve))
    shape = np.hanning(size)
    power: Curve = np.zeros(size // 2 + 1)
    for start in range(0, len(curve) - size + 1, size // 2):
        piece = curve[start : start + size]
        power = power + np.abs(np.fft.rfft((piece - piece.mean()) * shape)) ** 2
    frequency: Curve = np.arange(len(power)) * RATE / size
    return frequency, power


def slope(curve: Curve) -> float:
    """Return the log-log slope of the power spectrum from 0.1 to 3 Hz."""
    frequency, power = _windows(curve, 20.0)
    band = (frequency >= 0.1) & (frequency <= 3.0)
    return float(np.polyfit(np.log10(frequency[band]), np.log10(power[band] + 1e-12), 1)[0])


def centroid(curve: Curve) -> float:
    """Return the mean frequency of the power spectrum in Hz, over windows of 10 s."""
    frequency, power = _windows(curve, 10.0)
    return float((frequency * power).sum() / (power.sum() + 1e-12))


def autocorrelation(curve: Curve) -> float:
    """Return the highest normalised autocorrelation beyond its first zero, lags 1 to 30 s."""
    centred = curve - curve.mean()
    count = len(centred)
    spectrum = np.fft.rfft(centred, 2 * count)
    raw = np.fft.irfft(spectrum * spectrum.conj())[:count]
    normal = raw / (raw[0] + 1e-12) * count / np.arange(count, 0, -1)
    zero = int(np.argmax(normal < 0.0)) if bool((normal < 0.0).any()) else count
    begin, end = max(zero, RATE), min(30 * RATE, count // 2)
    return float(normal[begin:end].max()) if begin < end else 1.0


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(frozen=True, slots=True)
class _Blink:
    onset: float
    close: float
    open: float
    total: float
    peak: float


def _crossing(curve: Curve, before: int, level: float) -> float:
    low, high = float(curve[before]), float(curve[before + 1])
    return before + (level - low) / (high - low) if high != low else float(before)


def blinks(lid: Curve) -> list[_Blink]:
    """Return every excursion of a lid: seconds of its onset, of closing and opening between 5 and 95 % of its peak."""
    found = []
    for start, end in _runs(lid > 0.02):
        if start == 0 or end >= len(lid):
            continue
        peak = float(lid[start:end].max())
        if peak < 0.3:
            continue
        above = [start + index for index in range(end - start) if lid[start + index] >= 0.95 * peak]
        shut = _crossing(lid, above[0] - 1, 0.95 * peak)
        lift = _crossing(lid, above[-1], 0.95 * peak)
        rise = next(index for index in range(start - 1, end) if lid[index + 1] > 0.05 * peak)
        fall = next(index for index in range(end, start, -1) if lid[index - 1] > 0.05 * peak)
        begin, finish = _crossing(lid, rise, 0.05 * peak), _crossing(lid, fall - 1, 0.05 * peak)
        found.append(_Blink(begin / RATE, (shut - begin) / RATE, (finish - lift) / RATE, (finish - begin) / RATE, peak))
    return found


def _kolmogorov(values: Curve) -> float:
    """Return the p-value of a Kolmogorov-Smirnov test of log-normality, mean and spread fitted."""
    logs = np.sort(np.log(values))
    normal = (logs - logs.mean()) / logs.std()
    expected = np.array([0.5 * (1.0 + math.erf(value / math.sqrt(2.0))) for value in normal])
    count = len(logs)
    steps = np.arange(1, count + 1) / count
    distance = float(max((steps - expected).max(), (expected - steps + 1.0 / count).max()))
    reach = (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count)) * distance
    terms = [math.exp(-2.0 * k * k * reach * reach) * (1.0 if k % 2 else -1.0) for k in range(1, 101)]
    return min(max(2.0 * sum(terms), 0.0), 1.0)


def _gaze(take: Take) -> Curve:
    """Return where the gaze goes in the room, degrees, shape (2, n)."""
    x = _DEGREES * take.curves["gaze_x"] + take.curves["head_yaw"]
    y = _DEGREES * take.curves["gaze_y"] + take.curves["head_pitch"]
    return np.stack([x, y])


def _saccades(take: Take) -> list[tuple[int, int, float]]:
    """Return first frame, frame after the last and degrees of every saccade."""
    gaze = _gaze(take)
    speed = np.hypot(*np.diff(gaze, axis=1)) * RATE
    return [(start, end, float(np.hypot(*(gaze[:, end] - gaze[:, start])))) for start, end in _runs(speed > _SACCADE)]


def _wander_gates(take: Take) -> Iterator[Gate]:
    for axis in _AXES:
        curve = take.curves[f"head_{axis}"]
        yield Gate(1, f"autocorrelation of head {axis}", autocorrelation(curve), high=0.35)
        yield Gate(2, f"spectral slope of head {axis}", slope(curve), -5.5, -2.5)


def _speed_gates(take: Take) -> Iterator[Gate]:
    head = take.head()
    speed = np.abs(np.diff(head, axis=1)) * RATE
    push = np.abs(np.diff(head, n=2, axis=1)) * RATE**2
    yield Gate(3, "head speed p99", float(np.percentile(speed, 99)), high=150, unit="units/s")
    yield Gate(3, "head speed max", float(speed.max()), high=250, unit="units/s")
    yield Gate(3, "head acceleration p99", float(np.percentile(push, 99)), high=2500, unit="units/s2")
    yield Gate(3, "head step max", float(speed.max()) / RATE, high=4, unit="units")
    body = max(float(np.abs(np.diff(take.curves[f"body_{axis}"])).max()) for axis in _AXES)
    yield Gate(3, "body step max", body, high=1.5, unit="units")
    face = max(float(np.abs(np.diff(take.curves[name])).max()) for name in ("brow_left", "brow_right", "mouth_smile"))
    yield Gate(3, "brow and smile step max", face, high=0.2)


def _size_gates(take: Take) -> Iterator[Gate]:
    ranges = {"yaw": (2.0, 5.0), "pitch": (1.0, 3.0), "roll": (1.5, 4.0)}
    for axis in _AXES:
        curve = take.curves[f"head_{axis}"]
        if take.state == "idle":
            yield Gate(4, f"rms of head {axis}", float(curve.std()), *ranges[axis], unit="units")
            yield Gate(4, f"centroid of head {axis}", centroid(curve), 0.15, 0.35, unit="Hz")
        if take.state == "speaking":
            if take.idle:
                ratio = float(curve.std() / (take.idle[f"head_{axis}"].std() + 1e-9))
                yield Gate(4, f"rms of head {axis} against idle", ratio, 1.3, 2.5, unit="x")
            yield Gate(4, f"centroid of head {axis}", centroid(curve), 0.3, 0.9, unit="Hz")


def _frozen_gates(take: Take) -> Iterator[Gate]:
    pieces = np.lib.stride_tricks.sliding_window_view(take.head(), 2 * RATE, axis=1)[:, ::6]
    still = float((pieces.max(axis=2) - pieces.min(axis=2)).max(axis=0).min())
    yield Gate(5, "least head travel in 2 s", still, low=0.15, unit="units")
    seconds = len(take.curves["head_yaw"]) / RATE
    events = [blink.onset for blink in blinks(take.curves["blink_left"])]
    events += [start / RATE for start, _, _ in _saccades(take)]
    gaps = np.diff(np.array([0.0, *sorted(events), seconds]))
    yield Gate(5, "longest time without blink or saccade", float(gaps.max()), high=6, unit="s")


_BLINK_RATES = {"idle": (8.0, 21.0), "speaking": (10.5, 32.5), "listening": (10.5, 32.5), "thinking": (10.5, 32.5)}
"""Blinks a minute of 95 % of people, silent and in talk."""


def _blink_gates(take: Take) -> Iterator[Gate]:
    found = blinks(take.curves["blink_left"])
    minutes = len(take.curves["blink_left"]) / RATE / 60.0
    singles = [blink for index, blink in enumerate(found) if index == 0 or blink.onset - found[index - 1].onset > 0.75]
    yield Gate(6, "blinks a minute", len(found) / minutes, *_BLINK_RATES[take.state])
    if len(singles) < 5:
        yield Gate(6, "blinks to judge", len(singles), low=5)
        return
    onsets = [blink.onset for blink in singles]
    gaps = np.diff(np.array(onsets))
    yield Gate(6, "variation of blink intervals", float(gaps.std() / gaps.mean()), 0.5, 1.0)
    yield Gate(6, "log-normality of blink intervals, p", _kolmogorov(gaps), low=0.05)
    yield Gate(6, "double blinks", 100.0 * (len(found) - len(singles)) / len(singles), 8, 20, unit="%")
    yield Gate(6, "shortest blink", min(blink.total for blink in found), 0.2, 0.45, unit="s")
    yield Gate(6, "longest blink", max(blink.total for blink in found), 0.2, 0.45, unit="s")
    ratio = float(np.median([blink.open / blink.close for blink in found]))
    yield Gate(6, "opening against closing time", ratio, 1.3, 2.2, unit="x")
    joined, chance = _together(take, onsets), _together(take, [(onset + 7.0) % (60.0 * minutes) for onset in onsets])
    yield Gate(7, "blinks with a shift, turn or phrase end", joined, low=40, unit="%", chance=chance)


def _together(take: Take, onsets: Sequence[float]) -> float:
    shifts = [0.5 * (start + end) / RATE for start, end, degrees in _saccades(take) if degrees > 4.0]
    head = take.head()
    reach = int(0.6 * RATE)
    turned = (np.abs(head[:, reach:] - head[:, :-reach]) > _TURN).any(axis=0)
    turns = (np.flatnonzero(turned) + reach / 2) / RATE
    events = np.sort(np.concatenate([np.array(shifts), turns, np.array(take.phrase_ends, dtype=np.float64)]))
    if len(events) == 0:
        return 0.0
    near = [float(np.abs(events - onset).min()) <= _TOGETHER for onset in onsets]
    return 100.0 * float(np.mean(near))


_ON_VIEWER_SHARES = {"speaking": (45.0, 70.0), "listening": (70.0, 90.0), "thinking": (0.0, 35.0)}


def _gaze_gates(take: Take) -> Iterator[Gate]:
    if take.state in _ON_VIEWER_SHARES:
        share = 100.0 * float((np.hypot(*_gaze(take)) < _ON_VIEWER).mean())
        yield Gate(8, "gaze on the viewer", share, *_ON_VIEWER_SHARES[take.state], unit="%")
    found = _saccades(take)
    if len(found) < 2:
        yield Gate(8, "saccades to judge", len(found), low=2)
        return
    yield Gate(8, "longest saccade", max(end - start for start, end, _ in found), high=5, unit="frames")
    holds = [after[0] - before[1] for before, after in pairwise(found)]
    yield Gate(8, "shortest hold", 1000.0 * min(holds) / RATE, low=200, unit="ms")


def _accent_gates(take: Take) -> Iterator[Gate]:
    if take.unmarked_pitch is None or not take.accents:
        return
    beats = take.curves["head_pitch"] - take.unmarked_pitch
    low = np.flatnonzero((beats[1:-1] < beats[:-2]) & (beats[1:-1] <= beats[2:]) & (beats[1:-1] < -1.2)) + 1
    apexes = low / RATE
    accents = np.array(take.accents)
    offsets = np.array([apex - accents[np.abs(accents - (apex - 0.04)).argmin()] for apex in apexes])
    share = 100.0 * len(apexes) / len(accents)
    yield Gate(9, "accents marked by a beat", share, 25, 45, unit="%")
    if len(offsets):
        yield Gate(9, "beat apex after its vowel, median", 1000.0 * float(np.median(offsets)), 0, 120, unit="ms")
        late = 1000.0 * float(np.percentile(np.abs(offsets), 90))
        yield Gate(9, "beat apex from its vowel, p90", late, high=250, unit="ms")


def _trunk_gates(take: Take) -> Iterator[Gate]:
    for axis in _AXES:
        head = np.diff(take.curves[f"head_{axis}"])
        body = np.diff(take.curves[f"body_{axis}"])
        head, body = head - head.mean(), body - body.mean()
        scale = float(np.sqrt((head**2).sum() * (body**2).sum())) + 1e-12
        lags = range(-RATE // 2, RATE // 2 + 1)
        match = [
            float((head[max(0, -lag) : len(head) - max(0, lag)] * body[max(0, lag) : len(body) - max(0, -lag)]).sum())
            / scale
            for lag in lags
        ]
        best = int(np.argmax(match))
        yield Gate(10, f"body {axis} after head", 1000.0 * lags[best] / RATE, 50, 150, unit="ms")
        yield Gate(10, f"correlation of body {axis} with head", match[best], 0.4, 0.9)


def _limit_gates(take: Take) -> Iterator[Gate]:
    yaw, pitch = take.curves["head_yaw"], take.curves["head_pitch"]
    yield Gate(
        12,
        "time beyond yaw 24 or pitch 20",
        100.0 * float(((abs(yaw) > 24) | (abs(pitch) > 20)).mean()),
        high=1,
        unit="%",
    )
    left, right = take.curves["blink_left"], take.curves["blink_right"]
    moving = (left > 0.02) | (right > 0.02)
    same = 100.0 * float((np.abs(left - right)[moving] < 1e-3).mean()) if moving.any() else 100.0
    yield Gate(13, "blink frames with both lids alike", same, high=95, unit="%")


def gates(take: Take) -> list[Gate]:
    """Return every gate that concerns the take's state."""
    families = (
        _wander_gates,
        _speed_gates,
        _size_gates,
        _frozen_gates,
        _blink_gates,
        _gaze_gates,
        _accent_gates,
        _trunk_gates,
        _limit_gates,
    )
    return [gate for family in families for gate in family(take)]
