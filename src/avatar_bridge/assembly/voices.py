"""Voices that several characters share: one child process for all who speak alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

from avatar_bridge.assembly.aligners import SharedAligner, build_aligner
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.ports import Voice, VoiceAbilities
from avatar_bridge.settings import VoiceSettings

__all__ = ["SharedVoice", "Voices"]

Building = Callable[[VoiceSettings], tuple[Voice, tuple[Diagnostic, ...]]]


class SharedVoice:
    """A Voice with several users: loaded when the first opens it, given back when the last closes it.

    Their segments are spoken in turn. Who closes an iterator of `speak` ends only what was asked by it.
    """

    def __init__(self, voice: Voice) -> None:
        """Share `voice`, which answers calls one after another."""
        self._voice = voice
        self._users = 0
        self._changing = asyncio.Lock()

    @property
    def abilities(self) -> VoiceAbilities:
        """What the voice can do."""
        return self._voice.abilities

    @property
    def cpu(self) -> float:
        """Seconds that the voice has computed so far, for all its users."""
        return float(getattr(self._voice, "cpu", 0.0))

    @property
    def spoken(self) -> Mapping[str, int]:
        """Characters that each voice of a chain has spoken so far, for all its users; empty for one that is alone."""
        found: Mapping[str, int] = getattr(self._voice, "spoken", {})
        return found

    async def open(self) -> None:
        """Load the voice where nobody has; raises what it raises."""
        async with self._changing:
            if not self._users:
                await self._voice.open()
            self._users += 1

    def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` once it is its turn."""
        return self._voice.speak(text)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since anybody asked."""
        return self._voice.diagnostics()

    async def close(self) -> None:
        """Give the voice back where nobody else uses it."""
        async with self._changing:
            self._users -= 1
            if not self._users:
                await self._voice.close()


class Voices:
    """Voices by their settings: equal settings are one voice."""

    def __init__(self, build: Building) -> None:
        """`build` makes a voice that nobody has yet, with notes about the choice."""
        self._build = build
        self._voices: dict[str, tuple[SharedVoice, tuple[Diagnostic, ...]]] = {}
        self._aligner: SharedAligner | None = None

    def aligner(self, settings: VoiceSettings) -> SharedAligner | None:
        """Return the one aligner for all voices; None where these settings want none or none is installed."""
        found = build_aligner(settings) if self._aligner is None else None
        if found is not None:
            self._aligner = SharedAligner(found)
        return self._aligner if settings.align else None

    def voice(self, settings: VoiceSettings) -> tuple[SharedVoice, tuple[Diagnostic, ...]]:
        """Return the voice of these settings, and notes about the choice, once."""
        key = repr(settings.model_dump())
        known = self._voices.get(key)
        if known is not None:
            return known[0], ()
        voice, notes = self._build(settings)
        self._voices[key] = (SharedVoice(voice), notes)
        return self._voices[key]

    def __len__(self) -> int:
        return len(self._voices)
