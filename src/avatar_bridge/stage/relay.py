"""Performs what another program speaks: its tagged text, its sound as it comes, its words' times where it tells any."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.timeline.covering import cover, mark_words, whole_words
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Samples, Segment, SpokenSegment, Text
from avatar_bridge.errors import UsageError
from avatar_bridge.stage.performance import Outcome, Preparing, prepare_aside
from avatar_bridge.stage.stage import Stage

__all__ = ["Relay"]

_LOW = 0.35
"""Seconds of sound left unheard at which a sentence that is not complete yet is placed in part."""
_LEAST = 0.3
"""Seconds of sound that such a part has at least."""
_PACE = 15.0
"""Letters a second of a voice of which nothing is known yet."""
_SLACK = 0.001
"""Seconds that a word's time may be off from where a part was cut."""
_LOOKS = 3
"""Frames between two looks at how much sound is left."""


@dataclass(slots=True)
class _Sentence:
    """A piece of speech whose sound is coming in."""

    text: str
    sounds: list[Samples] = field(default_factory=list)
    words: list[tuple[str, float, float]] = field(default_factory=list)
    """Text, start and duration, from the sentence's first sample."""
    complete: bool = False
    length: int = 0
    """Samples so far."""
    placed: int = 0
    """Samples that were placed."""
    char: int = 0
    """How much of `text` was placed."""
    named: bool = True
    """False where nobody said what it is."""


