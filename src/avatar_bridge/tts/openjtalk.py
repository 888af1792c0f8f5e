"""The `openjtalk` voice: Open JTalk on the processor, Japanese, with the exact time of every sound and word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from avatar_bridge.core.speech.speakable import check_range, is_speakable, parts, speakable
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.hts_durations import Durations
from avatar_bridge.tts.japanese import PAUSES, Reading, ipa, labels, open_jtalk, readings

__all__ = ["OpenJTalkEngine"]

_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]*[」』）)]*")
_LONGEST = 400
_GAIN, _PEAK = 0.7 / 32768.0, 0.95
"""The vocoder overshoots 16 bits now and then: room for most of it, and the rest of a piece is turned down."""
_PHONE = re.compile(r"-(.*?)\+")


class OpenJTalkEngine:
    """Speaks Japanese with an HTS voice, one piece a sentence; the same text gives the same bytes.

    model: path of an `.htsvoice` file, None for the packaged Mei. speed: times the voice's own, 0.3..3. pitch:
    semitones, -24..24, which changes the melody alone. Times are the synthesiser's own frames of 5 ms.
    """

    def __init__(self, *, model: str | None = None, speed: float = 1.0, pitch: float = 0.0) -> None:
        check_range("speed", speed, 0.3, 3.0)
        check_range("pitch", pitch, -24.0, 24.0)
        module = open_jtalk()
        packaged = Path(module.__file__).parent / "htsvoice" / "mei_normal.htsvoice"
        path = packaged if model is None else Path(model).expanduser()
        if not path.is_file():
            raise UsageError(f"expected model to name an .htsvoice file, but there is no {path}")
        self._durations = Durations(path)
        # loaded here, so that the first sentence does not wait for the dictionary
        labels("あ")
        from pyopenjtalk.htsengine import HTSEngine

        try:
            self._engine = HTSEngine(str(path).encode())
        except RuntimeError as error:
            raise VoiceError(f"{path} is no voice that hts_engine can load: {error}") from error
        self._speed, self._pitch = speed, pitch
        self.rate = self._durations.rate
        self.abilities = VoiceAbilities("phonemes", speed=True, pitch=True, languages=("ja",))

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the sentences of `text` in order; nothing for a text that Open JTalk reads as silence."""
        said = speakable(text)
        at = 0
        for sentence in _SENTENCE.findall(said):
            for part in parts(sentence, _LONGEST):
                piece = self._part(part, at) if is_speakable(part) else None
                if piece is not None:
                    yield piece
                at += len(part)

    def _part(self, text: str, offset: int) -> SpokenSegment | None:
        context = labels(text)
        phones = [found[1] if (found := _PHONE.search(label)) else "sil" for label in context]
        if all(phone in PAUSES for phone in phones):
            return None
        frames = self._durations.frames(context, self._speed)
        # hts_engine forgets both after each synthesis
        self._engine.set_speed(self._speed)
        self._engine.add_half_tone(self._pitch)
        wave = np.asarray(self._engine.synthesize(context))
        if len(wave) != sum(frames) * self._durations.frame_samples:
            raise VoiceError(
                f"hts_engine made {len(wave)} samples where its voice file tells of "
                f"{sum(frames) * self._durations.frame_samples}: the times would be wrong; choose the packaged voice"
            )
        hop = self._durations.frame_samples / self.rate
        starts = np.concatenate(([0], np.cumsum(frames)))
        phonemes = tuple(
            Phoneme(symbol, int(starts[number]) * hop, count * hop)
            for number, (symbol, count) in enumerate(zip(ipa(phones), frames, strict=True))
        )
        marks = _marks(readings(text), phones, phonemes, offset)
        wave = wave * _GAIN
        samples: Samples = (wave * min(1.0, _PEAK / max(float(np.abs(wave).max()), _PEAK))).astype(np.float32)
        return SpokenSegment(samples, self.rate, phonemes, marks, hop)


def _marks(
    words: Sequence[Reading], phones: Sequence[str], phonemes: Sequence[Phoneme], offset: int
) -> tuple[WordMark, ...]:
    """Return the words with the times of their sounds; none where dictionary and labels disagree on the sounds."""
    sounding = [number for number, phone in enumerate(phones) if phone not in PAUSES]
    told = [phone for word in words for phone in word.phones if phone not in PAUSES]
    if told != [phones[number] for number in sounding]:
        return ()
    marks: list[WordMark] = []
    used = 0
    for word in words:
        count = sum(phone not in PAUSES for phone in word.phones)
        if not count:
            continue
        first, last = phonemes[sounding[used]], phonemes[sounding[used + count - 1]]
        used += count
        until = last.at + last.duration
        if word.length == 0 and marks:
            before = marks[-1]
            marks[-1] = WordMark(before.char, before.length, before.at, until - before.at)
        else:
            marks.append(WordMark(offset + word.char, max(1, word.length), first.at, until - first.at))
    return tuple(marks)
