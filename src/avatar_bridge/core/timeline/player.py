"""What is due at the playhead, for one target: a timeline read forward, each thing delivered once and never early."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Final, TypeAlias

from avatar_bridge.core.timeline.timeline import PlacedCue, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Stimulus

__all__ = ["Begin", "Due", "End", "Player"]

LATE_WORD = 0.15
"""Seconds after its word within which a gesture may still move to a stressed word."""

TURN_END = 2.2
"""Seconds ahead of the end at which life is told of it, so that the eyes are on the viewer by then."""

_NONE: Final[Mapping[str, float]] = MappingProxyType({})

_GRACE = 0.034
"""Two frames: a gesture this little behind its word still counts as on it."""


@dataclass(frozen=True, slots=True)
class Begin:
    """An action starts now."""

    cue: PlacedCue
    due: float
    """Playhead seconds at which it was to start."""
    stroke_at: float
    """Playhead seconds at which its stroke is to be seen; later than `cue.at` where it moved to a stressed word."""
    native: bool
    """True when the target performs it by itself."""


@dataclass(frozen=True, slots=True)
class End:
    """A held action ends now: released, replaced, timed out, or the utterance is over."""

    cue: PlacedCue
    due: float
    native: bool


Due: TypeAlias = Begin | End | Stimulus


@dataclass(slots=True)
class _Held:
    cue: PlacedCue
    native: bool
    ends: float | None
    """Seconds at which it times out; None while it holds."""


class Player:
    """Reads one timeline for one target. The caller adds the target's lead to the playhead it passes."""

    def __init__(self, timeline: Timeline, *, lookahead: float = 0.6) -> None:
        self._timeline = timeline
        self._lookahead = lookahead
        self._known = 0
        self._revision = timeline.revision
        self._waiting: list[tuple[float, int, PlacedCue]] = []
        self._next_stimulus = 0
        self._ending = False
        self._held: dict[int, _Held] = {}
        self._playhead = float("-inf")
        self._stopped = False
        self.diagnostics: list[Diagnostic] = []

    @property
    def done(self) -> bool:
        """True when everything was delivered and nothing is held."""
        timeline = self._timeline
        self._learn()
        return self._stopped or (timeline.closed and not self._waiting and not self._held)

    def next_due(self, ahead: Mapping[str, float] = _NONE) -> float | None:
        """Return the playhead seconds of the next thing known to be due; None while nothing is."""
        if self._stopped:
            return None
        self._learn()
        times = [end for held in self._held.values() if (end := self._end(held)) is not None]
        if self._waiting:
            times.append(self._waiting[0][0])
        if ahead:
            times += [start - ahead.get(cue.name, 0.0) for start, _, cue in self._waiting]
        return min(times, default=None)

    def advance(self, playhead: float, native: Collection[str] = (), ahead: Mapping[str, float] = _NONE) -> list[Due]:
        """Return what came due up to `playhead`, in the order of its time; a playhead that goes back gives nothing.

        `native` names the actions that the target performs by itself, `ahead` the seconds by which some begin earlier.
        """
        if self._stopped or playhead < self._playhead:
            return []
        self._playhead = playhead
        due: list[Due] = []
        self._learn()
        for cue in self._starting(playhead, ahead):
            due += self._expired(min(cue.start, playhead))
            due += self._begin(cue, playhead, native)
        due += self._expired(playhead)
        stimuli = self._timeline.stimuli
        while self._next_stimulus < len(stimuli) and stimuli[self._next_stimulus].at <= playhead + self._lookahead:
            due.append(stimuli[self._next_stimulus])
            self._next_stimulus += 1
        timeline = self._timeline
        if timeline.closed and not self._ending and timeline.duration <= playhead + TURN_END:
            self._ending = True
            due.append(Stimulus("turn_end", timeline.duration))
        return due

    def interrupt(self) -> list[End]:
        """End everything that is held, deliver nothing after it."""
        ends = [End(held.cue, self._playhead, held.native) for held in self._held.values()]
        self._held.clear()
        self._stopped = True
        return ends

    def _starting(self, playhead: float, ahead: Mapping[str, float]) -> Iterator[PlacedCue]:
        """Yield what is to begin by now, and forget that it waits."""
        if ahead:
            early = {each for at, each, cue in self._waiting if at - ahead.get(cue.name, 0.0) <= playhead}
            starting = sorted((item for item in self._waiting if item[1] in early), key=lambda item: item[:2])
            if starting:
                self._waiting = [item for item in self._waiting if item[1] not in early]
                heapify(self._waiting)
            yield from (cue for _, _, cue in starting)
        while self._waiting and self._waiting[0][0] <= playhead:
            yield heappop(self._waiting)[2]

    def _begin(self, cue: PlacedCue, playhead: float, native: Collection[str]) -> list[Due]:
        stroke_at = cue.at
        is_native = cue.name in native
        if cue.action.kind == "gesture" and playhead > cue.at + _GRACE:
            moved = self._timeline.next_stressed(playhead, cue.at + LATE_WORD - playhead)
            if moved is None:
                late = 1000 * (playhead - cue.at)
                self.diagnostics.append(
                    Diagnostic(f"{cue.written!r} was {late:.0f} ms too late for its word: left out")
                )
                return []
            stroke_at = moved
        groups = {cue.action.exclusive, *cue.action.replaces}
        replaced = [held for held in self._held.values() if held.cue.action.exclusive in groups]
        for held in replaced:
            del self._held[held.cue.id]
        holds = cue.action.kind != "gesture" or is_native
        if holds:
            ends = None if cue.duration is None else cue.at + cue.duration
            self._held[cue.id] = _Held(cue, is_native, ends)
        ended = [End(held.cue, cue.start, held.native) for held in replaced]
        return [*ended, Begin(cue, cue.start, stroke_at, is_native)]

    def _learn(self) -> None:
        cues = self._timeline.cues
        if self._revision != self._timeline.revision:
            # what waits may have moved with its word
            self._revision = self._timeline.revision
            moved = (self._timeline.cue(cue.id) or cue for _, _, cue in self._waiting)
            self._waiting = [(cue.start, cue.id, cue) for cue in moved]
            heapify(self._waiting)
        while self._known < len(cues):
            cue = cues[self._known]
            heappush(self._waiting, (cue.start, cue.id, cue))
            self._known += 1

    def _end(self, held: _Held) -> float | None:
        current = self._timeline.cue(held.cue.id) or held.cue
        action = held.cue.action
        times = [held.ends]
        if current.released is not None:
            times.append(max(current.released, held.cue.at + action.minimum_hold))
        if self._timeline.closed and action.kind != "gesture":
            times.append(max(self._timeline.duration, held.cue.at + action.minimum_hold))
        return min((time for time in times if time is not None), default=None)

    def _expired(self, playhead: float) -> list[Due]:
        ended = [
            (end, held) for held in self._held.values() if (end := self._end(held)) is not None and end <= playhead
        ]
        for _, held in ended:
            del self._held[held.cue.id]
        return [End(held.cue, end, held.native) for end, held in sorted(ended, key=lambda item: item[0])]
