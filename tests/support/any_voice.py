"""Every voice with somebody to speak it here, and the truth about what that somebody said."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from speech_services import here, wyoming_server
from speech_services.coeiroink import CoeiroinkServer
from speech_services.door import Asked, Reply
from speech_services.edge import WORD, EdgeService
from speech_services.elevenlabs import CHARACTER, ElevenLabsSocket
from speech_services.gpt_sovits import REFERENCE, SovitsServer
from speech_services.kokoro_fastapi import KokoroServer
from speech_services.openai import SpeechServer
from speech_services.style_bert_vits2 import StyleBertServer
from speech_services.tones import wav_bytes
from speech_services.voicevox import VoicevoxEngine
from speech_services.worded import Truth, worded
from speech_services.wyoming_server import WyomingServer

from avatar_bridge import registry
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment, Timing
from avatar_bridge.ports import Voice, VoiceAbilities
from avatar_bridge.settings import VoiceSettings
from avatar_bridge.stage.performance import join

__all__ = ["ENGLISH", "JAPANESE", "VOICES", "Overheard", "Setting", "Who"]

ENGLISH = "Hello there, [nod]my friends. I am [bow]glad that you came. Shall we begin the [smile]story now? It is long."
JAPANESE = "こんにちは、[nod]私はアバターです。今日はとても[bow]天気がいいですね。本当に[smile]そう思いますか？"
Change = Literal["heard", "asked", "refused"]


@dataclass
class Setting:
    """A voice's settings, and what is known of what it said last."""

    engine: str
    url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    truth: Callable[[str, SpokenSegment], Truth] = lambda _, spoken: _marked(spoken)
    service: Any = None
    asked: Callable[[], Any] = lambda: None
    """What the service was asked last."""

    async def waiting(self) -> None:
        """Wait until a client waits for what will not come."""
        await (getattr(self.service, "waiting", None) or self.service.sending).wait()
        if hasattr(self.service, "left"):
            self.service.left.clear()

    async def left(self) -> None:
        """Wait until it has hung up."""
        await (getattr(self.service, "left", None) or self.service.idle).wait()

    def settings(self, **more: Any) -> VoiceSettings:
        return VoiceSettings(engine=self.engine, url=self.url, options=self.options, **more)


@dataclass(frozen=True)
class Who:
    """One voice: what it reads, how it tells its times, and what becomes of speed and pitch."""

    name: str
    make: Callable[..., Any]
    timing: Timing
    script: str = ENGLISH
    speed: Change = "heard"
    pitch: Change = "heard"
    needs: str = ""
    remote: bool = True


class Overheard:
    """A Voice that keeps what it said, as it came, with the truth about it."""

    def __init__(self, voice: Voice, setting: Setting) -> None:
        self.said: list[tuple[str, Truth]] = []
        self._voice, self._setting = voice, setting

    @property
    def abilities(self) -> VoiceAbilities:
        return self._voice.abilities

    async def open(self) -> None:
        await self._voice.open()

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        pieces = []
        async for piece in self._voice.speak(text):
            pieces.append(piece)
            yield piece
        self.said.append((text, self._setting.truth(text, join(pieces))))

    def diagnostics(self) -> list[Diagnostic]:
        return self._voice.diagnostics()

    async def close(self) -> None:
        await self._voice.close()


def _marked(spoken: SpokenSegment) -> Truth:
    return [(mark.char, mark.at, mark.at + mark.duration) for mark in spoken.marks]


def _grouped(text: str, spoken: SpokenSegment) -> Truth:
    """Return a word's time by its group of sounds, which rests part."""
    groups: list[tuple[float, float]] = []
    rest = True
    for sound in spoken.phonemes:
        if sound.symbol.strip() and sound.symbol not in ".,!?":
            end = sound.at + sound.duration
            groups[-1:] = [*groups[-1:], (sound.at, end)] if rest else [(groups[-1][0], end)]
        rest = not sound.symbol.strip()
    words = list(re.finditer(r"I am|\w+", text))  # what Piper says in one
    assert len(words) == len(groups), (text, spoken.phonemes)
    return [(word.start(), *group) for word, group in zip(words, groups, strict=True)]


def _until_next(starts: list[tuple[int, float]], spoken: SpokenSegment) -> Truth:
    ends = [*(at for _, at in starts[1:]), spoken.duration]
    return [(char, at, end) for (char, at), end in zip(starts, ends, strict=True)]


class _OpenAI(SpeechServer):
    """Its sound is made of words."""

    words: Truth = ()

    def answer(self, asked: Asked) -> Reply:
        reply = super().answer(asked)
        if not reply.sounds:
            return reply
        sound, self.words = worded(asked.json["input"], 24000, speed=asked.json.get("speed", 1.0))
        return replace(reply, pieces=(wav_bytes(sound, 24000),), kind="audio/wav")


class _Sovits(SovitsServer):
    words: Truth = ()

    def answer(self, asked: Asked) -> Reply:
        reply = super().answer(asked)
        if not reply.sounds:
            return reply
        sound, self.words = worded(asked.json["text"], self.rate, speed=asked.json.get("speed_factor", 1.0))
        return replace(reply, body=wav_bytes(sound, self.rate))


class _StyleBert(StyleBertServer):
    words: Truth = ()

    def answer(self, asked: Asked) -> Reply:
        reply = super().answer(asked)
        if not reply.sounds:
            return reply
        sound, self.words = worded(asked.query["text"], 44100, speed=1.0 / float(asked.query.get("length", "1")))
        return replace(reply, body=wav_bytes(sound, 44100))


@asynccontextmanager
async def _alone(patch: pytest.MonkeyPatch, fault: str, engine: str, **more: Any) -> AsyncIterator[Setting]:
    del patch, fault
    yield Setting(engine, **more)


