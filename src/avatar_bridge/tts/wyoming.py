"""The `wyoming` voice: whatever speaks Home Assistant's protocol (Piper, Kokoro, MARY in a box), by TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from avatar_bridge.core.speech.speakable import check_range, is_speakable, speakable
from avatar_bridge.core.vocabulary import Diagnostic, Samples, SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.received import received
from avatar_bridge.wire.wyoming import LONGEST_LINE, Event, Format, encode, pcm_samples, read_event

__all__ = ["WyomingVoice"]

_URL = "tcp://127.0.0.1:10200"
_LARGEST = 64 << 20
_CONNECTING = 5.0


@dataclass(frozen=True, slots=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class WyomingVoice:
    """Speaks by a Wyoming server; it tells no times.

    url: tcp://HOST:PORT. voice: one of the server's voices; its own choice when empty. speaker: one of the voice's
    speakers. language: where no voice is named. streaming: hand the text over in the newer way, where the server says
    that it knows it. patience: seconds without an answer.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        voice: str = "",
        speaker: str = "",
        language: str = "",
        streaming: bool = False,
        patience: float = 30.0,
    ) -> None:
        if speed != 1.0 or pitch:
            raise UsageError("voice.speed, voice.pitch: the Wyoming protocol has neither; set them at its server")
        if key is not None:
            raise UsageError("voice.key: the Wyoming protocol knows no keys; leave it out")
        check_range("patience", patience, 1.0, 600.0)
        parts = urlsplit(url or _URL) if "//" in (url or _URL) else urlsplit(f"tcp://{url}")
        try:
            port = parts.port or 10200
        except ValueError:
            port = 0
        if parts.scheme != "tcp" or not parts.hostname or not port:
            raise UsageError(f"voice.url: expected tcp://HOST:PORT of a Wyoming server, got {url!r}")
        self.abilities = VoiceAbilities("estimated", remote=True)
        self._host, self._port, self._patience = parts.hostname, port, patience
        self._voice, self._speaker, self._language, self._streaming = voice, speaker, language, streaming
        self._streams = False

    async def open(self) -> None:
        """Ask the server what it has; raises VoiceError with a remedy where it has no such voice."""
        async with self._told(), self._connected() as line:
            await self._send(line, Event("describe"))
            while (event := await self._next(line)).type != "info":
                pass
        self._know(event.data)

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` in one piece; closing the iterator closes the connection.

        Raises VoiceError where the server refuses, stalls, or breaks off.
        """
        text = " ".join(speakable(text).split())
        if not is_speakable(text):
            return
        async with self._told(), self._connected() as line:
            for event in self._request(text):
                await self._send(line, event)
            form, samples = await self._answer(line)
        yield SpokenSegment(samples, form.rate, notes=received(self._what, samples, form.rate))

    def diagnostics(self) -> list[Diagnostic]:
        """Return nothing: what goes wrong is raised."""
        return []

    async def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    @property
    def _what(self) -> str:
        return f"the Wyoming server at {self._host}:{self._port}"

    def _request(self, text: str) -> list[Event]:
        wish = {"name": self._voice, "speaker": self._speaker, "language": "" if self._voice else self._language}
        voice = {"voice": {name: each for name, each in wish.items() if each}} if any(wish.values()) else {}
        whole = Event("synthesize", {"text": text, **voice})
        if not self._streams:
            return [whole]
        # the whole text stands among the parts for servers that know the old way alone
        return [
            Event("synthesize-start", voice),
            Event("synthesize-chunk", {"text": text}),
            whole,
            Event("synthesize-stop"),
        ]

    async def _answer(self, line: _Line) -> tuple[Format, Samples]:
        """Return the sound of one answer; several of one format are put together."""
        form: Format | None = None
        sound = bytearray()
        last = "synthesize-stopped" if self._streams else "audio-stop"
        while True:
            event = await self._next(line)
            if event.type in ("audio-start", "audio-chunk"):
                told = Format.of(event.data)
                if form is not None and told != form:
                    raise VoiceError(f"{self._what} changes its sound from {form} to {told} within an answer")
                form = told
            sound += event.payload
            if len(sound) > _LARGEST:
                raise VoiceError(f"{self._what} sends without an end: more than {_LARGEST >> 20} MiB for a segment")
            if event.type == last:
                break
        if form is None:
            return Format(16000, 2, 1), np.zeros(0, np.float32)
        return form, pcm_samples(bytes(sound), form)

    def _know(self, info: Mapping[str, Any]) -> None:
        """Take what the server says that it has; raises VoiceError where that is not what was asked for."""
        programs = [each for each in _objects(info.get("tts")) if each.get("installed", True)]
        if not programs:
            has = ", ".join(name for name in ("asr", "wake", "handle", "intent") if info.get(name)) or "nothing"
            raise VoiceError(f"{self._what} speaks not: it offers {has}; set voice.url to one that does (Piper: 10200)")
        voices = [(each, voice) for each in programs for voice in _objects(each.get("voices"))]
        chosen = [pair for pair in voices if not self._voice or pair[1].get("name") == self._voice]
        if self._voice and not chosen:
            names = [str(voice.get("name")) for _, voice in voices]
            near = get_close_matches(self._voice, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            shown = ", ".join(names[:12]) + (f", and {len(names) - 12} more" if len(names) > 12 else "")
            raise VoiceError(f"{self._what} has no voice {self._voice!r}; it has: {shown or 'none'}{hint}")
        program = chosen[0][0] if chosen else programs[0]
        self._streams = self._streaming and bool(program.get("supports_synthesize_streaming"))
        codes = [code for _, voice in chosen for code in _listed(voice.get("languages"))]
        spoken = {code[:2].lower() for code in codes if isinstance(code, str)}
        self.abilities = replace(self.abilities, languages=tuple(sorted(spoken)))

    async def _send(self, line: _Line, event: Event) -> None:
        line.writer.write(encode(event))
        async with asyncio.timeout(self._patience):
            await line.writer.drain()

    async def _next(self, line: _Line) -> Event:
        async with asyncio.timeout(self._patience):
            event = await read_event(line.reader)
        if event is None:
            raise VoiceError(f"{self._what} broke off before its answer was whole; look at its own log")
        if event.type == "error":
            code = event.data.get("code")
            raise VoiceError(f"{self._what} refused: {event.data.get('text', '')}{f' ({code})' if code else ''}")
        return event

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[_Line]:
        try:
            async with asyncio.timeout(_CONNECTING):
                line = _Line(*await asyncio.open_connection(self._host, self._port, limit=LONGEST_LINE))
        except (OSError, TimeoutError) as error:
            raise VoiceError(
                f"{self._what} cannot be reached ({error or 'no answer'}); start it, or set voice.url"
            ) from None
        try:
            yield line
        finally:
            line.writer.close()
            with suppress(OSError):
                await line.writer.wait_closed()

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        try:
            yield
        except TimeoutError:
            raise VoiceError(f"{self._what} sent nothing for {self._patience:g} s; is it overloaded?") from None
        except ProtocolError as error:
            raise VoiceError(f"{self._what} sent {error}; is it a Wyoming server?") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise VoiceError(f"{self._what} broke off before its answer was whole ({type(error).__name__})") from None


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _objects(found: Any) -> list[dict[str, Any]]:
    return [each for each in _listed(found) if isinstance(each, dict)]
