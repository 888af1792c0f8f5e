"""The `pocketsphinx` aligner: words and sounds found in the audio of a voice that tells no times.

English goes by PocketSphinx, whose model and dictionary come with its package; other languages by a voice that says
the same and tells when (`listen/reference.py`), where one is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from avatar_bridge.core.speech.spoken_form import SpokenWord, spoken_form
from avatar_bridge.core.speech.words import split_words
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError
from avatar_bridge.listen.arpabet import to_ipa
from avatar_bridge.listen.grammar import Chosen, Grammar, Pronouncing, Step, chosen, grammar
from avatar_bridge.listen.onsets import FRAME, Sounding, covered, heard, onset_after
from avatar_bridge.listen.pronunciation import Pronunciations
from avatar_bridge.listen.reference import ReferenceAligner, language_of

__all__ = ["PocketSphinxAligner"]

_REMEDY = 'install it with: pip install "avatar-bridge[align]"'
_BEAMS = (1e-60, 1e-120)
_LEAST_LIKELY = -50.0
"""Mean score of a frame, in PocketSphinx's log domain, below which the words are not what is said: right ones came to
-48 and more (a robotic voice; -20 a natural one), wrong ones to -53 and less, the crushed sounds counted in."""
_CRUSHED, _CRUSHED_COST = 3, 40.0
"""Frames of the shortest sound there is, and what it costs when all sounds are as short."""
_LATE = 0.008
"""Seconds from the beginning of a frame to what it tells of, near half its window."""
_WORDS_LATE = 0.01
"""Seconds by which voices tell a word's start later than it is heard: between Piper (30 ms) and espeak (-8 ms)."""
_LONG = 0.15
"""Seconds from which on a word's first sound may have swallowed a pause."""
_COVERED = 0.6
"""The share of what is loud that must lie within words: right texts come to 0.9."""
_LONGEST = 60.0
_NO_WORDS = frozenset({"<sil>", "<s>", "</s>", "(NULL)", "[NOISE]", "[SPEECH]", "[COUGH]", "[SMACK]", "[UH]", "[UM]"})


class PocketSphinxAligner:
    """Finds the words of a text in its audio; stands in a child process.

    reference: `module:Class` of a voice that tells its times, for languages other than English and for the sounds of
    words that the dictionary lacks; None where none is installed.
    """

    def __init__(self, *, reference: str | None = None) -> None:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise UsageError(f"words cannot be looked for in the sound without pocketsphinx; {_REMEDY}") from error
        self._decoders: list[Any] = [Decoder(lm=None, loglevel="FATAL", bestpath=False, **_beam(_BEAMS[0]))]
        self._decoder_class = Decoder
        self._reference = ReferenceAligner(reference) if reference else None
        self._pronunciations = Pronunciations(self._reference)

    def align(self, text: str, samples: Samples, rate: int) -> SpokenSegment | None:
        """Return phonemes and marks found in `samples`, which the answer leaves out; None where none fit the text.

        Raises nothing: a text without words, audio without speech, or one that says something else is None.
        """
        if not len(samples) or len(samples) > _LONGEST * rate or not split_words(text):
            return None
        if language_of(text) != "en":
            return self._reference.align(text, samples, rate) if self._reference else None
        return self.find(spoken_form(text), self._pronunciations.sounds, samples, rate)

    def find(
        self, words: Sequence[SpokenWord], sounds: Pronouncing, samples: Samples, rate: int
    ) -> SpokenSegment | None:
        """Return when `words` are said, `sounds` telling the pronunciations of each in ARPAbet; None as `align`."""
        sound = heard(samples, rate)
        found = grammar(words, sounds)
        if found is None or sound is None:
            return None
        for number, beam in enumerate(_BEAMS):
            if number == len(self._decoders):
                decoder = self._decoder_class(lm=None, loglevel="FATAL", bestpath=False, **_beam(beam))
                self._decoders.append(decoder)
            steps = _decoded(self._decoders[number], found, sound)
            if steps is None:
                continue
            return _told(chosen(found, steps), sound)
        return None


