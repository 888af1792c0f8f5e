"""What pages tell the bridge, validated: nothing that comes from a page is trusted before it went through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar_bridge.errors import ProtocolError

__all__ = ["Hello", "PageAvatar", "PageReport", "Ping", "Playing", "Problem", "SoundState", "read"]

Stream = Literal["speech", "motion", "sound", "state"]
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Count = Annotated[int, Field(strict=True, ge=0, le=0xFFFFFFFF)]
_Name = Annotated[str, Field(strict=True, max_length=200)]
_Sentence = Annotated[str, Field(strict=True, max_length=2000)]
_Flag = Annotated[bool, Field(strict=True)]


class _Message(BaseModel):
    """Unknown keys are ignored: a newer page may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Hello(_Message):
    """Who a page is and what it wants to be told."""

    type: Literal["hello"]
    kind: Literal["overlay", "studio", "program"]
    streams: Annotated[tuple[Stream, ...], Field(max_length=16)] = ()
    name: _Name = ""


class Ping(_Message):
    """A page asks for the bridge's clock; `sent` comes back as it is."""

    type: Literal["ping"]
    sent: _Number


class SoundState(_Message):
    """Whether a page can play sound."""

    type: Literal["sound"]
    state: Literal["running", "blocked", "off", "failed"]
    detail: _Sentence = ""


class Playing(_Message):
    """When the page with the sound plays an utterance."""

    type: Literal["playing"]
    utterance: _Count
    start: _Number
    """Seconds of the bridge's clock at which the utterance's time 0 is or was heard."""
    late_ms: _Number = 0.0
    """By how much the rest of the utterance was shifted, in all."""
    latency_ms: _Number | None = None
    """Of the page's output."""


class Problem(_Message):
    """What a page could not do, in plain words."""

    message: _Sentence
    suggestion: _Sentence | None = None


class PageAvatar(_Message):
    """What a page shows."""

    kind: _Name = ""
    name: _Name = ""


class PageReport(_Message):
    """How a page is."""

    type: Literal["report"]
    problems: Annotated[tuple[Problem, ...], Field(max_length=50)] = ()
    avatar: PageAvatar | None = None
    fps: _Number | None = None
    draw_ms: _Number | None = None
    """Milliseconds of script a frame takes, without WebGL's own work."""
    visible: _Flag = True
    ready: _Flag = False


PageMessage: TypeAlias = Hello | Ping | SoundState | Playing | PageReport

_KINDS: Mapping[str, type[PageMessage]] = {
    "hello": Hello,
    "ping": Ping,
    "sound": SoundState,
    "playing": Playing,
    "report": PageReport,
}


def read(message: Mapping[str, Any]) -> PageMessage | None:
    """Return what a page said; None for a type that is not known here.

    Raises ProtocolError naming the field, what was expected and what came.
    """
    kind = message.get("type")
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return None
    try:
        return model.model_validate(message)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        expected = first["msg"].removeprefix("Input should be ")
        raise ProtocolError(
            f"a page's {kind!r} message: {place}: expected {expected}, got {str(first['input'])[:80]!r}"
        ) from None
