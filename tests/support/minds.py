"""A scripted language model: answers with recorded times, and a memory of what it was asked and how it was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from avatar_bridge.core.mind.dialogue import Delta, Finish, ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import ModelAbilities

__all__ = ["ScriptedMind", "Step", "words"]

Step = float | ReplyEvent | AvatarBridgeError
"""Seconds to wait, an event to give, or an error to raise."""


def words(text: str, *, every: float = 0.02, first: float = 0.2) -> list[Step]:
    """Return an answer that comes word by word."""
    steps: list[Step] = [first]
    for word in text.split(" "):
        steps += [Delta(word + " "), every]
    return [*steps, Finish("stop")]


class ScriptedMind:
    """Gives its answers one after the other, the last again and again; a callable answer is told the request."""

    def __init__(self, *answers: str | Sequence[Step]) -> None:
        self.name = "scripted"
        self.abilities = ModelAbilities()
        self.asked: list[Request] = []
        self.closed_early = 0
        """How many answers were stopped before their end."""
        self._answers = [words(answer) if isinstance(answer, str) else list(answer) for answer in answers]

    async def open(self) -> None:
        """Nothing is to be done."""

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        self.asked.append(request)
        steps = self._answers[min(len(self.asked), len(self._answers)) - 1]
        ended = False
        try:
            for step in steps:
                if isinstance(step, AvatarBridgeError):
                    ended = True
                    raise step
                if isinstance(step, int | float):
                    await asyncio.sleep(step)
                    continue
                ended = isinstance(step, Finish)
                yield step
            ended = True
        finally:
            self.closed_early += not ended

    def diagnostics(self) -> list[Diagnostic]:
        return []

    async def close(self) -> None:
        """Nothing is to be given back."""
