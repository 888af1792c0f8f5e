"""What is said, told to the pages ahead of its sound: segments, cues, captions, and where the utterance is."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from avatar_bridge.assembly import Bridge
from avatar_bridge.core.timeline.timeline import HeardText, PlacedCue, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.ports import Audience, Page
from avatar_bridge.wire import page as messages
from avatar_bridge.wire.captions import CaptionFlow, cut_short

__all__ = ["SpeechFeed"]

_CLOCK_FRAMES: Final = 3
"""Frames between two looks at the playhead: twenty a second."""
_KEPT: Final = 60.0
"""Seconds after which what was heard is no longer kept for pages that join."""
_STEPS: Final = (
    ("script", "began", "cut"),
    ("voice", "cut", "spoken"),
    ("prepare", "spoken", "prepared"),
    ("hand_over", "prepared", "played"),
    ("first_voice", "cut", "voiced"),
)
"""Parts of an utterance's latency, each from one of the stage's marks to another."""


class SpeechFeed:
    """Tells pages of the running utterance; a follower (`Bridge.follow`) and an attendant (`Audience.attend`).

    `run` tells them the time twenty times a second; it belongs into the task group of whoever serves the pages.
    """

    def __init__(self, bridge: Bridge, audience: Audience) -> None:
        """Take what to tell of and whom; nothing is told before `bridge` and `audience` were told of this feed."""
        self._bridge = bridge
        self._audience = audience
        self._number = 0
        self._timeline: Timeline | None = None
        self._flow = CaptionFlow()
        self._segments: deque[tuple[float, int, str]] = deque()
        self._cues: list[PlacedCue] = []
        self._closed: str | None = None
        self._heard = 0.0
        self._timed = False

    def began(self, number: int, timeline: Timeline) -> None:
        """Tell that everything of an older utterance is over."""
        self._number, self._timeline = number, timeline
        self._flow = CaptionFlow()
        self._segments.clear()
        self._cues = []
        self._closed = None
        self._heard = self._bridge.stage.speaker.heard()
        self._timed = False
        self._tell(messages.utterance(number))

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Tell a segment with all that is known of it, and what its place has changed."""
        heard = self._bridge.stage.speaker.heard()
        if placed is not None:
            told = self._segment(timeline, placed, samples, rate)
            self._segments.append((placed.at + placed.duration, placed.index, told))
            self._tell(told)
        self._follow(timeline, heard)

    def corrected(self, timeline: Timeline, placed: PlacedSegment, samples: Samples, rate: int) -> None:
        """Tell a segment's better times, and which cues have moved; who comes later is told those alone."""
        if placed.index not in [index for _, index, _ in self._segments]:
            return
        kept = self._segments
        told = self._segment(timeline, placed, samples, rate)
        self._segments = deque((end, index, told if index == placed.index else before) for end, index, before in kept)
        self._tell(self._segment(timeline, placed, samples, rate, corrected=True))
        self._follow(timeline, self._bridge.stage.speaker.heard())

    def _follow(self, timeline: Timeline, heard: float) -> None:
        """Tell what has changed beside the segments, and forget what is long past."""
        while self._segments and self._segments[0][0] < heard - _KEPT:
            self._segments.popleft()
        cues = [cue for cue in timeline.cues if max(cue.at, cue.released or cue.at) > heard - _KEPT]
        if cues != self._cues:
            self._cues = cues
            self._tell(messages.cues(self._number, cues))
        first, captions = self._flow.grow(timeline, heard)
        if captions:
            self._tell(messages.captions(self._number, first, captions))
        if timeline.closed and self._closed is None:
            self._closed = messages.closed(self._number, timeline.duration)
            self._tell(self._closed)

    def ended(self, heard: HeardText) -> None:
        """Tell the end; after an interrupt the captions end at the last word heard."""
        if not heard.complete:
            captions = self._flow.captions
            first, kept = cut_short(captions, heard.at)
            if first < len(captions):
                self._tell(messages.captions(self._number, first, kept))
        self._tell(messages.ended(self._number, heard=heard.at, complete=heard.complete, shown=heard.shown))
        self._timeline = None
        self._segments.clear()

    async def run(self) -> None:
        """Tell where the utterance is until cancelled."""
        while True:
            await self._bridge.stage.frames(_CLOCK_FRAMES)
            self.tick()

    def tick(self) -> None:
        """Tell where the utterance is, if one runs, and once how long its first sound took."""
        if self._timeline is None:
            return
        stage = self._bridge.stage
        now, heard = stage.clock.time(), stage.speaker.heard()
        if heard > 0.0 and not self._timed:
            self._timed = True
            self._audience.tell("state", self._latency(now - heard))
        if self._audience.count("speech"):
            self._tell(messages.clock(self._number, now=now, heard=heard, running=heard > self._heard))
        self._heard = heard

    def joined(self, page: Page) -> None:
        """Bring a page that comes in mid-utterance to the present."""
        timeline = self._timeline
        if timeline is None or "speech" not in page.streams:
            return
        page.tell(messages.utterance(self._number))
        for *_, told in self._segments:
            page.tell(told)
        if self._cues:
            page.tell(messages.cues(self._number, self._cues))
        captions = self._flow.captions
        if captions:
            page.tell(messages.captions(self._number, 0, captions))
        if self._closed is not None:
            page.tell(self._closed)
        stage = self._bridge.stage
        now, heard = stage.clock.time(), stage.speaker.heard()
        running = heard > self._heard or (0.0 < heard < timeline.duration)
        page.tell(messages.clock(self._number, now=now, heard=heard, running=running))

    def left(self, page: Page) -> None:
        """Nothing is kept of a page."""

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Nothing is asked of pages here."""

    def _segment(
        self, timeline: Timeline, placed: PlacedSegment, samples: Samples, rate: int, *, corrected: bool = False
    ) -> str:
        words, phonemes = timeline.within(placed.index)
        return messages.segment(
            self._number,
            placed,
            words=words,
            phonemes=phonemes,
            mouth=timeline.mouth.starting(placed.at) if placed.duration else None,
            samples=samples,
            rate=rate,
            corrected=corrected,
        )

    def _latency(self, sounded: float) -> str:
        """Return the utterance's way from the request to the sound at `sounded`, in parts."""
        marks = self._bridge.stage.marks
        parts = {
            name: 1000 * (marks[to] - marks[since]) for name, since, to in _STEPS if since in marks and to in marks
        }
        if "played" in marks:
            parts["sound"] = 1000 * (sounded - marks["played"])
        parts["total"] = 1000 * (sounded - marks["began"])
        return messages.latency(self._number, parts)

    def _tell(self, message: str) -> None:
        self._audience.tell("speech", message)
