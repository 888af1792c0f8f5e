"""`timeline.json`: everything of one utterance in time, for other programs to read."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from avatar_bridge.core.timeline.timeline import PlacedCue, Timeline
from avatar_bridge.core.vocabulary import VISEMES

__all__ = ["TimelineDocument", "document", "encode", "schema"]

_DIGITS = 4


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SegmentEntry(_Entry):
    """The text given to the voice in one request; `at` is where its own audio starts."""

    text: str
    char: int
    at: float
    duration: float
    silence: float = Field(description="seconds of silence before it")
    timing: Literal["phonemes", "words", "aligned", "estimated"]
    expected_error: float = Field(description="seconds by which a word's time may be off")


class WordEntry(_Entry):
    """A word; `char` is its offset in the speech."""

    text: str
    at: float
    duration: float
    char: int
    stressed: bool


class PhonemeEntry(_Entry):
    """A sound; `symbol` is IPA, empty for silence."""

    symbol: str
    at: float
    duration: float


class CueEntry(_Entry):
    """An action on its word: `at` is when its stroke is seen, `start` when it begins."""

    name: str
    at: float
    start: float
    duration: float | None
    args: dict[str, Any]
    char: int
    written: str = Field(description="the name as the script wrote it")
    released: float | None = Field(default=None, description="when its span ended")


class MouthEntry(_Entry):
    """The mouth curve: `rate` values a second from the first audio sample."""

    rate: float
    open: list[float]
    aa: list[float]
    ih: list[float]
    ou: list[float]
    ee: list[float]
    oh: list[float]


class DiagnosticEntry(_Entry):
    """Something the user should know."""

    message: str
    offset: int | None
    suggestion: str | None


class TimelineDocument(_Entry):
    """One utterance. Times are seconds from its first audio sample."""

    duration_s: float
    timing: Literal["phonemes", "words", "aligned", "estimated"]
    speech: str
    shown: str
    segments: list[SegmentEntry]
    words: list[WordEntry]
    phonemes: list[PhonemeEntry]
    cues: list[CueEntry]
    mouth: MouthEntry
    diagnostics: list[DiagnosticEntry]


def document(timeline: Timeline) -> TimelineDocument:
    """Return a timeline as its document."""
    curve = timeline.mouth.curve(timeline.duration)
    shapes = {name: _rounded(curve.shapes[:, column]) for column, name in enumerate(VISEMES)}
    return TimelineDocument(
        duration_s=_time(timeline.duration),
        timing=timeline.timing,
        speech=timeline.speech,
        shown=timeline.shown,
        segments=[
            SegmentEntry(
                text=segment.text,
                char=segment.char,
                at=_time(segment.at),
                duration=_time(segment.duration),
                silence=_time(segment.silence),
                timing=segment.timing,
                expected_error=_time(segment.expected_error),
            )
            for segment in timeline.segments
        ],
        words=[
            WordEntry(
                text=word.text, at=_time(word.at), duration=_time(word.duration), char=word.char, stressed=word.stressed
            )
            for word in timeline.words
        ],
        phonemes=[
            PhonemeEntry(symbol=sound.symbol, at=_time(sound.at), duration=_time(sound.duration))
            for sound in timeline.phonemes
        ],
        cues=[_cue(cue) for cue in timeline.cues],
        mouth=MouthEntry(rate=curve.rate, open=_rounded(curve.open), **shapes),
        diagnostics=[
            DiagnosticEntry(message=item.message, offset=item.offset, suggestion=item.suggestion)
            for item in timeline.diagnostics
        ],
    )


def encode(timeline: Timeline) -> str:
    """Return the document as JSON text, the same bytes for the same timeline."""
    return json.dumps(document(timeline).model_dump(), ensure_ascii=False, separators=(",", ":")) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return TimelineDocument.model_json_schema()


def _cue(cue: PlacedCue) -> CueEntry:
    args: dict[str, Any] = dict(cue.options)
    if cue.strength != 1.0:
        args["strength"] = cue.strength
    return CueEntry(
        name=cue.name,
        at=_time(cue.at),
        start=_time(cue.start),
        duration=None if cue.duration is None else _time(cue.duration),
        args=args,
        char=cue.char,
        written=cue.written,
        released=None if cue.released is None else _time(cue.released),
    )


def _time(seconds: float) -> float:
    return round(float(seconds), 6)


def _rounded(values: Any) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]
