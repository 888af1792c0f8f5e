"""What thinks: language models."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from avatar_bridge.core.mind.dialogue import ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic

__all__ = ["LanguageModel", "ModelAbilities", "ReadsAhead"]


@dataclass(frozen=True, slots=True)
class ModelAbilities:
    """What a model can do, as far as its backend knows; replaced when it learns more."""

    tags: bool = False
    """Whether it can be held to tags that exist (`Request.tags`)."""
    images: bool = False
    tools: bool = False
    local: bool = False
    """Whether it computes on this machine, in a process of the bridge's."""
    context: int | None = None
    """Tokens that prompt and answer may have together."""


class LanguageModel(Protocol):
    """A language model as the conversation sees it."""

    name: str
    """What it is called in settings, reports and price tables."""

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do, as known now."""
        ...

    async def open(self) -> None:
        """Get ready (load it, look whether its server answers); raises ModelError with a remedy."""
        ...

    def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the answer as it is made, Finish last; closing the iterator stops the work at the server.

        Before the first Delta, refusals that pass (busy, loading, rate limits) are retried with backoff, each told by
        a Delayed. Raises ModelError where it cannot be had, breaks off or is cut; what came before it stands.
        """
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A model that can read a conversation before it is asked something."""

    async def read_ahead(self, request: Request) -> None:
        """Work through a request's messages: an answer to one that begins with them comes sooner. Never raises."""
        ...
