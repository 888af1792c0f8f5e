"""A strict stand-in for Edge's read-aloud websocket: each word half a second of MP3."""

from __future__ import annotations

import asyncio
import io
import json
import re
import threading
from html import unescape
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import numpy as np
import soundfile
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

__all__ = ["WORD", "EdgeService"]

WORD = 0.5
"""Seconds of each word; the last tenth is silent."""
_SSML = re.compile(
    r"<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='en-US'><voice name='(?P<voice>[^']+)'>"
    r"<prosody pitch='(?P<pitch>[+-]\d+Hz)' rate='(?P<rate>[+-]\d+%)' volume='(?P<volume>[+-]\d+%)'>(?P<text>.*)"
    r"</prosody></voice></speak>",
    re.DOTALL,
)


class EdgeService:
    """Runs in a thread of its own, for the engine under test has a loop of its own.

    Faults: refuse (403), mute, no_audio, silent, cut (broken off after half), garbage, late (times after the sound),
    unknown (a path that nobody knows), renamed (words that do not stand in the text).
    """

    def __init__(self, *, fault: str = "") -> None:
        self.fault = fault
        self.asked: list[dict[str, str]] = []
        self.connections = 0
        self.url = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        async with serve(self._serve, "127.0.0.1", 0, process_request=self._admit, close_timeout=0.2) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}/edge/v1?TrustedClientToken=x"
            self._ready.set()
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.connections += 1
        query = parse_qs(urlsplit(request.path).query)
        needed = {"TrustedClientToken", "ConnectionId", "Sec-MS-GEC", "Sec-MS-GEC-Version"}
        if self.fault == "refuse" or set(query) != needed:
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        try:
            config, ssml = str(await socket.recv()), str(await socket.recv())
            head, _, body = config.partition("\r\n\r\n")
            assert "Path:speech.config" in head
            options = json.loads(body)["context"]["synthesis"]["audio"]
            assert options["outputFormat"] == "audio-24khz-48kbitrate-mono-mp3"
            assert options["metadataoptions"] == {"sentenceBoundaryEnabled": "false", "wordBoundaryEnabled": "true"}
            head, _, body = ssml.partition("\r\n\r\n")
            assert "Path:ssml" in head
            found = _SSML.fullmatch(body)
            assert found, body
            self.asked.append(found.groupdict())
            await self._speak(socket, unescape(found["text"]))
        except ConnectionClosed:
            return

    async def _speak(self, socket: ServerConnection, text: str) -> None:
        if self.fault == "mute":
            await socket.wait_closed()
            return
        await socket.send("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        await socket.send("X-RequestId:1\r\nPath:response\r\n\r\n{}")
        if self.fault == "unknown":
            await socket.send("Path:something.new\r\n\r\n{}")
        words = re.findall(r"[\w'$.]*\w", text) if self.fault != "no_audio" else []
        data = b"\x00\x01" * 3000 if self.fault == "garbage" else _mp3(len(words), silent=self.fault == "silent")
        data = data[: len(data) // 3] if self.fault == "cut" else data
        for number, word in enumerate(words):
            shown = "zzz" if self.fault == "renamed" else word
            at = number + (50 if self.fault == "late" else 0)
            await socket.send(_metadata(shown, at))
            part = data[len(data) * number // len(words) : len(data) * (number + 1) // len(words)]
            await socket.send(_binary(b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n", part))
        await socket.send(_binary(b"X-RequestId:1\r\nPath:audio\r\n", b""))
        await socket.send("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.wait_closed()


def _metadata(word: str, number: int) -> str:
    text = {"Text": word, "Length": len(word), "BoundaryType": "WordBoundary"}
    data: dict[str, Any] = {"Offset": round(number * WORD * 1e7), "Duration": round((WORD - 0.1) * 1e7), "text": text}
    body = {"Metadata": [{"Type": "WordBoundary", "Data": data}]}
    return f"X-RequestId:1\r\nContent-Type:application/json\r\nPath:audio.metadata\r\n\r\n{json.dumps(body)}"


def _binary(head: bytes, data: bytes) -> bytes:
    return len(head).to_bytes(2, "big") + head + data


def _mp3(words: int, *, silent: bool) -> bytes:
    count = int(WORD * 24000)
    one = 0.3 * np.sin(np.arange(count) * 0.08) * (np.arange(count) < count * 0.8)
    whole = np.tile(one, words) * (0 if silent else 1)
    file = io.BytesIO()
    if len(whole):
        soundfile.write(file, whole, 24000, format="MP3")
    return file.getvalue()
