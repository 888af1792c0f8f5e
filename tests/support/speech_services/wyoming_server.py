"""A strict stand-in for a Wyoming text-to-speech server; the real library's stands in tests/tts/test_wyoming.py."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

import numpy as np

from speech_services.tones import pcm_bytes, spoilt, tone

__all__ = ["INFO", "WyomingServer", "speech"]

_MAKER = {"name": "somebody", "url": "https://example.com"}
_ARTIFACT: dict[str, Any] = {"attribution": _MAKER, "installed": True, "description": None, "version": None}
INFO: dict[str, Any] = {
    "asr": [],
    "tts": [
        {
            **_ARTIFACT,
            "name": "piper",
            "supports_synthesize_streaming": True,
            "voices": [
                {**_ARTIFACT, "name": "en_US-joe", "languages": ["en_US"], "speakers": [{"name": "a"}]},
                {**_ARTIFACT, "name": "de_DE-eva", "languages": ["de_DE"]},
            ],
        }
    ],
}
_RAW = {
    "html": b"HTTP/1.1 400 Bad Request\r\n\r\n<html>",
    "garbage": bytes(range(1, 256)) + b"\n",
    "long_line": b'{"type": "' + b"x" * 300_000 + b'"}\n',
    "huge": b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
}


def speech(text: str) -> np.ndarray:
    return tone([(200.0 + ord(each) % 300, 800) for each in text], 16000)


class WyomingServer:
    """Answers describe and synthesize; keeps what was asked.

    Faults: refuse, cut, stall, mute, html, long_line, huge, no_format, odd_width, rate_change, silent, empty, no_tts,
    endless, garbage. `stereo`, `width`: how the sound is written. `inline`: data within the line.
    """

    def __init__(self, *, fault: str = "", stereo: bool = False, inline: bool = False) -> None:
        self.fault, self.stereo, self.inline = fault, stereo, inline
        self.asked: list[dict[str, Any]] = []
        self.waiting = asyncio.Event()
        self.left = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            streaming = False
            while line := await reader.readline():
                head = json.loads(line)
                assert set(head) <= {"type", "version", "data", "data_length", "payload_length"}
                data = head.get("data", {}) | json.loads(await reader.readexactly(head.get("data_length", 0)) or "{}")
                assert not head.get("payload_length")
                self.asked.append({"type": head["type"], **data})
                if head["type"] == "describe":
                    self._send(writer, "info", {"asr": [{"name": "ears"}]} if self.fault == "no_tts" else INFO)
                elif head["type"] == "synthesize-start":
                    assert set(data) <= {"voice", "text_format", "context"}
                    streaming = True
                elif head["type"] == "synthesize-chunk":
                    assert streaming
                    assert set(data) == {"text"}
                    await self._speak(reader, writer, data["text"])
                elif head["type"] == "synthesize":
                    assert set(data) <= {"text", "voice", "text_format", "context"}
                    assert set(data.get("voice", {})) <= {"name", "speaker", "language"}
                    if not streaming:
                        await self._speak(reader, writer, data["text"])
                elif head["type"] == "synthesize-stop":
                    assert streaming
                    self._send(writer, "synthesize-stopped", {})
                    streaming = False
                else:
                    self._send(writer, "error", {"text": f"unknown {head['type']}", "code": "unknown"})
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.left.set()
            self._tasks.discard(task)
            writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        form: dict[str, Any] = {"rate": 16000, "width": 2, "channels": 2 if self.stereo else 1}
        sound = spoilt(speech(text if self.fault != "empty" else ""), self.fault)
        data = pcm_bytes(np.repeat(sound, 2) if self.stereo else sound)
        if self.fault == "refuse":
            return self._send(writer, "error", {"text": "the model is broken", "code": "ModelError"})
        if self.fault in _RAW:
            return writer.write(_RAW[self.fault])
        if self.fault == "mute":
            return await self._hang(reader)
        form |= {"no_format": {"rate": "fast"}, "odd_width": {"width": 3}}.get(self.fault, {})
        self._send(writer, "audio-start", {**form, "timestamp": 0})
        for start in range(0, len(data), 4001):
            if self.fault == "rate_change" and start:
                form["rate"] = 22050
            self._send(writer, "audio-chunk", {**form, "timestamp": 0}, data[start : start + 4001])
            if self.fault == "cut":
                writer.write(b'{"type": "audio-chunk", "payload_length": 1000}\n1234')
                return writer.close()
            if self.fault == "stall":
                return await self._hang(reader)
        while self.fault == "endless":
            self._send(writer, "audio-chunk", {**form, "timestamp": 0}, bytes(1 << 20))
            await writer.drain()
        return self._send(writer, "audio-stop", {"timestamp": 1})

    async def _hang(self, reader: asyncio.StreamReader) -> None:
        self.waiting.set()
        await reader.read()

    def _send(self, writer: asyncio.StreamWriter, kind: str, data: dict[str, Any], payload: bytes = b"") -> None:
        head: dict[str, Any] = {"type": kind, "version": "1.10.2"}
        body = json.dumps(data).encode() if data and not self.inline else b""
        if body:
            head["data_length"] = len(body)
        elif data:
            head["data"] = data
        if payload:
            head["payload_length"] = len(payload)
        writer.write(json.dumps(head).encode() + b"\n" + body + payload)
