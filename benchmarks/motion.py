"""Every action of the packaged map through a real mixer at 60 Hz: the gates, the stroke's moment, what a frame costs.

Beside each figure stands a plain player in the same run: it starts the keys at the word and joins them by lines.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Mapping, Sequence

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.vocabulary import MouthShape, Stimulus
from avatar_bridge.registry import read_map

RATE = 60
HEAD = ("head_yaw", "head_pitch", "head_roll")
BODY = ("body_yaw", "body_pitch", "body_roll")
FACE = ("brow_left", "brow_right", "mouth_smile")
WORD = 2.0
Frames = list[Mapping[str, float]]


def mixed(action: Action, available: float, cue: int, rate: float = RATE) -> Frames:
    """Return the frames of one play that is asked for `available` seconds before its word at 2 s."""
    mixer = Mixer(seed=1)
    frames: Frames = []
    asked = math.ceil((WORD - available) * rate)
    for tick in range(math.ceil((WORD + action.length + 1.5) * rate)):
        if tick == asked:
            mixer.play(action, stroke_at=WORD, now=tick / rate, cue=cue)
        frames.append(mixer.advance(tick / rate, None).values)
    return frames


def plain(action: Action) -> Frames:
    """Return the frames of a player that starts at the word and draws lines from key to key."""
    frames: Frames = []
    for tick in range(math.ceil((WORD + action.length + 1.5) * RATE)):
        at = tick / RATE - WORD
        frames.append({channel: linear(keys, at) for channel, keys in action.keyframes.items()})
    return frames


def linear(keys: Sequence[tuple[float, float]], at: float) -> float:
    """Return the value of straight lines through the keys."""
    for (begin, first), (end, second) in itertools.pairwise(keys):
        if begin <= at < end:
            return first + (second - first) * (at - begin) / (end - begin)
    return 0.0


def changes(frames: Frames, channel: str) -> list[float]:
    """Return the signed steps from frame to frame."""
    return [later.get(channel, 0.0) - earlier.get(channel, 0.0) for earlier, later in itertools.pairwise(frames)]


def worst(plays: Sequence[Frames], channels: Sequence[str]) -> float:
    """Return the greatest step of any channel in any play."""
    return max(abs(step) for frames in plays for channel in channels for step in changes(frames, channel))


def acceleration(plays: Sequence[Frames]) -> float:
    """Return the 99th percentile of the head's acceleration over the frames in which it moves."""
    values = [
        abs(later - earlier) * RATE**2
        for frames in plays
        for channel in HEAD
        for earlier, later in itertools.pairwise(changes(frames, channel))
        if abs(later - earlier) > 1e-6
    ]
    return sorted(values)[int(0.99 * len(values))]


def stroke_errors(action: Action, plays: int) -> tuple[list[float], float]:
    """Return how late the lowest point of the head was in each play, in ms, and in the plain player."""
    errors = []
    for cue in range(plays):
        frames = mixed(action, (0.7 + 0.05 * cue) * action.stroke + 0.01, cue, 480)
        lowest = min(range(len(frames)), key=lambda tick: frames[tick]["head_pitch"])
        errors.append(1000 * (lowest / 480 - WORD))
    simple = plain(action)
    lowest = min(range(len(simple)), key=lambda tick: simple[tick]["head_pitch"])
    return errors, 1000 * (lowest / RATE - WORD)


def frame_cost(actions: Sequence[Action], frames: int) -> tuple[float, float]:
    """Return microseconds a frame with life, speech and an action every 1.5 s, and of copying as many channels."""
    mixer = Mixer(seed=1, life=Life(seed=1))
    mixer.enter("speaking", 0.0)
    spent = 0.0
    for tick in range(frames):
        now = tick / RATE
        if tick % 90 == 0:
            mixer.play(actions[tick // 90 % len(actions)], stroke_at=now + 0.6, now=now, cue=tick)
        if tick % 30 == 0:
            mixer.notice(Stimulus("accent", now + 0.2))
        begin = time.perf_counter()
        values = mixer.advance(now, MouthShape(0.5, 0.5)).values
        spent += time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(frames):
        dict(values)
    return 1e6 * spent / frames, 1e6 * (time.perf_counter() - begin) / frames


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the worst value of each gate over all actions, the stroke's error and the cost of a frame."""
    actions = list(read_map("any_vts_model").actions.values())
    moving = [action for action in actions if action.keyframes]
    cues = range(2 if quick else 8)
    on_time = [mixed(action, action.stroke + 0.2, cue) for action in moving for cue in cues]
    late = [mixed(action, share * action.stroke, 3) for action in moving for share in (0.8, 0.5, 0.2, 0.0)]
    simple = [plain(action) for action in moving]
    for name, plays in (("on time", on_time), ("too late", late)):
        yield gate(f"head speed, {name}", RATE * worst(plays, HEAD), "units/s", 150, RATE * worst(simple, HEAD))
        yield gate(f"head acceleration p99, {name}", acceleration(plays), "units/s2", 2500, acceleration(simple))
        yield gate(f"head step, {name}", worst(plays, HEAD), "units/frame", 4, worst(simple, HEAD))
        yield gate(f"body step, {name}", worst(plays, BODY), "units/frame", 1.5, worst(simple, BODY))
        yield gate(f"brow and smile step, {name}", worst(plays, FACE), "/frame", 0.2, worst(simple, FACE))
    nod = next(action for action in actions if action.name == "nod")
    errors, reference = stroke_errors(nod, 20 if quick else 60)
    worst_error = sorted(map(abs, errors))[int(0.95 * len(errors))]
    yield gate("stroke against word, |error| p95", worst_error, "ms", 17, reference)
    cost, copying = frame_cost(actions, 1500 if quick else 12000)
    yield Figure("a mixed frame, life included", cost, "us", "<= 150", cost <= 150, copying, "copying its channels")


def gate(name: str, value: float, unit: str, limit: float, reference: float) -> Figure:
    """Return a figure that must not pass its limit."""
    return Figure(name, value, unit, f"<= {limit:g}", value <= limit, reference, "keys by lines from the word on")
