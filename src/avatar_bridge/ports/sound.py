"""What speaks and where the sound goes: voices, speakers, and the clock that both go by."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Protocol

from avatar_bridge.core.vocabulary import Diagnostic, Samples, SpokenSegment, Timing

__all__ = ["Aligner", "Clock", "Speaker", "Voice", "VoiceAbilities", "VoiceEngine"]


@dataclass(frozen=True, slots=True)
class VoiceAbilities:
    """What a voice can do, as far as it is known; replaced when more is."""

    timing: Timing = "estimated"
    """The best that it tells of when it says what: phonemes, words, or nothing (estimated)."""
    speed: bool = False
    pitch: bool = False
    remote: bool = False
    """Whether the text is sent to a program that is not the bridge's own."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes; empty where it is not known."""


class VoiceEngine(Protocol):
    """A text-to-speech engine as it stands in its child process: plain calls that may block and compute.

    It is constructed with its settings as keyword arguments; loading happens in the constructor and raises
    `VoiceError` with a remedy when a package or a file is missing. One that others may keep waiting (a service, a
    program) may have a method `stop()`: it is called from another thread, again and again while `speak` works at what
    nobody wants any more, and lets it end soon.
    """

    rate: int
    """Samples a second of everything it speaks."""

    abilities: VoiceAbilities
    """What it can do; may be left out by a voice that gives no times and knows neither speed nor pitch."""

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the audio of `text` in order, piece by piece; times in a piece count from that piece's first sample.

        WordMark.char counts from the start of `text`. A text with nothing to say yields nothing and is no error.
        Raises VoiceError where the text cannot be spoken.
        """
        ...


class Voice(Protocol):
    """A voice as the stage sees it; the work is done elsewhere."""

    @property
    def abilities(self) -> VoiceAbilities:
        """What it can do; of a voice in a child process known once it is open."""
        ...

    async def open(self) -> None:
        """Load the voice; raises VoiceError or WorkerError with a remedy."""
        ...

    def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` as VoiceEngine.speak does; closing the iterator cancels the work."""
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call (a child process that was replaced)."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class Aligner(Protocol):
    """Finds in the audio of a voice that tells no times when it says what."""

    async def open(self) -> None:
        """Load it; raises WorkerError or UsageError with a remedy."""
        ...

    async def align(self, text: str, spoken: SpokenSegment) -> SpokenSegment | None:
        """Return `spoken` with phonemes or marks and `aligned` set; None where it found none to rely on.

        Marks count in `text` as it is shown, also where the voice reads it otherwise ("$3.50"). Raises nothing but
        cancellation: what went wrong is told by `diagnostics`.
        """
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class Clock(Protocol):
    """Monotonic time and waiting for it."""

    def time(self) -> float:
        """Return seconds on a monotonic scale."""
        ...

    async def wait_until(self, at: float) -> None:
        """Return as soon after `at` as the machine allows; at once when `at` is past."""
        ...


class Speaker(Protocol):
    """Where the audio goes. Whoever plays the audio owns the clock of the utterance."""

    async def open(self) -> None:
        """Get ready to play; raises SpeakerError with a remedy."""
        ...

    def begin(self) -> None:
        """Start a new utterance: `heard` counts from the first sample written next."""
        ...

    def write(self, samples: Samples, rate: int) -> None:
        """Queue mono audio behind what is queued already; never blocks."""
        ...

    def finish(self) -> None:
        """Say that the utterance has no more audio: from its end on `heard` runs on with the wall clock."""
        ...

    def heard(self) -> float:
        """Return how many seconds of the utterance were heard by now, the output's latency taken off.

        Before the first sample is heard this is the negative time until it will be, as far as known; while the queue
        is dry in mid-utterance it stands still. It never goes back within an utterance.
        """
        ...

    def queued(self) -> float:
        """Return the seconds of audio written in this utterance and not heard yet."""
        ...

    def stop(self) -> float:
        """Silence the output at once (with a fade of at most 10 ms), forget what is queued, return what was heard."""
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call (a vanished device, an underrun)."""
        ...

    async def close(self) -> None:
        """Stop and give the device back."""
        ...
