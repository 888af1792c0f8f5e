"""A speaker with another behind it: each utterance goes to the first where it can be heard, else to the second."""

from __future__ import annotations

from typing import Protocol

from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.errors import SpeakerError
from avatar_bridge.ports import Speaker

__all__ = ["Audible", "FallbackSpeaker"]


class Audible(Speaker, Protocol):
    """A speaker that knows whether anything would sound now."""

    @property
    def audible(self) -> bool:
        """True while something is there that plays what is written."""
        ...

    @property
    def page_id(self) -> int | None:
        """The page that has the sound."""
        ...


class FallbackSpeaker:
    """A Speaker that decides at the beginning of each utterance which of two plays it, and keeps to it till its end."""

    def __init__(self, first: Audible, second: Speaker) -> None:
        self._first = first
        self._second: Speaker | None = second
        self._playing: Speaker = first
        self._notes: list[Diagnostic] = []

    @property
    def page_id(self) -> int | None:
        """The page that has the sound; None while the second plays."""
        heard = self._playing is self._first or self._playing.queued() <= 0.0
        return self._first.page_id if heard else None

    async def open(self) -> None:
        """Open both; a second that cannot be opened is done without and told, as the first may do."""
        await self._first.open()
        if self._second is None:
            return
        try:
            await self._second.open()
        except SpeakerError as error:
            self._second = None
            self._notes.append(Diagnostic(f"where no page plays the sound, the wall clock keeps the time: {error}"))

    def begin(self) -> None:
        """Start a new utterance where it can be heard now."""
        # the first counts the utterances for its pages, so it learns of those of the second as well
        self._first.begin()
        self._playing = self._first
        if self._second is not None and not self._first.audible:
            self._playing = self._second
            self._playing.begin()

    def write(self, samples: Samples, rate: int) -> None:
        """Queue audio with the one that plays."""
        self._playing.write(samples, rate)

    def finish(self) -> None:
        """Say that the utterance has no more audio."""
        self._playing.finish()

    def heard(self) -> float:
        """Return the seconds heard."""
        return self._playing.heard()

    def queued(self) -> float:
        """Return the seconds written and not heard yet."""
        return self._playing.queued()

    def stop(self) -> float:
        """Silence the one that plays, return what was heard."""
        return self._playing.stop()

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong with either."""
        notes, self._notes = self._notes, []
        notes += self._first.diagnostics()
        return notes if self._second is None else [*notes, *self._second.diagnostics()]

    async def close(self) -> None:
        """Close both."""
        try:
            await self._first.close()
        finally:
            if self._second is not None:
                await self._second.close()
