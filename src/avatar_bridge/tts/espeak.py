"""The `espeak` voice: espeak-ng by way of ctypes, with the exact time of every word and phoneme; light and polyglot.

espeak-ng is GPL-3: its library is loaded in a child process alone.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from avatar_bridge.core.speech.speakable import check_range, is_speakable, parts, script_of, speakable
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities

__all__ = ["EspeakEngine", "espeak_library"]

_REMEDY = 'install it with: pip install "avatar-bridge[espeak]"'
_LONGEST_TEXT = 2000
_SLACK = 0.005
_SYNCHRONOUS, _PHONEME_EVENTS, _IPA, _DONT_EXIT = 2, 0x0001, 0x0002, 0x8000
_BY_CHARACTER, _UTF8 = 1, 1
_LIST_END, _WORD, _PHONEME = 0, 1, 7
_RATE_PARAMETER, _WORDS_A_MINUTE, _SLOWEST, _FASTEST = 1, 175, 80, 450

_VOICES = {"HIRAGANA": "ja", "CJK": "cmn", "HANGUL": "ko", "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar"}
_VOICES |= {"HEBREW": "he", "DEVANAGARI": "hi", "GEORGIAN": "ka", "ARMENIAN": "hy", "THAI": "th", "BENGALI": "bn"}
_VOICES |= {"TAMIL": "ta", "TELUGU": "te", "GUJARATI": "gu", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si"}
"""The voice that speaks a script other than Latin."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """espeak_EVENT of espeak-ng's speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakEngine:
    """Speaks with espeak-ng, which the process has once: settings of the engine in use hold while it speaks.

    voice: an espeak-ng voice ("en-us", "de", "ja"). speed: times 175 words a minute, 0.5..2.5. pitch: semitones,
    -12..12, by speaking slower and playing faster (the slowest is 80 words a minute). by_script: speak a text in
    another script (Japanese, Russian) with the voice of that script's language. The same texts in the same order give
    the same bytes; espeak-ng's noise runs on from one text to the next.
    """

    def __init__(self, *, voice: str = "en-us", speed: float = 1.0, pitch: float = 0.0, by_script: bool = True) -> None:
        check_range("speed", speed, 0.5, 2.5)
        check_range("pitch", pitch, -12.0, 12.0)
        self._factor = 2.0 ** (pitch / 12.0)
        self._words_a_minute = min(max(round(_WORDS_A_MINUTE * speed / self._factor), _SLOWEST), _FASTEST)
        self._by_script = by_script
        self._voice = voice
        self._library, data = espeak_library()
        self._callback = _Callback(self._receive)
        self._sound: list[np.ndarray] = []
        self._words: list[tuple[int, int, int]] = []
        self._phonemes: list[tuple[int, str]] = []
        options = _PHONEME_EVENTS | _IPA | _DONT_EXIT
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, options))
        self.abilities = VoiceAbilities("phonemes", speed=True, pitch=True)
        if self.rate <= 0:
            raise VoiceError(f"espeak-ng was found but not its data; {_REMEDY}")
        self._select(voice)

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the audio of `text`, for most texts in one piece; nothing for a text without letters or numbers."""
        at = 0
        for part in parts(speakable(text), _LONGEST_TEXT):
            if is_speakable(part):
                voice = _VOICES.get(script_of(part), self._voice) if self._by_script else self._voice
                piece = self._part(part, at, voice)
                if len(piece.samples):
                    yield piece
            at += len(part)

    def _select(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise UsageError(f"espeak-ng has no voice {voice!r}; `espeak-ng --voices` lists them: en-us, de, ja, ...")
        self._library.espeak_SetParameter(_RATE_PARAMETER, self._words_a_minute, 0)
        self._library.espeak_SetSynthCallback(self._callback)

    def _part(self, text: str, offset: int, voice: str) -> SpokenSegment:
        self._select(voice)
        self._sound, self._words, self._phonemes = [], [], []
        raw = text.encode("utf-8", "replace")
        status = self._library.espeak_Synth(raw, len(raw) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if status != 0:
            raise VoiceError(f"espeak-ng could not speak {text[:40]!r}: it answered {status}")
        heard = np.concatenate(self._sound) if self._sound else np.zeros(0, np.int16)
        length = len(heard)
        samples: Samples = heard.astype(np.float32) / np.float32(32768)
        if self._factor != 1.0 and length:
            samples = soxr.resample(samples, self.rate * self._factor, self.rate).astype(np.float32)
        scale = len(samples) / self.rate / max(1, length)
        phonemes = self._timed(length, scale)
        marks = tuple(self._marks(offset, text, phonemes, length * scale, scale))
        return SpokenSegment(samples, self.rate, phonemes, marks, 0.0)

    def _timed(self, length: int, scale: float) -> tuple[Phoneme, ...]:
        """Return the phonemes: each lasts until the next, pauses and what precedes the first are silence."""
        starts = [(min(at, length), symbol) for at, symbol in self._phonemes]
        if starts and starts[0][0] > 0:
            starts.insert(0, (0, ""))
        timed: list[Phoneme] = []
        for number, (at, symbol) in enumerate(starts):
            until = starts[number + 1][0] if number + 1 < len(starts) else length
            if not symbol and timed and not timed[-1].symbol:
                timed[-1] = Phoneme("", timed[-1].at, until * scale - timed[-1].at)
            elif until > at:
                timed.append(Phoneme(symbol, at * scale, (until - at) * scale))
        return tuple(timed)

    def _marks(
        self, offset: int, text: str, phonemes: Sequence[Phoneme], end: float, scale: float
    ) -> Iterator[WordMark]:
        """Yield the words: each lasts until the next one or until the silence before that."""
        words: list[tuple[int, int, float]] = []
        for position, count, sample in self._words:
            char = min(max(0, position - 1), len(text) - 1)
            if words and char < words[-1][1]:
                # one written word that is spoken as several: 42
                continue
            length = len(text[char : char + max(1, count)].rstrip())
            words.append((char, char + max(1, length), min(sample * scale, end)))
        silences = [phoneme for phoneme in phonemes if not phoneme.symbol]
        for number, (char, stop, at) in enumerate(words):
            until = words[number + 1][2] if number + 1 < len(words) else end
            for silence in silences:
                if at < silence.at < until <= silence.at + silence.duration + _SLACK:
                    until = silence.at
            yield WordMark(offset + char, stop - char, at, max(0.0, until - at))

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        """Take what espeak-ng has made; it goes on while this returns 0."""
        if wave and count > 0:
            self._sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
        number = 0
        while events[number].type != _LIST_END:
            event = events[number]
            number += 1
            if event.type == _WORD:
                self._words.append((event.text_position, event.length, event.sample))
            elif event.type == _PHONEME:
                symbol = event.id.string.decode("utf-8", "ignore").strip("_:;|. \u200d")
                # "(en)" says that the language changes; it is no sound
                if not symbol.startswith("("):
                    self._phonemes.append((event.sample, symbol))
        return 0


def espeak_library() -> tuple[Any, bytes | None]:
    """Return espeak-ng's library and the folder of its data, None where it knows that itself.

    Raises VoiceError with a remedy where neither the package nor an installed espeak-ng is found.
    """
    try:
        import espeakng_loader
    except ImportError:
        return _installed(), None
    try:
        return ctypes.CDLL(espeakng_loader.get_library_path()), os.fsencode(espeakng_loader.get_data_path())
    except (OSError, RuntimeError) as error:
        raise VoiceError(f"the packaged espeak-ng does not load on this system: {error}; re{_REMEDY}") from error


def _installed() -> Any:
    """Return the library of an espeak-ng that is installed on the system."""
    names = [ctypes.util.find_library("espeak-ng") or ""]
    program = shutil.which("espeak-ng")
    if sys.platform == "win32":
        names.append(str(Path(os.environ.get("PROGRAMFILES", ""), "eSpeak NG", "libespeak-ng.dll")))
    if program is not None:
        folder = Path(program).resolve().parent
        names += [str(folder / "libespeak-ng.dll"), str(folder.parent / "lib" / "libespeak-ng.dylib")]
    for name in filter(None, names):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise VoiceError(f"the espeak voice needs espeak-ng, which is not here; {_REMEDY}")
