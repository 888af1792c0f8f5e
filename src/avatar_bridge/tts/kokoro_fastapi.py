"""The `kokoro_fastapi` voice: a Kokoro-FastAPI server, whose captions tell when each word is spoken."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import ServiceRefusedError, spoken_refusal
from avatar_bridge.tts.said_words import SaidWord, word_marks
from avatar_bridge.tts.served import ServedVoice, heard, nearest, refused_as_absent, tempo

__all__ = ["KokoroFastApiVoice"]

_RATE = 24000
_HOP = 0.025
"""Seconds of one frame of Kokoro's durations: 600 samples."""
_SLACK = 0.1
_NO_CAPTIONS = "the server has no captioned speech: the times of the words come from the sound itself"
_NO_TIMES = "the server tells no times for this text (it does for English): they come from the sound itself"


class KokoroFastApiVoice(ServedVoice):
    """Speaks through Kokoro-FastAPI.

    voice: one of the server's, or a mixture ("af_bella(2)+af_sky"). language: Kokoro's letter for it ("a" American, "b"
    British, "j" Japanese, "z" Chinese…); by the voice when empty. volume: times the server's. speed: 0.25..4. pitch:
    semitones, by speaking slower and playing faster. patience: seconds of waiting for an answer.
    """

    _longest = 4096

    def __init__(
        self,
        *,
        name: str = "kokoro_fastapi",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        voice: str = "af_heart",
        model: str = "kokoro",
        language: str = "",
        volume: float = 1.0,
        patience: float = 60.0,
    ) -> None:
        del name
        address = (url or "http://127.0.0.1:8880").rstrip("/").removesuffix("/v1")
        super().__init__(
            "Kokoro-FastAPI",
            address,
            "start Kokoro-FastAPI, or set voice.url",
            key=key,
            patience=patience,
            pitch=pitch,
            abilities=VoiceAbilities("words", speed=True, pitch=True, remote=True),
        )
        self._voice = voice
        self._captions = True
        self._told_none = False
        self._body: dict[str, Any] = {"model": model, "voice": voice, "response_format": "pcm"}
        self._body |= {"speed": round(tempo(speed, pitch, 0.25, 4.0), 4)}
        self._body |= {"lang_code": language} if language else {}
        if not 0.0 < volume <= 4.0:
            raise UsageError(f"the voice's volume must lie within 0 and 4, but it is {volume:g}")
        self._body |= {"volume_multiplier": volume} if volume != 1.0 else {}

    async def _look(self) -> None:
        try:
            found = await self._service.json("GET", "/v1/audio/voices")
        except ServiceRefusedError as error:
            if not refused_as_absent(error):
                raise
            return
        told = found.get("voices") if isinstance(found, dict) else None
        listed = told if isinstance(told, list) else []
        voices = [str(each.get("id")) if isinstance(each, dict) else str(each) for each in listed]
        if voices and self._voice not in voices and not set("+-(") & set(self._voice):
            raise VoiceError(nearest("voice", self._voice, voices))

    async def _say(self, text: str) -> SpokenSegment:
        body = {**self._body, "input": text}
        if self._captions:
            try:
                header, data = await self._service.read(
                    "POST", "/dev/captioned_speech", body=body | {"stream": True, "return_timestamps": True}
                )
                return self._captioned(text, header, data)
            except ServiceRefusedError as error:
                if not refused_as_absent(error):
                    raise
            self._captions = False
            self.abilities = replace(self.abilities, timing="estimated")
            self._news.append(Diagnostic(_NO_CAPTIONS))
        return await self._sound("POST", "/v1/audio/speech", rate=_RATE, body=body | {"stream": True})

    def _captioned(self, text: str, header: str, data: bytes) -> SpokenSegment:
        """Return speech with its words' times, from an answer of one JSON object a line."""
        if "json" not in header:
            return heard(self._service, header, data, _RATE)
        sound = bytearray()
        said: list[SaidWord] = []
        timed = False
        kinds: set[str] = set()
        for line in self._lines(data):
            try:
                sound += base64.b64decode(line["audio"] or b"", validate=True)
                kinds.add(str(line.get("audio_format") or "audio/pcm"))
                timed |= line.get("timestamps") is not None
                said += map(_word, line.get("timestamps") or ())
            except (KeyError, TypeError, ValueError, binascii.Error):
                raise ProtocolError(
                    f"{self._service.what} at {self._service.url} sent captions that are not understood: "
                    f"{self._service.excerpt(json.dumps(line).encode())}"
                ) from None
        spoken = heard(self._service, min(kinds, default="audio/pcm"), bytes(sound), _RATE)
        if not timed:
            if not self._told_none:
                self._told_none = True
                self._news.append(Diagnostic(_NO_TIMES))
            return spoken
        fault = _fault(said, spoken)
        if fault:
            return replace(spoken, notes=(*spoken.notes, f"{self._service.what} {fault}: its times are left out"))
        marks = word_marks(text, said)
        return replace(spoken, marks=marks, hop=_HOP if marks else 0.0)

    def _lines(self, data: bytes) -> Iterator[dict[str, Any]]:
        for raw in filter(bytes.strip, data.splitlines()):
            try:
                line = json.loads(raw)
            except ValueError:
                line = None
            if not isinstance(line, dict):
                raise VoiceError(
                    f"{self._service.what} at {self._service.url} broke off in the middle of its captions: "
                    f"{self._service.excerpt(raw)}"
                )
            if "audio" not in line and (words := spoken_refusal(raw)):
                raise VoiceError(f"{self._service.what} gave up: {self._service.excerpt(words.encode())}")
            yield line


def _word(found: Any) -> SaidWord:
    word = SaidWord(str(found["word"]), float(found["start_time"]), float(found["end_time"]))
    if not (math.isfinite(word.at) and math.isfinite(word.end)):
        raise ValueError("a time that is no number")
    return word


def _fault(said: list[SaidWord], spoken: SpokenSegment) -> str:
    """Return what is wrong with the words' times, "" for nothing."""
    if any(after.at < before.at for before, after in itertools.pairwise(said)):
        return "told words in no order of time"
    if any(word.end < word.at or word.at < 0 for word in said):
        return "told words that end before they begin"
    last = max((word.end for word in said), default=0.0)
    if last > spoken.duration + _SLACK:
        return f"told a word at {last:.2f} s of a sound of {spoken.duration:.2f} s (is it of another rate?)"
    return ""
