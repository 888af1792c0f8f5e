"""Life against the gates of a lively motion: ten minutes of each state, the worst of three seeds."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.vocabulary import State, Stimulus

__all__ = ["measure", "perform"]

_STATES: tuple[State, ...] = ("idle", "speaking", "listening", "thinking")
_AHEAD = 0.8
"""Seconds that a timeline knows its accents before they are heard."""
_ANY_STATE = frozenset({3, 5, 8, 12, 13})
"""Gates that hold whatever the states, changes between them included."""
Curves = Mapping[str, NDArray[np.float64]]


def _load_gates() -> ModuleType:
    path = Path(__file__).with_name("_gates.py")
    spec = importlib.util.spec_from_file_location("avatar_bridge_benchmark_gates", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_gates = _load_gates()


def speech(seed: int, seconds: float) -> list[Stimulus]:
    """Return the stimuli of a long turn: phrases of 2 to 4 s, accents every 0.4 to 0.6 s, gaps, topics now and then."""
    random = Random(f"speech/{seed}")
    at = 0.6
    stimuli = [Stimulus("turn_start", at)]
    while at < seconds:
        end = at + random.uniform(2.0, 4.0)
        accent = at + random.uniform(0.15, 0.4)
        while accent < end - 0.1:
            stimuli.append(Stimulus("accent", accent, random.uniform(0.6, 1.0)))
            accent += random.uniform(0.4, 0.6)
        stimuli.append(Stimulus("phrase_end", end))
        at = end + random.uniform(0.25, 0.8)
        if random.random() < 0.15:
            stimuli.append(Stimulus("topic", at))
    return stimuli


def pauses(seed: int, seconds: float) -> list[Stimulus]:
    """Return the pauses of someone who talks in bursts of 1.5 to 4 s."""
    random = Random(f"pauses/{seed}")
    at = 0.0
    stimuli = []
    while at < seconds:
        at += random.uniform(1.5, 4.0)
        stimuli.append(Stimulus("speaker_pause", at))
        at += random.uniform(0.3, 1.0)
    return stimuli


def perform(life: Life, state: State, stimuli: list[Stimulus], seconds: float) -> dict[str, NDArray[np.float64]]:
    """Return the channels of `seconds` of one state at 60 Hz, from two seconds after its start on."""
    life.enter(state, -2.0)
    waiting = sorted(stimuli, key=lambda stimulus: stimulus.at)
    frames = []
    for index in range(-2 * _gates.RATE, int(seconds * _gates.RATE)):
        now = index / _gates.RATE
        while waiting and waiting[0].at - (0.0 if waiting[0].kind == "speaker_pause" else _AHEAD) <= now:
            life.notice(waiting.pop(0))
        values = life.advance(now)
        if index >= 0:
            frames.append(values)
    return {name: np.array([frame[name] for frame in frames]) for name in frames[0]}


def take(seed: int, state: State, seconds: float, idle: Curves | None = None) -> Any:
    """Return a take of one state for the gates."""
    stimuli = speech(seed, seconds) if state == "speaking" else []
    if state == "listening":
        stimuli = pauses(seed, seconds)
    curves = perform(Life(seed=seed), state, stimuli, seconds)
    unmarked = None
    if state == "speaking":
        others = [stimulus for stimulus in stimuli if stimulus.kind != "accent"]
        unmarked = perform(Life(seed=seed), state, others, seconds)["head_pitch"]
    return _gates.Take(
        state,
        curves,
        phrase_ends=[each.at for each in stimuli if each.kind == "phrase_end"],
        accents=[each.at for each in stimuli if each.kind == "accent" and each.at < seconds],
        unmarked_pitch=unmarked,
        idle=idle or {},
    )


def converse(seed: int, seconds: float) -> Any:
    """Return a take of a conversation: listening, thinking, speaking and idling by turns, accents and all."""
    life = Life(seed=seed)
    random = Random(f"conversation/{seed}")
    at = 0.0
    while at < seconds:
        life.enter("listening", at)
        listened = at + random.uniform(3.0, 9.0)
        for pause in pauses(random.randrange(10**6), listened - at):
            life.notice(Stimulus(pause.kind, at + pause.at))
        life.enter("thinking", listened)
        spoken = listened + random.uniform(0.4, 3.0)
        life.enter("speaking", spoken)
        at = spoken + random.uniform(3.0, 12.0)
        for stimulus in speech(random.randrange(10**6), at - spoken - 0.6):
            life.notice(Stimulus(stimulus.kind, spoken - 0.6 + stimulus.at, stimulus.strength))
        life.notice(Stimulus("turn_end", at))
        life.enter("idle", at)
        at += random.uniform(0.5, 20.0)
    frames = [life.advance(index / _gates.RATE) for index in range(int(seconds * _gates.RATE))]
    return _gates.Take("idle", {name: np.array([frame[name] for frame in frames]) for name in frames[0]})


def _two_sines(seconds: float) -> Any:
    """The idle motion of a common runtime: two sines an axis, a body that follows exactly, a blink every 5 s."""
    now = np.arange(int(seconds * _gates.RATE)) / _gates.RATE

    def wave(peak: float, period: float) -> NDArray[np.float64]:
        return cast("NDArray[np.float64]", 0.5 * peak * np.sin(2 * np.pi * now / period))

    yaw = wave(15, 6.5345) + wave(8, 3.5345)
    pitch = wave(8, 3.5345) + wave(4, 6.5345)
    roll = wave(10, 5.5345) + wave(5, 3.5345)
    phase = now % 5.0
    lid = np.clip(np.minimum(phase / 0.06, (0.12 - phase) / 0.06), 0.0, 1.0)
    return _still("idle", yaw, pitch, roll, lid)


def _jitter(seconds: float) -> Any:
    """White noise on every head axis."""
    random = np.random.default_rng(7)
    axes = random.normal(size=(3, int(seconds * _gates.RATE)))
    return _still("idle", axes[0], axes[1], axes[2], np.zeros(axes.shape[1]))


def _still(
    state: State,
    yaw: NDArray[np.float64],
    pitch: NDArray[np.float64],
    roll: NDArray[np.float64],
    lid: NDArray[np.float64],
) -> Any:
    zero = np.zeros(len(yaw))
    curves = {"head_yaw": yaw, "head_pitch": pitch, "head_roll": roll, "blink_left": lid, "blink_right": lid}
    curves |= {"body_yaw": 0.33 * yaw, "body_pitch": 0.33 * pitch, "body_roll": 0.33 * roll}
    curves |= dict.fromkeys(("gaze_x", "gaze_y", "brow_left", "brow_right", "mouth_smile"), zero)
    return _gates.Take(state, curves)


def _cost(seconds: float) -> float:
    life = Life(seed=5)
    life.enter("speaking", 0.0)
    for stimulus in speech(5, seconds):
        life.notice(stimulus)
    count = int(seconds * _gates.RATE)
    begin = time.perf_counter()
    for index in range(count):
        life.advance(index / _gates.RATE)
    return 1e6 * (time.perf_counter() - begin) / count


def _conversation(seeds: tuple[int, ...], seconds: float) -> Iterator[Figure]:
    results: dict[str, list[Any]] = {}
    for seed in seeds:
        for gate in _gates.gates(converse(seed, seconds)):
            if gate.number in _ANY_STATE:
                results.setdefault(gate.name, []).append(gate)
    for name, found in results.items():
        worst = max(found, key=lambda gate: gate.excess)
        yield Figure(f"gate {worst.number} conversation: {name}", worst.value, worst.unit, worst.target, worst.passed)


def measure(quick: bool) -> Iterator[Figure]:
    """Yield every gate in every state, the worst of the seeds, and what a frame costs."""
    seconds, seeds = (180.0, (1,)) if quick else (600.0, (1, 2, 3))
    sines, jitter = _gates.gates(_two_sines(seconds)), _gates.gates(_jitter(seconds))
    references = {gate.name: gate.value for gate in sines}
    failed = [gate for gate in sines if not gate.passed]
    noisy = [gate for gate in jitter if not gate.passed]
    takes = {seed: {"idle": take(seed, "idle", seconds)} for seed in seeds}
    for state in _STATES:
        results: dict[str, list[Any]] = {}
        for seed in seeds:
            shot = takes[seed]["idle"] if state == "idle" else take(seed, state, seconds, takes[seed]["idle"].curves)
            for gate in _gates.gates(shot):
                results.setdefault(gate.name, []).append(gate)
        for name, found in results.items():
            worst = max(found, key=lambda gate: gate.excess)
            reference = references.get(name)
            yield Figure(
                f"gate {worst.number} {state}: {name}",
                worst.value,
                worst.unit,
                worst.target,
                worst.passed,
                reference,
                "" if reference is None else "two sines",
                "" if worst.chance is None else f"{worst.chance:.0f} by chance",
            )
    yield from _conversation(seeds, seconds)
    yield Figure("gates that two sines fail", len(failed), "gates", note=", ".join(g.name for g in failed))
    yield Figure("gates that white jitter fails", len(noisy), "gates", note=", ".join(g.name for g in noisy))
    cost = _cost(60.0)
    yield Figure("a frame of life while speaking", cost, "us", "<= 60", cost <= 60.0)
