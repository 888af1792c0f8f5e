"""Times by a voice that says the same text and tells when: its audio is warped onto the other voice's.

Both are compared by mel cepstra (Davis and Mermelstein, 1980) under dynamic time warping (Sakoe and Chiba, 1978).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from avatar_bridge.core.speech.words import language, split_words
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import AvatarBridgeError

__all__ = ["ReferenceAligner", "language_of", "warp"]

_RATE = 16_000
_HOP = 160
_WINDOW = 400
_SIZE = 512
_BANDS = 26
_KEPT = 13
_WORST = 3.95
"""Mean distance of two matched frames beyond which the two voices do not say the same."""
_WARPED_ERROR = 0.03
_VOICES: Mapping[str, str] = MappingProxyType({"en": "en-us", "fr": "fr", "de": "de", "es": "es"})
_SCRIPTS: Mapping[str, str] = MappingProxyType(
    {"HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "HANGUL": "ko", "CYRILLIC": "ru", "GREEK": "el"}
)

Floats = NDArray[np.float64]


def language_of(text: str) -> str:
    """Return the language that a text is probably written in, by script and commonest words; en where unsure."""
    scripts = Counter(
        unicodedata.name(letter, "").partition(" ")[0].partition("-")[0] for letter in text if letter.isalpha()
    )
    if scripts["HIRAGANA"] or scripts["KATAKANA"]:
        return "ja"
    best = scripts.most_common(1)
    if best and best[0][0] != "LATIN":
        return _SCRIPTS.get(best[0][0], best[0][0].casefold())
    return language(split_words(text))


class ReferenceAligner:
    """Finds words in audio with the help of a voice that tells its times (`module:Class`, as espeak-ng)."""

    def __init__(self, spec: str) -> None:
        self._spec = spec
        self._engines: dict[str, Any] = {}

    def sounds(self, word: str) -> tuple[str, ...]:
        """Return the IPA of an English word; empty where the voice says nothing."""
        said = self._said(word, "en")
        return tuple(phoneme.symbol for phoneme in said.phonemes if phoneme.symbol.strip()) if said else ()

    def align(self, text: str, samples: Samples, rate: int) -> SpokenSegment | None:
        """Return phonemes and marks found in `samples`, which are left out; None where the voices do not agree."""
        said = self._said(text, language_of(text))
        if said is None or not np.abs(samples).max() > 1e-5:
            return None
        times = warp(said.samples, said.rate, samples, rate)
        if times is None:
            return None
        end = len(samples) / rate
        at = np.arange(len(times)) * _HOP / _RATE

        def moved(time: float) -> float:
            return float(min(np.interp(time, at, times), end))

        phonemes = (Phoneme(each.symbol, *_span(moved, each.at, each.duration)) for each in said.phonemes)
        marks = (WordMark(each.char, each.length, *_span(moved, each.at, each.duration)) for each in said.marks)
        silent = np.zeros(0, np.float32)
        return SpokenSegment(silent, rate, tuple(phonemes), tuple(marks), _WARPED_ERROR, aligned=True)

    def _said(self, text: str, code: str) -> SpokenSegment | None:
        voice = _VOICES.get(code, _VOICES["en"])
        try:
            if voice not in self._engines:
                module, _, name = self._spec.partition(":")
                self._engines[voice] = getattr(import_module(module), name)(voice=voice)
            pieces: list[SpokenSegment] = list(self._engines[voice].speak(text))
        except (AvatarBridgeError, ImportError):
            return None
        return pieces[0] if len(pieces) == 1 and len(pieces[0].samples) else None


def _span(moved: Any, at: float, duration: float) -> tuple[float, float]:
    start = moved(at)
    return start, max(0.0, moved(at + duration) - start)


def warp(known: Samples, known_rate: int, other: Samples, rate: int) -> Floats | None:
    """Return for each 10 ms of `known` the seconds in `other` at which the same is said; None where it is not."""
    first, second = _cepstra(known, known_rate), _cepstra(other, rate)
    if not 0.25 < len(first) / max(1, len(second)) < 4.0:
        return None
    cost = np.sqrt(np.maximum(0.0, (first**2).sum(1)[:, None] + (second**2).sum(1) - 2.0 * first @ second.T))
    rows, columns, mean = _path(cost)
    if mean > _WORST:
        return None
    counts = np.bincount(rows, minlength=len(first))
    middles = np.bincount(rows, weights=columns, minlength=len(first)) / counts
    return np.asarray(middles * _HOP / _RATE)


def _path(cost: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], float]:
    """Return rows and columns of the cheapest monotonic path, and the mean cost on it."""
    rows, columns = cost.shape
    total = np.empty((rows, columns))
    total[0] = np.cumsum(cost[0])
    for row in range(1, rows):
        above = np.minimum(total[row - 1], np.concatenate([[np.inf], total[row - 1, :-1]]))
        along = np.cumsum(cost[row])
        total[row] = np.minimum.accumulate(above - along + cost[row]) + along
    path: list[tuple[int, int]] = [(rows - 1, columns - 1)]
    row, column = path[0]
    while row or column:
        steps = [(row - 1, column - 1), (row - 1, column), (row, column - 1)]
        row, column = min((step for step in steps if min(step) >= 0), key=lambda step: total[step])
        path.append((row, column))
    walked = np.array(path[::-1], dtype=np.intp)
    return walked[:, 0], walked[:, 1], float(cost[walked[:, 0], walked[:, 1]].mean())


def _cepstra(samples: Samples, rate: int) -> Floats:
    """Return normalised mel cepstra, shape (n, `_KEPT`), one each 10 ms; the first is the loudness."""
    sound = np.asarray(soxr.resample(samples, rate, _RATE), np.float64)
    sound = np.append(sound[:1], sound[1:] - 0.97 * sound[:-1]) / max(1e-9, float(np.abs(sound).max()))
    count = max(1, len(sound) // _HOP)
    padded = np.concatenate([np.zeros(_WINDOW // 2), sound, np.zeros(_WINDOW)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: count * _HOP : _HOP]
    power = np.abs(np.fft.rfft(windows * np.hamming(_WINDOW), _SIZE, axis=1)) ** 2
    mel, cosines = _filters()
    cepstra = np.log(power @ mel.T + 1e-5) @ cosines.T
    return np.asarray((cepstra - cepstra.mean(axis=0)) / (cepstra.std(axis=0) + 1e-6))


@lru_cache(maxsize=1)
def _filters() -> tuple[Floats, Floats]:
    """Return the mel filters (bands, bins) and the cosines (kept, bands)."""
    top = 2595.0 * np.log10(1.0 + 7000.0 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(60.0, top, _BANDS + 2) / 2595.0) - 1.0)
    hertz = np.fft.rfftfreq(_SIZE, 1.0 / _RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    mel = np.maximum(0.0, np.minimum(rising, falling))
    order = np.arange(_KEPT)[:, None] * (np.arange(_BANDS) + 0.5)
    return np.asarray(mel), np.cos(np.pi / _BANDS * order)
