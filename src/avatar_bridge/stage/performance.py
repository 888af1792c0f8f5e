"""One utterance from its text to the last sample heard: read, cut, speak ahead, place, play."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np

from avatar_bridge.core.script.feelings import Feelings
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.timeline import HeardText, Prepared, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Phoneme, Samples, Segment, SpokenSegment, WordMark
from avatar_bridge.errors import AvatarBridgeError, ScriptError, UsageError
from avatar_bridge.ports import Aligner, Voice
from avatar_bridge.stage.aligning import Aligning
from avatar_bridge.stage.feeling import Classifier, Question
from avatar_bridge.stage.preparing import Preparing, prepare_aside
from avatar_bridge.stage.stage import Stage

__all__ = ["Outcome", "Performance", "Preparing", "Script", "join", "prepare_aside", "spoken", "warm_up"]

Script = str | Iterable[str] | AsyncIterable[str]
"""Tagged text, whole or as it streams."""

AHEAD = 12.0
"""Seconds of audio that may be ready before they are heard; the voice waits beyond that."""

_QUEUED_SEGMENTS = 8
"""Segments that may wait for the voice; the text is read no further beyond that."""

_PACE = 3
"""Frames between two looks at how much audio is left."""

_PIECE = 256
"""Characters that are read at a time: reading a longer piece would hold up the beat."""

_SILENCE_RATE = 48_000
"""Samples a second of a silence that comes before any voice."""
_UNSPOKEN = np.zeros(0, np.float32)
_TELLING = 1.0
"""Seconds of audio from which on a segment tells how fast the voice speaks."""


async def warm_up() -> None:
    """Prepare a segment that nobody hears: the first that is heard would else wait for numpy's rarer parts to load."""
    rate = 16_000
    hum = np.sin(np.arange(rate // 2, dtype=np.float32) * (2.0 * np.pi * 220.0 / rate)).astype(np.float32)
    sounds = tuple(Phoneme(symbol, 0.05 * index, 0.05) for index, symbol in enumerate("həloʊ"))
    for spoken_segment in (SpokenSegment(hum, rate, sounds), SpokenSegment(hum, rate)):
        await prepare_aside("Hello.", spoken_segment)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of an utterance."""

    heard: HeardText
    timeline: Timeline
    interrupted: bool
    first_audio: float | None
    """Seconds from the request to the first sample handed to the speaker; None when nothing was spoken."""
    samples: Samples
    """What was spoken, where it was to be kept; otherwise empty."""
    rate: int
    """Samples a second."""


def join(pieces: Sequence[SpokenSegment]) -> SpokenSegment:
    """Return one or more pieces of a segment as one, their times counted from the first sample."""
    samples: list[Samples] = []
    phonemes: list[Phoneme] = []
    marks: list[WordMark] = []
    hop = 0.0
    length = 0
    rate = pieces[0].rate
    for piece in pieces:
        at = length / rate
        phonemes += [replace(phoneme, at=at + phoneme.at) for phoneme in piece.phonemes]
        marks += [replace(mark, at=at + mark.at) for mark in piece.marks]
        samples.append(piece.samples)
        hop = max(hop, piece.hop)
        length += len(piece.samples)
    notes = tuple(note for piece in pieces for note in piece.notes)
    aligned = any(piece.aligned for piece in pieces)
    return SpokenSegment(np.concatenate(samples), rate, tuple(phonemes), tuple(marks), hop, notes, aligned)


class Performance:
    """Speaks one utterance on a stage. `run` returns when it was heard; cancelling it does not stop the sound."""

    def __init__(
        self,
        script: Script,
        *,
        stage: Stage,
        voice: Voice,
        timeline: Timeline,
        parser: Parser,
        segmenter: Segmenter,
        preparing: Preparing = prepare_aside,
        aligner: Aligner | None = None,
        keep_audio: bool = False,
        feelings: Feelings | None = None,
        classifier: Classifier | None = None,
    ) -> None:
        """`feelings`: what shows on the face where the script has no tags for it; None shows nothing of its own.

        `classifier`: whose word counts for more than that of the lexicon, where it comes before the voice's.
        """
        self.timeline = timeline
        self.first_audio: float | None = None
        self.heard: HeardText | None = None
        """What was heard of it, set by whoever interrupts it; None while nobody did."""
        self._script = script
        self._stage = stage
        self._voice = voice
        self._parser = parser
        self._segmenter = segmenter
        self._aligning = Aligning(aligner, preparing, stage)
        self._feelings = feelings
        self._classifier = classifier if feelings is not None else None
        self._asked: deque[Question] = deque()
        self._segments: asyncio.Queue[Segment | None] = asyncio.Queue()
        self._kept: list[Samples] | None = [] if keep_audio else None
        self._rate = _SILENCE_RATE
        self._underway: deque[Segment] = deque()
        self._fed = 0.0
        self._began = 0.0

    async def run(self) -> None:
        """Perform the script; raises what the script's own iterator raises, after what came before it was heard.

        An iterator that ends by a cancellation of its own (of the task that feeds it, say) raises ScriptError.
        """
        self._began = self._fed = self._stage.clock.time()
        self._stage.begin(self.timeline)
        failure: list[BaseException] = []
        async with self._aligning:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._read(failure))
                pacing = tasks.create_task(self._pace())
                await self._speak()
                await reading
                pacing.cancel()
            await self._stage.until(self._stage.spoken_out)
        self._stage.end()
        if failure:
            raise failure[0]

    def outcome(self, heard: HeardText, *, interrupted: bool = False) -> Outcome:
        """Return what became of it, given what was heard."""
        samples = np.concatenate(self._kept) if self._kept else np.zeros(0, np.float32)
        return Outcome(heard, self.timeline, interrupted, self.first_audio, samples, self._rate)

    def _play(self, samples: Samples) -> None:
        self._stage.speaker.write(samples, self._rate)
        self._stage.mark("played")
        if self._kept is not None:
            self._kept.append(samples)

    async def _read(self, failure: list[BaseException]) -> None:
        try:
            async with aclosing(_chunks(self._script)) as chunks:
                async for chunk in chunks:
                    if self._stage.timeline is not self.timeline:
                        # interrupted, and the text's iterator did not let itself be cancelled
                        return
                    self._parser.feed(chunk)
                    self._fed = self._stage.clock.time()
                    self._pass_on()
                    if self._segments.qsize() > _QUEUED_SEGMENTS:
                        await self._stage.until(lambda: self._segments.qsize() <= _QUEUED_SEGMENTS)
        except asyncio.CancelledError:
            reading = asyncio.current_task()
            if reading is None or reading.cancelling():
                raise
            # nobody cancelled the reading: what the text comes from was cancelled
            failure.append(ScriptError("the text ended early: what it comes from was cancelled; see why, ask again"))
            self.timeline.feed(Diagnostic(str(failure[0])))
        except Exception as error:  # noqa: BLE001 - whatever the caller's iterator raises is raised to the caller
            failure.append(error)
            self.timeline.feed(Diagnostic(f"the text ended early: {error}"))
        self._parser.close()
        self._pass_on()
        self._segmenter.close()
        self._pass_on()
        self._segments.put_nowait(None)

    async def _pace(self) -> None:
        """Tell the segmenter how much audio is still unheard, so that it may cut when the voice is about to run dry."""
        while True:
            await self._stage.frames(_PACE)
            self._pass_on()

    def _pass_on(self) -> None:
        for event in self._parser.events():
            self.timeline.feed(event)
            self._segmenter.feed(event)
            if self._feelings is not None:
                self._feelings.feed(event)
        requested = sum(self._segmenter.duration(segment.text) + segment.pause for segment in self._underway)
        idle = self._stage.clock.time() - self._fed
        self._segmenter.hear(self._stage.speaker.queued() + requested, idle=idle)
        for segment in self._segmenter.segments():
            self._stage.mark("cut")
            self._underway.append(segment)
            if self._classifier is not None:
                self._asked.append(self._classifier.ask(segment.text))
            self._segments.put_nowait(segment)

    async def _speak(self) -> None:
        speaker = self._stage.speaker
        while (segment := await self._segments.get()) is not None:
            if speaker.queued() > AHEAD:
                await self._stage.until(lambda: speaker.queued() <= AHEAD)
            prepared = await spoken(self._voice, segment, self.timeline, self._aligning.prepare, self._stage.mark)
            self._underway.popleft()
            self._feel(segment)
            placed = self.timeline.place(segment, prepared)
            if placed.duration > _TELLING:
                self._learn_rate(segment.text, placed.duration)
            self._rate = prepared.rate if prepared else self._rate
            self._stage.grow(placed, prepared.samples if prepared else _UNSPOKEN, self._rate)
            if prepared:
                self._aligning.placed(segment.index, segment.text)
            if placed.silence:
                self._play(np.zeros(round(placed.silence * self._rate), np.float32))
            if prepared:
                self._play(prepared.samples)
                if self.first_audio is None:
                    self.first_audio = self._stage.clock.time() - self._began
        self.timeline.close()
        speaker.finish()
        self._stage.grow(None, _UNSPOKEN, self._rate)

    def _feel(self, segment: Segment) -> None:
        """Put on the timeline what the face shows in a segment that is about to be placed."""
        felt = self._asked.popleft().answer() if self._asked else None
        if self._feelings is not None:
            for event in self._feelings.judge(segment, felt=felt):
                self.timeline.feed(event)

    def _learn_rate(self, text: str, duration: float) -> None:
        """Tell the segmenter how fast the voice really is, a segment counting for a third."""
        segmenter = self._segmenter
        measured = segmenter.rate * segmenter.duration(text) / duration
        segmenter.rate += (min(max(measured, 5.0), 40.0) - segmenter.rate) / 3


async def spoken(
    voice: Voice,
    segment: Segment,
    timeline: Timeline,
    preparing: Preparing = prepare_aside,
    mark: Callable[[str], None] | None = None,
) -> Prepared | None:
    """Return a segment spoken and prepared; None for one with nothing to say.

    A segment that the voice fails on is None, too, with a diagnostic on the timeline: the show goes on. `mark` is told
    of each step: `voiced` (its first audio), `spoken` (all of it), `prepared`.
    """
    tell = mark or _untold
    if not segment.text.strip():
        return None
    try:
        async with aclosing(voice.speak(segment.text)) as speech:
            pieces: list[SpokenSegment] = []
            async for piece in speech:
                pieces.append(piece)
                tell("voiced")
    except AvatarBridgeError as error:
        timeline.feed(Diagnostic(f"{segment.text!r} was not spoken: {error}", segment.at))
        return None
    if not pieces:
        return None
    tell("spoken")
    whole = join(pieces)
    for note in whole.notes:
        timeline.feed(Diagnostic(note, segment.at))
    prepared = await preparing(segment.text, whole)
    tell("prepared")
    return prepared


def _untold(_step: str) -> None:
    """Forget a step that nobody asked about."""


async def _chunks(script: Script) -> AsyncGenerator[str, None]:
    """Yield a script in pieces that are read within a frame, and let the beat go on between them."""
    async with aclosing(_given(script)) as given:
        async for chunk in given:
            if not isinstance(chunk, str):
                raise UsageError(
                    f"expected the text in pieces of type str, got one of type {type(chunk).__name__}; "
                    'where a model sends pieces without text, yield piece or ""'
                )
            for start in range(0, len(chunk), _PIECE):
                yield chunk[start : start + _PIECE]
                await asyncio.sleep(0)


async def _given(script: object) -> AsyncGenerator[object, None]:
    if isinstance(script, str):
        yield script
    elif isinstance(script, AsyncGenerator):
        # an interrupt ends the model's request with it
        async with aclosing(script):
            async for chunk in script:
                yield chunk
    elif isinstance(script, AsyncIterable):
        async for chunk in script:
            yield chunk
    elif isinstance(script, Iterable) and not isinstance(script, bytes | bytearray):
        for chunk in script:
            yield chunk
    else:
        raise UsageError(
            f"expected text, or an iterable or async iterable of text, got {type(script).__name__}; "
            "of a model's answer, give the iterator over its text"
        )
