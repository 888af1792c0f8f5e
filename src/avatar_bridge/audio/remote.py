"""A speaker elsewhere: another program plays the sound, and its own audio clock is the playhead."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.audio.page_playhead import PagePlayhead
from avatar_bridge.audio.page_sound import PageSound
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.wire.page_binary import SOUND_RATE

__all__ = ["Player", "RemoteSpeaker"]

_AHEAD = 15.0
"""Seconds before it is heard that audio is sent."""
_AT_FIRST, _FASTER = 0.25, 2.0
"""Who takes over in mid-utterance gets what begins within so many seconds, and gains on its playhead by so many a
second: all of it at once, for eight characters, was more than one connection may leave unread."""
_USUAL_RATE = 22_050
_NOTICEABLE = 20.0
"""Milliseconds of lateness from which on it is worth a word."""


class Player(Protocol):
    """A page or a game that can be given the sound."""

    id: int

    def tell(self, message: str | bytes) -> None:
        """Queue a message for it alone; never blocks."""
        ...


class RemoteSpeaker(ABC):
    """A Speaker whose sound one of several players plays; the next one takes over when that is gone.

    While nobody plays, the wall clock keeps the time. Whoever derives from it knows the players and the messages.
    """

    what = "program"
    """What a player is called in diagnostics."""
    remedy = ""
    """What to do with a player that tells nonsense."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Keep time by `now` (monotonic seconds, the clock that players are told)."""
        self._now = now
        self._player: Player | None = None
        self._playhead = PagePlayhead(paged=False)
        self._playhead.stop(0.0)
        self._sound = self._new_sound(0)
        self._outgoing: deque[tuple[int, bytes]] = deque()
        self._end_told = True
        self._given = -math.inf
        self._told: set[str] = set()
        self._missed = False
        self._diagnostics: list[Diagnostic] = []

    @property
    def audible(self) -> bool:
        """True while somebody is there who plays what is written."""
        return self._player is not None

    async def open(self) -> None:
        """Get ready; there may be no player yet."""
        _warm_up()

    def begin(self) -> None:
        """Start a new utterance; what is left of the one before is forgotten."""
        self._told.clear()
        self._sound = self._new_sound(self._sound.utterance + 1)
        self._outgoing.clear()
        self._end_told = False
        expected = self._playhead.expected
        self._playhead = PagePlayhead(paged=self._player is not None, expected=expected)

    def _count(self) -> None:
        """Count an utterance that is not played here."""
        self._sound = self._new_sound(self._sound.utterance + 1)
        self._outgoing.clear()
        self._end_told = True
        self._playhead.stop(self._now())

    def write(self, samples: Samples, rate: int) -> None:
        """Send audio ahead to whoever plays, some seconds of it at once and the rest as it is heard."""
        if not len(samples) or self._playhead.finished:
            return
        self._queue(self._sound.write(samples, rate))
        if self._player is None and not self._missed:
            self._missed = True
            self._diagnostics.append(self._silence())

    def finish(self) -> None:
        """Send what is left and that no more follows."""
        if self._playhead.finished:
            return
        self._queue(self._sound.finish())
        self._playhead.finish(self._now())
        self._pump()

    def heard(self) -> float:
        """Return the seconds of the utterance that were heard, as the player tells it."""
        if self._outgoing:
            self._pump()
        return self._playhead.heard(self._now())

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        return self._playhead.queued(self._now())

    def stop(self) -> float:
        """Tell the player to be silent at once, forget the rest, return what was heard."""
        begun = not self._playhead.stopped
        heard = self._playhead.stop(self._now())
        if begun:
            if self._player is not None:
                self._tell_stop(self._player, self._sound.utterance, heard)
            self._sound = self._new_sound(self._sound.utterance)
            self._outgoing.clear()
            self._end_told = True
        return heard

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong: nobody plays the sound, it came late, a player tells what cannot be."""
        news, self._diagnostics = self._diagnostics, []
        return news

    async def close(self) -> None:
        """Be silent."""
        self.stop()

    @abstractmethod
    def _pieces(self, utterance: int, first: int, pcm: NDArray[np.int16]) -> Iterator[bytes]:
        """Yield the messages of audio whose first sample is number `first` of the utterance."""

    @abstractmethod
    def _next_player(self) -> Player | None:
        """Return who would play where whoever did is gone."""

    @abstractmethod
    def _tell_turn(self, player: Player) -> None:
        """Tell a player that it has the sound from now on."""

    @abstractmethod
    def _tell_stop(self, player: Player, utterance: int, heard: float) -> None:
        """Tell a player to be silent at once."""

    @abstractmethod
    def _tell_end(self, player: Player, utterance: int, samples: int) -> None:
        """Tell a player that no sound follows the first `samples` of the utterance."""

    @abstractmethod
    def _silence(self) -> Diagnostic:
        """Return why nobody hears anything."""

    def _new_sound(self, utterance: int) -> PageSound:
        return PageSound(utterance, self._pieces)

    def _pass_on(self) -> None:
        """Let the next one play where whoever did is gone."""
        self._player = None
        following = self._next_player()
        if following is not None:
            self._give(following)
            return
        self._outgoing.clear()
        self._playhead.take(self._now())
        self._missed = False
        if self._playhead.queued(self._now()) > 0.0:
            self._missed = True
            self._diagnostics.append(self._silence())

    def _give(self, player: Player) -> None:
        """Give a player the sound, with what is still to be heard of the utterance under way."""
        self._player = player
        self._missed = False
        now = self._now()
        position = self._playhead.give(now)
        self._tell_turn(player)
        self._outgoing.clear()
        if not self._playhead.stopped and position < self._playhead.written:
            self._given = now
            self._outgoing.extend(self._sound.since(round(position * SOUND_RATE)))
            self._end_told = False
            self._pump()

    def _believe(self, utterance: int, start: float, late_ms: float) -> None:
        """Take from whoever plays that time 0 of the utterance is or was heard at `start`."""
        if utterance != self._sound.utterance:
            # of an older one: it was under way while the next began
            return
        if not math.isfinite(start) or self._playhead.report(self._now(), start) == "impossible":
            text = f"the {self.what} that plays the sound tells a time that cannot be; it is ignored"
            self._once("impossible", Diagnostic(text, suggestion=self.remedy))
        elif late_ms >= _NOTICEABLE:
            text = f"the sound came {late_ms:.0f} ms late to the {self.what}, so everything was shifted by as much"
            self._once("late", Diagnostic(text))

    def _queue(self, first: int) -> None:
        """Count the audio from sample `first` on, and send of it what is wanted now."""
        now = self._now()
        added = self._sound.samples / SOUND_RATE - self._playhead.written
        if added > 0.0:
            self._playhead.write(now, added)
        self._sound.forget(self._playhead.heard(now))
        if self._player is not None:
            self._outgoing.extend(self._sound.since(first))
            self._pump()

    def _pump(self) -> None:
        """Send what is to be heard soon: all at once would be too much for the player to take."""
        player = self._player
        if player is None:
            return
        now = self._now()
        ahead = min(_AT_FIRST + _FASTER * (now - self._given), _AHEAD)
        wanted = (max(self._playhead.heard(now), 0.0) + ahead) * SOUND_RATE
        while self._outgoing and self._outgoing[0][0] < wanted:
            player.tell(self._outgoing.popleft()[1])
        if not self._outgoing and self._playhead.finished and not self._end_told:
            self._end_told = True
            self._tell_end(player, self._sound.utterance, self._sound.samples)

    def _once(self, key: str, diagnostic: Diagnostic) -> None:
        """Tell of a kind of trouble once an utterance."""
        if key not in self._told:
            self._told.add(key)
            self._diagnostics.append(diagnostic)


@cache
def _warm_up() -> None:
    """Use the resampler once: its first use takes its time, and should not at the first word."""

    def nothing(_utterance: int, _first: int, _pcm: NDArray[np.int16]) -> Iterator[bytes]:
        return iter(())

    PageSound(0, nothing).write(np.zeros(_USUAL_RATE // 10, np.float32), _USUAL_RATE)
