"""The `tone` voice: every letter a tone, the same bytes on every machine; for tests, goldens and bare machines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.speakable import check_range, is_speakable, speakable
from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment, WordMark
from avatar_bridge.ports import VoiceAbilities

__all__ = ["ToneEngine"]

_RATE = 16000
_GAP_MS, _COMMA_MS, _STOP_MS, _LEAD_IN_MS = 40, 180, 320, 20
_RAMP_SAMPLES = 64

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[.!?…。！？]+|[,;:、，；：—]+|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r".*?(?:[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]+|$)", re.DOTALL)
_PAIRS = {
    "sh": "ʃ",
    "ch": "tʃ",
    "th": "θ",
    "ph": "f",
    "ng": "ŋ",
    "ck": "k",
    "wh": "w",
    "qu": "k",
    "ee": "iː",
    "oo": "uː",
}
_LETTERS = {"a": "æ", "e": "ɛ", "i": "ɪ", "o": "oʊ", "u": "uː", "y": "i", "c": "k", "g": "ɡ", "j": "dʒ", "q": "k"}
_LETTERS |= {"r": "ɹ", "x": "k"}
_DIGITS = ("zoʊ", "wʌ", "tuː", "θi", "fɔ", "faɪ", "sɪ", "sɛ", "eɪt", "naɪ")
_VOWELS = {"æ": 880, "ɛ": 760, "ɪ": 640, "i": 600, "oʊ": 520, "uː": 440, "iː": 620, "ʌ": 700, "ɔ": 560, "aɪ": 820}
_VOWELS |= {"eɪ": 720, "ɑ": 840, "ə": 660}
"""Frequency in Hz by vowel."""
_CLOSED = frozenset("pbtdkɡ")
_HISSING = frozenset(("s", "z", "ʃ", "f", "θ", "h", "tʃ", "v"))
_SYMBOLS = sorted({*_VOWELS, "tʃ", "dʒ"}, key=len, reverse=True)


def _wave(samples: int, hertz: int, amplitude: int) -> NDArray[np.int64]:
    """Return a tone in integers alone: a parabola for each half wave, so that no mathematics library takes part."""
    phase = (np.arange(samples, dtype=np.int64) * (hertz * 65536 // _RATE)) & 0xFFFF
    half = phase & 0x7FFF
    height = (half * (0x7FFF - half)) >> 13
    return np.where(phase & 0x8000, -height, height) * amplitude >> 15


def _noise(samples: int, amplitude: int) -> NDArray[np.int64]:
    step = np.arange(1, samples + 1, dtype=np.int64)
    scrambled = (step * 1103515245 + 12345 ^ step * 69069 >> 3) >> 7 & 0xFFFF
    return (scrambled - 0x8000) * amplitude >> 15


def _ramped(sound: NDArray[np.int64]) -> NDArray[np.int64]:
    ramp = np.minimum(np.arange(len(sound), dtype=np.int64), _RAMP_SAMPLES)
    return sound * np.minimum(ramp, ramp[::-1]) // _RAMP_SAMPLES


def _split(ipa: str) -> Iterator[str]:
    at = 0
    while at < len(ipa):
        symbol = next((known for known in _SYMBOLS if ipa.startswith(known, at)), ipa[at])
        at += len(symbol)
        yield symbol


def _pronounce(word: str) -> Iterator[str]:
    """Yield the IPA symbols of a word, letter by letter; a character without a rule is a syllable of its own."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))
    at = 0
    while at < len(plain):
        pair, letter = plain[at : at + 2], plain[at]
        if pair in _PAIRS:
            yield _PAIRS[pair]
            at += 2
            continue
        if letter.isascii() and letter.isalpha():
            yield _LETTERS.get(letter, letter)
        elif letter.isdecimal():
            yield from _split(_DIGITS[unicodedata.decimal(letter)])
        elif letter.isalnum():
            yield from ("n", "ɑ") if ord(letter) % 2 else ("t", "i")
        at += 1


