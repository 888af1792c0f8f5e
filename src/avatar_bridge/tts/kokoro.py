"""The `kokoro` voice: Kokoro-82M on the processor, with the exact time of every sound and word.

Its phonemes come from espeak-ng, which is GPL-3: this module is used in a child process alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from avatar_bridge.core.speech.ipa import merged
from avatar_bridge.core.speech.speakable import check_range, is_speakable, speakable
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.kokoro_model import FRAME, RATE, KokoroModel
from avatar_bridge.tts.kokoro_styles import Styles, blend_parts
from avatar_bridge.tts.kokoro_text import LANGUAGES, VOCABULARY, KokoroText, Token

__all__ = ["KokoroEngine", "chunks", "settled"]

_MOST_TOKENS = 508
"""The model's 510, its padding at both ends taken off."""
_LEAD, _LOUD, _PEAK = 0.04, 0.02, 0.99
"""Seconds of silence that are kept before the first sound, and how much of the peak counts as sound."""
_EARLIER = 1.0
"""Frames by which the decoder is heard before its token's own, against Piper's times (benchmarks/voices.py)."""
_IPA = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "S": "s", "T": "ɾ", "ꭧ": "tʂ", "ʨ": "tɕ"}
_IPA |= {"ʥ": "dʑ", "ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ", "ʤ": "dʒ", "g": "ɡ"}
_PAUSES = frozenset(("", *';:,.!?—…"()“”'))
_PREFERRED = ("af_heart", "jf_alpha")


