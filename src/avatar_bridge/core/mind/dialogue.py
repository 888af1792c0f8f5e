"""The value types between a conversation and a language model: what is asked, and the answer as it streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = [
    "Delayed",
    "Delta",
    "Finish",
    "Image",
    "Message",
    "Reasoning",
    "ReplyEvent",
    "Request",
    "Role",
    "ToolCall",
    "ToolDelta",
    "Usage",
]

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message."""

    url: str
    """A `data:` URL with base64, or an address that the model's server fetches by itself."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool that the model asks for."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    text: str = ""
    images: tuple[Image, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    """What an assistant's message asks for."""
    call_id: str = ""
    """The call that a tool's message answers."""
    name: str = ""
    """Who says it, where several people do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a language model is asked."""

    messages: tuple[Message, ...]
    tags: tuple[str, ...] = ()
    """Names that tags are to be constrained to, where the backend can; empty for no constraint."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Definitions in OpenAI's form."""
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    more: Mapping[str, Any] | None = None
    """Fields of the backend's own protocol, passed through as they are."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, as the model's server counted it; None where it does not tell."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """Text of the answer, to be performed."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the model thinks: neither spoken nor shown."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of a call of a tool; pieces with one index make one call."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Delayed:
    """The answer has to wait: the server is loading, busy or limits the rate; comes before the first Delta alone."""

    reason: str
    seconds: float
    """Until it is tried again."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of the answer. An answer without it was cut off; backends raise ModelError then."""

    reason: Literal["stop", "length", "tool_calls", "content_filter"]
    usage: Usage = Usage()


ReplyEvent: TypeAlias = Delta | Reasoning | ToolDelta | Delayed | Finish
