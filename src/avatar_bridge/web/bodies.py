"""The JSON that the HTTP API takes and gives."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "MOST_PARSED",
    "ActBody",
    "ActedBody",
    "ActionBody",
    "CueBody",
    "DiagnosticBody",
    "ErrorBody",
    "InterruptedBody",
    "MapBody",
    "NoteBody",
    "OutcomeBody",
    "PageBody",
    "ParseBody",
    "ParsedBody",
    "PerformBody",
    "PerformedBody",
    "ProblemBody",
    "ReconnectedBody",
    "StateBody",
    "TargetBody",
    "UtteranceBody",
]

MOST_PARSED = 100_000
"""Characters that /v1/parse takes."""


class _Asked(BaseModel):
    """What a program sends: nothing is guessed, and a misspelt key is told."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Given(BaseModel):
    """What a program gets."""

    model_config = ConfigDict(frozen=True)


class ErrorBody(_Given):
    """Why it was refused."""

    error: str = Field(description="What was expected and what came.")
    suggestion: str = Field(description="What to do; may be empty.")


class PerformBody(_Asked):
    """A text to speak."""

    text: str = Field(min_length=1, description="Tagged text.", examples=["Hi! [wave] Nice to see you."])
    wait: bool = Field(default=False, description="Answer when all of it was heard, or it was interrupted.")
    character: str = Field(default="", max_length=200, description="Who speaks; empty for the main character.")


class PerformedBody(_Given):
    """An utterance that has begun."""

    utterance: int = Field(description="Its number, counted from 1 since the bridge started.")


class DiagnosticBody(_Given):
    """Something the user should know; never spoken, never fatal."""

    message: str
    offset: int | None = Field(description="Offset in the text given, where it belongs to one.")
    suggestion: str | None = Field(description="The nearest thing that would have worked.")


class OutcomeBody(_Given):
    """What became of an utterance."""

    utterance: int | None = Field(description="Its number; null where it never began.")
    heard: str = Field(description="The spoken text up to the last word heard.")
    shown: str = Field(description="The subtitle text up to the same word.")
    at: float = Field(description="Seconds of audio that were heard.")
    complete: bool = Field(description="All of it was heard.")
    interrupted: bool
    first_audio: float | None = Field(description="Seconds from the request to the first audio; null without any.")
    diagnostics: list[DiagnosticBody]


class InterruptedBody(_Given):
    """What was heard until the interrupt."""

    heard: str = Field(description="The spoken text up to the last word heard; empty when nothing was said.")
    shown: str = Field(description="The subtitle text up to the same word.")
    at: float = Field(description="Seconds of audio that were heard.")


class ActBody(_Asked):
    """An action to perform at once."""

    name: str = Field(min_length=1, max_length=200, description="Name or alias in the motion map.", examples=["wave"])
    strength: float = Field(default=1.0, ge=0.0, le=1.0, allow_inf_nan=False)
    duration: float | None = Field(
        default=None, ge=0.0, le=600.0, allow_inf_nan=False, description="Seconds; its own when left out."
    )
    character: str = Field(default="", max_length=200, description="Who acts; empty for the main character.")


class ActedBody(_Given):
    """The action that was started."""

    name: str = Field(description="Its name in the motion map.")


class ParseBody(_Asked):
    """A text to read without speaking it."""

    text: str = Field(max_length=MOST_PARSED, examples=["Hi! [wave] Nice to see you."])


class CueBody(_Given):
    """A tag of the text."""

    name: str
    at: int = Field(description="Offset in `speech` of the word it belongs to.")
    args: dict[str, Any]
    source: str = Field(description="The tag as it was written.")
    end: int | None = Field(default=None, description="Offset in `speech` where its span ends, if it has one.")


class ParsedBody(_Given):
    """What is spoken and what is done; as `avatar-bridge parse --json` prints it."""

    speech: str
    shown: str
    cues: list[CueBody]
    diagnostics: list[DiagnosticBody]


class ActionBody(_Given):
    """An action of the motion map."""

    name: str
    meaning: str
    kind: Literal["gesture", "expression", "prop", "scene"]
    aliases: list[str]


class ReconnectedBody(_Given):
    """A target that is being connected anew."""

    name: str


class NoteBody(_Given):
    """Something that went otherwise than asked, in plain words."""

    message: str
    suggestion: str | None


class UtteranceBody(_Given):
    """The utterance under way."""

    number: int
    heard: float = Field(description="Seconds heard; negative before the first sample is.")
    duration: float = Field(description="Seconds of audio placed so far.")
    closed: bool = Field(description="No segment follows.")
    timing: Literal["phonemes", "words", "aligned", "estimated"] = Field(description="Where word times come from.")


class TargetBody(_Given):
    """A target and how it is."""

    name: str
    status: Literal["connecting", "waiting", "ready", "unreachable", "refused", "closed", "failed"]
    detail: str = Field(description="One plain sentence: what is wrong and what to do.")
    latency_ms: float | None
    sent_frames: int
    dropped_frames: int
    lead: float = Field(description="Seconds that frames are handed over ahead.")
    diagnostics: list[NoteBody]


class ProblemBody(_Given):
    """What a page says is wrong."""

    message: str
    suggestion: str


class PageBody(_Given):
    """A page or program on the event socket."""

    id: int
    kind: str
    name: str
    streams: list[str]
    sound: str = Field(description="running, blocked, off, failed, or empty where it said nothing.")
    has_sound: bool = Field(description="It plays the audio and owns the clock.")
    ready: bool
    fps: float | None
    draw_ms: float | None
    problems: list[ProblemBody]


class MapBody(_Given):
    """The motion map in use."""

    name: str
    path: str
    actions: int


class SpentBody(_Given):
    """What was spent."""

    utterances: int
    prompt_tokens: int
    completion_tokens: int
    characters: int = Field(description="Characters given to the voice.")
    audio: float = Field(description="Seconds of sound that were made.")
    cpu: float = Field(description="Seconds of one processor core.")
    money: float = Field(description="By [prices] of the settings, in the currency meant there.")


class SpendingBody(_Given):
    """What was spent on the main character."""

    last: SpentBody = Field(description="The latest utterance.")
    session: SpentBody


class StateBody(_Given):
    """How the show is, at this moment."""

    version: str
    utterance: UtteranceBody | None
    doing: Literal["idle", "speaking", "listening", "thinking"]
    targets: list[TargetBody]
    pages: list[PageBody]
    notes: list[NoteBody] = Field(description="The latest, newest last.")
    map: MapBody
    voice: str
    speaker: str
    spent: SpendingBody