def _is_syllabic(word: str) -> bool:
    return any(ord(character) >= 0x2E80 and character.isalpha() for character in word)


class _Piece:
    """One sentence while it is put together; positions in samples."""

    def __init__(self, speed: float, pitch: float) -> None:
        self._speed = speed
        self._factor = round(2.0 ** (pitch / 12.0) * 1024)
        self._sound: list[NDArray[np.int64]] = []
        self._length = 0
        self._phonemes: list[Phoneme] = []
        self.marks: list[WordMark] = []

    def _add(self, symbol: str, sound: NDArray[np.int64]) -> None:
        self._phonemes.append(Phoneme(symbol, self._length / _RATE, len(sound) / _RATE))
        self._sound.append(sound)
        self._length += len(sound)

    def _samples(self, milliseconds: int) -> int:
        return max(1, round(milliseconds * _RATE / 1000 / self._speed))

    def silence(self, symbol: str, milliseconds: int) -> None:
        self._add(symbol, np.zeros(self._samples(milliseconds), np.int64))

    def word(self, word: str, char: int) -> None:
        start = self._length
        stressed = False
        for symbol in _pronounce(word):
            vowel = _VOWELS.get(symbol)
            if vowel is not None:
                samples = self._samples(95 if stressed else 120)
                tone = _wave(samples, vowel * self._factor // 1024 // 4, 11000 if stressed else 14000)
                self._add(symbol if stressed else "ˈ" + symbol, _ramped(tone))
                stressed = True
            else:
                self._add(symbol, self._consonant(symbol))
        if self._length > start:
            self.marks.append(WordMark(char, len(word), start / _RATE, (self._length - start) / _RATE))

    def _consonant(self, symbol: str) -> NDArray[np.int64]:
        if symbol in _CLOSED:
            samples = self._samples(65)
            burst = samples // 4
            return np.concatenate([np.zeros(samples - burst, np.int64), _ramped(_noise(burst, 4000))])
        samples = self._samples(60)
        if symbol in _HISSING:
            return _ramped(_noise(samples, 2500))
        return _ramped(_wave(samples, 110 * self._factor // 1024, 3500))

    def spoken(self) -> SpokenSegment:
        samples = (np.concatenate(self._sound).astype(np.float32) / np.float32(32768)).astype(np.float32)
        return SpokenSegment(samples, _RATE, tuple(self._phonemes), tuple(self.marks))


class ToneEngine:
    """Speaks with exact words and phonemes at about 13 sounds a second, 16 kHz, one piece a sentence.

    speed: times the usual rate, 0.25..4; pitch: semitones, -24..24.
    """

    rate = _RATE
    abilities = VoiceAbilities("phonemes", speed=True, pitch=True)

    def __init__(self, *, speed: float = 1.0, pitch: float = 0.0) -> None:
        check_range("speed", speed, 0.25, 4.0)
        check_range("pitch", pitch, -24.0, 24.0)
        self._speed = speed
        self._pitch = pitch

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the sentences of `text` in order; nothing for a text without letters or numbers."""
        text = speakable(text)
        for sentence in _SENTENCE.finditer(text):
            if is_speakable(sentence[0]):
                yield self._sentence(sentence[0], sentence.start())

    def _sentence(self, sentence: str, offset: int) -> SpokenSegment:
        piece = _Piece(self._speed, self._pitch)
        piece.silence("", _LEAD_IN_MS)
        gap = False
        for token in _TOKEN.finditer(sentence):
            word, char = token[0], offset + token.start()
            if is_speakable(word):
                if gap and piece.marks:
                    piece.silence(" ", _GAP_MS)
                if _is_syllabic(word):
                    for position, character in enumerate(word):
                        piece.word(character, char + position)
                else:
                    piece.word(word, char)
                gap = False
            elif word[0] in ",;:、，；：—" and piece.marks:
                piece.silence("", _COMMA_MS)
                gap = False
            else:
                gap = gap or word.isspace()
        piece.silence("", _STOP_MS)
        return piece.spoken()
