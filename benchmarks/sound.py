"""The playhead against what a listener records, how fast a stop silences, and how fast the voices speak.

The listener is parec on a private PulseAudio null sink; its own delay (about 10 ms) is part of the playhead's offset.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.audio.local import LocalSpeaker
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import VoiceError
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.stage.worker import WorkerVoice

_RATE = 22050
_TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps. Nobody knows where it went after that."
_ENGINES = {
    "piper": "avatar_bridge.tts.piper:PiperEngine",
    "espeak": "avatar_bridge.tts.espeak:EspeakEngine",
    "tone": "avatar_bridge.tts.tone:ToneEngine",
}


def _null_sink() -> ModuleType:
    path = Path(__file__).with_name("_null_sink.py")
    spec = importlib.util.spec_from_file_location("null_sink", path)
    if spec is None or spec.loader is None:
        raise ImportError(path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _clicks(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return quiet with a burst every half second, and the bursts' positions in seconds."""
    sound = np.zeros(round(seconds * _RATE), np.float32)
    positions = np.arange(0.5, seconds - 0.1, 0.5)
    burst = 0.8 * np.sin(np.arange(_RATE // 50) * 2 * np.pi * 1000 / _RATE)
    for position in positions:
        at = round(position * _RATE)
        sound[at : at + len(burst)] = burst
    return sound, positions


async def _playhead(sink: Any, seconds: float) -> np.ndarray:
    """Return for each burst how many ms after the playhead reached it the listener had it."""
    speaker, clock = LocalSpeaker(), SystemClock()
    await speaker.open()
    sink.record()
    await clock.wait_until(clock.time() + 0.5)
    sound, positions = _clicks(seconds)
    speaker.begin()
    speaker.write(sound, _RATE)
    speaker.finish()
    looks = []
    while (heard := speaker.heard()) < seconds + 0.3:
        looks.append((time.perf_counter(), heard))
        await clock.wait_until(clock.time() + 0.004)
    await speaker.close()
    times, heard_at = np.array(looks).T
    recorded = np.abs(sink.recorded())
    loud = np.flatnonzero(recorded > 0.1)
    onsets = loud[np.flatnonzero(np.diff(loud, prepend=-10000) > 3200)]
    if len(onsets) != len(positions):
        raise ValueError(f"expected {len(positions)} bursts in the recording, found {len(onsets)}")
    reached = np.interp(positions, heard_at, times)
    return np.array([sink.arrival(int(onset)) for onset in onsets] - reached) * 1000


async def _stops(count: int) -> np.ndarray:
    """Return for each stop how many ms later the last sample that is not silence was handed to the device."""
    speaker, clock = LocalSpeaker(), SystemClock()
    await speaker.open()
    handed = [0.0]
    reel = speaker._reel  # noqa: SLF001
    pull = reel.pull

    def watched(frames: int, heard_at: float, now: float) -> np.ndarray:
        block = pull(frames, heard_at, now)
        if block.any():
            handed[0] = time.perf_counter()
        return block

    reel.pull = watched  # type: ignore[method-assign]
    rng = np.random.default_rng(1)
    late = []
    sound = np.full(_RATE * 2, 0.1, np.float32)
    for _ in range(count):
        speaker.begin()
        speaker.write(sound, _RATE)
        await clock.wait_until(clock.time() + 0.15 + rng.random() * 0.05)
        asked = time.perf_counter()
        speaker.stop()
        await clock.wait_until(clock.time() + 0.08)
        late.append(max(0.0, handed[0] - asked) * 1000)
    await speaker.close()
    return np.array(late)


async def _speak(spec: str) -> tuple[float, float, float]:
    """Return seconds to load, seconds to the first audio and the real-time factor, all through the worker."""
    voice = WorkerVoice(spec, {})
    start = time.perf_counter()
    await voice.open()
    loaded = time.perf_counter() - start
    # the first words of a fresh engine pay for its caches
    async for _ in voice.speak("Hi."):
        pass
    start, first, length = time.perf_counter(), 0.0, 0.0
    async for piece in voice.speak(_TEXT):
        first = first or time.perf_counter() - start
        length += _seconds(piece)
    factor = (time.perf_counter() - start) / length
    await voice.close()
    return loaded, first, factor


def _seconds(piece: SpokenSegment) -> float:
    return piece.duration


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the voices, and those of the sound card where there can be one."""
    for name, spec in _ENGINES.items():
        try:
            loaded, first, factor = asyncio.run(_speak(spec))
        except VoiceError as error:
            yield Figure(f"{name} voice", 0.0, "", note=str(error))
            continue
        yield Figure(f"{name}: load in the worker", loaded, "s")
        yield Figure(f"{name}: text to first audio", first, "s")
        yield Figure(f"{name}: real-time factor", factor, "x", "< 1", factor < 1.0)
    yield from _device(quick)


def _device(quick: bool) -> Iterator[Figure]:
    module = _null_sink()
    if reason := module.missing():
        yield Figure("local speaker", 0.0, "", note=reason)
        return
    with module.NullSink() as sink:
        offsets = asyncio.run(_playhead(sink, 5.0 if quick else 15.0))
        middle = float(np.median(offsets))
        yield Figure("playhead to listener, median", middle, "ms", note="the listener's own delay included")
        spread = float(np.percentile(np.abs(offsets - middle), 95))
        yield Figure("playhead to listener, |deviation from the median| p95", spread, "ms")
        late = asyncio.run(_stops(10 if quick else 60))
        for percent, target in ((50, ""), (99, "<= 10")):
            value = float(np.percentile(late, percent))
            reached = value <= 10 if target else None
            yield Figure(f"stop to the last sample leaving the process, p{percent}", value, "ms", target, reached)
