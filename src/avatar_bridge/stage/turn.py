"""What a conversation is made with and what becomes of one turn."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from avatar_bridge.core.mind.dialogue import Usage
from avatar_bridge.core.mind.history import Exchange
from avatar_bridge.core.timeline.timeline import HeardText
from avatar_bridge.core.vocabulary import State
from avatar_bridge.stage.answer import Carry
from avatar_bridge.stage.performance import Outcome

__all__ = ["Asking", "Note", "Performer", "Turn", "turn_of"]

Note = Callable[[Sequence[str]], str]
"""What the character is to know this time, from what was said lately: oldest first, what is asked now last."""


class Performer(Protocol):
    """Who performs what is said: a `Bridge`."""

    async def perform(self, script: str | AsyncIterable[str], /) -> Outcome:
        """Speak a script as it streams; return once it was heard or interrupted."""
        ...

    def interrupt(self) -> HeardText:
        """Stop everything in one act and return what was heard."""
        ...

    def enter(self, state: State, /) -> None:
        """Set what the character does between utterances."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the model is asked, and what is said when it does not answer."""

    max_tokens: int | None = 400
    temperature: float | None = None
    tags: tuple[str, ...] = ()
    """Names that tags are constrained to, where the model can."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Definitions in OpenAI's form; `carry` carries them out."""
    carry: Carry | None = None
    longest: int = 4000
    """Characters after which an answer that does not end by itself is ended."""
    one_moment: float | None = None
    """Seconds without a word after which the character says `one_moment_says`; never when None."""
    one_moment_says: str = "One moment."
    sorry: str = ""
    """What the character says where no answer can be had; nothing when empty."""
    summary: bool = True
    """Whether the model sums up what the history has no room for; else the first sentences are kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn:
    """What became of one turn."""

    user: str
    name: str = ""
    heard: str = ""
    """What was heard of the answer."""
    shown: str = ""
    """The same as subtitles show it."""
    said: str = ""
    """The same as the history keeps it, tags and all."""
    interrupted: bool = False
    error: str = ""
    """Why there is no answer, or why it broke off; empty where all went well."""
    finish: str = ""
    """stop, length, tool_calls, content_filter, or longest where it was ended here."""
    usage: Usage = field(default_factory=Usage)
    first_word: float | None = None
    """Seconds from the question to the answer's first word."""
    first_sound: float | None = None
    """Seconds from the question to the answer's first sample, as handed to the speaker."""
    cues: tuple[str, ...] = ()
    """The actions of the answer, by their names in the motion map."""
    outcome: Outcome | None = None
    """What was performed; None where nothing was."""


def turn_of(asked: Exchange, outcome: Outcome | None, **more: Any) -> Turn:
    """Return what became of a question, given what was performed."""
    heard = outcome.heard if outcome is not None else None
    return Turn(
        user=asked.user,
        name=asked.name,
        heard=heard.speech.strip() if heard else "",
        shown=heard.shown.strip() if heard else "",
        cues=tuple(cue.name for cue in outcome.timeline.cues) if outcome else (),
        outcome=outcome,
        **more,
    )