def _beam(width: float) -> dict[str, float]:
    return {"beam": width, "wbeam": width**0.8, "pbeam": width}


def _decoded(decoder: Any, found: Grammar, sound: Sounding) -> list[Step] | None:
    """Return the words on the best path with their sounds in frames; None where the audio does not fit them."""
    for name, sounds in found.dictionary.items():
        if decoder.lookup_word(name) is None:
            decoder.add_word(name, " ".join(sounds), False)
    decoder.add_fsg("text", decoder.create_fsg("text", 0, found.last, found.transitions))
    decoder.activate_search("text")
    _listen(decoder, sound.pcm)
    if decoder.hyp() is None:
        return None
    decoder.set_alignment()
    _listen(decoder, sound.pcm)
    alignment = decoder.get_alignment()
    if alignment is None:
        return None
    steps = [step for entry in alignment if (step := _step(entry)) is not None]
    return steps if steps and _likelihood(steps) > _LEAST_LIKELY else None


def _likelihood(steps: list[Step]) -> float:
    """Return how well the words fit the audio: PocketSphinx's mean score of a frame, less what crushed sounds cost."""
    lengths = [frames for step in steps for _, _, frames in step.sounds]
    crushed = sum(frames <= _CRUSHED for frames in lengths) / len(lengths)
    return sum(step.score for step in steps) / sum(step.frames for step in steps) - _CRUSHED_COST * crushed


def _listen(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _step(entry: Any) -> Step | None:
    if entry.name in _NO_WORDS:
        return None
    sounds = tuple((phone.name, int(phone.start), int(phone.duration)) for phone in entry)
    return Step(entry.name.partition("(")[0], sounds, float(entry.score), int(entry.duration))


def _told(words: list[Chosen], sound: Sounding) -> SpokenSegment | None:
    """Return what was found as a voice would have told it."""
    phonemes: list[Phoneme] = []
    marks: list[WordMark] = []
    for word in words:
        sounds = [each for step in word.steps for each in _sounds(step, sound, phonemes)]
        if not sounds:
            continue
        phonemes += sounds
        at, until = sounds[0].at, sounds[-1].at + sounds[-1].duration
        at = min(at + _WORDS_LATE, until)
        marks.append(WordMark(word.char, word.length, at, until - at))
    if not marks or covered(sound, [(mark.at, mark.at + mark.duration) for mark in marks]) < _COVERED:
        return None
    silent = np.zeros(0, np.float32)
    return SpokenSegment(silent, sound.rate, tuple(_with_silence(phonemes)), tuple(marks), FRAME, aligned=True)


def _sounds(step: Step, sound: Sounding, before: list[Phoneme]) -> Iterator[Phoneme]:
    names = [name for name, _, _ in step.sounds]
    last = before[-1].at + before[-1].duration if before else None
    for number, (name, start, frames) in enumerate(step.sounds):
        at = sound.seconds(start) + _LATE
        until = sound.seconds(start + frames) + _LATE
        if number == 0 and (last is None or at > last + FRAME / 2 or until - at > _LONG):
            at = onset_after(sound, at, until)
        at, until = max(at, 0.0), min(max(until, at + FRAME / 2), sound.duration)
        if until > at:
            yield Phoneme(to_ipa(name, until - at, names), at, until - at)


def _with_silence(phonemes: list[Phoneme]) -> Iterator[Phoneme]:
    at = 0.0
    for phoneme in phonemes:
        if phoneme.at > at + FRAME / 2:
            yield Phoneme("", at, phoneme.at - at)
        elif phoneme.at > at:
            phoneme = replace(phoneme, at=at, duration=phoneme.duration + phoneme.at - at)
        at = phoneme.at + phoneme.duration
        yield phoneme
