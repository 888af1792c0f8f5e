"""The `voicevox` and `aivisspeech` voices: Japanese, from an engine that runs beside the bridge.

VOICEVOX tells before it synthesises when each sound will be heard; AivisSpeech, which has the same API, does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from avatar_bridge.core.speech.speakable import check_range
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import ServiceRefusedError
from avatar_bridge.tts.kana_marks import kana_marks
from avatar_bridge.tts.served import ServedVoice, nearest, refused_as_absent, tempo
from avatar_bridge.tts.voicevox_times import HOP, QueryTimes, query_times

__all__ = ["VoicevoxVoice"]


@dataclass(frozen=True, slots=True)
class _Engine:
    what: str
    url: str
    start: str
    times: bool


_ENGINES: Mapping[str, _Engine] = MappingProxyType(
    {
        "voicevox": _Engine(
            "VOICEVOX", "http://127.0.0.1:50021", "start VOICEVOX (its engine starts with it), or set voice.url", True
        ),
        "aivisspeech": _Engine(
            "AivisSpeech",
            "http://127.0.0.1:10101",
            "start AivisSpeech (its engine starts with it), or set voice.url",
            False,
        ),
    }
)
_SEMITONE = math.log(2.0) / 12.0
_ZERO = "the engine tells no lengths of its sounds, so the times of the words come from the sound itself"


class VoicevoxVoice(ServedVoice):
    """Speaks through a VOICEVOX engine; where it tells lengths, each sound's time is exact to a frame of 10.7 ms.

    speaker: number of a style, or "name" or "name/style" as the program shows them; the first when absent. speed:
    0.5..2. pitch: semitones. intonation: liveliness of the melody, 0..2 (AivisSpeech: strength of the style). volume:
    0..2. tempo_dynamics: liveliness of the tempo, 0..2, AivisSpeech alone. pause: seconds of every pause in place of
    the engine's own; pause_scale: times that. upspeak: whether questions rise. english: whether English words are read
    as English (a newer VOICEVOX). patience: seconds of waiting for an answer.
    """

    _longest = 300

    def __init__(
        self,
        *,
        name: str = "voicevox",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        speaker: int | str | None = None,
        intonation: float | None = None,
        volume: float | None = None,
        tempo_dynamics: float | None = None,
        pause: float | None = None,
        pause_scale: float | None = None,
        upspeak: bool = True,
        english: bool = False,
        patience: float = 60.0,
    ) -> None:
        engine = _ENGINES.get(name, _ENGINES["voicevox"])
        abilities = VoiceAbilities(
            "phonemes" if engine.times else "estimated", speed=True, pitch=True, remote=True, languages=("ja",)
        )
        check_range("pitch", pitch, -12.0, 12.0)
        super().__init__(
            engine.what,
            url or engine.url,
            engine.start,
            key=key,
            patience=patience,
            # an engine that tells its melody is asked for another one; the sound of the other is shifted
            pitch=0.0 if engine.times else pitch,
            abilities=abilities,
        )
        self._times = engine.times
        self._semitones = pitch if engine.times else 0.0
        self._speaker = speaker
        self._style: int | None = None
        self._upspeak = upspeak
        self._english = english
        self._told_zero = False
        wishes = {
            "speedScale": tempo(speed, 0.0 if engine.times else pitch, 0.5, 2.0),
            "intonationScale": _within("intonation", intonation, 2.0),
            "volumeScale": _within("volume", volume, 2.0),
            "tempoDynamicsScale": _within("tempo_dynamics", tempo_dynamics, 2.0),
            "pauseLength": _within("pause", pause, 10.0),
            "pauseLengthScale": _within("pause_scale", pause_scale, 10.0),
        }
        if tempo_dynamics is not None and engine.times:
            raise UsageError("tempo_dynamics: VOICEVOX does not know it; it belongs to AivisSpeech")
        self._wishes = {field: wish for field, wish in wishes.items() if wish is not None}

    async def _look(self) -> None:
        version = await self._service.json("GET", "/version")
        if not isinstance(version, str):
            raise VoiceError(f"{self._service.url} is no engine of {self._service.what}; check voice.url")
        style = await self._found()
        try:
            await self._service.read("POST", "/initialize_speaker", params={"speaker": style, "skip_reinit": "true"})
        except ServiceRefusedError as error:
            if not refused_as_absent(error):
                raise

    async def _say(self, text: str) -> SpokenSegment:
        style = await self._found()
        asked = {"text": text, "speaker": style} | ({"enable_katakana_english": "true"} if self._english else {})
        query = await self._service.json("POST", "/audio_query", params=asked)
        if not isinstance(query, dict):
            raise ProtocolError(f"{self._service.what} should answer an AudioQuery, but sent {type(query).__name__}")
        query |= self._wishes
        try:
            _shift(query, self._semitones)
            times = query_times(query, upspeak=self._upspeak)
        except ValueError as error:
            raise ProtocolError(f"{self._service.what} at {self._service.url} answered {error}") from None
        spoken = await self._sound(
            "POST",
            "/synthesis",
            params={"speaker": style, "enable_interrogative_upspeak": "true" if self._upspeak else "false"},
            body=query,
        )
        return self._timed(text, spoken, times, query)

    def _timed(
        self, text: str, spoken: SpokenSegment, times: QueryTimes | None, query: Mapping[str, Any]
    ) -> SpokenSegment:
        """Return speech with the query's times, unless the sound is not as long as they say."""
        promised = query.get("outputSamplingRate")
        notes = spoken.notes
        if isinstance(promised, int) and promised != spoken.rate:
            notes += (f"{self._service.what} promised {promised} Hz and sent {spoken.rate} Hz",)
        if times is None:
            if self._times and not self._told_zero:
                self.abilities = replace(self.abilities, timing="estimated")
                self._news.append(Diagnostic(_ZERO))
                self._told_zero = True
            return replace(spoken, notes=notes)
        if abs(times.duration - spoken.duration) > HOP:
            notes += (_misfit(self._service.what, spoken.duration, times.duration),)
            return replace(spoken, notes=notes)
        return replace(spoken, phonemes=times.phonemes, marks=kana_marks(text, times.moras), hop=HOP, notes=notes)

    async def _found(self) -> int:
        """Return the number of the style that was chosen, looked up once."""
        if self._style is None:
            styles = _styles(await self._service.json("GET", "/speakers"))
            self._style = _chosen(self._speaker, styles)
        return self._style


