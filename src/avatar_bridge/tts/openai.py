"""The `openai` voice: `POST /audio/speech`, which OpenAI and most servers of one's own machine speak."""

from __future__ import annotations

import base64
import binascii
import json
import os
from contextlib import aclosing
from typing import Any

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key, find_key
from avatar_bridge.errors import ProtocolError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import ServiceRefusedError, spoken_refusal
from avatar_bridge.tts.served import ServedVoice, heard, tempo

__all__ = ["OpenAIVoice"]

_VARIABLE = "OPENAI_API_KEY"
_OPENAI = "https://api.openai.com/v1"
_FORMATS = ("wav", "pcm", "mp3", "opus", "flac", "aac")
_KINDS = {"wav": "audio/wav", "pcm": "audio/pcm"}


class OpenAIVoice(ServedVoice):
    """Speaks through any server with OpenAI's speech endpoint; it tells no times.

    url: the server's address with its /v1; OpenAI's own where its key is known. model, voice: as the server calls them.
    instructions: how to speak, for models that take it. speed: 0.25..4. pitch: semitones, by speaking slower and
    playing faster. response_format: wav, pcm, mp3, opus or flac. rate: samples a second of pcm where the server does
    not say. stream_format: "sse" for servers that send events. extra: fields of the server's own. patience: seconds of
    waiting.
    """

    _longest = 4096

    def __init__(
        self,
        *,
        name: str = "openai",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        model: str = "tts-1",
        voice: str = "alloy",
        instructions: str = "",
        response_format: str = "wav",
        rate: int = 24000,
        stream_format: str = "",
        extra: dict[str, Any] | None = None,
        patience: float = 60.0,
    ) -> None:
        del name
        if key is None and (url is None or url.rstrip("/") == _OPENAI) and os.environ.get(_VARIABLE):
            key = find_key(f"env:{_VARIABLE}")
        if url is None and key is None:
            raise UsageError(
                "the voice 'openai' needs the address of its server: set voice.url, http://127.0.0.1:8880/v1 say "
                f"(for OpenAI itself the environment variable {_VARIABLE} is enough)"
            )
        if response_format not in _FORMATS or response_format == "aac":
            raise UsageError(f"response_format: expected wav, pcm, mp3, opus or flac, got {response_format!r}")
        if stream_format not in ("", "audio", "sse"):
            raise UsageError(f"stream_format: expected audio or sse, got {stream_format!r}")
        super().__init__(
            "the speech server",
            url or _OPENAI,
            "start the server, or mend voice.url",
            key=key,
            patience=patience,
            pitch=pitch,
            abilities=VoiceAbilities("estimated", speed=True, pitch=True, remote=True),
        )
        asked = tempo(speed, pitch, 0.25, 4.0)
        self._body: dict[str, Any] = {"model": model, "voice": voice, "response_format": response_format}
        self._body |= {"speed": round(asked, 4)} if asked != 1.0 else {}
        self._body |= {"instructions": instructions} if instructions else {}
        self._body |= {"stream_format": stream_format} if stream_format else {}
        self._body |= extra or {}
        self._rate = rate
        self._events = stream_format == "sse"

    async def _look(self) -> None:
        """Ask for the models: it costs nothing and shows a wrong key; a server may have no such page."""
        try:
            await self._service.read("GET", "/models")
        except ServiceRefusedError as error:
            if error.status in (401, 403):
                raise

    async def _say(self, text: str) -> SpokenSegment:
        body = {**self._body, "input": text}
        if not self._events:
            return await self._sound("POST", "/audio/speech", rate=self._rate, body=body)
        sound = await self._event_sound(body)
        return heard(self._service, _KINDS.get(self._body["response_format"], ""), sound, self._rate)

    async def _event_sound(self, body: dict[str, Any]) -> bytes:
        """Return the sound that comes in events; VoiceError where the last of them is missing."""
        sound = bytearray()
        done = False
        async with aclosing(self._service.events("/audio/speech", body=body)) as events:
            async for event in events:
                if event.data.strip() == "[DONE]":
                    done = True
                    break
                piece, last = self._piece(event.data)
                sound += piece
                done |= last
        if not done:
            raise VoiceError(f"{self._service.what} at {self._service.url} broke off before it was done")
        return bytes(sound)

    def _piece(self, data: str) -> tuple[bytes, bool]:
        """Return the sound of an event, and whether it says that nothing follows."""
        try:
            event = json.loads(data)
            kind = str(event.get("type", ""))
            if kind == "error" or event.get("error"):
                words = self._service.excerpt((spoken_refusal(data.encode()) or data).encode())
                raise VoiceError(f"{self._service.what} at {self._service.url} gave up: {words}")
            if kind == "speech.audio.delta":
                return base64.b64decode(event["audio"], validate=True), False
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise ProtocolError(
                f"{self._service.what} at {self._service.url} sent an event that is not understood: "
                f"{self._service.excerpt(data.encode())}"
            ) from None
        return b"", kind == "speech.audio.done"
