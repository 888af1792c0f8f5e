"""The `coqui` voice: Coqui TTS on the processor or a graphics card; VITS tells its times, XTTS clones voices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr

from avatar_bridge.core.speech.speakable import check_range, is_speakable, parts, speakable
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.coqui_model import CoquiModel, Spoken, load_model
from avatar_bridge.tts.coqui_times import timed_letters, timed_sounds

__all__ = ["CoquiEngine"]

_SENTENCE = re.compile(r".*?(?:[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+|$)", re.DOTALL)
_LONGEST = 250
"""Characters of a sentence; XTTS takes no more than this in English."""
_PEAK = 0.99


class CoquiEngine:
    """Speaks with a Coqui model, a sentence at a time; the same text gives the same bytes on the same machine.

    model: a folder with `model.pth` and `config.json`, a `.pth` file with `config` beside it, or, with `download`, the
    name of a published model (`tts_models/en/ljspeech/vits`). speaker: a name in a model of many. speaker_wav: a
    recording, or several, whose voice XTTS or YourTTS takes. language: of the text, where the model knows several.
    device: `cpu` or `cuda`. speed: times the model's own, 0.5..2. pitch: semitones, -12..12, by synthesising slower and
    playing faster. seed: another take. threads: of the processor, None for torch's own choice.
    """

    def __init__(
        self,
        *,
        model: str = "",
        config: str | None = None,
        speaker: str | None = None,
        speaker_wav: str | Sequence[str] = (),
        language: str | None = None,
        device: str = "cpu",
        speed: float = 1.0,
        pitch: float = 0.0,
        seed: int = 0,
        threads: int | None = None,
        download: bool = False,
    ) -> None:
        check_range("speed", speed, 0.5, 2.0)
        check_range("pitch", pitch, -12.0, 12.0)
        check_range("threads", threads or 1, 1, 64)
        if device not in ("cpu", "cuda"):
            raise UsageError(f'expected device to be "cpu" or "cuda", got {device!r}')
        clips = [Path(clip).expanduser() for clip in ([speaker_wav] if isinstance(speaker_wav, str) else speaker_wav)]
        for clip in clips:
            if not clip.is_file():
                raise UsageError(
                    f"expected speaker_wav to name a recording of the voice to take, but there is no {clip}"
                )
        self._factor = 2.0 ** (pitch / 12.0)
        self._model: CoquiModel = load_model(
            model, config=config, download=download, device=device, threads=threads, seed=seed
        )
        self._model.prepare(speaker, clips, language, speed / self._factor)
        self.rate = self._model.rate
        timing = {"sounds": "phonemes", "letters": "words"}.get(self._model.units, "estimated")
        self.abilities = VoiceAbilities(
            timing,  # type: ignore[arg-type]
            speed=self._model.knows_speed,
            pitch=self._model.knows_speed,
            languages=self._model.languages,
        )
        if not self._model.knows_speed and (speed != 1.0 or pitch != 0.0):
            raise UsageError("this Coqui model cannot change speed or pitch; VITS and XTTS can")

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the sentences of `text` in order, XTTS's in the pieces that it streams; nothing without letters."""
        at = 0
        for sentence in _SENTENCE.findall(speakable(text)):
            for part in parts(sentence, _LONGEST):
                if is_speakable(part):
                    for spoken in self._model.speak(part.strip()):
                        yield self._piece(spoken, part, at)
                at += len(part)

    def _piece(self, spoken: Spoken, text: str, offset: int) -> SpokenSegment:
        wave = spoken.samples
        if not len(wave) or not np.isfinite(wave).all():
            raise VoiceError(f"the Coqui model made no sound of {text[:40]!r}; is the checkpoint whole?")
        if self._factor != 1.0:
            wave = soxr.resample(wave, self.rate * self._factor, self.rate)
        samples: Samples = (wave * min(1.0, _PEAK / max(float(np.abs(wave).max()), _PEAK))).astype(np.float32)
        if not spoken.frames:
            return SpokenSegment(samples, self.rate)
        hop = len(samples) / self.rate / max(1, sum(spoken.frames))
        phonemes: tuple[Phoneme, ...] = ()
        marks: tuple[WordMark, ...] = ()
        if self._model.units == "sounds":
            phonemes = timed_sounds(spoken.symbols, spoken.frames, hop)
        else:
            marks = timed_letters(spoken.symbols, spoken.frames, hop, text)
            marks = tuple(replace(mark, char=mark.char + offset) for mark in marks)
        return SpokenSegment(samples, self.rate, phonemes, marks, hop)
