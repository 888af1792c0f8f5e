"""A speaker with others behind it: each utterance goes to the first where it can be heard."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

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


@runtime_checkable
class _StandingBy(Protocol):
    """A speaker that is to know that an utterance is played by another."""

    def stand_by(self) -> None:
        """Count an utterance that begins elsewhere."""
        ...


class FallbackSpeaker:
    """A Speaker that decides at the beginning of each utterance which of several plays it, and keeps to it."""

    def __init__(self, first: Audible, *behind: Speaker) -> None:
        """All but the last must be `Audible`; the last plays where none of them can be heard."""
        *between, last = behind
        self._remote: list[Audible] = [first, *between]  # type: ignore[list-item]
        self._last: Speaker | None = last
        self._playing: Speaker = first
        self._notes: list[Diagnostic] = []

    @property
    def page_id(self) -> int | None:
        """The page that has the sound; None while another plays."""
        return self._holder("page_id")

    @property
    def game_id(self) -> int | None:
        """The game that has the sound; None while another plays."""
        return self._holder("game_id")

    async def open(self) -> None:
        """Open all; a last one that cannot be opened is done without and told, as the others may do."""
        for speaker in self._remote:
            await speaker.open()
        if self._last is None:
            return
        try:
            await self._last.open()
        except SpeakerError as error:
            self._last = None
            self._notes.append(Diagnostic(f"where no page plays the sound, the wall clock keeps the time: {error}"))

    def begin(self) -> None:
        """Start a new utterance where it can be heard now."""
        silent = self._last or self._remote[-1]
        self._playing = next((speaker for speaker in self._remote if speaker.audible), silent)
        for speaker in self._remote:
            # they count the utterances for pages and games, so they learn of those of the others as well
            if speaker is not self._playing and isinstance(speaker, _StandingBy):
                speaker.stand_by()
            else:
                speaker.begin()
        if self._playing is self._last:
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
        """Return and forget what went wrong with any."""
        notes, self._notes = self._notes, []
        for speaker in (*self._remote, *((self._last,) if self._last else ())):
            notes += speaker.diagnostics()
        return notes

    async def close(self) -> None:
        """Close all."""
        speakers: list[Speaker] = [*self._remote, *((self._last,) if self._last else ())]
        await self._close(speakers)

    async def _close(self, speakers: list[Speaker]) -> None:
        if not speakers:
            return
        try:
            await speakers[0].close()
        finally:
            await self._close(speakers[1:])

    def _holder(self, kind: str) -> int | None:
        """Return who has the sound now, or would have it next, where it is of this kind."""
        playing: Speaker | None = self._playing
        if self._playing.queued() <= 0.0:
            playing = next((speaker for speaker in self._remote if speaker.audible), None)
        holder: int | None = None if playing is self._last else getattr(playing, kind, None)
        return holder
