"""Live captions of what is said, sent to OBS when their first word is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.ports import Command
from avatar_bridge.wire.captions import CaptionFlow, CaptionWord
from avatar_bridge.wire.cea608 import COLUMNS, SHORTEST, plain, take
from avatar_bridge.wire.obs import NOT_STREAMING, ObsError

__all__ = ["ObsCaptions"]

_LOOK = 0.1
"""Seconds between two looks at the playhead while it stands still."""
_MOST = 64
_UNWRITABLE = Diagnostic(
    "stream captions (CEA-608) have Western letters only: what is said in other scripts is left out of them",
    suggestion="show the subtitles of the overlay page instead",
)


class ObsCaptions:
    """Follows utterances; survives the connection (captions that were due without one are left out)."""

    def __init__(
        self, now: Callable[[], float], *, columns: int = COLUMNS, report: Callable[[str, Diagnostic], None]
    ) -> None:
        """`report` takes a diagnostic under a key that says it only once."""
        self.heard: Callable[[], float] | None = None
        """Tells the seconds heard; without it they are guessed from when the sound was handed over."""
        self._now = now
        self._columns = min(max(columns, 16), COLUMNS)
        self._report = report
        self._flow = CaptionFlow()
        self._timeline: Timeline | None = None
        self._start: float | None = None
        self._taken = 0
        self._shown: list[CaptionWord] = []
        self._waiting: list[str] = []
        self._free = 0.0
        self._wake = asyncio.Event()

    def began(self, number: int, timeline: Timeline) -> None:
        """Follow a new utterance."""
        del number
        self._flow, self._timeline, self._start = CaptionFlow(), timeline, None
        self._taken, self._shown = 0, []

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Take the words of a segment."""
        del placed, rate
        if self._start is None and len(samples):
            self._start = self._now()
        self._flow.grow(timeline, self._playhead())
        self._wake.set()

    def hint(self, command: Command, lead: float) -> None:
        """Learn the playhead from a command that is due now, where nobody tells it."""
        if self._start is not None and command.cue is not None and command.kind == "act":
            self._start = self._now() - (command.due - lead)

    def ended(self, heard: HeardText) -> None:
        """Caption what is left of a finished utterance; of an interrupted one only what was heard."""
        words = self._words()
        left = words[self._taken :]
        if not heard.complete:
            left = [word for word in left if word.end <= heard.at]
            kept = [word for word in self._shown if word.end <= heard.at]
            if len(kept) < len(self._shown):
                left = [*kept, *left]
                self._queue("" if not left else None)
        while left:
            count, text = take(left, self._columns)
            self._queue(text)
            left = left[count:]
        self._timeline = None
        self._shown = []
        self._wake.set()

    async def run(self, client: ObsClient) -> None:
        """Send captions until cancelled or the connection fails."""
        self._waiting.clear()
        while True:
            text = self._next()
            if text is None:
                await self._pause()
                continue
            self._free = self._now() + SHORTEST
            try:
                await client.ask("SendStreamCaption", captionText=text)
            except ObsError as error:
                if error.code != NOT_STREAMING:
                    self._report("captions", Diagnostic(f"captions: {error}"))

    def _next(self) -> str | None:
        """Return the caption that is due now; None while there is none."""
        if self._now() < self._free:
            return None
        if self._waiting:
            return self._waiting.pop(0)
        words = self._words()[self._taken :]
        if self._timeline is None or not words or words[0].at > self._playhead():
            return None
        count, text = take(words, self._columns)
        self._taken += count
        self._shown = words[:count]
        if any(char.isalnum() and not plain(char) for word in words[:count] for char in word.text):
            self._report("caption letters", _UNWRITABLE)
        return text or self._next()

    async def _pause(self) -> None:
        """Wait until something may be due."""
        self._wake.clear()
        wait: float | None = None
        if self._waiting:
            wait = self._free - self._now()
        elif self._timeline is not None and len(words := self._words()) > self._taken:
            wait = max(words[self._taken].at - self._playhead(), self._free - self._now())
            if self.heard is not None:
                wait = min(max(wait, 0.005), _LOOK)
        try:
            async with asyncio.timeout(None if wait is None else max(wait, 0.002)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _queue(self, text: str | None) -> None:
        if text is not None and len(self._waiting) < _MOST:
            self._waiting.append(text)

    def _words(self) -> list[CaptionWord]:
        return [word for caption in self._flow.captions for line in caption.lines for word in line]

    def _playhead(self) -> float:
        if self.heard is not None:
            return self.heard()
        return -1.0 if self._start is None else self._now() - self._start
