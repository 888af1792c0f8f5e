"""What a timeline is made of: segments and cues with their place in time, and what was heard of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from avatar_bridge.core.motion.motion_map import Action
from avatar_bridge.core.speech.alignment import Alignment, align
from avatar_bridge.core.speech.lipsync import LipSync, best_lip_sync
from avatar_bridge.core.vocabulary import MouthCurve, Samples, SpokenSegment, Timing

__all__ = ["HeardText", "PlacedCue", "PlacedSegment", "Prepared", "corrected", "prepare"]


@dataclass(frozen=True, slots=True)
class PlacedSegment:
    """A segment with its place in time."""

    index: int
    text: str
    char: int
    at: float
    """Seconds at which its own audio starts, after the silence."""
    duration: float
    silence: float
    """Seconds of silence before it: the script's pause, or the hold for a first gesture."""
    timing: Timing
    expected_error: float
    """Seconds by which a word's time may be off."""


@dataclass(frozen=True, slots=True)
class PlacedCue:
    """A cue with its action and its place in time."""

    id: int
    action: Action
    at: float
    """Seconds at which its stroke should be seen: the start of its word."""
    start: float
    """`at` less the action's stroke; before 0 where the word comes too early."""
    duration: float | None
    """Seconds it lasts; None for what holds until released, replaced or the utterance ends."""
    asked: float | None
    """Seconds that the tag itself asked for."""
    strength: float
    char: int
    written: str
    """The name as the script wrote it."""
    options: Mapping[str, str] = field(default_factory=dict)
    released: float | None = None
    """Seconds at which its span ended, where it had one."""

    @property
    def name(self) -> str:
        """The action's name in the motion map."""
        return self.action.name

    @property
    def lasting(self) -> float | None:
        """Seconds that the script asks for: the tag's own, or its span's where the action can go on that long."""
        if self.asked is None and self.released is not None and self.action.loop is not None:
            return self.released - self.at
        return self.asked


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A spoken segment with its words found and its mouth drawn: the costly part, which needs no timeline."""

    samples: Samples
    rate: int
    alignment: Alignment
    mouth: MouthCurve


@dataclass(frozen=True, slots=True)
class HeardText:
    """The part of the script whose audio was played, exact to the word."""

    speech: str
    """The spoken text up to the end of the last word heard."""
    shown: str
    """The subtitle text up to the same word."""
    at: float
    """Seconds of audio that were heard."""
    complete: bool
    """True when all of the speech was heard."""


def prepare(text: str, spoken: SpokenSegment, lip_sync: LipSync | None = None) -> Prepared:
    """Align a segment's text with its audio and draw its mouth curve; may run in another thread or process."""
    alignment = align(text, spoken)
    tier = lip_sync or best_lip_sync(alignment.phonemes)
    curve = tier.curve(spoken.samples, spoken.rate, alignment.phonemes)
    return Prepared(spoken.samples, spoken.rate, alignment, curve)


def corrected(placed: PlacedSegment, prepared: Prepared) -> PlacedSegment | None:
    """Return a segment that has its place with the timing of a better preparation; None where that is of other audio.

    The place stays: only what is told of the inside of the segment changes.
    """
    if abs(len(prepared.samples) / prepared.rate - placed.duration) > 1e-9:
        return None
    return replace(placed, timing=prepared.alignment.timing, expected_error=prepared.alignment.expected_error)