def _misfit(what: str, spoke: float, told: float) -> str:
    return f"{what} spoke for {spoke:.2f} s where its query has {told:.2f} s: its times are left out"


def _within(option: str, value: float | None, high: float) -> float | None:
    if value is not None:
        check_range(option, value, 0.0, high)
    return value


def _shift(query: dict[str, Any], semitones: float) -> None:
    """Move the melody of a query, whose pitches are logarithms of Hz, 0 where unvoiced."""
    if not semitones:
        return
    try:
        moras = [mora for phrase in query["accent_phrases"] for mora in phrase["moras"]]
        for mora in moras:
            if mora["pitch"] > 0:
                mora["pitch"] += semitones * _SEMITONE
    except (KeyError, TypeError) as error:
        raise ValueError(f"no AudioQuery: {type(error).__name__}: {error}") from None


def _styles(found: Any) -> dict[str, int]:
    """Return "name/style" to number in the engine's order; raises ProtocolError for what is no list of speakers."""
    try:
        return {
            f"{speaker['name']}/{style['name']}": int(style["id"])
            for speaker in found
            for style in speaker["styles"]
            if style.get("type", "talk") == "talk"
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ProtocolError(
            "the engine's /speakers is no list of speakers with styles; is it a newer version?"
        ) from None


def _chosen(wanted: int | str | None, styles: Mapping[str, int]) -> int:
    if not styles:
        raise VoiceError("the engine has no speaker that talks; install one in its program")
    if wanted is None:
        return next(iter(styles.values()))
    if isinstance(wanted, int) or wanted.isdecimal():
        if int(wanted) in styles.values():
            return int(wanted)
        raise VoiceError(nearest("speaker", wanted, [f"{number} ({name})" for name, number in styles.items()]))
    for name, number in styles.items():
        if wanted in (name, name.partition("/")[0]):
            return number
    raise VoiceError(nearest("speaker", wanted, list(styles)))
