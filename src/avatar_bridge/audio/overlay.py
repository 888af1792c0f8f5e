"""The `overlay` speaker: a page plays the sound, and its own audio clock is the playhead."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from avatar_bridge.audio.page_playhead import PagePlayhead
from avatar_bridge.audio.page_sound import PageSound
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Audience, Page
from avatar_bridge.wire import page as messages
from avatar_bridge.wire.page_binary import SOUND_RATE
from avatar_bridge.wire.page_reports import Playing, SoundState, read

__all__ = ["OverlaySpeaker"]

_AHEAD = 15.0
"""Seconds before it is heard that audio is sent."""
_USUAL_RATE = 22_050
_NOTICEABLE = 20.0
"""Milliseconds of lateness from which on it is worth a word."""


@dataclass(slots=True)
class _Listener:
    page: Page
    state: str = "unknown"


class OverlaySpeaker:
    """A Speaker in a page: the first one whose sound runs plays it, the next one takes over when that is gone.

    It also attends the pages (`ports.Attendant`). While no page plays, the wall clock keeps the time.
    """

    def __init__(self, audience: Audience, *, now: Callable[[], float] = time.perf_counter) -> None:
        """Play through `audience`, keeping time by `now` (monotonic seconds, the clock that pages are told)."""
        self._audience = audience
        self._now = now
        self._listeners: dict[int, _Listener] = {}
        self._player: Page | None = None
        self._playhead = PagePlayhead(paged=False)
        self._playhead.stop(0.0)
        self._sound = PageSound(0)
        self._outgoing: deque[tuple[int, bytes]] = deque()
        self._end_told = True
        self._attending = False
        self._told: set[str] = set()
        self._missed = False
        self._diagnostics: list[Diagnostic] = []

    @property
    def page_id(self) -> int | None:
        """The page that has the sound."""
        return None if self._player is None else self._player.id

    @property
    def audible(self) -> bool:
        """True while a page is there that plays what is written."""
        return self._player is not None

    async def open(self) -> None:
        """Look out for pages; there may be none yet."""
        # the first use of the resampler takes its time: not at the first word
        PageSound(0).write(np.zeros(_USUAL_RATE // 10, np.float32), _USUAL_RATE)
        if not self._attending:
            self._attending = True
            self._audience.attend(self)

    def begin(self) -> None:
        """Start a new utterance; what is left of the one before is forgotten."""
        self._told.clear()
        self._sound = PageSound(self._sound.utterance + 1)
        self._outgoing.clear()
        self._end_told = False
        expected = self._playhead.expected
        self._playhead = PagePlayhead(paged=self._player is not None, expected=expected)

    def write(self, samples: Samples, rate: int) -> None:
        """Send audio ahead to the page that plays, some seconds of it at once and the rest as it is heard."""
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
        """Return the seconds of the utterance that were heard, as the page tells it."""
        if self._outgoing:
            self._pump()
        return self._playhead.heard(self._now())

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        return self._playhead.queued(self._now())

    def stop(self) -> float:
        """Tell the page to be silent at once, forget the rest, return what was heard."""
        begun = not self._playhead.stopped
        heard = self._playhead.stop(self._now())
        if begun:
            self._tell(messages.stop(self._sound.utterance))
            self._sound = PageSound(self._sound.utterance)
            self._outgoing.clear()
            self._end_told = True
        return heard

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong: nobody plays the sound, it came late, a page tells what cannot be."""
        news, self._diagnostics = self._diagnostics, []
        return news

    async def close(self) -> None:
        """Be silent."""
        self.stop()

    def joined(self, page: Page) -> None:
        """Remember a page that asked for the sound; it plays once it says that it can."""
        if "sound" in page.streams:
            self._listeners[page.id] = _Listener(page)

    def left(self, page: Page) -> None:
        """Let the next page play where the one that is gone did."""
        if self._listeners.pop(page.id, None) is not None and self.page_id == page.id:
            self._pass_on()

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Learn how a page's sound is, and what the one that plays has played."""
        listener = self._listeners.get(page.id)
        if listener is None or message.get("type") not in ("sound", "playing"):
            return
        try:
            said = read(message)
        except ProtocolError as error:
            self._once("nonsense", Diagnostic(str(error)))
            return
        if isinstance(said, SoundState):
            self._change(listener, said.state)
        elif isinstance(said, Playing) and page.id == self.page_id:
            self._believe(said)

    def _change(self, listener: _Listener, state: str) -> None:
        before, listener.state = listener.state, state
        if state == before:
            return
        # the order of the listeners is the order in which their sound came up
        self._listeners[listener.page.id] = self._listeners.pop(listener.page.id)
        if state == "running" and self._player is None:
            self._give(listener.page)
        elif state != "running" and self.page_id == listener.page.id:
            listener.page.tell(messages.turn(has=False))
            self._pass_on()

    def _pass_on(self) -> None:
        self._player = None
        following = next((each.page for each in self._listeners.values() if each.state == "running"), None)
        if following is not None:
            self._give(following)
            return
        self._outgoing.clear()
        self._playhead.take(self._now())
        self._missed = False
        if self._playhead.written and not self._playhead.finished:
            self._missed = True
            self._diagnostics.append(self._silence())

    def _give(self, page: Page) -> None:
        """Give a page the sound, with what is still to be heard of the utterance under way."""
        self._player = page
        self._missed = False
        position = self._playhead.give(self._now())
        page.tell(messages.turn(has=True))
        self._outgoing.clear()
        if not self._playhead.stopped and position < self._playhead.written:
            self._outgoing.extend(self._sound.since(round(position * SOUND_RATE)))
            self._end_told = False
            self._pump()

    def _believe(self, said: Playing) -> None:
        if said.utterance != self._sound.utterance:
            # of an older one: it was under way while the next began
            return
        if self._playhead.report(self._now(), said.start) == "impossible":
            text = "the page that plays the sound tells a time that cannot be; it is ignored"
            self._once("impossible", Diagnostic(text, suggestion="reload the overlay"))
        elif said.late_ms >= _NOTICEABLE:
            text = f"the sound came {said.late_ms:.0f} ms late to the page, so everything was shifted by as much"
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
        """Send what is to be heard soon: all at once would be too much for the page to take."""
        wanted = (max(self._playhead.heard(self._now()), 0.0) + _AHEAD) * SOUND_RATE
        while self._outgoing and self._outgoing[0][0] < wanted:
            self._tell(self._outgoing.popleft()[1])
        if not self._outgoing and self._playhead.finished and not self._end_told:
            self._end_told = True
            self._tell(messages.sound_end(self._sound.utterance, self._sound.samples))

    def _tell(self, message: str | bytes) -> None:
        if self._player is not None:
            self._player.tell(message)

    def _once(self, key: str, diagnostic: Diagnostic) -> None:
        """Tell of a kind of trouble once an utterance."""
        if key not in self._told:
            self._told.add(key)
            self._diagnostics.append(diagnostic)

    def _silence(self) -> Diagnostic:
        if any(each.state == "blocked" for each in self._listeners.values()):
            return Diagnostic(
                "no page plays the sound: the browser blocks it", suggestion="click once into the overlay's page"
            )
        return Diagnostic(
            "no page plays the sound; the show goes on without it",
            suggestion="open the overlay's address in a browser or in OBS, without audio=0",
        )