class KokoroEngine:
    """Speaks with Kokoro-82M, one piece a sentence; the same text gives the same bytes.

    voice: a style (`af_heart`, `jf_alpha`) or a blend of them (`af_bella(2)+af_sky(1)`), None for `af_heart` where it
    is here, else `jf_alpha`. voices: where the styles are (see `Styles`), None for those that come as a package. model:
    path of another export of Kokoro-82M v1.0. language: `en-us`, `en-gb`, `es`, `fr-fr`, `hi`, `it`, `ja`, `pt-br` or
    `zh`, None for that of the voice. speed: times the voice's own, 0.5..2. pitch: semitones, -12..12, by synthesising
    slower and playing faster. threads: of the processor, None for half of its cores, at most 4. Times have the
    resolution of the decoder's frames (600 samples of 24 kHz).
    """

    rate = RATE

    def __init__(
        self,
        *,
        voice: str | None = None,
        voices: str | None = None,
        model: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        threads: int | None = None,
    ) -> None:
        check_range("speed", speed, 0.5, 2.0)
        check_range("pitch", pitch, -12.0, 12.0)
        chosen = max(1, min(4, (os.cpu_count() or 2) // 2)) if threads is None else threads
        check_range("threads", chosen, 1, 64)
        styles = Styles(None if voices is None else Path(voices).expanduser())
        if voice is None:
            voice = next((name for name in (*_PREFERRED, *styles.names) if name in styles.names), "")
        self._style = styles.blend(voice)
        self._text = KokoroText(language or _language_of(voice))
        self._model = KokoroModel(None if model is None else Path(model).expanduser(), chosen)
        self._factor = 2.0 ** (pitch / 12.0)
        self._speed = speed / self._factor
        timing = "phonemes" if self._model.times else "estimated"
        self.abilities = VoiceAbilities(timing, speed=True, pitch=True, languages=_CODES)  # type: ignore[arg-type]

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the sentences of `text` in order; nothing for a text without letters or numbers.

        Letters of a script that Kokoro does not read are left out; raises VoiceError where nothing else is there.
        """
        said = speakable(text)
        if not is_speakable(said):
            return
        said, lost = self._text.readable(said)
        if not is_speakable(said):
            raise VoiceError(f"Kokoro cannot read {text[:40]!r}; choose espeak, which knows most scripts")
        notes = (f"{lost[:40]!r} is in a script that Kokoro does not read: left out",) if lost else ()
        for sentence in self._text.sentences(said):
            for chunk in chunks(sentence):
                yield replace(self._piece(chunk), notes=notes)
                notes = ()

    def _piece(self, tokens: Sequence[Token]) -> SpokenSegment:
        numbers = [VOCABULARY[token.symbol] for token in tokens]
        audio, frames = self._model.run(numbers, self._style, self._speed)
        lead = _lead(audio, len(audio) if frames is None else int(frames[0]) * FRAME)
        audio = audio[lead:]
        if self._factor != 1.0:
            audio = soxr.resample(audio, RATE * self._factor, RATE)
        samples: Samples = (audio * min(1.0, _PEAK / max(float(np.abs(audio).max()), _PEAK))).astype(np.float32)
        if frames is None:
            return SpokenSegment(samples, RATE)
        edges = np.concatenate(([0], np.cumsum(frames) * FRAME - lead)) / (RATE * self._factor)
        hop = FRAME / RATE / self._factor
        edges[1:-1] = np.maximum(0.0, edges[1:-1] - _EARLIER * hop)
        edges[-1] = len(samples) / RATE
        edges = settled(["", *(token.symbol for token in tokens), ""], edges, samples)
        return SpokenSegment(samples, RATE, _phonemes(tokens, edges), _marks(tokens, edges), hop)


_CODES = tuple(dict.fromkeys(language[:2] for language in LANGUAGES.values()))


def _language_of(voice: str) -> str:
    letter = blend_parts(voice)[0][0][0]
    if letter not in LANGUAGES:
        raise UsageError(f"the voice {voice!r} does not tell its language; set language in [voice.options], say en-us")
    return LANGUAGES[letter]


def chunks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield `tokens` in pieces that the model takes, cut behind punctuation, else behind a space, else anywhere."""
    rest = list(tokens)
    while rest:
        while rest and rest[0].symbol == " ":
            del rest[0]
        cut = len(rest)
        if cut > _MOST_TOKENS:
            near = range(_MOST_TOKENS, _MOST_TOKENS // 2, -1)
            pauses = (at for at in near if rest[at - 1].symbol in ",;:.!?—…")
            spaces = (at for at in near if rest[at - 1].symbol == " ")
            cut = next(pauses, 0) or next(spaces, _MOST_TOKENS)
        piece, rest = rest[:cut], rest[cut:]
        while piece and piece[-1].symbol == " ":
            del piece[-1]
        if any(token.char >= 0 for token in piece):
            yield piece


def _lead(audio: Samples, longest: int) -> int:
    """Return how many samples of silence to leave out before the first sound."""
    level = np.abs(audio[: longest + 1])
    loud = np.flatnonzero(level > _LOUD * float(np.abs(audio).max()))
    first = int(loud[0]) if len(loud) else longest
    return max(0, min(longest, first) - round(_LEAD * RATE))


def settled(symbols: Sequence[str], edges: NDArray[np.float64], samples: Samples) -> NDArray[np.float64]:
    """Return `edges` with pauses where the audio is quiet: the model lets a sound at a pause run into the silence.

    symbols: one for each gap between edges, which are in seconds. A pause grows and shrinks to the quiet around its
    middle, into a quarter of the sounds beside it at most; where its middle is not quiet, it stays.
    """
    moved = edges.copy()
    block = RATE // 200
    blocks = np.abs(np.append(samples, np.zeros(-len(samples) % block, np.float32))).reshape(-1, block)
    quiet = blocks.max(axis=1) < _LOUD * float(np.abs(samples).max())
    silent = [symbol in _PAUSES for symbol in symbols]
    for first, last in _runs(silent):
        middle = 0 if first == 0 else len(quiet) - 1 if last == len(symbols) else _block(edges[first : last + 1].mean())
        if not quiet[min(middle, len(quiet) - 1)]:
            continue
        loud = np.flatnonzero(~quiet)
        before, after = loud[loud < middle], loud[loud > middle]
        if first > 0 and len(before):
            earliest = edges[first - 1] + (edges[first] - edges[first - 1]) / 4
            moved[first] = min(max((before[-1] + 1) / 200, earliest), max(edges[first], middle / 200))
        if last < len(symbols) and len(after):
            latest = edges[last + 1] - (edges[last + 1] - edges[last]) / 4
            moved[last] = max(min(after[0] / 200, latest), min(edges[last], middle / 200))
        moved[first + 1 : last] = np.linspace(moved[first], moved[last], last - first + 1)[1:-1]
    return moved


def _block(at: float) -> int:
    return int(at * 200)


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of True."""
    start = None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            yield start, place
            start = None


def _phonemes(tokens: Sequence[Token], edges: NDArray[np.float64]) -> tuple[Phoneme, ...]:
    symbols = ["", *(_IPA.get(token.symbol, token.symbol) for token in tokens), ""]
    return merged(
        Phoneme(symbol, float(edges[place]), float(edges[place + 1] - edges[place]))
        for place, symbol in enumerate(symbols)
    )


def _marks(tokens: Sequence[Token], edges: NDArray[np.float64]) -> tuple[WordMark, ...]:
    """Return the words in the order of the text, each from its first token to its last."""
    spans: dict[tuple[int, int], tuple[float, float]] = {}
    for place, token in enumerate(tokens, 1):
        if token.char >= 0:
            key = (token.char, token.length)
            begun = spans.get(key, (float(edges[place]), 0.0))[0]
            spans[key] = (begun, float(edges[place + 1]))
    return tuple(WordMark(*key, begun, ended - begun) for key, (begun, ended) in sorted(spans.items()))
