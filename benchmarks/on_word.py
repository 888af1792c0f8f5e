"""Whether strokes fall on their words and the mouth on its sounds, as the simulator recorded them, with Piper."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.settings import MotionSettings, Settings, SoundSettings

SCRIPT = (
    "Please remember, we have to [nod]begin before the others come, and it may be a [tilt]problem for them. "
    "My [bow]brother put the paper bag upon the table, while Bob [nod]mopped up the purple paint. "
    "The [shake]members of the big museum [tilt]bought a pump for about a million pounds. "
    "Mother [nod]baked a plum pie, and Peter [shake]picked pepper by the lamp, so the [bow]bamboo stopped. "
    "Maybe it [tilt]became possible because many people [nod]hoped and helped, in spite of a bumpy map. "
)
STROKES = {
    "nod": ("FaceAngleY", "head_pitch"),
    "bow": ("FaceAngleY", "head_pitch"),
    "tilt": ("FaceAngleZ", "head_roll"),
    "shake": ("FaceAngleX", "head_yaw"),
}
"""Action to the parameter and the channel that carry its stroke."""
WINDOW = 0.25
Floats = NDArray[np.float64]


def measure(quick: bool) -> Iterable[Figure]:
    """Perform with a still body, so that only the gestures and the mouth move."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "frames.jsonl"
        timeline, origin, playhead = asyncio.run(_perform(SCRIPT if quick else SCRIPT * 3, record))
        rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    frames = [row for row in rows if row["kind"] == "frame"]
    at = np.array([row["t"] for row in frames]) - origin
    drift = float(np.percentile(np.abs(playhead), 99))
    yield Figure("playhead against the wall clock, p99", 1000 * drift, "ms", note="the error of the judge's own clock")
    errors = np.array(_stroke_errors(timeline, at, frames))
    yield Figure(
        f"stroke to word of {len(errors)} gestures, |error| p95",
        1000 * float(np.percentile(np.abs(errors), 95)),
        "ms",
        target="<= 17",
        reached=bool(np.percentile(np.abs(errors), 95) <= 0.017),
        note=f"median {1000 * float(np.median(errors)):+.1f} ms",
    )
    lags = np.array(_mouth_lags(timeline, at, frames))
    low, high = np.percentile(lags, [2.5, 97.5]) * 1000
    share = 100 * float(np.mean((lags >= -0.0401) & (lags <= 0.0201)))
    yield Figure(
        f"mouth from 40 ms early to 20 ms late, of {len(lags)} stretches of 0.8 s",
        share,
        "%",
        target=">= 95",
        reached=share >= 95,
        note=f"median {1000 * float(np.median(lags)):+.1f} ms, the middle 95 % from {low:+.1f} to {high:+.1f} ms",
    )


async def _perform(script: str, record: Path) -> tuple[Timeline, float, list[float]]:
    """Return the timeline, the time of its first sample on `perf_counter`, and how far the playhead strayed from it."""
    async with stand_in(record=record) as simulator:
        settings = Settings(
            sound=SoundSettings(speaker="none"),
            motion=MotionSettings(liveliness=0.0, seed=3),
            drivers={"vts": simulator.driver()},
        )
        async with Bridge.from_settings(settings) as bridge:
            await bridge.ready()
            await bridge.stage.frames(60)
            starts: list[float] = []
            speaking = asyncio.create_task(bridge.perform(script))
            while not speaking.done():
                heard = bridge.stage.heard()
                if heard is not None and heard > 0:
                    starts.append(time.perf_counter() - heard)
                await bridge.stage.frames(1)
            outcome = await speaking
    whole = starts[: int(len(starts) * 0.98)]
    origin = float(np.median(whole))
    return outcome.timeline, origin, [start - origin for start in whole]


