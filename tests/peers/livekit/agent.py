"""A whole AgentSession without a network: a model that recites, a voice that hums, a room that plays to nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import Agent, APIConnectOptions, ModelSettings, llm, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities, TextOutput, TimedString

from avatar_bridge.assembly import Bridge
from avatar_bridge.plugins.livekit import AvatarOutput
from avatar_bridge.settings import Settings, override

RATE = 24000
WORD = 0.25
"""Seconds of every word that the voice hums."""


def bridge() -> Bridge:
    changes = {"voice.engine": "tone", "sound.speaker": "none", "stats.enabled": False}
    return Bridge.from_settings(override(Settings(drivers={}), changes))


def hum(seconds: float) -> bytes:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE)) / RATE)
    return (wave * 32767).astype("<i2").tobytes()


class Model(llm.LLM):
    """Recites its replies, one a turn, in pieces of seven characters."""

    def __init__(self, *replies: str) -> None:
        super().__init__()
        self.replies = list(replies)

    def chat(
        self, *, chat_ctx: llm.ChatContext, tools: Any = None, conn_options: Any = None, **_: Any
    ) -> llm.LLMStream:
        return Recital(
            self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options or DEFAULT_API_CONNECT_OPTIONS
        )


class Recital(llm.LLMStream):
    async def _run(self) -> None:
        assert isinstance(self._llm, Model)
        text = self._llm.replies.pop(0)
        for start in range(0, len(text), 7):
            delta = llm.ChoiceDelta(role="assistant", content=text[start : start + 7])
            self._event_ch.send_nowait(llm.ChatChunk(id="reply", delta=delta))
            await asyncio.sleep(0)


class Hum(tts.TTS):
    """A voice of a quarter of a second a word; a streaming one tells the times of its words."""

    def __init__(self, *, streaming: bool) -> None:
        abilities = tts.TTSCapabilities(streaming=streaming, aligned_transcript=streaming)
        super().__init__(capabilities=abilities, sample_rate=RATE, num_channels=1)
        self.asked: list[str] = []

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return Sentence(tts=self, input_text=text, conn_options=conn_options)

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.SynthesizeStream:
        return Streaming(tts=self, conn_options=conn_options)


class Sentence(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, Hum)
        self._tts.asked.append(self.input_text)
        output_emitter.initialize(request_id="r", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(hum(WORD * len(self.input_text.split())))
        output_emitter.flush()


class Streaming(tts.SynthesizeStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, Hum)
        output_emitter.initialize(
            request_id="r", sample_rate=RATE, num_channels=1, mime_type="audio/pcm", stream=True, frame_size_ms=70
        )
        output_emitter.start_segment(segment_id="s")
        text = ""
        async for piece in self._input_ch:
            if isinstance(piece, str):
                text += piece
        self._tts.asked.append(text)
        self._mark_started()
        for index, word in enumerate(text.split()):
            times = {"start_time": index * WORD, "end_time": (index + 1) * WORD}
            output_emitter.push_timed_transcript(TimedString(word + " ", **times))
            output_emitter.push(hum(WORD))
        output_emitter.end_segment()


class Room(AudioOutput):
    """Plays at the pace of real time, to nobody."""

    def __init__(self) -> None:
        super().__init__(label="room", capabilities=AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self.frames: list[bytes] = []
        self.calls: list[str] = []
        self._given = 0.0
        self._began: float | None = None
        self._ending: asyncio.Task[None] | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self.frames.append(bytes(frame.data))
        self._given += frame.duration
        if self._began is None:
            self._began = time.time()
            self.calls.append("play")
            self.on_playback_started(created_at=self._began)

    def flush(self) -> None:
        super().flush()
        self.calls.append("flush")
        if self._began is not None and self._ending is None:
            self._ending = asyncio.create_task(self._play(self._began + self._given - time.time()))

    def clear_buffer(self) -> None:
        self.calls.append("clear")
        if self._ending is not None:
            self._ending.cancel()
        if self._began is not None:
            self._over(min(time.time() - self._began, self._given), interrupted=True)

    async def _play(self, left: float) -> None:
        await asyncio.sleep(max(left, 0.0))
        self._over(self._given, interrupted=False)

    def _over(self, position: float, *, interrupted: bool) -> None:
        self._given, self._began, self._ending = 0.0, None, None
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


class Wrapper(AudioOutput):
    """Stands before the end of the chain, as the transcript's synchronizer does in a room."""

    def __init__(self, end: AudioOutput) -> None:
        super().__init__(label="wrapper", capabilities=AudioOutputCapabilities(pause=False), next_in_chain=end)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        assert self.next_in_chain is not None
        await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        assert self.next_in_chain is not None
        self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        assert self.next_in_chain is not None
        self.next_in_chain.clear_buffer()


class Page(TextOutput):
    """Where the transcript goes."""

    def __init__(self) -> None:
        super().__init__(label="page", next_in_chain=None)
        self.text = ""

    async def capture_text(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        self.text += "|"


class Character(Agent):
    """An agent as a user would write it."""

    def __init__(self, avatar: AvatarOutput, *, plain: bool = False) -> None:
        super().__init__(instructions="Be brief.")
        self.avatar, self.plain = avatar, plain

    def tts_node(self, text: AsyncIterable[str], model_settings: ModelSettings) -> Any:
        return self.avatar.tts_node(self, text, model_settings)

    def transcription_node(self, text: AsyncIterable[Any], model_settings: ModelSettings) -> Any:
        return (
            self.avatar.transcript(text) if self.plain else Agent.default.transcription_node(self, text, model_settings)
        )


class Transformed(Agent):
    """An agent without nodes of its own: the session takes the tags out."""

    def __init__(self) -> None:
        super().__init__(instructions="Be brief.")


class Follower:
    """Notes what became of every utterance of a bridge."""

    def __init__(self) -> None:
        self.timelines: list[Any] = []
        self.heard: list[Any] = []

    def began(self, number: int, timeline: Any) -> None:
        del number
        self.timelines.append(timeline)

    def grew(self, *_: Any) -> None:
        return

    def ended(self, heard: Any) -> None:
        self.heard.append(heard)
