"""What voices behind HTTP have in common: how they ask, what they make of the answer, how they give up."""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import soxr

from avatar_bridge.core.speech.speakable import check_range, is_speakable, speakable
from avatar_bridge.core.vocabulary import Diagnostic, Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.credentials import Key
from avatar_bridge.errors import PeerError, UnreachableError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import Patience, Service, ServiceRefusedError, spoken_refusal
from avatar_bridge.tts.received import received
from avatar_bridge.wire.sound_file import decode_sound, media_type

__all__ = ["ServedVoice", "clauses", "heard", "nearest", "refused_as_absent", "tempo"]

_MISSED = 0.05
_ASIDE = 50_000
"""Bytes of an answer from which on it is decoded in another thread: in MP3 they take 4 ms, a quarter of a frame."""
_MOST_PATIENCE = 5.0
"""Times the patience between two bytes that a whole answer may take."""
_SENTENCE_ENDS, _CLAUSE_ENDS = "。．！？!?.\n…", "、，,;；:："


class ServedVoice(ABC):
    """A voice that another program or a service speaks; subclasses say what to ask."""

    _longest = 1000
    """Characters of one request."""

    def __init__(
        self,
        what: str,
        url: str,
        start: str,
        *,
        key: Key | None,
        patience: float,
        pitch: float,
        abilities: VoiceAbilities,
    ) -> None:
        """`what`: its name in messages; `start`: what to do where nothing answers at `url`; `patience`: seconds without
        a byte that count as a failure; `pitch`: semitones, by playing faster what is asked for slower.
        """
        check_range("pitch", pitch, -12.0, 12.0)
        check_range("patience", patience, 0.1, 600.0)
        self._service = Service(what, url, key=key, patience=Patience(silence=patience))
        self._start = start
        self._patience = patience
        self._factor = 2.0 ** (pitch / 12.0)
        self._news: list[Diagnostic] = []
        self.abilities = abilities
        """What it can do; known better once it has spoken."""

    async def open(self) -> None:
        """Look whether it answers and has what it was told to use; raises VoiceError with a remedy."""
        with self._told():
            await self._look()

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text`, a piece a request; closing the iterator closes the connection.

        Raises VoiceError where the service refuses, breaks off, or sends what is no speech.
        """
        at = 0
        for part in clauses(speakable(text), self._longest):
            if is_speakable(part):
                with self._told():
                    spoken = await self._said(part)
                yield _moved(_pitched(spoken, self._factor), at)
            at += len(part)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what there is to tell."""
        news, self._news = self._news, []
        return news

    async def close(self) -> None:
        """Close every connection."""
        await self._service.close()

    @abstractmethod
    async def _look(self) -> None:
        """Ask something cheap that shows whether it works."""

    @abstractmethod
    async def _say(self, text: str) -> SpokenSegment:
        """Return the speech of one request's text; times count from its first sample, characters from its first."""

    async def _said(self, text: str) -> SpokenSegment:
        """Return the speech of one request's text; VoiceError where it never comes to an end."""
        seconds = _MOST_PATIENCE * self._patience
        try:
            async with asyncio.timeout(seconds):
                return await self._say(text)
        except TimeoutError:
            raise VoiceError(
                f"{self._service.what} at {self._service.url} was not done after {seconds:g} s; is it overloaded? "
                "(patience in [voice.options] makes it longer)"
            ) from None

    async def _sound(self, method: str, path: str, *, rate: int | None = None, **arguments: Any) -> SpokenSegment:
        """Return the sound that a request is answered with; the arguments are those of Service.stream."""
        header, data = await self._service.read(method, path, **arguments)
        if len(data) < _ASIDE:
            return heard(self._service, header, data, rate)
        return await asyncio.to_thread(heard, self._service, header, data, rate)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except UnreachableError as error:
            raise VoiceError(f"{error}; {self._start}") from error
        except (PeerError, UsageError) as error:
            raise VoiceError(str(error)) from error


def heard(service: Service, header: str, data: bytes, rate: int | None = None) -> SpokenSegment:
    """Return the sound of an answer's body; raises VoiceError for what is no sound, silent or broken off.

    header: its Content-Type. rate: samples a second of raw PCM whose header names none.
    """
    kind, _ = media_type(header)
    start = data[:200].lstrip()
    if kind.startswith("text/") or kind.endswith("json") or start[:1] == b"<":
        raise VoiceError(_no_sound(service, kind, data))
    if not data:
        raise VoiceError(f"{service.what} at {service.url} answered without a single sample; look at its own log")
    try:
        sound = decode_sound(data, header, rate)
    except ValueError as error:
        raise VoiceError(
            f"{service.what} at {service.url} should answer sound, but sent {error}, called {kind or 'nothing'}; "
            "ask it for WAV"
        ) from None
    if sound.missing > _MISSED:
        raise VoiceError(
            f"{service.what} at {service.url} broke off: "
            f"{sound.missing:.2f} s of the sound that it announced are missing"
        )
    notes = received(f"{service.what} at {service.url}", sound.samples, sound.rate)
    return SpokenSegment(sound.samples, sound.rate, notes=notes)


def _no_sound(service: Service, kind: str, data: bytes) -> str:
    words = spoken_refusal(data)
    if words:
        return f"{service.what} at {service.url} should answer sound, but said: {service.excerpt(words.encode())}"
    what = "a web page" if "html" in kind or data.lstrip()[:1] == b"<" else kind or "something"
    return (
        f"{service.what} at {service.url} should answer sound, but sent {what} ({service.excerpt(data)}); "
        "is the address that of its API?"
    )


def _pitched(spoken: SpokenSegment, factor: float) -> SpokenSegment:
    """Return speech played `factor` times as fast, at the same rate."""
    if factor == 1.0:
        return spoken
    samples: Samples = np.clip(soxr.resample(spoken.samples, spoken.rate * factor, spoken.rate), -1.0, 1.0)
    return replace(
        spoken,
        samples=samples.astype(np.float32),
        phonemes=tuple(Phoneme(each.symbol, each.at / factor, each.duration / factor) for each in spoken.phonemes),
        marks=tuple(
            WordMark(each.char, each.length, each.at / factor, each.duration / factor) for each in spoken.marks
        ),
        hop=spoken.hop / factor,
    )


def _moved(spoken: SpokenSegment, at: int) -> SpokenSegment:
    """Return speech whose marks count from `at` characters earlier."""
    if not at or not spoken.marks:
        return spoken
    return replace(spoken, marks=tuple(replace(mark, char=mark.char + at) for mark in spoken.marks))


def tempo(speed: float, pitch: float, low: float, high: float) -> float:
    """Return the speed to ask for, so that it is `speed` once the pitch is shifted; UsageError beyond low..high."""
    asked: float = speed / math.pow(2.0, pitch / 12.0)
    if not low <= asked <= high:
        pitched = f" with a pitch of {pitch:g} semitones" if pitch else ""
        raise UsageError(
            f"the voice's speed must lie within {low:g} and {high:g}, but {speed:g}{pitched} asks {asked:.3g}"
        )
    return asked


def clauses(text: str, longest: int) -> Iterator[str]:
    """Yield `text` in parts of at most `longest` characters: behind a sentence, else a clause, else a space."""
    while len(text) > longest:
        ends = (_last(text, marks, longest) for marks in (_SENTENCE_ENDS, _CLAUSE_ENDS, " "))
        cut = next((end for end in ends if end), longest)
        yield text[:cut]
        text = text[cut:]
    yield text


def _last(text: str, marks: str, longest: int) -> int:
    """Return the offset behind the last mark within `longest`, 0 where there is none in the second half."""
    found = max(text.rfind(mark, 0, longest) for mark in marks) + 1
    return found if found > longest // 3 else 0


def nearest(what: str, wanted: object, known: list[str]) -> str:
    """Return the sentence that says which names there are and which is nearest to the one that is not."""
    near = get_close_matches(str(wanted), known, 1, 0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    more = f" and {len(known) - 20} more" if len(known) > 20 else ""
    return f"there is no {what} {wanted!r}; it has: {', '.join(known[:20]) or 'none'}{more}{hint}"


def refused_as_absent(error: ServiceRefusedError) -> bool:
    """Return whether a refusal only says that the service has no such page, so that it does answer."""
    return error.status in (404, 405, 501)
