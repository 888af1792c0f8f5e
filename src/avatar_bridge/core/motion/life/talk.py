"""What the body knows of the talk: stimuli, worked off in the order of time, each as early as reacting to it takes."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf
from typing import Literal

from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.vocabulary import Stimulus

__all__ = ["Reaction", "Talk"]

_LEADS = {"accent": 0.45, "phrase_end": 0.55, "turn_start": 1.1, "turn_end": 2.2, "speaker_pause": 0.0, "topic": 0.0}
"""Seconds before a stimulus at which the body begins to prepare for it, where it is known so early."""
_LATEST = {"accent": 0.3, "phrase_end": 0.5, "turn_start": 1.0, "turn_end": 1.0, "speaker_pause": 1.0, "topic": 5.0}
"""Seconds after a stimulus at which reacting to it no longer makes sense."""
_SPOKEN = frozenset({"accent", "phrase_end", "turn_end", "topic"})


@dataclass(frozen=True, slots=True)
class Reaction:
    """Something that a part of the body is to do at `at` because of `stimulus`."""

    kind: Literal["notice", "blink"]
    at: float
    stimulus: Stimulus
    chance: float = 1.0


class Talk:
    """The stimuli that are known and not yet reacted to."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Reaction]] = []
        self._count = 0
        self._taken: list[Reaction] = []
        self.due = inf

    def notice(self, stimulus: Stimulus, now: float | None) -> None:
        """Take in a stimulus at `now`, None before life has begun."""
        at = stimulus.at - _LEADS[stimulus.kind]
        if now is not None:
            if now > stimulus.at + _LATEST[stimulus.kind]:
                return
            at = max(at, now)
        self.plan(Reaction("notice", at, stimulus))

    def plan(self, reaction: Reaction) -> None:
        """Hold a reaction until it is due."""
        self._count += 1
        heappush(self._queue, (reaction.at, self._count, reaction))
        self.due = self._queue[0][0]

    def begin(self, now: float) -> None:
        """Bring what was noticed before life began to `now`; what is too late is let go."""
        waiting = [reaction.stimulus for _, _, reaction in self._queue if reaction.kind == "notice"]
        self._queue.clear()
        self.due = inf
        for stimulus in waiting:
            self.notice(stimulus, now)

    def drop_speech(self, at: float) -> None:
        """Forget what will not be spoken after `at`."""
        self._queue = [
            entry for entry in self._queue if entry[2].stimulus.kind not in _SPOKEN or entry[2].stimulus.at <= at
        ]
        heapify(self._queue)
        self.due = self._queue[0][0] if self._queue else inf

    def fire(self) -> list[Happening]:
        """Put what is due where `taken` finds it."""
        _, _, reaction = heappop(self._queue)
        self._taken.append(reaction)
        self.due = self._queue[0][0] if self._queue else inf
        return []

    def taken(self) -> list[Reaction]:
        """Return and forget the reactions that fell due."""
        taken, self._taken = self._taken, []
        return taken
