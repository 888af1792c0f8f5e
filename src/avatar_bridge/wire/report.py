"""`report.html`: one self-contained page that shows, explains and plays an utterance."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from avatar_bridge.core.motion.rig import FACE_CHANNELS
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Frame, Samples
from avatar_bridge.wire.timeline_json import document

__all__ = ["Delivery", "Target", "page"]

_WAVE_RATE = 250
_MOTION_RATE = 60


@dataclass(frozen=True, slots=True)
class Delivery:
    """An action as it was really handed to a target."""

    driver: str
    action: str
    due: float
    """Playhead seconds at which it was to start."""
    late_ms: float


@dataclass(frozen=True, slots=True)
class Target:
    """How a target was at the end."""

    name: str
    status: str
    latency_ms: float | None
    detail: str


def page(
    timeline: Timeline,
    *,
    template: str,
    wav: bytes,
    samples: Samples,
    rate: int,
    frames: Sequence[Frame],
    deliveries: Sequence[Delivery] = (),
    targets: Sequence[Target] = (),
) -> str:
    """Return the page: `template` with the timeline's data and the sound put in; text in it stays text.

    `frames` are 60 a second from the audio's start.
    """
    data = document(timeline).model_dump()
    for entry, cue in zip(data["cues"], timeline.cues, strict=True):
        entry |= {"meaning": cue.action.meaning, "kind": cue.action.kind}
    data["wave"] = _wave(samples, rate)
    data["motion"] = {"rate": _MOTION_RATE, "channels": _channels(frames)}
    data["deliveries"] = [asdict(delivery) for delivery in deliveries]
    data["targets"] = [asdict(target) for target in targets]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return template.replace("__AUDIO__", base64.b64encode(wav).decode("ascii")).replace("__DATA__", text)


def _wave(samples: Samples, rate: int) -> dict[str, Any]:
    """Return the lowest and highest sample of each 1/250 s, scaled so that the loudest is 127."""
    size = max(1, round(rate / _WAVE_RATE))
    whole = len(samples) // size * size
    blocks = samples[:whole].reshape(-1, size)
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    gain = 127.0 / peak if peak > 0 else 0.0
    return {
        "rate": rate / size,
        "low": [round(float(value)) for value in blocks.min(axis=1, initial=0.0) * gain],
        "high": [round(float(value)) for value in blocks.max(axis=1, initial=0.0) * gain],
    }


def _channels(frames: Sequence[Frame]) -> dict[str, list[float]]:
    """Return the channels that move, rounded to what can be seen."""
    moving: dict[str, list[float]] = {}
    for channel in FACE_CHANNELS:
        digits = 2 if channel.unit == "degrees" else 3
        values = [round(frame.values.get(channel.name, channel.rest), digits) for frame in frames]
        if any(value != channel.rest for value in values):
            moving[channel.name] = values
    return moving
