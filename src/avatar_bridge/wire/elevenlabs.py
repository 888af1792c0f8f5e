"""What ElevenLabs is sent and sends back: speech with the time of every character, by websocket or in one answer."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avatar_bridge.core.vocabulary import WordMark
from avatar_bridge.errors import ProtocolError, RefusedError

__all__ = ["CharacterTimes", "Chunk", "closing", "opening", "parse_answer", "parse_message", "saying"]

_LOST = 3
"""Characters in a row that are not the text's, after which one is looked for further on."""
_REACH = 40


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of speech: raw 16-bit sound, and characters with start and duration in seconds from its own start."""

    audio: bytes = b""
    times: tuple[tuple[str, float, float], ...] = ()
    final: bool = False
    """True on the last message, which says that nothing was cut off."""


def opening(voice_settings: Mapping[str, Any], schedule: Sequence[int] = ()) -> str:
    """Return the first message: settings are taken in this one alone, and its text is one space."""
    message: dict[str, Any] = {"text": " "}
    if voice_settings:
        message["voice_settings"] = dict(voice_settings)
    if schedule:
        message["generation_config"] = {"chunk_length_schedule": list(schedule)}
    return json.dumps(message)


def saying(text: str) -> str:
    """Return the message that says `text`; it must end with a space."""
    return json.dumps({"text": text.strip() + " "}, ensure_ascii=False)


def closing() -> str:
    """Return the message that ends the text: what was said so far is spoken, then the socket closes."""
    return json.dumps({"text": ""})


def parse_message(data: str | bytes) -> Chunk:
    """Return a message of the websocket; raises RefusedError with its words, ProtocolError for what is none."""
    message = _object(data)
    words = message.get("message") or message.get("error")
    if words and not message.get("audio"):
        code = message.get("code")
        raise RefusedError(f"{words if isinstance(words, str) else json.dumps(words)}{f' ({code})' if code else ''}")
    times = message.get("alignment")
    try:
        return Chunk(
            _decoded(message.get("audio")),
            _times(times["chars"], _seconds(times["charStartTimesMs"]), _seconds(times["charDurationsMs"]))
            if times
            else (),
            bool(message.get("isFinal")),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"a message of speech that is not understood ({type(error).__name__}: {error})") from None


def parse_answer(answer: Any) -> Chunk:
    """Return the answer of `/with-timestamps`; raises ProtocolError for what is none."""
    try:
        times = answer.get("alignment")
        if not times:
            return Chunk(_decoded(answer["audio_base64"]), (), True)
        starts, ends = times["character_start_times_seconds"], times["character_end_times_seconds"]
        durations = [end - start for start, end in zip(starts, ends, strict=True)]
        return Chunk(_decoded(answer["audio_base64"]), _times(times["characters"], starts, durations), True)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"an answer of speech that is not understood ({type(error).__name__}: {error})") from None


class CharacterTimes:
    """Finds the characters that a voice gives times for in the text that it was given."""

    def __init__(self, text: str) -> None:
        """Take the text whose characters are going to come, some perhaps left out, none in another order."""
        self.marks: list[WordMark] = []
        """One a character that was found, spaces left out."""
        self._text = text
        self._at = 0
        self._strangers = 0

    def feed(self, times: Sequence[tuple[str, float, float]], offset: float) -> None:
        """Take characters with start and duration, counted from `offset` seconds of the speech."""
        for character, start, duration in times:
            if not character or character.isspace():
                continue
            place = self._find(character)
            if place < 0:
                self._strangers += 1
                continue
            self._strangers, self._at = 0, place + len(character)
            self.marks.append(WordMark(place, len(character), offset + start, duration))

    def _find(self, character: str) -> int:
        """Return where the character stands next; letters are passed over only after several that are not there."""
        if self._strangers >= _LOST:
            return self._text.find(character, self._at, self._at + _REACH)
        place = self._at
        while place < len(self._text):
            if self._text.startswith(character, place):
                return place
            if self._text[place].isalnum():
                return -1
            place += 1
        return -1


def _object(data: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError(f"something that is no JSON ({len(data)} long)") from None
    if not isinstance(message, dict):
        raise ProtocolError(f"JSON of type {type(message).__name__} where a message belongs")
    return message


def _decoded(audio: Any) -> bytes:
    try:
        return base64.b64decode(audio or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"sound that is no base64: {error}") from None


def _seconds(milliseconds: Sequence[float]) -> list[float]:
    return [value / 1000.0 for value in milliseconds]


def _times(
    characters: Sequence[str], starts: Sequence[float], durations: Sequence[float]
) -> tuple[tuple[str, float, float], ...]:
    found = zip(characters, starts, durations, strict=True)
    times = tuple((str(each), float(start), max(0.0, float(duration))) for each, start, duration in found)
    if not all(math.isfinite(start) and math.isfinite(duration) for _, start, duration in times):
        raise ValueError("times that are no numbers")
    return times
