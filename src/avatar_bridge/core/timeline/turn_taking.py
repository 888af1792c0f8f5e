"""Who has the floor: a table of states, fed with what happens and drained of what is to be done about it.

Time is an argument. The shell calls a method when something happens, carries out what `events` gives, and calls
`advance` at `next_due`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from avatar_bridge.core.vocabulary import State

__all__ = ["Ask", "Ending", "Enter", "Floor", "FloorEvent", "Over", "SayFiller"]

Ending = Literal["answered", "interrupted", "cancelled", "failed"]
"""How a turn ended: spoken out; stopped while it spoke; stopped before its first sound; broken by an error."""

_Input = Literal["began", "ended", "asked", "sounded", "over", "stopped"]


@dataclass(frozen=True, slots=True)
class Enter:
    """The character is to do something else."""

    state: State


@dataclass(frozen=True, slots=True)
class Ask:
    """The model is to be asked for turn `turn`."""

    turn: int


@dataclass(frozen=True, slots=True)
class SayFiller:
    """The character is to say that it takes a moment; once a turn at most, before its first word alone."""

    turn: int


@dataclass(frozen=True, slots=True)
class Over:
    """A turn is over; where it was not `answered`, the mouth closes and the model's work stops."""

    turn: int
    how: Ending


FloorEvent: TypeAlias = Enter | Ask | SayFiller | Over

_TABLE: Mapping[State, Mapping[_Input, State]] = MappingProxyType(
    {
        "idle": {"began": "listening", "asked": "thinking"},
        "listening": {"began": "listening", "ended": "idle", "asked": "thinking"},
        "thinking": {
            "began": "listening",
            "asked": "thinking",
            "sounded": "speaking",
            "over": "idle",
            "stopped": "idle",
        },
        "speaking": {"began": "listening", "asked": "thinking", "over": "idle", "stopped": "idle"},
    }
)
"""Where each input leads; one that is not here changes nothing. Leaving a turn for another state ends it."""


class Floor:
    """Who speaks: the user, the character, or nobody. One turn at a time; whatever comes late for it is ignored."""

    def __init__(self, *, filler: float | None = None, patience: float | None = None) -> None:
        """Seconds: `filler` until the character says that it takes a moment, `patience` that it listens to silence.

        None: never, and without end.
        """
        self.state: State = "idle"
        self.turn = 0
        """Number of the turn under way, else of the last one; 0 before the first."""
        self._filler = filler
        self._patience = patience
        self._user = False
        self._waits_until: float | None = None
        self._listens_until: float | None = None
        self._events: list[FloorEvent] = []

    def began(self, now: float, *, barges: bool = True) -> None:
        """The user begins to speak or type; `barges`: over the character, who then stops."""
        self._user = True
        if barges or self.state in ("idle", "listening"):
            self._go("began")
        self._listen(now)

    def ended(self, now: float) -> None:
        """The user stopped and asked nothing."""
        del now
        self._user = False
        self._listens_until = None
        self._go("ended")

    def asked(self, now: float) -> int:
        """The user's turn is complete; return the number of the turn that answers it. What was under way stops."""
        self._user = False
        self._listens_until = None
        self._stop()
        self.turn += 1
        self._waits_until = None if self._filler is None else now + self._filler
        self._enter(_TABLE[self.state]["asked"])
        self._events.append(Ask(self.turn))
        return self.turn

    def delayed(self, turn: int, until: float, now: float) -> None:
        """The answer waits until `until`: where that is past the filler's time, the filler is due at once."""
        if self._is_current(turn) and self._waits_until is not None and until > self._waits_until:
            self._waits_until = now

    def worded(self, turn: int) -> None:
        """The answer's first word has come; its sound will follow, so no filler any more."""
        if self._is_current(turn):
            self._waits_until = None

    def sounded(self, turn: int) -> None:
        """The answer's first sound is heard."""
        if self._is_current(turn):
            self._waits_until = None
            self._go("sounded")

    def spoken(self, turn: int, now: float) -> None:
        """The answer was heard to its end."""
        self._close(turn, "answered", now)

    def failed(self, turn: int, now: float) -> None:
        """The answer cannot be had, or broke off and what came was heard."""
        self._close(turn, "failed", now)

    def interrupt(self, now: float) -> None:
        """Stop whatever the character does; harmless when it does nothing."""
        if self._stop():
            self._go("stopped")
            self._heed(now)

    def next_due(self) -> float | None:
        """Return when `advance` has something to do; None while it has not."""
        return min((at for at in (self._waits_until, self._listens_until) if at is not None), default=None)

    def advance(self, now: float) -> None:
        """Do what is due at `now`."""
        if self._waits_until is not None and now >= self._waits_until:
            self._waits_until = None
            self._events.append(SayFiller(self.turn))
        if self._listens_until is not None and now >= self._listens_until:
            self.ended(now)

    def events(self) -> list[FloorEvent]:
        """Return and forget what is to be done, in order."""
        events, self._events = self._events, []
        return events

    def _is_current(self, turn: int) -> bool:
        return turn == self.turn and self.state in ("thinking", "speaking")

    def _close(self, turn: int, how: Ending, now: float) -> None:
        if self._is_current(turn):
            self._waits_until = None
            self._events.append(Over(turn, how))
            self._go("over")
            self._heed(now)

    def _stop(self) -> bool:
        """End the turn under way before its time, with its `Over` first; return whether there was one."""
        if self.state not in ("thinking", "speaking"):
            return False
        self._waits_until = None
        self._events.append(Over(self.turn, "interrupted" if self.state == "speaking" else "cancelled"))
        return True

    def _go(self, what: _Input) -> None:
        following = _TABLE[self.state].get(what)
        if following is None:
            return
        if what == "began":
            self._stop()
        self._enter(following)

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._events.append(Enter(state))

    def _heed(self, now: float) -> None:
        """Listen where the user has begun meanwhile."""
        if self._user:
            self._go("began")
            self._listen(now)

    def _listen(self, now: float) -> None:
        listens = self.state == "listening" and self._patience is not None
        self._listens_until = now + self._patience if listens and self._patience is not None else None