class Relay:
    """One utterance of another program, made by `Bridge.relay`; feed it from the event loop.

    `text` takes the script as the model writes it, `sentence` says what is about to be heard, `sound` takes the sound
    of it, `finish` says that nothing follows. Where the other program plays the sound, `start` says when it began; the
    playhead then goes by what that program was given, however late its words and mouth are ready.
    """

    def __init__(
        self,
        *,
        stage: Stage,
        timeline: Timeline,
        parser: Parser,
        rate: int,
        started: bool = True,
        preparing: Preparing = prepare_aside,
    ) -> None:
        """`rate`: samples a second of all its sound; `started` False waits for `start`."""
        self.timeline = timeline
        self.heard: HeardText | None = None
        """What was heard of it, set by whoever interrupts it; None while nobody did."""
        self.first_audio: float | None = None
        self._stage, self._parser, self._preparing, self._rate = stage, parser, preparing, rate
        self._sentences: list[_Sentence] = []
        self._news = asyncio.Event()
        self._plays = self._started = started
        self._ready = self._begun = self._over = False
        self._shown: list[tuple[PlacedSegment, Samples]] = []
        """Placed before it began."""
        self._length = 0
        """Samples of all its sound so far."""
        if not started:
            timeline.hold = 0.0
        self._finished = self._scripted = False
        self._covered = self._index = 0
        self._pace = _PACE

    def text(self, script: str) -> None:
        """Take tagged text as it streams; without any the sentences themselves are the script."""
        self._scripted = True
        self._parser.feed(script)
        self._pass_on()

    def sentence(self, said: str) -> None:
        """Say that the sound from now on speaks `said`, without tags; what came before is complete."""
        self._settle()
        if not self._scripted:
            self._parser.feed(said if said[-1:].isspace() else said + " ")
            self._pass_on()
        self._sentences.append(_Sentence(said))
        self._news.set()

    def sound(self, samples: Samples, *, words: Sequence[tuple[str, float, float]] = ()) -> None:
        """Take the next sound, mono, with words: text, start and duration in seconds from the sentence's first sample.

        Sound before any `sentence` speaks whatever the script says next.
        """
        if self._finished:
            raise UsageError("the relay was finished: begin another for the next utterance")
        if not self._sentences or self._sentences[-1].complete:
            self._sentences.append(_Sentence("", named=False))
        sentence = self._sentences[-1]
        sentence.sounds.append(samples)
        sentence.length += len(samples)
        sentence.words += words
        self._length += len(samples)
        if not self._plays and self._begun and self._stage.timeline is self.timeline:
            self._stage.speaker.write(samples, self._rate)
        self._news.set()

    def start(self) -> None:
        """Say that the other program has begun to play the sound now; saying so again does nothing."""
        if not self._started:
            self._started = True
            self._begin()
            self._news.set()

    def over(self) -> None:
        """Say that the other program has played all of it, whatever the bridge's own playhead says."""
        if not self._plays:
            self.finish()
            self._over = True
            self._news.set()

    def sounded(self, at: float) -> float:
        """Return the seconds of its own sound that were heard `at` seconds into the timeline, silences left out."""
        return sum(min(max(at - segment.at, 0.0), segment.duration) for segment in self.timeline.segments)

    def finish(self) -> None:
        """Say that neither text nor sound follows; finishing again does nothing."""
        if not self._finished:
            self._finished = True
            self._settle()
            self._parser.close()
            self._pass_on()
            self._news.set()

    def heard_sound(self) -> float:
        """Return the seconds of its own sound that were heard by now; 0 before it has the floor and after."""
        if self._stage.timeline is not self.timeline:
            return 0.0
        return self.sounded(self._stage.speaker.heard())

    async def run(self) -> None:
        """Perform it until it was heard; cancelling it does not stop the sound."""
        stage = self._stage
        began = stage.clock.time()
        self._ready = True
        self._begin()
        while True:
            placed = await self._place_some()
            if not placed and not self._over and not (self._finished and not self._waiting and self._begun):
                await self._more()
            elif self.first_audio is None and self.timeline.duration:
                self.first_audio = stage.clock.time() - began
            if self._over or (self._finished and not self._waiting and self._begun):
                break
        self.timeline.close()
        stage.speaker.finish()
        stage.grow(None, np.zeros(0, np.float32), self._rate)
        await stage.until(lambda: self._over or stage.spoken_out())
        if self._over:
            stage.speaker.stop()
        stage.end()

    def outcome(self, heard: HeardText, *, interrupted: bool = False) -> Outcome:
        """Return what became of it, given what was heard."""
        return Outcome(heard, self.timeline, interrupted, self.first_audio, np.zeros(0, np.float32), self._rate)

    def _begin(self) -> None:
        """Take the floor, once it is performed and the sound is played, whichever comes last."""
        if not self._ready or not self._started or self._begun or self.heard is not None:
            return
        self._begun = True
        self._stage.begin(self.timeline)
        if not self._plays:
            self._stage.speaker.write(np.zeros(self._length, np.float32), self._rate)
        shown, self._shown = self._shown, []
        for placed, samples in shown:
            self._show(placed, samples)

    def _show(self, placed: PlacedSegment, samples: Samples) -> None:
        """Tell of a piece that has its place, and play it where that is the bridge's part."""
        if not self._begun:
            self._shown.append((placed, samples))
            return
        self._stage.grow(placed, samples, self._rate)
        if self._plays:
            if placed.silence:
                self._stage.speaker.write(np.zeros(round(placed.silence * self._rate), np.float32), self._rate)
            self._stage.speaker.write(samples, self._rate)

    @property
    def _waiting(self) -> bool:
        return any(sentence.placed < sentence.length for sentence in self._sentences)

    def _settle(self) -> None:
        if self._sentences:
            self._sentences[-1].complete = True

    def _pass_on(self) -> None:
        for event in self._parser.events():
            self.timeline.feed(event)
            if isinstance(event, Text):
                self._news.set()

    async def _more(self) -> None:
        """Wait for news, or while sound is half placed, for some frames."""
        self._news.clear()
        if not self._waiting:
            await self._news.wait()
            return
        frames = asyncio.ensure_future(self._stage.frames(_LOOKS))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({frames, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            frames.cancel()
            news.cancel()

    async def _place_some(self) -> bool:
        """Place what should be placed now; return whether anything was."""
        while (
            self._sentences and self._sentences[0].complete and self._sentences[0].placed == self._sentences[0].length
        ):
            del self._sentences[0]
        if not self._sentences:
            return False
        sentence = self._sentences[0]
        fresh = (sentence.length - sentence.placed) / self._rate
        low = self._begun and self._ahead() < _LOW and fresh >= _LEAST
        if not (sentence.complete and fresh > 0.0) and not low:
            return False
        until = sentence.length if sentence.complete else self._word_end(sentence)
        if until is None:
            return False
        await self._place(sentence, until, whole=sentence.complete)
        return True

    def _ahead(self) -> float:
        """Return the seconds that are placed and not heard yet."""
        if self._plays:
            return self._stage.speaker.queued()
        return self.timeline.duration - self._stage.speaker.heard()

    def _word_end(self, sentence: _Sentence) -> int | None:
        """Return up to where a part of a sentence is placed: between words where they are told, None for not yet."""
        if not sentence.words:
            return sentence.length
        least = sentence.placed + round(_LEAST * self._rate)
        ends = (round((at + duration) * self._rate) for _, at, duration in sentence.words)
        return max((end for end in ends if least <= end <= sentence.length), default=None)

    async def _place(self, sentence: _Sentence, until: int, *, whole: bool) -> None:
        start = sentence.placed
        said = self._said(sentence, until, whole=whole)
        samples = np.concatenate(sentence.sounds)[start:until].astype(np.float32)
        first, end = self._span(said, last=whole and self._finished and sentence is self._sentences[-1])
        text = self.timeline.speech[first:end]
        since = start / self._rate
        length = len(samples) / self._rate
        told = [
            (word, at - since, duration)
            for word, at, duration in sentence.words
            if since <= at + _SLACK < since + length
        ]
        spoken = SpokenSegment(samples, self._rate, marks=mark_words(text, told))
        prepared = await self._preparing(text, spoken)
        segment = Segment(self._index, text, first)
        placed = self.timeline.place(segment, prepared)
        self._index += 1
        self._covered = end
        sentence.placed = until
        if whole and said:
            self._pace += (min(max(len(said) / max(length, 0.1), 5.0), 40.0) - self._pace) / 3
        self._show(placed, samples)

    def _said(self, sentence: _Sentence, until: int, *, whole: bool) -> str:
        """Return the sentence's text that the sound up to `until` speaks, and take it off."""
        if not sentence.named:
            told = " ".join(word for word, at, _ in sentence.words if at >= sentence.placed / self._rate - _SLACK)
            sentence.text, sentence.char = told or self.timeline.speech[self._covered :], 0
        text, start = sentence.text, sentence.char
        if whole:
            sentence.char = len(text)
            return text[start:]
        end = start + round((until - sentence.placed) / self._rate * self._pace)
        if sentence.words:
            heard = until / self._rate
            known = [mark for mark in mark_words(text, sentence.words) if mark.at + mark.duration <= heard + _SLACK]
            end = max((mark.char + mark.length for mark in known), default=start)
        sentence.char = max(start, min(whole_words(text, min(end, len(text))), len(text)))
        return text[start : sentence.char]

    def _span(self, said: str, *, last: bool) -> tuple[int, int]:
        """Return the part of the speech that was said; the last piece takes all that is left."""
        speech = self.timeline.speech
        _, end = cover(speech, self._covered, said)
        while self._covered < end < len(speech) and not (speech[end].isalnum() or speech[end].isspace()):
            end += 1
        return self._covered, len(speech) if last else max(end, self._covered)
