"""The `overlay` speaker: a page plays the sound, and its own audio clock is the playhead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.audio.remote import Player, RemoteSpeaker
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Audience, Page
from avatar_bridge.wire import page as messages
from avatar_bridge.wire.page_binary import sound_messages
from avatar_bridge.wire.page_reports import Playing, SoundState, read

__all__ = ["OverlaySpeaker"]


@dataclass(slots=True)
class _Listener:
    page: Page
    state: str = "unknown"


class OverlaySpeaker(RemoteSpeaker):
    """A Speaker in a page: the first one whose sound runs plays it, the next one takes over when that is gone.

    It also attends the pages (`ports.Attendant`). While no page plays, the wall clock keeps the time.
    """

    what = "page"
    remedy = "reload the overlay"

    def __init__(self, audience: Audience, *, now: Callable[[], float] = time.perf_counter) -> None:
        """Play through `audience`, keeping time by `now` (monotonic seconds, the clock that pages are told)."""
        super().__init__(now)
        self._audience = audience
        self._listeners: dict[int, _Listener] = {}
        self._attending = False

    @property
    def page_id(self) -> int | None:
        """The page that has the sound."""
        return None if self._player is None else self._player.id

    async def open(self) -> None:
        """Look out for pages; there may be none yet."""
        await super().open()
        if not self._attending:
            self._attending = True
            self._audience.attend(self)

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
            self._believe(said.utterance, said.start, said.late_ms)

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

    def _pieces(self, utterance: int, first: int, pcm: NDArray[np.int16]) -> Iterator[bytes]:
        return sound_messages(utterance, first, pcm)

    def _next_player(self) -> Player | None:
        return next((each.page for each in self._listeners.values() if each.state == "running"), None)

    def _tell_turn(self, player: Player) -> None:
        player.tell(messages.turn(has=True))

    def _tell_stop(self, player: Player, utterance: int, heard: float) -> None:
        del heard
        player.tell(messages.stop(utterance))

    def _tell_end(self, player: Player, utterance: int, samples: int) -> None:
        player.tell(messages.sound_end(utterance, samples))

    def _silence(self) -> Diagnostic:
        if any(each.state == "blocked" for each in self._listeners.values()):
            return Diagnostic(
                "no page plays the sound: the browser blocks it", suggestion="click once into the overlay's page"
            )
        return Diagnostic(
            "no page plays the sound; the show goes on without it",
            suggestion="open the overlay's address in a browser or in OBS, without audio=0",
        )
