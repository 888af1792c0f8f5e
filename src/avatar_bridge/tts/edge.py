"""The `edge` voice: the read-aloud voices of Microsoft Edge, by a road that Microsoft has not promised to keep open.

edge-tts is LGPL-3 and stands in a child process alone. Text leaves the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import soxr

from avatar_bridge.core.speech.speakable import check_range, is_speakable, speakable
from avatar_bridge.core.vocabulary import Samples, SpokenSegment, WordMark
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.received import received
from avatar_bridge.wire.sound_file import decode_sound

__all__ = ["EdgeEngine"]

_REMEDY = 'install it with: pip install "avatar-bridge[edge]"'
_TICK = 1e-7
_FRAME = 576 / 24_000
"""Seconds: an MP3 cannot tell where it begins more finely than by a frame."""
_LONGEST = 24.0
"""Seconds for a whole segment: less than the stage waits for a piece."""
_CONNECTING, _RECEIVING = 5, 10
_REACH = 60
_MISSED = 0.25


class EdgeEngine:
    """Speaks by Microsoft Edge's read-aloud service, with the time of every word.

    voice: as `edge-tts --list-voices` names them. speed: 0.5..2. pitch: semitones, -12..12, by speaking slower and
    playing faster. volume: percent, -50..50. proxy: an HTTP proxy's address.
    """

    rate = 24_000
    abilities = VoiceAbilities("words", speed=True, pitch=True, remote=True)

    def __init__(
        self,
        *,
        voice: str = "en-US-EmmaMultilingualNeural",
        speed: float = 1.0,
        pitch: float = 0.0,
        volume: float = 0.0,
        proxy: str = "",
    ) -> None:
        check_range("speed", speed, 0.5, 2.0)
        check_range("pitch", pitch, -12.0, 12.0)
        check_range("volume", volume, -50.0, 50.0)
        try:
            self._library: Any = import_module("edge_tts")
        except ImportError as error:
            raise VoiceError(f"the voice edge needs the package edge-tts ({error}); {_REMEDY}") from None
        self._factor = 2.0 ** (pitch / 12.0)
        percent = round(100.0 * (speed / self._factor - 1.0))
        if not -70 <= percent <= 200:
            raise UsageError(f"voice.speed {speed:g} with voice.pitch {pitch:g} asks the service for {percent:+d} %")
        self._options: dict[str, Any] = {"rate": f"{percent:+d}%", "volume": f"{round(volume):+d}%"}
        self._options |= {"connect_timeout": _CONNECTING, "receive_timeout": _RECEIVING, "boundary": "WordBoundary"}
        self._options["proxy"] = proxy or None
        self._voice = voice
        self._asking: tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None
        try:
            self._library.Communicate("Hello.", voice, **self._options)
        except ValueError:
            raise UsageError(
                f"voice.options.voice: expected a name like en-US-EmmaMultilingualNeural or ja-JP-NanamiNeural, "
                f"got {voice!r}; `edge-tts --list-voices` lists them"
            ) from None

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the audio of `text` in one piece; nothing for a text without letters or numbers.

        Raises VoiceError where the service refuses, is out of reach, or breaks off.
        """
        plain = speakable(text)
        if not is_speakable(plain):
            return
        try:
            data, boundaries = asyncio.run(self._stoppable(plain))
        except asyncio.CancelledError:
            return
        try:
            sound = decode_sound(data, "audio/mpeg")
        except ValueError as error:
            raise VoiceError(f"the Edge service sent {error}") from None
        samples = self._pitched(sound.samples, sound.rate)
        marks = tuple(self._marks(plain, boundaries))
        length = len(samples) / self.rate
        ends = max((mark.at + mark.duration for mark in marks), default=0.0)
        if ends > length + _MISSED:
            raise VoiceError(
                f"the Edge service broke off: its last word ends at {ends:.2f} s, its sound at {length:.2f} s"
            )
        notes = received("the Edge service", samples, self.rate)
        yield SpokenSegment(samples, self.rate, (), marks, _FRAME / self._factor, notes)

    def stop(self) -> None:
        """Hang up, where the service is being asked; callable from another thread."""
        if (asking := self._asking) is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended
                asking[0].call_soon_threadsafe(asking[1].cancel)

    async def _stoppable(self, text: str) -> tuple[bytes, list[tuple[str, float, float]]]:
        task = asyncio.ensure_future(self._asked(text))
        self._asking = (asyncio.get_running_loop(), task)
        try:
            return await task
        finally:
            self._asking = None

    async def _asked(self, text: str) -> tuple[bytes, list[tuple[str, float, float]]]:
        """Return the MP3 and each word with start and duration in seconds."""
        from aiohttp import ClientError, ClientResponseError

        sound, words = bytearray(), list[tuple[str, float, float]]()
        try:
            async with asyncio.timeout(_LONGEST):
                async for each in self._library.Communicate(text, self._voice, **self._options).stream():
                    if each["type"] == "audio":
                        sound += each["data"]
                    else:
                        words.append((each["text"], each["offset"] * _TICK, each["duration"] * _TICK))
        except self._library.exceptions.NoAudioReceived:
            raise VoiceError(
                f"the Edge service sent no sound; does the voice {self._voice} exist, and does it know the language of "
                "the text? `edge-tts --list-voices` lists them"
            ) from None
        except ClientResponseError as error:
            why = "it lets this client in no longer" if error.status == 403 else "it answers otherwise than it did"
            raise VoiceError(
                f"the Edge service refused ({error.status}): {why}; set the computer's clock right, update edge-tts, "
                "or choose another voice: nobody has promised this one"
            ) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise VoiceError(
                f"the Edge service cannot be reached or went silent ({type(error).__name__}); is there a network?"
            ) from None
        except (self._library.exceptions.EdgeTTSException, ValueError, KeyError) as error:
            raise VoiceError(f"the Edge service answers otherwise than it did ({error}); update edge-tts") from None
        return bytes(sound), words

    def _pitched(self, samples: Samples, rate: int) -> Samples:
        if rate == self.rate and self._factor == 1.0:
            return samples
        played: Samples = soxr.resample(samples, rate * self._factor, self.rate).astype(np.float32)
        return np.clip(played, -1.0, 1.0)

    def _marks(self, text: str, boundaries: list[tuple[str, float, float]]) -> Iterator[WordMark]:
        """Yield the words found in the text, in order; what the service reads otherwise is left out."""
        at = 0
        for word, start, duration in boundaries:
            place = text.find(word, at, at + len(word) + _REACH) if word else -1
            if place >= 0:
                at = place + len(word)
                yield WordMark(place, len(word), start / self._factor, duration / self._factor)
