"""Asking a model and keeping all that it says, an error at the end included."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

from avatar_bridge.core.mind.dialogue import (
    Delayed,
    Delta,
    Finish,
    Message,
    Reasoning,
    ReplyEvent,
    Request,
    ToolDelta,
)
from avatar_bridge.errors import ModelError
from avatar_bridge.ports import LanguageModel

HELLO = Request((Message("system", "You are Mia."), Message("user", "Hi!")), max_tokens=200)


@dataclass(frozen=True)
class Told:
    events: list[ReplyEvent]
    error: str

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Delta))

    @property
    def thoughts(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Reasoning))

    @property
    def delays(self) -> list[Delayed]:
        return [event for event in self.events if isinstance(event, Delayed)]

    @property
    def finish(self) -> Finish | None:
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Finish) else None

    @property
    def calls(self) -> dict[int, tuple[str, str, str]]:
        calls: dict[int, tuple[str, str, str]] = {}
        for event in self.events:
            if isinstance(event, ToolDelta):
                old = calls.get(event.index, ("", "", ""))
                calls[event.index] = (old[0] + event.id, old[1] + event.name, old[2] + event.arguments)
        return calls


async def told(model: LanguageModel, request: Request = HELLO) -> Told:
    events: list[ReplyEvent] = []
    try:
        async with aclosing(model.reply(request)) as reply:
            async for event in reply:
                events.append(event)  # noqa: PERF401 - what came before an error counts
    except ModelError as error:
        return Told(events, str(error))
    return Told(events, "")


__all__ = ["HELLO", "Told", "told"]
