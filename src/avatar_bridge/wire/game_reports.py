"""What games tell the bridge, validated: nothing that comes from a game is trusted before it went through here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from avatar_bridge.errors import ProtocolError

__all__ = [
    "Abilities",
    "ActRequest",
    "Acted",
    "Character",
    "Client",
    "Event",
    "GameMessage",
    "Hello",
    "Interrupt",
    "Ping",
    "Playing",
    "Problem",
    "Report",
    "Say",
    "Sound",
    "parsed",
    "read",
]

MOST_DATA: Final = 4096
"""Bytes of JSON that an event may carry."""
DEEPEST: Final = 16
"""Levels of brackets in an event's data."""

Capability = Literal["sound", "motion", "speech", "captions"]
NativeKind = Literal["trigger", "state", "clip", "expression"]


def _small(data: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError for data that is too deep, too large, or that JSON and UTF-8 have no form for."""
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    if any(isinstance(each, dict | list) for each in level):
        raise ValueError(f"at most {DEEPEST} levels of brackets")
    size = len(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())
    if size > MOST_DATA:
        raise ValueError(f"at most {MOST_DATA} bytes of JSON, not {size}")
    return data


_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Count = Annotated[int, Field(strict=True, ge=0, le=0xFFFFFFFF)]
_Number16 = Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
_Name = Annotated[str, Field(strict=True, max_length=200)]
_Named = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
_Sentence = Annotated[str, Field(strict=True, max_length=2000)]
_Flag = Annotated[bool, Field(strict=True)]
_Names = Annotated[tuple[_Named, ...], Field(max_length=2000)]
_Natives = dict[NativeKind, _Names]
_Data = Annotated[dict[str, Any], AfterValidator(_small)]


class _Message(BaseModel):
    """Unknown keys are ignored: a newer game may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Client(_Message):
    """What a game is called and made with."""

    name: _Name = ""
    engine: _Name = ""
    version: _Name = ""


class Character(_Message):
    """A character that a game shows, and what its body can do by itself."""

    name: _Name = ""
    """As the bridge's settings name it; empty for the main one."""
    sound: _Flag = False
    """The game wants to play its voice."""
    actions: _Names = ()
    natives: _Natives = Field(default_factory=dict)


class Hello(_Message):
    """The first message: who a game is and what it takes."""

    type: Literal["hello"]
    protocol: Annotated[int, Field(strict=True, ge=0)]
    """The newest version that it speaks."""
    oldest: Annotated[int, Field(strict=True, ge=0)] | None = None
    """The oldest one; none given: only the newest."""
    token: Annotated[str, Field(strict=True, max_length=1000)] = ""
    client: Client = Client()
    capabilities: Annotated[tuple[_Name, ...], Field(max_length=64)] = ()
    """sound, motion, speech, captions; others are ignored."""
    characters: Annotated[tuple[Character, ...], Field(max_length=1000)] = ()


class Ping(_Message):
    """A game asks for the bridge's clock; `sent` comes back as it is."""

    type: Literal["ping"]
    sent: _Number


class _OfCharacter(_Message):
    character: _Number16 = 0


class Sound(_OfCharacter):
    """A game wants to play a character's voice, or no longer."""

    type: Literal["sound"]
    claim: _Flag


class Abilities(_OfCharacter):
    """What a character's body can do by itself from now on."""

    type: Literal["abilities"]
    actions: _Names = ()
    natives: _Natives = Field(default_factory=dict)


class Playing(_OfCharacter):
    """When the game with the sound plays an utterance."""

    type: Literal["playing"]
    utterance: _Count
    start: _Number
    """Seconds of the bridge's clock at which the utterance's time 0 is or was heard."""
    late_ms: _Number = 0.0
    """By how much the rest of the utterance was shifted, in all."""
    latency_ms: _Number | None = None
    """Of the game's output."""
    underruns: _Count = 0


class Acted(_OfCharacter):
    """When a cue, or an action outside any script (cue None), was really begun."""

    type: Literal["acted"]
    action: _Named
    at: _Number
    """Seconds of the bridge's clock."""
    utterance: _Count | None = None
    cue: _Count | None = None


class Problem(_Message):
    """What a game could not do, in plain words."""

    message: _Sentence
    suggestion: _Sentence | None = None


class Report(_Message):
    """How a game is."""

    type: Literal["report"]
    margin_ms: _Number | None = None
    """The least time by which motion came before it was to be shown, of the last two seconds."""
    late_frames: _Count = 0
    fps: _Number | None = None
    problems: Annotated[tuple[Problem, ...], Field(max_length=50)] = ()


class Event(_Message):
    """Something happened in the game."""

    type: Literal["event"]
    name: Annotated[str, Field(strict=True, min_length=1, max_length=64)]
    character: _Number16 | None = None
    data: _Data = Field(default_factory=dict)


class Say(_OfCharacter):
    """The character is to speak tagged text."""

    type: Literal["say"]
    text: Annotated[str, Field(strict=True, min_length=1)]
    id: _Name = ""


class Interrupt(_OfCharacter):
    """The character is to be silent."""

    type: Literal["interrupt"]
    id: _Name = ""


class ActRequest(_OfCharacter):
    """The character is to do an action of its motion map."""

    type: Literal["act"]
    action: _Named
    strength: Annotated[float, Field(strict=True, ge=0.0, le=1.0)] = 1.0
    duration: Annotated[float, Field(strict=True, gt=0.0, le=3600.0)] | None = None
    id: _Name = ""


GameMessage: TypeAlias = (
    Hello | Ping | Sound | Abilities | Playing | Acted | Report | Event | Say | Interrupt | ActRequest
)

KINDS: Final[Mapping[str, type[GameMessage]]] = {
    "hello": Hello,
    "ping": Ping,
    "sound": Sound,
    "abilities": Abilities,
    "playing": Playing,
    "acted": Acted,
    "report": Report,
    "event": Event,
    "say": Say,
    "interrupt": Interrupt,
    "act": ActRequest,
}


def parsed(text: str) -> dict[str, Any]:
    """Return the JSON object with a `type` that a game sent; raises ProtocolError for anything else."""
    try:
        message = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ProtocolError(f"expected a JSON object, got {_shown(text)}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError(f"expected a JSON object with a type, got {_shown(text)}")
    return message


def read(message: Mapping[str, Any]) -> GameMessage | str:
    """Return what a game said, or the type's name where it is not known here.

    Raises ProtocolError naming the field, what was expected and what came.
    """
    kind: str = message["type"]
    model = KINDS.get(kind)
    if model is None:
        return kind
    try:
        return model.model_validate(message)
    except ValidationError as failure:
        first = failure.errors(include_url=False)[0]
        place = ".".join(_shown(part, 40).strip("'") for part in first["loc"])
        if first["type"] == "missing":
            raise ProtocolError(f"{kind}: expected {place} in it, got none") from None
        expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        raise ProtocolError(f"{kind}: {place}: expected {expected}, got {_shown(first['input'])}") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _shown(value: Any, most: int = 80) -> str:
    """Return the beginning of what came, fit to be told to anybody."""
    try:
        return ascii(value)[:most]
    except (ValueError, RecursionError):  # an integer of thousands of digits
        return f"a {type(value).__name__}"
