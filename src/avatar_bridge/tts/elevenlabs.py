"""The `elevenlabs` voice: a service in the cloud that tells the time of every character. Text leaves the machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from avatar_bridge.core.speech.speakable import check_range, is_speakable, parts, speakable
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment, WordMark
from avatar_bridge.credentials import Key, find_key
from avatar_bridge.errors import PeerError, ProtocolError, RefusedError, UnreachableError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import Patience, Service, ServiceRefusedError
from avatar_bridge.tts.elevenlabs_socket import SpareSockets, refusal
from avatar_bridge.tts.received import Pcm, received
from avatar_bridge.wire.elevenlabs import (
    CharacterTimes,
    Chunk,
    closing,
    opening,
    parse_answer,
    parse_message,
    saying,
)

__all__ = ["ElevenLabsVoice"]

_URL = "wss://api.elevenlabs.io"
_KEY = "ELEVENLABS_API_KEY"
_GEORGE = "JBFqnCBsd6RMkjVDRZzb"
_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
_SHARES = ("stability", "similarity_boost", "style")
_LONGEST = 2500
_IDLE = 180
_HOP = 0.001
"""Seconds: the websocket counts in milliseconds."""


class ElevenLabsVoice:
    """Speaks by ElevenLabs, with the time of every character.

    voice: the ID of a voice. model: "eleven_flash_v2_5" answers fastest. language: ISO code, for models that take one.
    speed: 0.7..1.2. stability, similarity_boost, style: 0..1. use_speaker_boost: nearer to the original, slower. seed:
    the same sound again, nearly. normalize: auto, on or off: whether numbers are read out by the service. rate: samples
    a second (44100 and more need a larger plan). schedule: characters after which a piece is made, 50..500 each.
    road: "websocket", or "http" where websockets are not let through. patience: seconds without an answer.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        voice: str = _GEORGE,
        model: str = "eleven_flash_v2_5",
        language: str = "",
        stability: float | None = None,
        similarity_boost: float | None = None,
        style: float | None = None,
        use_speaker_boost: bool | None = None,
        seed: int | None = None,
        normalize: str = "auto",
        rate: int = 24_000,
        schedule: Sequence[int] = (),
        road: str = "websocket",
        patience: float = 15.0,
    ) -> None:
        if pitch:
            raise UsageError("voice.pitch: ElevenLabs cannot shift a voice's pitch; choose another voice of it")
        check_range("speed", speed, 0.7, 1.2)
        check_range("patience", patience, 1.0, 600.0)
        shares = dict(zip(_SHARES, (stability, similarity_boost, style), strict=True))
        for option, share in shares.items():
            if share is not None:
                check_range(option, share, 0.0, 1.0)
        if rate not in _RATES or road not in ("websocket", "http") or normalize not in ("auto", "on", "off"):
            raise UsageError(
                f"voice.options: expected rate as one of {', '.join(map(str, _RATES))}, road as websocket or http, "
                f"normalize as auto, on or off; got {rate!r}, {road!r}, {normalize!r}"
            )
        if not all(isinstance(each, int) and 50 <= each <= 500 for each in schedule):
            raise UsageError(f"voice.options.schedule: expected numbers of 50..500, got {list(schedule)!r}")
        self.abilities = VoiceAbilities("words", speed=True, remote=True)
        self._key = key if key is not None else find_key(f"env:{_KEY}") if os.environ.get(_KEY) else None
        self._rate, self._patience, self._schedule = rate, patience, tuple(schedule)
        wishes = {**shares, "use_speaker_boost": use_speaker_boost, "speed": speed if speed != 1.0 else None}
        self._settings = {option: wish for option, wish in wishes.items() if wish is not None}
        self._body = {"model_id": model, "language_code": language or None, "seed": seed}
        self._body["apply_text_normalization"] = normalize if normalize != "auto" else None
        host = _host(url or _URL)
        self._path = f"/v1/text-to-speech/{quote(voice, safe='')}"
        self._service = (
            Service(
                "ElevenLabs",
                f"http{host}",
                key=self._key,
                header="xi-api-key",
                scheme="",
                patience=Patience(5.0, patience),
            )
            if road == "http"
            else None
        )
        self._sockets = SpareSockets(
            f"ws{host}{self._path}/stream-input?{self._query()}", self._key, min(patience, 10.0)
        )

    async def open(self) -> None:
        """Look whether it answers; raises VoiceError with a remedy."""
        if self._service is None:
            await self._sockets.look()
            return
        try:
            await self._service.read("GET", "/v1/models")
        except ServiceRefusedError:
            # it is there; a key may be good for speech alone
            return
        except (PeerError, UnreachableError, UsageError) as error:
            raise VoiceError(str(error)) from error

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text`; closing the iterator closes the connection, which ends the work there.

        Raises VoiceError where the service refuses, stalls, or breaks off.
        """
        at = 0
        for part in parts(speakable(text), _LONGEST):
            if is_speakable(part):
                yield await (self._by_http(part, at) if self._service else self._by_socket(part, at))
            at += len(part)

    def diagnostics(self) -> list[Diagnostic]:
        """Return nothing: what goes wrong is raised."""
        return []

    async def close(self) -> None:
        """Close every connection."""
        await self._sockets.close()
        if self._service is not None:
            await self._service.close()

    def _query(self) -> str:
        fixed = {"output_format": f"pcm_{self._rate}", "sync_alignment": "true", "inactivity_timeout": _IDLE}
        return urlencode({key: value for key, value in {**self._body, **fixed}.items() if value is not None})

    async def _by_socket(self, text: str, at: int) -> SpokenSegment:
        socket = await self._sockets.take()
        try:
            return await self._spoken(socket, text, at)
        except TimeoutError:
            raise VoiceError(f"ElevenLabs sent nothing for {self._patience:g} s; is it overloaded?") from None
        except ConnectionClosed as error:
            closed = error.rcvd
            if closed is not None and closed.reason:
                raise VoiceError(refusal(closed.reason, closed.code, self._key)) from None
            raise VoiceError(
                f"ElevenLabs broke off before the speech was whole ({closed.code if closed else 'no close'})"
            ) from None
        except RefusedError as error:
            raise VoiceError(refusal(str(error), None, self._key)) from None
        except ProtocolError as error:
            raise VoiceError(f"ElevenLabs sent {error}") from None
        finally:
            await self._sockets.drop(socket)

    async def _spoken(self, socket: ClientConnection, text: str, at: int) -> SpokenSegment:
        for message in (opening(self._settings, self._schedule), saying(text), closing()):
            await socket.send(message)
        sound, times = Pcm(), CharacterTimes(text)
        final = False
        while not final:
            async with asyncio.timeout(self._patience):
                chunk = parse_message(await socket.recv())
            self._take(chunk, sound, times)
            final = chunk.final
        self._sockets.make_ready()
        return self._segment(sound, times, at)

    async def _by_http(self, text: str, at: int) -> SpokenSegment:
        assert self._service is not None
        body: dict[str, Any] = {"text": text.strip(), **{k: v for k, v in self._body.items() if v is not None}}
        if self._settings:
            body["voice_settings"] = self._settings
        sound, times = Pcm(), CharacterTimes(text)
        try:
            answer = await self._service.json(
                "POST", f"{self._path}/with-timestamps", body=body, params={"output_format": f"pcm_{self._rate}"}
            )
            self._take(parse_answer(answer), sound, times)
        except ServiceRefusedError as error:
            raise VoiceError(refusal(str(error), error.status, self._key)) from None
        except (PeerError, UnreachableError, UsageError) as error:
            raise VoiceError(str(error)) from error
        return self._segment(sound, times, at)

    def _take(self, chunk: Chunk, sound: Pcm, times: CharacterTimes) -> None:
        # the times of each message start anew, where the sound before it ends
        times.feed(chunk.times, len(sound) / self._rate)
        sound.feed(chunk.audio)

    def _segment(self, sound: Pcm, times: CharacterTimes, at: int) -> SpokenSegment:
        samples = sound.samples()
        notes = received("ElevenLabs", samples, self._rate)
        marks = tuple(WordMark(at + mark.char, mark.length, mark.at, mark.duration) for mark in times.marks)
        return SpokenSegment(samples, self._rate, (), marks, _HOP, notes)


def _host(url: str) -> str:
    """Return an address without its http or ws: `s://api.elevenlabs.io`."""
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https", "ws", "wss") or not urlsplit(url).netloc:
        raise UsageError(f"voice.url: expected the address of ElevenLabs as wss://HOST or https://HOST, got {url!r}")
    return ("s" if scheme in ("https", "wss") else "") + url.rstrip("/")[len(scheme) :]
