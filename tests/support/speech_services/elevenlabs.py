"""A strict stand-in for ElevenLabs' `stream-input` websocket and `/with-timestamps`: each character 60 ms of sound."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from speech_services.door import Asked, Refusal, Reply, SpeechService
from speech_services.tones import pcm_bytes, spoilt, tone

__all__ = ["CHARACTER", "ElevenLabsSocket", "ElevenLabsTimestamps", "starts_of"]

CHARACTER = 0.06
"""Seconds of each character; a space is silent."""
_PATH = re.compile(r"/v1/text-to-speech/(?P<voice>[A-Za-z0-9]{20})/(?P<road>stream-input|with-timestamps)")
_QUERY = {"model_id", "output_format", "inactivity_timeout", "sync_alignment", "auto_mode", "language_code"}
_QUERY |= {"enable_ssml_parsing", "apply_text_normalization", "enable_logging", "seed"}
_SETTINGS = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
_KNOWN_VOICE = "JBFqnCBsd6RMkjVDRZzb"


def starts_of(text: str) -> list[float]:
    """Return when each character of a text is heard."""
    return [index * CHARACTER for index in range(len(text))]


def _sound(text: str, rate: int, fault: str) -> NDArray[np.int16]:
    count = round(CHARACTER * rate)
    return spoilt(tone([(0.0 if each.isspace() else 200.0 + ord(each) % 300, count) for each in text], rate), fault)


def _settings_fault(settings: dict[str, Any]) -> str:
    for name, value in settings.items():
        if name == "use_speaker_boost":
            if not isinstance(value, bool):
                return "use_speaker_boost must be a boolean"
        elif name not in _SETTINGS:
            return f"unexpected voice setting {name}"
        elif not isinstance(value, int | float) or not _SETTINGS[name][0] <= value <= _SETTINGS[name][1]:
            return f"{name} out of range"
    return ""


class ElevenLabsSocket:
    """The websocket on a port of its own.

    Faults: stall, cut (closed in the middle), mute, quota, html, base64, ragged, no_times, silent, clipped, empty,
    endless, curly (quotes come back changed), binary. `delay`: seconds that a handshake takes, as over the sea.
    """

    def __init__(self, *, key: str = "", fault: str = "", delay: float = 0.0, each: int = 7) -> None:
        self.key, self.fault, self.delay, self.each = key, fault, delay, each
        self.received: list[list[dict[str, Any]]] = []
        """The messages of each connection that sent any."""
        self.queries: list[dict[str, str]] = []
        self.connections = 0
        self.open = 0
        self.idle = asyncio.Event()
        """Set while no client is connected."""
        self.sending = asyncio.Event()
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._admit, compression=None, close_timeout=0.2
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        await asyncio.sleep(self.delay)
        parts = urlsplit(request.path)
        found = _PATH.fullmatch(parts.path)
        query = dict(parse_qsl(parts.query, strict_parsing=True))

        def no(status: HTTPStatus, words: str) -> Response:
            body = json.dumps({"detail": {"status": words.split(":", maxsplit=1)[0], "message": words}})
            return connection.respond(status, body)

        if self.key and request.headers.get("xi-api-key") != self.key:
            shown = request.headers.get("xi-api-key", "")
            return no(HTTPStatus.UNAUTHORIZED, f"invalid_api_key: the key {shown} is not valid")
        if found is None or found["road"] != "stream-input":
            return no(HTTPStatus.NOT_FOUND, "not_found: no such page")
        if unknown := set(query) - _QUERY:
            return no(HTTPStatus.BAD_REQUEST, f"unknown_parameter: {', '.join(sorted(unknown))}")
        idle = int(query.get("inactivity_timeout", "20"))
        if not re.fullmatch(r"pcm_\d+", query.get("output_format", "")) or not 20 <= idle <= 180:
            return no(HTTPStatus.BAD_REQUEST, "invalid_parameters: output_format or inactivity_timeout")
        self.queries.append(query)
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        self.open += 1
        self.idle.clear()
        try:
            await self._converse(socket)
        except ConnectionClosed:
            return
        finally:
            self.open -= 1
            if not self.open:
                self.idle.set()

    async def _converse(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        query = dict(parse_qsl(urlsplit(socket.request.path).query))
        voice = _PATH.fullmatch(urlsplit(socket.request.path).path)
        assert voice is not None
        messages: list[dict[str, Any]] = []
        said = ""
        async for data in socket:
            if not messages:
                self.received.append(messages)
            message = json.loads(data)
            wrong = self._wrong(message, first=not messages)
            if voice["voice"] != _KNOWN_VOICE:
                wrong = f"A voice with voice_id {voice['voice']} does not exist."
            messages.append(message)
            if wrong:
                await socket.send(json.dumps({"message": wrong, "error": "invalid_request", "code": 1008}))
                await socket.close(1008, wrong[:100])
                return
            said += message["text"]
            if message["text"] == "":
                await self._speak(socket, said, int(query["output_format"].removeprefix("pcm_")))
                return

    @staticmethod
    def _wrong(message: dict[str, Any], *, first: bool) -> str:
        text = message.get("text")
        allowed = (
            {"text", "voice_settings", "generation_config", "pronunciation_dictionary_locators"}
            if first
            else {"text", "try_trigger_generation", "flush"}
        )
        if set(message) - allowed:
            return f"unexpected fields {sorted(set(message) - allowed)}"
        if not isinstance(text, str):
            return "text must be a string"
        if first and text != " ":
            return "the first message must hold one space"
        if not first and text and not text.endswith(" "):
            return "text must end with a space"
        schedule = message.get("generation_config", {}).get("chunk_length_schedule", [])
        if any(not isinstance(each, int) or not 50 <= each <= 500 for each in schedule):
            return "chunk_length_schedule out of range"
        return _settings_fault(message.get("voice_settings", {}))

    async def _speak(self, socket: ServerConnection, said: str, rate: int) -> None:
        if self.fault == "mute":
            self.sending.set()
            await socket.wait_closed()
            return
        if self.fault == "quota":
            await socket.send(
                json.dumps({"message": "This request exceeds your quota.", "error": "quota_exceeded", "code": 1008})
            )
            await socket.close(1008, "quota_exceeded")
            return
        odd = b""
        pieces = [said[start : start + self.each] for start in range(0, len(said), self.each)]
        for number, piece in enumerate(pieces if self.fault != "empty" else []):
            if number == 1:
                self.sending.set()
                if self.fault == "stall":
                    await socket.wait_closed()
                    return
                if self.fault == "cut":
                    socket.transport.abort()
                    return
            data = odd + pcm_bytes(_sound(piece, rate, self.fault))
            # a message may end in the middle of a sample
            cut = len(data) - 1 if number % 2 == 0 and number + 1 < len(pieces) else len(data)
            data, odd = data[:cut], data[cut:]
            await socket.send(self._message(piece, data))
        while self.fault == "endless":
            await socket.send(self._message("a", bytes(1 << 20)))
        await socket.send(json.dumps({"audio": None, "isFinal": True, "alignment": None, "normalizedAlignment": None}))

    def _message(self, piece: str, data: bytes) -> str | bytes:
        if self.fault == "html":
            return "<html><body>502 Bad Gateway</body></html>"
        shown = piece.translate({ord("’"): "'"}) if self.fault == "curly" else piece
        times: dict[str, Any] = {
            "chars": list(shown),
            "charStartTimesMs": [round(1000 * at) for at in starts_of(piece)],
            "charDurationsMs": [round(1000 * CHARACTER)] * (len(piece) - (self.fault == "ragged")),
        }
        audio = "&&&" if self.fault == "base64" else base64.b64encode(data).decode()
        normalized = {"chars": list("three dollars"), "charStartTimesMs": [0] * 13, "charDurationsMs": [1] * 13}
        message = {
            "audio": audio,
            "isFinal": None,
            "normalizedAlignment": normalized,
            "alignment": None if self.fault == "no_times" else times,
        }
        whole = json.dumps(message)
        return whole.encode() if self.fault == "binary" else whole


class ElevenLabsTimestamps(SpeechService):
    """`POST /v1/text-to-speech/{voice}/with-timestamps`; faults are the door's, quota, silent and ragged."""

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("xi-api-key") != "sk_right":
            raise Refusal(401, {"detail": {"status": "invalid_api_key", "message": "Invalid API key"}})
        if asked.path == "/v1/models":
            raise Refusal(401, {"detail": {"status": "missing_permissions", "message": "models_read is missing"}})
        found = _PATH.fullmatch(asked.path)
        if asked.method != "POST" or found is None or found["road"] != "with-timestamps":
            raise Refusal(404, {"detail": "Not Found"})
        body = asked.json
        unknown = set(body) - {
            "text",
            "model_id",
            "language_code",
            "voice_settings",
            "seed",
            "apply_text_normalization",
        }
        wrong = _settings_fault(body.get("voice_settings", {}))
        if unknown or wrong or not isinstance(body.get("text"), str) or set(asked.query) != {"output_format"}:
            raise Refusal(422, {"detail": [{"loc": ["body"], "msg": wrong or f"unknown {unknown}", "type": "value"}]})
        if self.fault == "quota":
            raise Refusal(401, {"detail": {"status": "quota_exceeded", "message": "You have 3 credits remaining"}})
        text, rate = body["text"], int(asked.query["output_format"].removeprefix("pcm_"))
        ends = [at + CHARACTER for at in starts_of(text)]
        answer = {
            "audio_base64": base64.b64encode(pcm_bytes(_sound(text, rate, self.fault))).decode(),
            "alignment": {
                "characters": list(text),
                "character_start_times_seconds": starts_of(text),
                "character_end_times_seconds": ends[1:] if self.fault == "ragged" else ends,
            },
            "normalized_alignment": None,
        }
        return Reply(json.dumps(answer).encode(), sounds=True)
