"""The JSON Schema of the game protocol: every message in both directions (docs/game-protocol.schema.json)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from avatar_bridge.core.vocabulary import State
from avatar_bridge.wire import game_reports
from avatar_bridge.wire.game import PROTOCOL

__all__ = ["TOLD", "schema"]

_Character = Annotated[int, Field(ge=0, le=0xFFFF)]
_Utterance = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
_Index = Annotated[int, Field(ge=0)]
_Strength = Annotated[float, Field(ge=0.0, le=1.0)]
_Kind = Literal["gesture", "expression", "prop", "scene"]
_Native = dict[Literal["trigger", "state", "clip", "expression", "action"], str]


class _OfCharacter(BaseModel):
    character: _Character


class _OfUtterance(_OfCharacter):
    utterance: _Utterance


class Welcomed(BaseModel):
    """A character that the game shows from now on."""

    number: _Character
    name: str


class Nobody(BaseModel):
    """A name that no character has."""

    name: str
    message: str
    nearest: str | None


class Welcome(BaseModel):
    """The answer to a good hello."""

    type: Literal["welcome"]
    protocol: Annotated[int, Field(ge=1)]
    version: str
    session: _Index
    now: float
    rate: Annotated[int, Field(gt=0)]
    channels: list[str]
    bones: list[str]
    resting_pose: dict[str, float]
    characters: list[Welcomed]
    unknown: list[Nobody]


class Refused(BaseModel):
    """The answer to a hello that is not good; the connection closes."""

    type: Literal["refused"]
    code: Literal["token", "version", "hello", "full"]
    message: str
    protocol: int


class Pong(BaseModel):
    """The answer to a ping."""

    type: Literal["pong"]
    sent: float
    now: float


class Note(BaseModel):
    """Something that the game's maker should know."""

    type: Literal["note"]
    message: str
    suggestion: str | None


class Result(BaseModel):
    """What became of a request."""

    type: Literal["result"]
    id: str
    ok: bool
    message: str
    suggestion: str | None


class Turn(_OfCharacter):
    """Who plays the character's sound from now on."""

    type: Literal["turn"]
    has: bool
    holder: str
    message: str


class Doing(_OfCharacter):
    """What the character does from now on."""

    type: Literal["state"]
    state: State


class Utterance(_OfUtterance):
    """A new utterance begins."""

    type: Literal["utterance"]


class SpokenWord(BaseModel):
    """A word and its time in the utterance."""

    text: str
    at: float
    duration: Annotated[float, Field(ge=0.0)]
    char: _Index


class Mouth(BaseModel):
    """Openness and the five shapes, base64 of a byte a value."""

    at: float
    rate: Annotated[float, Field(gt=0.0)]
    open: str
    shapes: str


class Segment(_OfUtterance):
    """A piece of the utterance with its place, ahead of its sound."""

    type: Literal["segment"]
    index: _Index
    text: str
    at: float
    duration: Annotated[float, Field(ge=0.0)]
    silence: Annotated[float, Field(ge=0.0)]
    words: list[SpokenWord]
    mouth: Mouth


class Corrected(Segment):
    """A segment that was told before, with its words and mouth at better times: replace them."""

    type: Literal["corrected"]  # type: ignore[assignment]


class PlacedCue(BaseModel):
    """A cue; `native` null: it comes as motion."""

    id: _Index
    name: str
    kind: _Kind
    at: float
    start: float
    duration: float | None
    released: float | None
    strength: _Strength
    written: str
    char: _Index
    native: _Native | None


class Cues(_OfUtterance):
    """Every cue that has its place so far."""

    type: Literal["cues"]
    cues: list[PlacedCue]


class CaptionWord(BaseModel):
    """A word as it is shown."""

    text: str
    at: float
    end: float


class ShownCaption(BaseModel):
    """At most two lines."""

    at: float
    end: float
    lines: list[list[CaptionWord]]


class Captions(_OfUtterance):
    """The captions from number `from` on."""

    type: Literal["captions"]
    first: Annotated[int, Field(ge=0, alias="from")]
    captions: list[ShownCaption]


class Clock(_OfUtterance):
    """Where the utterance is."""

    type: Literal["clock"]
    now: float
    heard: float
    running: bool


class Closed(_OfUtterance):
    """No segment follows."""

    type: Literal["closed"]
    duration: Annotated[float, Field(ge=0.0)]


class Cancel(_OfUtterance):
    """The utterance is interrupted."""

    type: Literal["cancel"]
    heard: float


class Ended(_OfUtterance):
    """The utterance is over."""

    type: Literal["ended"]
    heard: float
    complete: bool
    shown: str


class Act(_OfCharacter):
    """An action outside any script."""

    type: Literal["act"]
    action: str
    kind: _Kind
    at: float
    strength: _Strength
    duration: float | None
    native: _Native | None


class Release(_OfCharacter):
    """What an action switched on ends."""

    type: Literal["release"]
    action: str
    cue: _Index | None
    at: float | None


class Reset(_OfCharacter):
    """Everything that is held ends now."""

    type: Literal["reset"]


class SoundEnd(_OfUtterance):
    """No sound follows."""

    type: Literal["sound_end"]
    samples: _Index


TOLD: Final[tuple[type[BaseModel], ...]] = (
    Welcome,
    Refused,
    Pong,
    Note,
    Result,
    Turn,
    Doing,
    Utterance,
    Segment,
    Corrected,
    Cues,
    Captions,
    Clock,
    Closed,
    Cancel,
    Ended,
    Act,
    Release,
    Reset,
    SoundEnd,
)
"""What the bridge tells games, in the order of the document."""


def schema() -> dict[str, Any]:
    """Return the schema: `#/$defs/from_bridge` and `#/$defs/from_game` are any message of either side."""
    sides = {"from_bridge": TOLD, "from_game": tuple(game_reports.KINDS.values())}
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Avatar Bridge game protocol {PROTOCOL}",
        "description": "Text messages of the socket /v1/game; see docs/game-protocol.md. Readers ignore what they do "
        "not know.",
        "anyOf": [{"$ref": f"#/$defs/{side}"} for side in sides],
        "$defs": {},
    }
    for side, models in sides.items():
        prefix = side.removeprefix("from_")
        refs, parts = models_json_schema(
            [(model, "validation") for model in models], ref_template=f"#/$defs/{prefix}.{{model}}"
        )
        document["$defs"][side] = {"oneOf": [refs[model, "validation"] for model in models]}
        document["$defs"] |= {f"{prefix}.{name}": part for name, part in parts["$defs"].items()}
    return document
