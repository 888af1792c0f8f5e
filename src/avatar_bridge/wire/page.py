"""What the bridge tells pages, as text: one function a message of the event socket (docs/events.md).

Every `now` and `at` on the bridge's clock is in monotonic seconds; times of an utterance are seconds from its first
audio sample. Values that are not finite raise ValueError: JSON has no word for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np

from avatar_bridge.core.motion.rig import RESTING_POSE
from avatar_bridge.core.timeline.timeline import PlacedCue, PlacedSegment
from avatar_bridge.core.vocabulary import MouthCurve, Phoneme, Samples, Word
from avatar_bridge.wire.captions import Caption
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER
from avatar_bridge.wire.telling import captions_told, cue_told, message, mouth_told, rounded, weights, words_told

__all__ = [
    "PROTOCOL",
    "act",
    "captions",
    "clock",
    "closed",
    "cues",
    "ended",
    "fired",
    "latency",
    "message",
    "note",
    "pong",
    "release",
    "reset",
    "segment",
    "sound_end",
    "state",
    "stop",
    "turn",
    "utterance",
    "welcome",
]

PROTOCOL: Final = 1
"""Version of the event socket."""

PEAKS: Final = 50
"""Values a second of a segment's waveform."""


def welcome(
    *,
    page: int,
    now: float,
    version: str,
    avatar: Mapping[str, Any],
    speaker: str = "",
    clips: Mapping[str, str] | None = None,
) -> str:
    """Return the answer to a page's hello: its number, what frames hold, what is to be shown under which name."""
    return message(
        "welcome",
        protocol=PROTOCOL,
        version=version,
        id=page,
        now=now,
        channels=CHANNEL_ORDER,
        bones=BONE_ORDER,
        resting_pose=dict(RESTING_POSE),
        avatar=dict(avatar),
        speaker=speaker,
        clips=dict(clips or {}),
    )


def pong(sent: float, now: float) -> str:
    """Return the answer to a ping."""
    return message("pong", sent=sent, now=now)


def utterance(number: int) -> str:
    """Return the beginning of an utterance: everything of an older one is over."""
    return message("utterance", utterance=number)


def segment(
    number: int,
    placed: PlacedSegment,
    *,
    words: Iterable[Word],
    phonemes: Iterable[Phoneme],
    mouth: MouthCurve | None,
    samples: Samples,
    rate: int,
    corrected: bool = False,
) -> str:
    """Return a segment with its words, sounds, mouth and waveform; word and phoneme times are of the utterance.

    `corrected`: it was told before, and its words, sounds and mouth stand at better times now.
    """
    return message(
        "corrected" if corrected else "segment",
        utterance=number,
        index=placed.index,
        text=placed.text,
        at=rounded(placed.at),
        duration=rounded(placed.duration),
        silence=rounded(placed.silence),
        words=words_told(words),
        phonemes=[
            {"symbol": phoneme.symbol, "at": rounded(phoneme.at), "duration": rounded(phoneme.duration)}
            for phoneme in phonemes
        ],
        mouth=mouth_told(mouth, placed.at),
        waveform={"rate": PEAKS, "peaks": weights(_peaks(samples, rate))},
    )


def cues(number: int, placed: Sequence[PlacedCue]) -> str:
    """Return every cue that has its place so far; replaces what was told before."""
    return message(
        "cues",
        utterance=number,
        cues=[cue_told(cue) for cue in placed],
    )


def captions(number: int, first: int, shown: Sequence[Caption]) -> str:
    """Return the captions from index `first` on; replaces what was told of those."""
    return message("captions", utterance=number, **{"from": first}, captions=captions_told(shown))


def clock(number: int, *, now: float, heard: float, running: bool) -> str:
    """Return where the utterance is: `heard` seconds were heard at `now`; not `running` means that it stands still."""
    return message("clock", utterance=number, now=rounded(now, 6), heard=rounded(heard, 6), running=running)


def closed(number: int, duration: float) -> str:
    """Return that no segment follows."""
    return message("closed", utterance=number, duration=rounded(duration))


def ended(number: int, *, heard: float, complete: bool, shown: str) -> str:
    """Return that the utterance is over; not `complete`: silence and a closed mouth at once."""
    return message("ended", utterance=number, heard=rounded(heard), complete=complete, shown=shown)


def act(action: str, url: str, *, at: float, strength: float = 1.0, duration: float | None = None) -> str:
    """Return that a page plays the clip at `url` from `at` on (bridge's clock)."""
    return message("act", action=action, url=url, at=rounded(at, 6), strength=strength, duration=duration)


def release(action: str, *, at: float) -> str:
    """Return that a page lets the clip of `action` end at `at` (bridge's clock)."""
    return message("release", action=action, at=rounded(at, 6))


def reset() -> str:
    """Return that a page lets every clip end now."""
    return message("reset")


def turn(*, has: bool) -> str:
    """Return to one page that it plays the sound from now on, or that it plays it no more."""
    return message("turn", has=has)


def stop(number: int) -> str:
    """Return to the page with the sound that it is to be silent at once."""
    return message("stop", utterance=number)


def sound_end(number: int, samples: int) -> str:
    """Return that no sound follows the first `samples` of the utterance."""
    return message("sound_end", utterance=number, samples=samples)


def state(body: Mapping[str, Any]) -> str:
    """Return the bridge's state as GET /v1/state has it."""
    return message("state", **{key: value for key, value in body.items() if key != "type"})


def fired(number: int, *, driver: str, action: str, written: str, due: float, late_ms: float, native: bool) -> str:
    """Return that an action was started at a target."""
    return message(
        "fired",
        utterance=number,
        driver=driver,
        action=action,
        written=written,
        due=rounded(due),
        late_ms=rounded(late_ms, 2),
        native=native,
    )


def note(text: str, *, suggestion: str | None = None, level: Literal["info", "warning"] = "warning") -> str:
    """Return something that the user should know, in plain words."""
    return message("note", message=text, suggestion=suggestion, level=level)


def latency(number: int, parts_ms: Mapping[str, float]) -> str:
    """Return how long an utterance took to sound, in parts, in milliseconds."""
    return message("latency", utterance=number, **{name: rounded(value, 2) for name, value in parts_ms.items()})


def _peaks(samples: Samples, rate: int) -> np.ndarray:
    """Return the greatest magnitude in each 1/`PEAKS` s."""
    count = -(-len(samples) * PEAKS // rate)
    if not count:
        return np.zeros(0, np.float32)
    starts = np.arange(count) * rate // PEAKS
    return np.maximum.reduceat(np.abs(samples), starts)