def _stroke_errors(timeline: Timeline, at: Floats, frames: list[dict[str, object]]) -> list[float]:
    """Return by how much each gesture is late: the shift at which the map's keyframes fit the recording best."""
    errors = []
    for cue in timeline.cues:
        parameter, channel = STROKES[cue.name]
        if cue.start < 0:
            continue
        keys = np.array(cue.action.keyframes[channel], float)
        around = np.abs(at - cue.at) <= WINDOW
        recorded = _values(frames, parameter)[around]
        best = (np.inf, 0.0)
        for pace in np.arange(0.85, 1.2, 0.02):
            for shift in np.arange(-0.06, 0.0601, 0.001):
                moment = (at[around] - cue.at - shift) / pace + cue.action.stroke
                best = min(best, (_misfit(recorded, _smoothstep(keys, moment)), float(shift)))
        errors.append(best[1])
    return errors


def _misfit(recorded: Floats, ideal: Floats) -> float:
    """Return what is left of a recording after the best gain and offset of the ideal."""
    basis = np.stack([ideal, np.ones_like(ideal)], axis=1)
    solution, *_ = np.linalg.lstsq(basis, recorded, rcond=None)
    return float(np.sum((basis @ solution - recorded) ** 2))


def _smoothstep(keys: Floats, moment: Floats) -> Floats:
    """Return keyframes (rows of time and value) at moments, with smoothstep between keys."""
    index = np.clip(np.searchsorted(keys[:, 0], moment, "right") - 1, 0, len(keys) - 2)
    first, last = keys[index], keys[index + 1]
    part = np.clip((moment - first[:, 0]) / (last[:, 0] - first[:, 0]), 0.0, 1.0)
    value: Floats = first[:, 1] + (last[:, 1] - first[:, 1]) * part**2 * (3 - 2 * part)
    return value


def _mouth_lags(timeline: Timeline, at: Floats, frames: list[dict[str, object]]) -> list[float]:
    """Return how late the mouth is in each stretch of 0.8 s of speech: the shift of the greatest correlation."""
    step = 0.002
    grid = np.arange(0.0, timeline.duration, step)
    sounds = np.zeros(len(grid))
    for sound in timeline.phonemes:
        sounds[int(sound.at / step) : int((sound.at + sound.duration) / step)] = _openness(sound.symbol)
    kernel = np.bartlett(round(0.06 / step) | 1)
    sounds = np.convolve(sounds, kernel / kernel.sum(), "same")
    mouth = np.interp(grid, at, _values(frames, "MouthOpen"))
    width, most = round(0.8 / step), round(0.12 / step)
    lags = []
    for start in range(most, len(grid) - width - most, width // 2):
        ideal = sounds[start : start + width]
        if ideal.std() < 0.15:
            continue
        scores = [
            np.corrcoef(ideal, mouth[start + shift : start + shift + width])[0, 1] for shift in range(-most, most + 1)
        ]
        best = int(np.argmax(scores))
        if scores[best] > 0.7:
            lags.append((best - most) * step)
    return lags


def _openness(symbol: str) -> float:
    """Return how open the mouth is on a sound, by the table of the facts that the project starts from."""
    sound = symbol.strip("\u02c8\u02cc\u02d0 ")
    if not sound or sound[0] in "pbm":
        return 0.0
    table = {"a": 1.0, "\u0251": 1.0, "\u00e6": 1.0, "\u0250": 0.8, "\u028c": 0.8, "o": 0.7, "\u0254": 0.7, "e": 0.65}
    table |= {
        "\u025b": 0.65,
        "\u025c": 0.5,
        "\u0259": 0.5,
        "\u025a": 0.5,
        "i": 0.4,
        "\u026a": 0.4,
        "\u1d7b": 0.4,
        "u": 0.35,
    }
    table |= {"\u028a": 0.35, "w": 0.25, "f": 0.12, "v": 0.12}
    return table.get(sound[0], 0.35)


def _values(frames: list[dict[str, object]], name: str) -> Floats:
    rows = [row["values"] for row in frames]
    return np.array([row.get(name, 0.0) if isinstance(row, dict) else 0.0 for row in rows], float)
