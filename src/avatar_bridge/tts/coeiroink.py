"""The `coeiroink` voice: Japanese, from a COEIROINK v2 that runs beside the bridge, with the time of every sound."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.kana_marks import PAUSE, SpokenMora, kana_marks
from avatar_bridge.tts.served import ServedVoice, heard, nearest, tempo
from avatar_bridge.tts.voicevox_times import IPA

__all__ = ["CoeiroinkVoice"]

_RATES = (44100, 48000, 24000, 22050, 32000, 16000)
"""Rates that the engine may count its ranges in: nothing in its answer says which."""
_CLOSE = 0.01
_LONGEST_TAIL = 1.0
_HOP = 256 / 44100


class CoeiroinkVoice(ServedVoice):
    """Speaks through COEIROINK v2.

    speaker: "name" or "name/style" as the program shows them; the first when absent. speed: 0.5..2 at its own pitch.
    pitch: semitones, by speaking slower and playing faster. patience: seconds of waiting for an answer.
    """

    _longest = 300

    def __init__(
        self,
        *,
        name: str = "coeiroink",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        speaker: str | None = None,
        patience: float = 60.0,
    ) -> None:
        del name
        super().__init__(
            "COEIROINK",
            url or "http://127.0.0.1:50032",
            "start COEIROINK v2, or set voice.url",
            key=key,
            patience=patience,
            pitch=pitch,
            abilities=VoiceAbilities("phonemes", speed=True, pitch=True, remote=True, languages=("ja",)),
        )
        self._speed = tempo(speed, pitch, 0.5, 2.0)
        self._speaker = speaker
        self._style: tuple[str, int] | None = None

    async def _look(self) -> None:
        await self._found()

    async def _say(self, text: str) -> SpokenSegment:
        speaker, style = await self._found()
        prosody = await self._service.json("POST", "/v1/estimate_prosody", body={"text": text})
        if not isinstance(prosody, dict) or not isinstance(prosody.get("detail"), list):
            raise ProtocolError(f"COEIROINK at {self._service.url} answered /v1/estimate_prosody without `detail`")
        answer = await self._service.json(
            "POST",
            "/v1/predict_with_duration",
            body={
                "speakerUuid": speaker,
                "styleId": style,
                "text": text,
                "prosodyDetail": prosody["detail"],
                "speedScale": self._speed,
            },
        )
        try:
            sound = base64.b64decode(answer["wavBase64"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raise ProtocolError(f"COEIROINK at {self._service.url} answered without `wavBase64`") from None
        spoken = heard(self._service, "audio/wav", sound)
        return _times(text, answer, spoken, _openings(prosody["detail"]))

    async def _found(self) -> tuple[str, int]:
        """Return the speaker's uuid and the style's number that were chosen, looked up once."""
        if self._style is None:
            styles = _styles(await self._service.json("GET", "/v1/speakers"))
            if not styles:
                raise VoiceError("COEIROINK has no speaker; install one in its program")
            wanted = next(iter(styles)) if self._speaker is None else self._speaker
            fit = [found for name, found in styles.items() if wanted in (name, name.partition("/")[0])]
            if not fit:
                raise VoiceError(nearest("speaker", wanted, list(styles)))
            self._style = fit[0]
        return self._style


def _styles(found: Any) -> dict[str, tuple[str, int]]:
    try:
        return {
            f"{speaker['speakerName']}/{style['styleName']}": (str(speaker["speakerUuid"]), int(style["styleId"]))
            for speaker in found
            for style in speaker["styles"]
        }
    except (KeyError, TypeError, ValueError):
        raise ProtocolError("COEIROINK's /v1/speakers is no list of speakers with styles; is it version 2?") from None


def _openings(detail: Sequence[Any]) -> frozenset[int]:
    """Return the numbers of the moras, pauses not counted, that accent phrases begin with."""
    lengths = (len(phrase) for phrase in detail if isinstance(phrase, list))
    return frozenset(accumulate(lengths, initial=0))


def _times(text: str, answer: Mapping[str, Any], spoken: SpokenSegment, openings: frozenset[int]) -> SpokenSegment:
    """Return speech with the answer's times, or with a note why it has none."""
    try:
        moras = [
            [(str(each["phoneme"]), int(each["wavRange"]["start"]), int(each["wavRange"]["end"])) for each in sounds]
            for sounds in (mora["phonemePitches"] for mora in answer["moraDurations"])
            if sounds
        ]
    except (KeyError, TypeError, ValueError):
        return _untimed(spoken, "told no times that are understood")
    ranges = [sound for mora in moras for sound in mora]
    edges = [edge for _, start, end in ranges for edge in (start, end)]
    if not edges or edges != sorted(edges) or edges[0] < 0:
        return _untimed(spoken, "told times that are in no order")
    rate = _rate(edges[-1], spoken)
    if rate is None:
        return _untimed(spoken, "told times that do not fit the length of its sound")
    phonemes = tuple(Phoneme(IPA.get(name, ""), start / rate, (end - start) / rate) for name, start, end in ranges)
    return replace(spoken, phonemes=phonemes, marks=kana_marks(text, list(_moras(moras, rate, openings))), hop=_HOP)


def _untimed(spoken: SpokenSegment, why: str) -> SpokenSegment:
    return replace(spoken, notes=(*spoken.notes, f"COEIROINK {why}: they come from the sound itself"))


def _moras(
    moras: Sequence[Sequence[tuple[str, int, int]]], rate: int, openings: frozenset[int]
) -> Iterator[SpokenMora]:
    number = 0
    for sounds in moras:
        vowel = _vowel(sounds[-1][0])
        consonant = sounds[0][0] if len(sounds) > 1 else ""
        opens = vowel != PAUSE and number in openings
        yield SpokenMora(consonant, vowel, sounds[0][1] / rate, sounds[-1][2] / rate, opens)
        number += vowel != PAUSE


def _vowel(name: str) -> str:
    return name if IPA.get(name) else PAUSE


def _rate(end: int, spoken: SpokenSegment) -> int | None:
    """Return the rate at which ranges up to `end` fill the sound; the sound's own where only a pause is left over."""
    for rate in (spoken.rate, *_RATES):
        if abs(end / rate - spoken.duration) <= _CLOSE:
            return rate
    return spoken.rate if 0 <= spoken.duration - end / spoken.rate <= _LONGEST_TAIL else None
