"""Everything of one utterance placed in time: segments, words, phonemes, the mouth and the cues.

It is fed script events and prepared segments as they arrive, and may be read at any moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.motion.repertoire import Repertoire
from avatar_bridge.core.speech.lipsync import MouthTrack
from avatar_bridge.core.timeline.placed import HeardText, PlacedCue, PlacedSegment, Prepared, corrected, prepare
from avatar_bridge.core.timeline.restated import Restated
from avatar_bridge.core.vocabulary import (
    Cue,
    Diagnostic,
    MouthShape,
    Phoneme,
    Release,
    ScriptEvent,
    Segment,
    Stimulus,
    Text,
    Timing,
    Word,
)

__all__ = ["FIRST_MOTION_HOLD", "HeardText", "PlacedCue", "PlacedSegment", "Prepared", "Timeline", "prepare"]

FIRST_MOTION_HOLD = 0.15
"""Seconds by which speech may be held so that a first gesture still meets its word."""

SHORTEST_PREPARATION = 0.7
"""The part of a gesture's preparation that remains when it is compressed."""

_TIMINGS: tuple[Timing, ...] = ("phonemes", "words", "aligned", "estimated")
_PHRASE_ENDS = frozenset(".,;:!?…。、！？，；：")


class Timeline:
    """One utterance in time; every `at` it tells counts from the utterance's first audio sample."""

    def __init__(self, motion_map: MotionMap, *, repertoire: Repertoire | None = None) -> None:
        self.words: list[Word] = []
        self.phonemes: list[Phoneme] = []
        self.segments: list[PlacedSegment] = []
        self.cues: list[PlacedCue] = []
        """In the order of their time."""
        self.stimuli: list[Stimulus] = []
        """What life reacts to, `at` in timeline time, in order."""
        self.diagnostics: list[Diagnostic] = []
        self.mouth = MouthTrack()
        self.revision = 0
        """Counts the corrections: whoever keeps what was told of cues looks again when it grows."""
        self.duration = 0.0
        self.closed = False
        self.hold = FIRST_MOTION_HOLD
        """Seconds by which the first segment may be held back; 0 where another program plays the sound."""
        self._map = motion_map
        self._repertoire = repertoire or Repertoire()
        self._texts: list[Text] = []
        self._restated: dict[int, Restated] = {}
        self._spoken = _Growing()
        self._shown = _Growing()
        self._ends: list[float] = []
        self._length = 0
        self._placed_to = 0
        self._chars: list[int] = []
        self._cues: list[Cue] = []
        self._releases: list[Release] = []
        self._released: dict[int, int] = {}
        self._index: dict[int, int] = {}
        self._counts: list[tuple[int, int, int]] = []

    def feed(self, event: ScriptEvent) -> None:
        """Take one event of the script, in the order in which the parser gave it."""
        match event:
            case Text():
                self._texts.append(event)
                self._spoken.add(event.spoken)
                self._shown.add(event.shown)
                self._length = event.at + len(event.spoken)
            case Cue():
                self._cues.append(event)
            case Release():
                self._releases.append(event)
            case Diagnostic():
                self.diagnostics.append(event)
            case _:
                pass

    def place(self, segment: Segment, prepared: Prepared | None) -> PlacedSegment:
        """Append a segment and resolve the cues that wait for its words; None stands for one that was not spoken."""
        words = prepared.alignment.words if prepared else ()
        silence = segment.pause
        if not self.segments:
            silence = max(silence, self._hold(segment, words))
        if prepared:
            silence = round(silence * prepared.rate) / prepared.rate
        at = self.duration + silence
        before = (len(self.words), len(self.phonemes), len(self.stimuli))
        length = len(prepared.samples) / prepared.rate if prepared else 0.0
        if prepared:
            self._append(segment, prepared, at)
        self.duration = at + length
        placed = PlacedSegment(
            segment.index,
            segment.text,
            segment.at,
            at,
            length,
            silence,
            prepared.alignment.timing if prepared else "estimated",
            prepared.alignment.expected_error if prepared else 0.0,
        )
        self.segments.append(placed)
        self._counts.append(before)
        self._placed_to = max(self._placed_to, segment.at + len(segment.text))
        self._resolve()
        return placed

    def realign(self, index: int, prepared: Prepared, *, after: float) -> PlacedSegment | None:
        """Correct the segment with this index by better times for the same audio; None where that cannot be.

        Words, sounds and the mouth are replaced, the mouth from `after` seconds of the utterance on; cues and releases
        that are due later than `after` move with their words, though not before `after`. What is due sooner stays.
        """
        number = next((number for number, each in enumerate(self.segments) if each.index == index), None)
        placed = None if number is None else corrected(self.segments[number], prepared)
        if number is None or placed is None:
            return None
        first, last = self._counts[number][0], self._count_after(number, 0)
        if len(prepared.alignment.words) != last - first:
            return None
        self.segments[number] = placed
        self._rewrite(number, placed, prepared)
        self.mouth.replace(prepared.mouth, placed.at, after=after)
        self._move(first, last, after)
        self.revision += 1
        return placed

    def close(self) -> None:
        """Say that no segment follows: what still waits for a word happens at the end of the audio."""
        self.closed = True
        self._placed_to = max(self._length, self._placed_to) + 1
        self._resolve()

    @property
    def timing(self) -> Timing:
        """The weakest source of word times among the segments; `estimated` before there is one."""
        spoken = [segment.timing for segment in self.segments if segment.duration]
        return max(spoken, key=_TIMINGS.index, default="estimated")

    @property
    def speech(self) -> str:
        """The spoken text as far as it is known."""
        return self._spoken.whole()

    @property
    def shown(self) -> str:
        """The subtitle text as far as it is known."""
        return self._shown.whole()

    def shown_offset(self, char: int) -> int:
        """Return the subtitle offset of speech offset `char`; within a piece shown otherwise than said, of its word."""
        index = bisect_right(self._texts, char, key=lambda text: text.at) - 1
        if index < 0:
            return 0
        text = self._texts[index]
        into = char - text.at
        if into >= len(text.spoken):
            return text.shown_at + len(text.shown)
        if text.spoken == text.shown:
            return text.shown_at + into
        if index not in self._restated:
            self._restated[index] = Restated(text.spoken, text.shown)
        return text.shown_at + self._restated[index].offset(into)

    def within(self, index: int) -> tuple[list[Word], list[Phoneme]]:
        """Return the words and phonemes of the segment with this index; none where it has no place."""
        number = next((number for number, each in enumerate(self.segments) if each.index == index), None)
        if number is None:
            return [], []
        first, sounds, _ = self._counts[number]
        return self.words[first : self._count_after(number, 0)], self.phonemes[sounds : self._count_after(number, 1)]

    def cue(self, cue_id: int) -> PlacedCue | None:
        """Return a placed cue by its id; None while it waits or when it was refused."""
        index = self._index.get(cue_id)
        return None if index is None else self.cues[index]

    def mouth_at(self, at: float) -> MouthShape:
        """Return the mouth at `at` seconds; closed outside the audio."""
        return self.mouth.shape(at)

    def heard(self, at: float) -> HeardText:
        """Return what was heard when `at` seconds had been played: words whose audio was played to their end."""
        complete = self.closed and at >= self.duration - 1e-6
        if complete:
            return HeardText(self.speech, self.shown, self.duration, complete=True)
        count = bisect_right(self._ends, at + 1e-6)
        if not count:
            return HeardText("", "", max(at, 0.0), complete=False)
        last = self.words[count - 1]
        following = self.words[count].char if count < len(self.words) else None
        speech = self.speech
        end = last.char + len(last.text)
        while end < (following if following is not None else len(speech)) and speech[end] in _CLOSING:
            end += 1
        return HeardText(speech[:end], self.shown[: self.shown_offset(end)], at, complete=False)

    def next_stressed(self, at: float, within: float) -> float | None:
        """Return the start of the first stressed word in at..at + within."""
        for index in range(bisect_left(self.words, at, key=lambda word: word.at), len(self.words)):
            word = self.words[index]
            if word.at > at + within:
                return None
            if word.stressed:
                return word.at
        return None

    def _count_after(self, number: int, kind: int) -> int:
        """Return how many words (0), phonemes (1) or stimuli (2) there are up to the end of a segment."""
        if number + 1 < len(self._counts):
            return self._counts[number + 1][kind]
        return (len(self.words), len(self.phonemes), len(self.stimuli))[kind]

    def _rewrite(self, number: int, placed: PlacedSegment, prepared: Prepared) -> None:
        """Replace the words, phonemes and stimuli of a segment; its words are as many as before."""
        first, sounds, felt = self._counts[number]
        last, ending, over = (self._count_after(number, kind) for kind in range(3))
        words = prepared.alignment.words
        self.words[first:last] = [replace(word, char=placed.char + word.char, at=placed.at + word.at) for word in words]
        phonemes = [replace(each, at=placed.at + each.at) for each in prepared.alignment.phonemes]
        self.phonemes[sounds:ending] = phonemes
        grown = len(phonemes) - (ending - sounds)
        stimuli = self._stimuli(placed.text, placed.char, self.words[first:last])
        if len(stimuli) == over - felt:
            # players count them: another number of them would shift those that follow
            self.stimuli[felt:over] = stimuli
        for each in range(number + 1, len(self._counts)):
            before = self._counts[each]
            self._counts[each] = (before[0], before[1] + grown, before[2])
        for each in range(first, len(self.words)):
            end = self.words[each].at + self.words[each].duration
            self._ends[each] = max(end, self._ends[each - 1]) if each else end

    def _move(self, first: int, last: int, after: float) -> None:
        """Move the cues and the releases that stand on the words from index `first` to `last`, where due later."""
        for position, cue in enumerate(self.cues):
            if cue.start > after and first <= self._word_of(cue.char) < last:
                at = max(self._time_of(cue.char), min(cue.at, after))
                self.cues[position] = cue = replace(cue, at=at, start=at - cue.action.stroke)
            char = self._released.get(cue.id)
            if char is None or cue.released is None or cue.released <= after:
                continue
            if first < bisect_left(self._chars, char) <= last or cue.released < cue.at:
                released = max(self._end_before(char), min(cue.released, after), cue.at)
                self.cues[position] = replace(cue, released=released)

    def _word_of(self, char: int) -> int:
        """Return the index of the word whose time is the time of `char`; the number of words where none follows."""
        index = bisect_right(self._chars, char) - 1
        inside = index >= 0 and char < self.words[index].char + len(self.words[index].text)
        return index if inside else index + 1

    def _append(self, segment: Segment, prepared: Prepared, at: float) -> None:
        alignment = prepared.alignment
        for word in alignment.words:
            self.words.append(replace(word, char=segment.at + word.char, at=at + word.at))
            self._chars.append(segment.at + word.char)
            end = at + word.at + word.duration
            self._ends.append(max(end, self._ends[-1]) if self._ends else end)
        self.phonemes += [replace(phoneme, at=at + phoneme.at) for phoneme in alignment.phonemes]
        self.mouth.append(prepared.mouth, at)
        words = self.words[len(self.words) - len(alignment.words) :]
        self.stimuli += self._stimuli(segment.text, segment.at, words)

    @staticmethod
    def _stimuli(text: str, char: int, words: Sequence[Word]) -> list[Stimulus]:
        ends = [word.char for word in words[1:]] + [char + len(text)]
        found: list[Stimulus] = []
        for word, end in zip(words, ends if words else (), strict=True):
            if word.stressed:
                found.append(Stimulus("accent", word.at + min(word.duration * 0.4, 0.15)))
            between = text[word.char + len(word.text) - char : end - char]
            if any(each in _PHRASE_ENDS for each in between):
                found.append(Stimulus("phrase_end", word.at + word.duration))
        if "\n\n" in text and words:
            found.append(Stimulus("topic", words[0].at))
        return sorted(found, key=lambda stimulus: stimulus.at)

    def _hold(self, segment: Segment, words: tuple[Word, ...]) -> float:
        hold = 0.0
        for cue in self._cues:
            action = self._map.find(cue.name)
            if action is None or action.kind != "gesture" or cue.at >= segment.at + len(segment.text):
                continue
            at = next((word.at for word in words if word.char + len(word.text) > cue.at - segment.at), None)
            if at is not None:
                hold = max(hold, action.stroke * SHORTEST_PREPARATION - at)
        return min(hold, self.hold)

    def _resolve(self) -> None:
        waiting: list[Cue] = []
        # an inferred expression is fed after the tags of its segment, and may stand before them
        for cue in sorted(self._cues, key=lambda cue: cue.at):
            if cue.at < self._placed_to:
                self._place_cue(cue)
            else:
                waiting.append(cue)
        self._cues = waiting
        unplaced = {cue.id for cue in waiting}
        releases: list[Release] = []
        for release in self._releases:
            index = self._index.get(release.cue)
            if release.at <= self._placed_to and release.cue not in unplaced:
                if index is not None:
                    released = max(self._end_before(release.at), self.cues[index].at)
                    self.cues[index] = replace(self.cues[index], released=released)
                    self._released[release.cue] = release.at
            else:
                releases.append(release)
        self._releases = releases

    def _place_cue(self, cue: Cue) -> None:
        action = self._map.find(cue.name)
        if action is None:
            nearest = self._map.nearest(cue.name)
            self.diagnostics.append(Diagnostic(f"the motion map has no action {cue.name!r}", cue.offset, nearest))
            return
        at = self._time_of(cue.at)
        refusal = self._repertoire.admit(action, at)
        if refusal:
            self.diagnostics.append(Diagnostic(refusal, cue.offset))
            return
        duration = cue.duration if cue.duration is not None else action.duration
        if duration is None and action.kind == "gesture":
            duration = action.length
        self._index[cue.id] = len(self.cues)
        self.cues.append(
            PlacedCue(
                cue.id,
                action,
                at,
                at - action.stroke,
                duration,
                cue.duration,
                cue.strength,
                cue.at,
                cue.name,
                cue.options,
            )
        )

    def _time_of(self, char: int) -> float:
        index = self._word_of(char)
        if index >= len(self.words):
            return self.duration
        word = self.words[index]
        return word.at + word.duration * max(0, char - word.char) / len(word.text)

    def _end_before(self, char: int) -> float:
        index = bisect_left(self._chars, char) - 1
        return self.words[index].at + self.words[index].duration if index >= 0 else 0.0


class _Growing:
    """A text that grows by pieces and is had as a whole at any moment without joining all of them again."""

    __slots__ = ("_blocks", "_pieces")

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        if len(self._pieces) >= _BLOCK:
            self._blocks.append("".join(self._pieces))
            self._pieces.clear()

    def whole(self) -> str:
        self._blocks = ["".join((*self._blocks, *self._pieces))]
        self._pieces.clear()
        return self._blocks[0]


_BLOCK = 256
_CLOSING = frozenset(".,;:!?…。、！？，；：)]}\"'”’»」』】）")
