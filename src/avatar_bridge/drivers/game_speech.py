"""What games are told of one utterance: kept as long as it may be wanted again, so that one that joins gets it too."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from avatar_bridge.core.timeline.timeline import HeardText, PlacedCue, PlacedSegment, Timeline
from avatar_bridge.drivers.game_natives import Natives
from avatar_bridge.wire import game as messages
from avatar_bridge.wire.captions import CaptionFlow, cut_short

__all__ = ["Speech", "Told"]

_KEPT = 60.0
"""Seconds after which what was heard is no longer kept for games that join."""

Told = tuple[str, str]
"""The capability that a message is for, and the message."""


class Speech:
    """One character's utterance under way, as messages. Pure: it is told how much was heard."""

    def __init__(self, character: int) -> None:
        """`character`: its number on the wire."""
        self.number = 0
        self.cues: list[PlacedCue] = []
        """All that have their place so far and are not long past."""
        self.running = False
        """True while an utterance is under way."""
        self._character = character
        self._flow = CaptionFlow()
        self._segments: deque[tuple[float, int, str]] = deque()
        self._closed: str | None = None
        self._released: list[str] = []

    def begin(self, number: int) -> list[Told]:
        """Return that an utterance begins."""
        self.number, self.running = number, True
        self.cues = []
        self._flow = CaptionFlow()
        self._segments.clear()
        self._closed = None
        self._released.clear()
        return [("speech", messages.utterance(self._character, number))]

    def grow(self, timeline: Timeline, placed: PlacedSegment | None, heard: float) -> tuple[list[Told], bool]:
        """Return what is new, and whether the cues are; these are told by `told_cues`, before `close`."""
        news: list[Told] = []
        if placed is not None:
            told = self._segment(timeline, placed)
            self._segments.append((placed.at + placed.duration, placed.index, told))
            news.append(("speech", told))
        return self._follow(timeline, heard, news)

    def correct(self, timeline: Timeline, placed: PlacedSegment, heard: float) -> tuple[list[Told], bool]:
        """Return a segment's better times, and whether cues have moved; who joins later is told those alone."""
        if placed.index not in [index for _, index, _ in self._segments]:
            return [], False
        told = self._segment(timeline, placed)
        self._segments = deque(
            (end, index, told if index == placed.index else before) for end, index, before in self._segments
        )
        return self._follow(timeline, heard, [("speech", self._segment(timeline, placed, corrected=True))])

    def _segment(self, timeline: Timeline, placed: PlacedSegment, *, corrected: bool = False) -> str:
        words, _ = timeline.within(placed.index)
        mouth = timeline.mouth.starting(placed.at) if placed.duration else None
        return messages.segment(self._character, self.number, placed, words=words, mouth=mouth, corrected=corrected)

    def _follow(self, timeline: Timeline, heard: float, news: list[Told]) -> tuple[list[Told], bool]:
        while self._segments and self._segments[0][0] < heard - _KEPT:
            self._segments.popleft()
        before = self.cues
        self.cues = [cue for cue in timeline.cues if max(cue.at, cue.released or cue.at) > heard - _KEPT]
        first, captions = self._flow.grow(timeline, heard)
        if captions:
            news.append(("captions", messages.captions(self._character, self.number, first, captions)))
        return news, self.cues != before

    def close(self, timeline: Timeline) -> list[Told]:
        """Return that no segment follows, once; nothing while more may follow."""
        if not timeline.closed or self._closed is not None:
            return []
        self._closed = messages.closed(self._character, self.number, timeline.duration)
        return [("speech", self._closed)]

    def end(self, heard: HeardText) -> Iterator[Told]:
        """Yield that the utterance is over; after an interrupt first that, and captions up to the last word heard."""
        at = max(heard.at, 0.0)
        self.running = False
        if not heard.complete:
            yield "speech", messages.cancel(self._character, self.number, at)
            captions = self._flow.captions
            first, kept = cut_short(captions, heard.at)
            if first < len(captions):
                yield "captions", messages.captions(self._character, self.number, first, kept)
        ended = messages.ended(self._character, self.number, heard=at, complete=heard.complete, shown=heard.shown)
        yield "speech", ended
        self._segments.clear()
        self._released.clear()
        self.cues = []

    def release(self, action: str, cue: int, at: float) -> str:
        """Return that what a cue holds ends at `at`; a game that joins later is told so too."""
        told = messages.release(self._character, action, cue=cue, at=at)
        if self.running:
            self._released.append(told)
        return told

    def told_cues(self, natives: Natives) -> Told:
        """Return the cues, for games that perform `natives` by themselves."""
        return "speech", messages.cues(self._character, self.number, self.cues, natives)

    def present(self, natives: Natives) -> Iterator[Told]:
        """Yield what brings a game that joins in mid-utterance to the present, but for the time."""
        yield "speech", messages.utterance(self._character, self.number)
        for *_, told in self._segments:
            yield "speech", told
        if self.cues:
            yield self.told_cues(natives)
        for told in self._released:
            yield "speech", told
        captions = self._flow.captions
        if captions:
            yield "captions", messages.captions(self._character, self.number, 0, captions)
        if self._closed is not None:
            yield "speech", self._closed
