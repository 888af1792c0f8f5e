"""Live captions of what is said, sent to OBS when their first word is heard."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.wire.captions import CaptionFlow, CaptionWord
from avatar_bridge.wire.cea608 import COLUMNS, SHORTEST, plain, take
from avatar_bridge.wire.obs import NOT_STREAMING, ObsError

__all__ = ["ObsCaptions"]

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
        self._now = now
        self._columns = min(max(columns, 16), COLUMNS)
        self._report = report
        self._flow = CaptionFlow()
        self._timeline: Timeline | None = None
        self._heard = -math.inf
        self._taken = 0
        self._words: list[CaptionWord] = []
        self._shown: list[CaptionWord] = []
        self._waiting: list[str] = []
        self._free = 0.0
        self._wake = asyncio.Event()

    def began(self, number: int, timeline: Timeline) -> None:
        """Follow a new utterance."""
        del number
        self._flow, self._timeline, self._heard = CaptionFlow(), timeline, -math.inf
        self._words, self._taken, self._shown = [], 0, []

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Take the words of a segment."""
        del placed, samples, rate
        self._flow.grow(timeline, self._heard)
        self._words = [word for caption in self._flow.captions for line in caption.lines for word in line]

    def tick(self, heard: float | None) -> None:
        """Learn where the utterance is."""
        if heard is not None and self._timeline is not None:
            self._heard = heard
            if self._due() and self._now() >= self._free:
                self._wake.set()

    def ended(self, heard: HeardText) -> None:
        """Caption what is left of a finished utterance; of an interrupted one only what was heard."""
        left = self._words[self._taken :]
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
        self._words, self._taken, self._shown = [], 0, []
        self._wake.set()

    async def run(self, client: ObsClient) -> None:
        """Send captions until cancelled or the connection fails."""
        self._waiting.clear()
        while self._taken < len(self._words) and self._words[self._taken].end < self._heard:
            self._taken += 1
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
        if not self._due():
            return None
        words = self._words[self._taken :]
        count, text = take(words, self._columns)
        self._taken += count
        self._shown = words[:count]
        if any(char.isalnum() and not plain(char) for word in words[:count] for char in word.text):
            self._report("caption letters", _UNWRITABLE)
        return text or self._next()

    def _due(self) -> bool:
        return self._taken < len(self._words) and self._words[self._taken].at <= self._heard

    async def _pause(self) -> None:
        """Wait until something may be due."""
        self._wake.clear()
        waits = self._free - self._now() if self._waiting or self._due() else None
        try:
            async with asyncio.timeout(waits if waits is None else max(waits, 0.001)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _queue(self, text: str | None) -> None:
        if text is not None and len(self._waiting) < _MOST:
            self._waiting.append(text)
