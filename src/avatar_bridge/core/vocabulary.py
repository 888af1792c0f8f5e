"""The value types that flow through the core, in the order of the flow.

Seconds are floats named `at`, `duration` or `lead`; a text position is an integer offset in code points named
`char`, or `at` where a script event has no time yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "VISEMES",
    "Cue",
    "Diagnostic",
    "Frame",
    "GameEvent",
    "MouthCurve",
    "MouthShape",
    "Pause",
    "Phoneme",
    "Release",
    "Samples",
    "ScriptEvent",
    "Segment",
    "SpokenSegment",
    "State",
    "Stimulus",
    "Text",
    "Timing",
    "Word",
    "WordMark",
    "name_key",
]

Samples: TypeAlias = NDArray[np.float32]
"""Mono audio, shape (n,), nominally within -1..1."""

Timing = Literal["phonemes", "words", "aligned", "estimated"]
"""Where word times come from, best first."""

State = Literal["idle", "speaking", "listening", "thinking"]
"""What the character is doing; life behaves by it."""

VISEMES = ("aa", "ih", "ou", "ee", "oh")
"""The five mouth shapes, VRM 1.0's names, in the order of every viseme array."""

_SEPARATORS = str.maketrans("", "", "_- ")


def name_key(name: str) -> str:
    """Return the form under which names of tags and actions compare: casefolded, `_`, `-` and space dropped."""
    return name.casefold().translate(_SEPARATORS)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something the user should know; never spoken, never fatal."""

    message: str
    offset: int | None = None
    """Offset in the source text, where the diagnostic belongs to one."""
    suggestion: str | None = None
    """The nearest thing that would have worked."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the reply: what is said and what is shown; either may be empty (an emoji is shown, not said)."""

    at: int
    """Offset of `spoken` in the utterance's speech (the concatenation of every `spoken`)."""
    spoken: str
    shown_at: int
    """Offset of `shown` in the utterance's subtitle text (the concatenation of every `shown`)."""
    shown: str


@dataclass(frozen=True, slots=True)
class Cue:
    """A named instruction anchored to a word of the speech."""

    id: int
    """Running number within the utterance, from 0."""
    name: str
    """As written; compare by `name_key`."""
    at: int
    """Offset in the speech of the word it belongs to; the length of the speech when no word follows."""
    strength: float = 1.0
    duration: float | None = None
    """Seconds, where the tag gave one."""
    options: Mapping[str, str] = field(default_factory=dict)
    """`key=value` pairs other than strength and duration."""
    source: str = ""
    """The tag as it stood in the text."""
    offset: int = 0
    """Offset of the tag in the source text."""


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a held span (`[/smile]`); `at` is where the span's text ended."""

    cue: int
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of `duration` seconds that delays the speech from offset `at` on."""

    at: int
    duration: float
    source: str = ""
    """The tag as it stood in the text."""
    offset: int = 0
    """Offset of the tag in the source text."""


ScriptEvent: TypeAlias = Text | Cue | Release | Pause | Diagnostic


@dataclass(frozen=True, slots=True)
class Segment:
    """The text given to the voice in one request."""

    index: int
    text: str
    """A verbatim slice of the speech."""
    at: int
    """Offset of the slice in the speech."""
    pause: float = 0.0
    """Seconds of silence to play before it."""
    final: bool = False
    """True on the last segment of the utterance; its text may be empty."""


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One sound of the voice; `symbol` is IPA, empty for silence. `at` counts from the segment's first sample."""

    symbol: str
    at: float
    duration: float


@dataclass(frozen=True, slots=True)
class WordMark:
    """The time that a voice gave for `length` characters at `char` of a segment's text."""

    char: int
    length: int
    at: float
    duration: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place in the speech and its time; in a timeline, `at` counts from the utterance's start."""

    text: str
    char: int
    at: float
    duration: float
    stressed: bool = False
    """True on words that carry an accent; beats and late gestures look for them."""


@dataclass(frozen=True, slots=True, eq=False)
class SpokenSegment:
    """A segment's audio and whatever the voice told about its time."""

    samples: Samples
    rate: int
    """Samples a second."""
    phonemes: tuple[Phoneme, ...] = ()
    marks: tuple[WordMark, ...] = ()
    hop: float = 0.0
    """Resolution of the times in seconds; 0 where exact or absent."""
    notes: tuple[str, ...] = ()
    """What the voice could not say, a plain sentence each."""
    aligned: bool = False
    """True where phonemes and marks were found in the audio afterwards, not told by the voice."""

    @property
    def duration(self) -> float:
        """Length of the audio in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class MouthShape:
    """The mouth at one instant: openness 0..1 and the five viseme weights, each 0..1 with a sum of at most 1."""

    open: float = 0.0
    aa: float = 0.0
    ih: float = 0.0
    ou: float = 0.0
    ee: float = 0.0
    oh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class MouthCurve:
    """Openness and viseme weights over time, sampled at `rate` from the audio's first sample."""

    rate: float
    open: NDArray[np.float32]
    """Shape (n,), 0..1."""
    shapes: NDArray[np.float32]
    """Shape (n, 5), columns in the order of `VISEMES`; each row sums to at most 1."""

    @property
    def duration(self) -> float:
        """Length of the curve in seconds."""
        return len(self.open) / self.rate


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Something in the speech that life reacts to, at `at` seconds of stage time (which may lie ahead)."""

    kind: Literal["accent", "phrase_end", "turn_start", "turn_end", "speaker_pause", "topic"]
    at: float
    strength: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """All channels of the rig at one tick; a channel that is absent stands at its rest value."""

    at: float
    """Stage time in seconds."""
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GameEvent:
    """Something that happened in a game, told for a mind to react to; nothing in it is to be trusted."""

    name: str
    """What happened: `player_near`, `button_pressed`."""
    character: str = ""
    """The character that it concerns; empty where it concerns all."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the game adds: JSON values."""
    game: str = ""
    """Name of the game that tells it."""
