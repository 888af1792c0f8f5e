"""A strict server with OpenAI's speech endpoint, in the ways in which the many of them differ."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import soundfile

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_number, a_text, fields, odd_pieces, one_of
from speech_services.tones import pcm_bytes, spoilt, tone, wav_bytes

__all__ = ["SpeechServer"]

RATE = 24000
FORMATS = {"mp3": "MP3", "flac": "FLAC", "opus": "OGG"}
KINDS = {"mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/ogg", "wav": "audio/wav", "pcm": "audio/pcm"}
BODY = {
    "model": a_text,
    "input": lambda value: isinstance(value, str) and 0 < len(value) <= 4096,
    "voice": lambda value: isinstance(value, str),
    "instructions": a_text,
    "response_format": one_of("mp3", "opus", "aac", "flac", "wav", "pcm"),
    "speed": a_number(0.25, 4.0),
    "stream_format": one_of("audio", "sse"),
}


class SpeechServer(SpeechService):
    """`errors`: openai, fastapi or string, the form of refusals. `length`: what a WAV's header says (0, 0xFFFFFFFF).
    `kind`: another Content-Type. `style`: how events look (openai, named, done).

    Faults of its own: refuse, busy, wrong_rate, error_event, no_done, mangled, no_models.
    """

    def __init__(
        self,
        *,
        key: str = "",
        fault: str = "",
        errors: str = "openai",
        length: int | None = None,
        kind: str = "",
        style: str = "",
    ) -> None:
        super().__init__(fault=fault, key=key)
        self.errors, self.length, self.kind, self.style = errors, length, kind, style
        self.spoken: list[dict[str, Any]] = []
        self.samples = np.zeros(0, "<i2")
        """What the last answer sounded."""

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def refusal(self, status: int, message: str, **headers: str) -> Refusal:
        body: Any = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
        if self.errors == "fastapi":
            body = {"detail": {"error": "validation_error", "message": message, "type": "invalid_request_error"}}
        if self.errors == "string":
            body = {"error": message}
        return Refusal(status, body, **headers)

    def no_key(self, shown: str) -> Refusal:
        return self.refusal(401, f"Incorrect API key provided: {shown}.")

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/v1/models":
                if self.fault == "no_models":
                    raise Refusal(404, {"detail": "Not Found"})
                return Reply(b'{"object":"list","data":[{"id":"tts-1","object":"model"}]}')
            case "POST", "/v1/audio/speech":
                return self._speech(asked)
        raise Refusal(404, {"detail": "Not Found"})

    def _speech(self, asked: Asked) -> Reply:
        body = asked.json
        wrong = fields(body, BODY, ["model", "input", "voice"])
        if wrong:
            raise self.refusal(
                422 if self.errors == "fastapi" else 400, "; ".join(f"{name}: {say}" for name, say, _ in wrong)
            )
        if self.fault == "refuse":
            raise self.refusal(400, f"The model `{body['model']}` has been shut down.")
        if self.fault == "busy":
            raise self.refusal(429, "Rate limit reached", **{"Retry-After": "7"})
        self.spoken.append(body)
        count = round(RATE * 0.07 * len(body["input"]) / body.get("speed", 1.0))
        rate = 48000 if self.fault == "wrong_rate" else RATE
        self.samples = spoilt(tone([(220.0, count // 2), (0.0, 1200), (330.0, count - count // 2)], rate), self.fault)
        kind = body.get("response_format", "mp3")
        if kind in FORMATS:
            file = io.BytesIO()
            soundfile.write(file, self.samples, rate, format=FORMATS[kind], subtype="OPUS" if kind == "opus" else None)
            sound = file.getvalue()
        elif kind == "wav":
            sound = wav_bytes(
                self.samples, rate, fault="truncated" if self.fault == "truncated" else "", length=self.length
            )
        else:
            sound = pcm_bytes(self.samples)
        if body.get("stream_format") == "sse":
            return Reply(kind="text/event-stream", pieces=tuple(self._events(sound)), sounds=True)
        return Reply(kind=self.kind or KINDS[kind], pieces=odd_pieces(sound), sounds=True)

    def _events(self, sound: bytes) -> list[bytes]:
        events: list[dict[str, Any]] = [
            {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
            for piece in odd_pieces(sound, 999)
        ]
        if self.fault == "error_event":
            events = [*events[:2], {"type": "error", "error": "CUDA out of memory"}]
        elif self.fault == "mangled":
            events = [*events[:2], {"type": "speech.audio.delta", "audio": "?!"}]
        elif self.fault != "no_done":
            usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
            events.append({"type": "speech.audio.done"} | ({} if self.style == "named" else {"usage": usage}))
        if self.style == "done":
            events.pop()
        name = "event: {}\n" if self.style == "named" else ""
        lines = [f"{name.format(event['type'])}data: {json.dumps(event)}\n\n".encode() for event in events]
        return [*lines, b"data: [DONE]\n\n"] if self.style == "done" else lines
