"""Words looked for in the sound of a voice that tells no times: an aligner in a child process, when to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from avatar_bridge.core.timeline.timeline import Prepared, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import Aligner
from avatar_bridge.stage.preparing import Preparing
from avatar_bridge.stage.stage import Stage
from avatar_bridge.stage.worker import Worker

__all__ = ["Aligning", "WorkerAligner", "patient"]

_FIRST = 0.06
"""Seconds that a segment may be held for its words where nothing is heard before it."""
_IN_HAND = 0.3
"""Seconds of audio that must be left when a segment is handed over."""
_LONGEST = 3.0
"""Seconds after which a segment is handed over however much audio is left: the voice is to go on."""
_REPLY = 15.0
_FAILURES = 3
"""Failures one after another after which no more is asked."""


class WorkerAligner:
    """An aligner engine `module:Class` in a child process; implements `ports.Aligner`."""

    def __init__(self, spec: str, settings: Mapping[str, Any], *, start: float = 60.0, reply: float = _REPLY) -> None:
        """Seconds: `start` to load, `reply` for one segment."""
        self._worker = Worker(spec, settings, start_timeout=start, reply_timeout=reply)
        self._failed = 0
        self._diagnostics: list[Diagnostic] = []

    async def open(self) -> None:
        """Load it; raises WorkerError or UsageError with a remedy."""
        await self._worker.open()

    async def align(self, text: str, spoken: SpokenSegment) -> SpokenSegment | None:
        """Return `spoken` with the phonemes and marks that were found; None where there are none to rely on."""
        if self._failed >= _FAILURES:
            return None
        try:
            found = await self._worker.request("align", text=text, samples=spoken.samples, rate=spoken.rate)
        except AvatarBridgeError as error:
            self._failed += 1
            over = "; no more words are looked for" if self._failed >= _FAILURES else ""
            self._diagnostics.append(
                Diagnostic(f"words could not be looked for in the sound, their times are estimated{over}: {error}")
            )
            return None
        self._failed = 0
        if not isinstance(found, SpokenSegment):
            return None
        return replace(spoken, phonemes=found.phonemes, marks=found.marks, hop=found.hop, aligned=True)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        own, self._diagnostics = self._diagnostics, []
        return [*own, *self._worker.diagnostics()]

    async def close(self) -> None:
        """End the child."""
        await self._worker.close()


def patient(aligner: Aligner, preparing: Preparing) -> Preparing:
    """Return a way to prepare that waits for the words of what tells no times, however long that takes."""

    async def prepare(text: str, spoken: SpokenSegment) -> Prepared:
        found = await aligner.align(text, spoken) if _untold(spoken) else None
        return await preparing(text, found or spoken)

    return prepare


def _untold(spoken: SpokenSegment) -> bool:
    return not (spoken.phonemes or spoken.marks)


class Aligning:
    """Gets the words of one utterance without holding up its sound: what comes late corrects the timeline.

    Use it as `async with`; what is still looked for at the end is given up.
    """

    def __init__(self, aligner: Aligner | None, preparing: Preparing, stage: Stage) -> None:
        """Without an aligner it prepares as `preparing` does."""
        self._aligner = aligner
        self._preparing = preparing
        self._stage = stage
        self._tasks = asyncio.TaskGroup()
        self._searches: set[asyncio.Task[SpokenSegment | None]] = set()
        self._corrections: set[asyncio.Task[None]] = set()
        self._late: asyncio.Task[SpokenSegment | None] | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (*self._corrections, *self._searches):
            task.cancel()
        # what goes wrong in the block is no matter of the searches and goes on as it is
        await self._tasks.__aexit__(None, None, None)

    async def prepare(self, text: str, spoken: SpokenSegment) -> Prepared:
        """Return a spoken segment prepared, with its words where they are found in time, else by the estimate."""
        self._late = None
        if self._aligner is None or not _untold(spoken):
            return await self._preparing(text, spoken)
        search = self._tasks.create_task(self._aligner.align(text, spoken))
        self._searches.add(search)
        search.add_done_callback(self._searches.discard)
        done, _ = await asyncio.wait({search}, timeout=self._patience())
        if done:
            return await self._preparing(text, search.result() or spoken)
        self._late = search
        return await self._preparing(text, spoken)

    def placed(self, index: int, text: str) -> None:
        """Learn that the segment prepared last has its place; what is still looked for corrects it when it comes."""
        if self._late is not None:
            correction = self._tasks.create_task(self._correct(index, text, self._late, self._stage.timeline))
            self._corrections.add(correction)
            correction.add_done_callback(self._corrections.discard)
            self._late = None

    async def _correct(
        self, index: int, text: str, search: asyncio.Task[SpokenSegment | None], timeline: Timeline | None
    ) -> None:
        found = await search
        if found is None:
            return
        prepared = await self._preparing(text, found)
        if self._stage.timeline is timeline:
            self._stage.realign(index, prepared)

    def _patience(self) -> float:
        """Return how many seconds a segment may wait without harm."""
        return max(_FIRST, min(self._stage.speaker.queued() - _IN_HAND, _LONGEST))