def _engine(name: str, timing: Timing, **more: Any) -> Who:
    own = {key: more.pop(key) for key in ("options", "truth") if key in more}
    return Who(name, lambda patch, fault: _alone(patch, fault, name, **own), timing, remote=False, **more)


class _Awaited:
    """An event of another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.set, self.clear = self._event.set, self._event.clear

    async def wait(self) -> None:
        assert await asyncio.to_thread(self._event.wait, 20)


class _Edge(EdgeService):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.waiting, self.left = _Awaited(), _Awaited()

    async def _speak(self, socket: Any, text: str) -> None:
        self.waiting.set()
        try:
            await super()._speak(socket, text)
        finally:
            self.left.set()


@asynccontextmanager
async def _edge(patch: pytest.MonkeyPatch, fault: str) -> AsyncIterator[Setting]:
    with _Edge(fault=fault and "mute") as service:
        patch.setenv(here.ADDRESS, service.url)
        patch.setattr("avatar_bridge.assembly.parts.registry.location", lambda *_: "speech_services.here:EdgeHere")

        def truth(text: str, spoken: SpokenSegment) -> Truth:
            words = re.finditer(r"[\w'$.]*\w", text)
            share = WORD * round(spoken.duration / WORD / max(1, len(re.findall(r"[\w'$.]*\w", text))), 3)
            return [(word.start(), share * at, share * (at + 1)) for at, word in enumerate(words)]

        yield Setting("edge", truth=truth, service=service, asked=lambda: service.asked[-1])


@asynccontextmanager
async def _wyoming(patch: pytest.MonkeyPatch, fault: str) -> AsyncIterator[Setting]:
    known: dict[str, Truth] = {}

    def speech(text: str) -> Any:
        sound, known["last"] = worded(text, 16000)
        return sound

    patch.setattr(wyoming_server, "speech", speech)
    async with WyomingServer(fault=fault) as service:
        yield Setting("wyoming", service.url, truth=lambda *_: known["last"], service=service)


@asynccontextmanager
async def _elevenlabs(patch: pytest.MonkeyPatch, fault: str) -> AsyncIterator[Setting]:
    patch.setenv("ELEVENLABS_API_KEY", "sk_right")
    async with ElevenLabsSocket(key="sk_right", fault=fault) as service:

        def truth(text: str, _: SpokenSegment) -> Truth:
            return [
                (word.start(), CHARACTER * (word.start() + 1), CHARACTER * (word.end() + 1))
                for word in re.finditer(r"\w+", text)
            ]

        yield Setting("elevenlabs", service.url, truth=truth, service=service, asked=lambda: service.received[-1])


@asynccontextmanager
async def _served(
    patch: pytest.MonkeyPatch,
    fault: str,
    engine: str,
    make: Callable[..., Any],
    truth: Callable[[Any, SpokenSegment], Truth],
    options: Mapping[str, Any],
) -> AsyncIterator[Setting]:
    del patch
    async with make(fault=fault) as service:
        url = f"{service.url}/v1" if engine == "openai" else service.url
        yield Setting(
            engine,
            url,
            dict(options),
            truth=lambda _, spoken: truth(service, spoken),
            service=service,
            asked=lambda: service.spoken[-1],
        )


def _service(
    name: str,
    timing: Timing,
    make: Callable[..., Any],
    truth: Callable[[Any, SpokenSegment], Truth],
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Who:
    return Who(name, lambda patch, fault: _served(patch, fault, name, make, truth, options or {}), timing, **more)


def _of_words(service: Any, _: SpokenSegment) -> Truth:
    truth: Truth = service.words
    return truth


def _of_starts(service: Any, spoken: SpokenSegment) -> Truth:
    return _until_next(service.words, spoken)


def _of_frames(service: Any, _: SpokenSegment) -> Truth:
    return [(char, begin / 24000, end / 24000) for char, begin, end in service.truth]


def _of_moras(service: Any, spoken: SpokenSegment) -> Truth:
    return _until_next([(char, 44100 // 8 * mora / 44100) for char, mora in service._starts], spoken)


def _aivis(**options: Any) -> VoicevoxEngine:
    return VoicevoxEngine(aivis=True, **options)


_COMMAND = {
    "command": [sys.executable, "-m", "speech_services.worded", "{speed}", "{pitch}"],
    "folder": str(Path(__file__).parent),
}

VOICES = (
    _engine("tone", "phonemes"),
    _engine("espeak", "phonemes", needs="espeakng_loader"),
    _engine("piper", "phonemes", needs="piper", truth=_grouped),
    _engine("command", "estimated", options=_COMMAND, truth=lambda text, _: worded(text, 22050)[1]),
    _service("voicevox", "phonemes", VoicevoxEngine, _of_starts, script=JAPANESE, pitch="asked"),
    _service("aivisspeech", "estimated", _aivis, _of_moras, script=JAPANESE, speed="asked", pitch="asked"),
    _service("coeiroink", "phonemes", CoeiroinkServer, _of_starts, script=JAPANESE),
    _service("openai", "estimated", _OpenAI, _of_words),
    _service("kokoro_fastapi", "words", KokoroServer, _of_frames),
    _service("gpt_sovits", "estimated", _Sovits, _of_words, {"reference": REFERENCE}),
    _service("style_bert_vits2", "estimated", _StyleBert, _of_words),
    Who("elevenlabs", _elevenlabs, "words", speed="refused", pitch="refused"),
    Who("edge", _edge, "words", speed="asked", pitch="asked", needs="edge_tts"),
    Who("wyoming", _wyoming, "estimated", speed="refused", pitch="refused"),
)
assert {who.name for who in VOICES} | {"kokoro", "coqui", "openjtalk"} == {
    *registry.names("voices"),
    *registry.names("voice_services"),
}
