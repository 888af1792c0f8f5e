"""Pages without a browser: an audience that hands messages over in virtual time, and a page that plays sound."""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from avatar_bridge.ports import Attendant, Page, Stream

RATE = 48_000
TRANSIT = 0.002
"""Seconds that a message takes either way."""


class Visitor:
    """A page that only remembers what it is told."""

    def __init__(self, number: int, streams: frozenset[Stream], kind: str = "overlay") -> None:
        self.id = number
        self.kind = kind
        self.streams = streams
        self.told: list[str | bytes] = []

    def tell(self, message: str | bytes) -> None:
        self.told.append(message)

    def texts(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the text messages, of one type or all."""
        found = [json.loads(each) for each in self.told if isinstance(each, str)]
        return [each for each in found if kind in (None, each["type"])]


class Gathering:
    """An Audience whose pages come and go as a test says."""

    def __init__(self) -> None:
        self.pages: dict[int, Page] = {}
        self.attendants: list[Attendant] = []

    def tell(self, stream: Stream, message: str | bytes) -> None:
        for page in list(self.pages.values()):
            if stream in page.streams:
                page.tell(message)

    def count(self, stream: Stream) -> int:
        return sum(stream in page.streams for page in self.pages.values())

    def attend(self, attendant: Attendant) -> None:
        self.attendants.append(attendant)
        for page in self.pages.values():
            attendant.joined(page)

    def join(self, page: Page) -> None:
        self.pages[page.id] = page
        for attendant in self.attendants:
            attendant.joined(page)

    def leave(self, page: Page) -> None:
        if self.pages.pop(page.id, None) is not None:
            for attendant in self.attendants:
                attendant.left(page)

    def say(self, page: Page, **message: Any) -> None:
        """Pass on what a page says, as long as it is here."""
        if page.id in self.pages:
            for attendant in self.attendants:
                attendant.received(page, message)


class Jukebox(Visitor):
    """A page that plays what it is sent as docs/events.md asks, on an audio clock of its own.

    `rate`: its clock's seconds a second. `latency`: seconds from its audio clock to the ear.
    """

    def __init__(
        self,
        number: int,
        gathering: Gathering,
        *,
        latency: float = 0.03,
        rate: float = 1.0,
        mute: bool = False,
        streams: frozenset[Stream] = frozenset({"speech", "motion", "sound"}),
    ) -> None:
        super().__init__(number, streams)
        self.latency, self.rate, self.mute = latency, rate, mute
        self.utterance = 0
        self.has_turn = False
        self.ended_at: int | None = None
        self.played: list[tuple[int, np.ndarray]] = []
        self.late_ms = 0.0
        self._gathering = gathering
        self._anchor: tuple[float, float] | None = None
        self._first = 0
        self._until = 0
        self._reporting: asyncio.Task[None] | None = None
        self._arriving: deque[str | bytes] = deque()

    def tell(self, message: str | bytes) -> None:
        super().tell(message)
        # timers of the same moment come in any order, a socket's messages do not
        self._arriving.append(message)
        asyncio.get_running_loop().call_later(TRANSIT, lambda: self._take(self._arriving.popleft()))

    def sound(self, state: str) -> None:
        self._gathering.say(self, type="sound", state=state, detail="")

    def heard(self) -> float | None:
        """Return where the ear is in the utterance; None before its first sample."""
        if self._anchor is None:
            return None
        at, position = self._anchor
        heard = position + (self._now() - at) * self.rate
        return None if heard < position else min(heard, self._until / RATE)

    def gone(self) -> None:
        """Leave, and play nothing more."""
        self._silence()
        self._gathering.leave(self)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            kind, _, _, utterance, offset, rate = struct.unpack_from("<BBHIII", message)
            assert (kind, rate) == (2, RATE)
            self._schedule(utterance, offset, np.frombuffer(message, "<i2", offset=16))
            return
        data = json.loads(message)
        match data["type"]:
            case "turn":
                self.has_turn = data["has"]
                if not self.has_turn:
                    self._silence()
            case "stop":
                self._silence()
            case "sound_end":
                self.ended_at = data["samples"]
            case _:
                pass

    def _schedule(self, utterance: int, offset: int, pcm: np.ndarray) -> None:
        if utterance != self.utterance:
            self._silence()
            self.utterance, self.played, self.ended_at, self.late_ms = utterance, [], None, 0.0
        now = self._now()
        begin = now + 0.01
        if self._anchor is None:
            self._anchor, self._first = (begin + self.latency, offset / RATE), offset
            changed = True
        else:
            at, position = self._anchor
            planned = at - self.latency + (offset / RATE - position) / self.rate
            changed = planned < now
            if changed:
                self.late_ms += 1000 * (begin - planned)
                self._anchor = (begin + self.latency, offset / RATE)
        self.played.append((offset, pcm))
        self._until = offset + len(pcm)
        if changed:
            self._report()
        if self._reporting is None:
            self._reporting = asyncio.create_task(self._keep_reporting())

    def _report(self) -> None:
        if self._anchor is None or self.mute:
            return
        at, position = self._anchor
        now = self._now()
        start = now - (position + (now - at) * self.rate)
        self._later(type="playing", utterance=self.utterance, start=start, late_ms=self.late_ms, latency_ms=23.0)

    def _later(self, **message: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(TRANSIT, lambda: self._gathering.say(self, **message))

    async def _keep_reporting(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            self._report()

    def _silence(self) -> None:
        self._anchor = None
        if self._reporting is not None:
            self._reporting.cancel()
            self._reporting = None


def joined_sound(page: Jukebox) -> tuple[int, np.ndarray]:
    """Return the offset of the first sample that a page was sent and all of its samples, which must follow on."""
    first = page.played[0][0]
    expected = first
    for offset, pcm in page.played:
        assert offset == expected
        expected += len(pcm)
    return first, np.concatenate([pcm for _, pcm in page.played])


def messages_of(told: list[str | bytes]) -> list[Mapping[str, Any]]:
    return [json.loads(each) for each in told if isinstance(each, str)]


__all__ = ["RATE", "TRANSIT", "Gathering", "Jukebox", "Visitor", "joined_sound", "messages_of"]
