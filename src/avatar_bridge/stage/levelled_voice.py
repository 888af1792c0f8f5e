"""A voice at one loudness: what it speaks is evened out before anybody looks at it or hears it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import numpy as np

from avatar_bridge.core.speech.levelling import Leveller
from avatar_bridge.core.vocabulary import Diagnostic, Samples, SpokenSegment
from avatar_bridge.ports import Voice, VoiceAbilities

__all__ = ["LevelledVoice"]

_ASIDE = 2.0
"""Seconds of sound from which on it is levelled in another thread: 2 ms a second would hold up the beat."""


class LevelledVoice:
    """A Voice whose segments come whole, at `loudness` LUFS over time and -1 dBTP at most; times stay as they are."""

    def __init__(self, voice: Voice, loudness: float = -18.0) -> None:
        """Even out `voice`, measured by itself alone."""
        self._voice = voice
        self._leveller = Leveller(loudness)
        self._aside: asyncio.Future[Samples] | None = None

    @property
    def abilities(self) -> VoiceAbilities:
        """What the voice can do."""
        return self._voice.abilities

    @property
    def gain(self) -> float | None:
        """Decibels given to the latest segment; None before the first."""
        return self._leveller.gain

    @property
    def cpu(self) -> float:
        """Seconds that the voice has computed so far, where it tells."""
        return float(getattr(self._voice, "cpu", 0.0))

    async def open(self) -> None:
        """Load the voice; raises what it raises."""
        await self._voice.open()

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` once all of it is there; closing the iterator cancels the work."""
        async with aclosing(self._voice.speak(text)) as speech:
            pieces = [piece async for piece in speech]
        for rate, run in _runs(pieces):
            whole = np.concatenate([piece.samples for piece in run])
            whole = await self._levelled(whole, rate)
            at = 0
            for piece in run:
                yield replace(piece, samples=whole[at : at + len(piece.samples)])
                at += len(piece.samples)

    async def _levelled(self, samples: Samples, rate: int) -> Samples:
        # who was interrupted leaves a thread that still measures by the same leveller
        while self._aside is not None and not self._aside.done():
            await asyncio.wait({self._aside})
        if len(samples) / rate <= _ASIDE:
            return self._leveller.level(samples, rate)
        self._aside = asyncio.ensure_future(asyncio.to_thread(self._leveller.level, samples, rate))
        return await asyncio.shield(self._aside)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        return self._voice.diagnostics()

    async def close(self) -> None:
        """Give the voice back."""
        await self._voice.close()


def _runs(pieces: list[SpokenSegment]) -> list[tuple[int, list[SpokenSegment]]]:
    """Return the pieces in runs of one rate, nearly always a single one."""
    runs: list[tuple[int, list[SpokenSegment]]] = []
    for piece in pieces:
        if not runs or runs[-1][0] != piece.rate:
            runs.append((piece.rate, []))
        runs[-1][1].append(piece)
    return runs
