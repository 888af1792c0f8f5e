"""Several voices in a row: where one fails at a segment, the next speaks it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import numpy as np
import soxr

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.speech.speakable import is_speakable
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.errors import AvatarBridgeError, UsageError, VoiceError
from avatar_bridge.ports import Clock, Voice, VoiceAbilities
from avatar_bridge.stage.clock import SystemClock

__all__ = ["VoiceChain"]

_FIRST_BREAK, _LONGEST_BREAK = 5.0, 300.0
_DEAR = 0.5
"""Seconds from which on a failure costs too much to be met with at the next segment again."""
_CHEAP_FAILURES = 3
"""Failures in a row, however quick, after which a voice gets a break."""
_SILENT = 1e-3
"""Magnitude below which nothing is heard."""
_LEAST_RATE = 24_000
"""Samples a second of a chain that a fallback begins: the voice that was meant may be better than it."""


def _always_longest() -> float:
    return 0.0


@dataclass(slots=True)
class _Link:
    """One voice and how it has fared."""

    name: str
    voice: Voice
    backoff: Backoff = field(default_factory=lambda: Backoff(_always_longest, first=_FIRST_BREAK, last=_LONGEST_BREAK))
    failures: int = 0
    """In a row."""
    out: bool = False
    """Whether it has a break; it is looked after again from `again` on."""
    again: float = 0.0
    probe: asyncio.Task[None] | None = None
    why: str = ""


class VoiceChain:
    """A Voice of several: the first that can speaks a segment, whole or not at all.

    A voice that fails (an error, or silence where there are words) loses that segment to the next one, and is told of
    once. Where failing takes long, or happens thrice in a row, it gets a break of 5 s, doubled up to 5 min; then it is
    opened again in the background, so that a dead server costs its time-out once, not at each segment. All speak at
    the rate of the first that speaks, 24 kHz at least where that is a fallback.
    """

    def __init__(self, voices: Sequence[tuple[str, Voice]], *, clock: Clock | None = None) -> None:
        """`voices`: each with its name in messages, the preferred first; `clock` times the breaks."""
        if not voices:
            raise UsageError("expected at least one voice for the chain")
        self._links = [_Link(name, voice) for name, voice in voices]
        self._clock = clock or SystemClock()
        self._rate: int | None = None
        self._news: list[Diagnostic] = []
        self._spoken: Counter[str] = Counter()

    @property
    def abilities(self) -> VoiceAbilities:
        """What the voice can do that would speak now."""
        return next((link for link in self._links if not link.out), self._links[0]).voice.abilities

    @property
    def cpu(self) -> float:
        """Seconds that all voices have computed so far, as far as they tell."""
        return sum(float(getattr(link.voice, "cpu", 0.0)) for link in self._links)

    @property
    def spoken(self) -> Mapping[str, int]:
        """Characters that each voice has spoken so far, by its name."""
        return self._spoken

    async def open(self) -> None:
        """Load every voice, at once; raises VoiceError with every reason where none can be."""
        await asyncio.gather(*(self._opened(link) for link in self._links))
        if all(link.out for link in self._links):
            raise VoiceError("no voice can be used: " + "; ".join(f"{link.name}: {link.why}" for link in self._links))
        speaker = next(link.name for link in self._links if not link.out)
        for link in self._links:
            if link.out:
                instead = f", {speaker!r} speaks" if link is self._links[0] else ""
                self._news.append(Diagnostic(f"the voice {link.name!r} cannot be used now{instead}: {link.why}"))

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` by the first voice that can speak it, once that has spoken all of it.

        Raises VoiceError with every reason where none can.
        """
        reasons: list[str] = []
        for link in await self._candidates():
            began = self._clock.time()
            try:
                pieces = await _whole(link.voice, text)
            except AvatarBridgeError as error:
                self._failed(link, str(error), dear=self._clock.time() - began >= _DEAR)
                reasons.append(f"{link.name}: {error}")
                continue
            self._succeeded(link)
            self._spoken[link.name] += len(text)
            for piece in pieces:
                yield self._at_rate(piece, first=link is self._links[0])
            return
        if not reasons:
            reasons = [f"{link.name} has a break: {link.why}" for link in self._links]
        raise VoiceError("no voice could speak it: " + "; ".join(reasons))

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call, with any of the voices."""
        news, self._news = self._news, []
        return news + [trouble for link in self._links for trouble in link.voice.diagnostics()]

    async def close(self) -> None:
        """Give every voice back."""
        probes = [link.probe for link in self._links if link.probe is not None]
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        await asyncio.gather(*(link.voice.close() for link in self._links))

    async def _candidates(self) -> list[_Link]:
        """Return who may speak now, in order, after a look at those whose break is over."""
        now = self._clock.time()
        for link in self._links:
            if link.out and link.probe is None and now >= link.again:
                link.probe = asyncio.create_task(self._look_again(link))
        candidates = [link for link in self._links if not link.out]
        probes = [link.probe for link in self._links if link.probe is not None]
        if not candidates and probes:
            await asyncio.wait(probes, return_when=asyncio.FIRST_COMPLETED)
            candidates = [link for link in self._links if not link.out]
        return candidates

    async def _opened(self, link: _Link) -> None:
        try:
            await link.voice.open()
        except AvatarBridgeError as error:
            self._rest(link, str(error))

    async def _look_again(self, link: _Link) -> None:
        """Open a voice again after its break; it speaks from the next segment on."""
        try:
            await link.voice.open()
        except AvatarBridgeError as error:
            self._rest(link, str(error))
        else:
            link.out = False
        finally:
            link.probe = None

    def _failed(self, link: _Link, why: str, *, dear: bool) -> None:
        if not link.why:
            others = next((other.name for other in self._links if other is not link and not other.out), "")
            instead = f"; {others!r} speaks for it" if others else ""
            self._news.append(Diagnostic(f"the voice {link.name!r} failed{instead}: {why}"))
        link.failures += 1
        link.why = why
        if dear or link.failures >= _CHEAP_FAILURES:
            self._rest(link, why)

    def _rest(self, link: _Link, why: str) -> None:
        link.out, link.why = True, why
        link.again = self._clock.time() + link.backoff.next()

    def _succeeded(self, link: _Link) -> None:
        if link.why:
            self._news.append(Diagnostic(f"the voice {link.name!r} speaks again"))
        link.why, link.failures = "", 0
        link.backoff.reset()

    def _at_rate(self, piece: SpokenSegment, *, first: bool) -> SpokenSegment:
        """Return a piece at the chain's rate, for a player and a file have but one."""
        if self._rate is None:
            self._rate = piece.rate if first else max(piece.rate, _LEAST_RATE)
        if piece.rate == self._rate:
            return piece
        samples = soxr.resample(piece.samples, piece.rate, self._rate).astype(np.float32)
        return replace(piece, samples=np.clip(samples, -1.0, 1.0), rate=self._rate)


async def _whole(voice: Voice, text: str) -> list[SpokenSegment]:
    """Return all that a voice makes of a text; raises VoiceError for silence where there are words."""
    async with aclosing(voice.speak(text)) as speech:
        pieces = [piece async for piece in speech]
    if is_speakable(text) and not any(np.abs(piece.samples).max(initial=0.0) >= _SILENT for piece in pieces):
        raise VoiceError("it answered with silence" if pieces else "it answered with nothing")
    return pieces
