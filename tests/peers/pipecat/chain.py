"""A whole Pipecat pipeline without a network: a voice that hums, a transport that plays at the pace of real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import numpy as np
from pipecat.frames.frames import Frame, OutputAudioRawFrame, StartFrame, TTSAudioRawFrame, TTSTextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from avatar_bridge.assembly import Bridge
from avatar_bridge.plugins.pipecat import Avatar
from avatar_bridge.settings import Settings, override
from avatar_bridge.stage.performance import Outcome

RATE = 16000
WORD = 0.25
"""Seconds of every word that the voice hums."""


def bridge() -> Bridge:
    changes = {"voice.engine": "tone", "sound.speaker": "none", "stats.enabled": False}
    return Bridge.from_settings(override(Settings(drivers={}), changes))


def hum(seconds: float, rate: int = RATE, channels: int = 1) -> bytes:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    return np.repeat((wave * 32767).astype("<i2"), channels).tobytes()


class Hum(TTSService):
    """A voice of a quarter of a second a word; with `timed` it tells the times of its words."""

    def __init__(self, *, timed: bool) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            push_text_frames=not timed,
            sample_rate=RATE,
            settings=TTSSettings(model=None, voice=None, language=None),
        )
        self.timed = timed
        self.asked: list[str] = []
        self._said: dict[str, int] = {}

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.asked.append(text)
        words = text.split()
        first = self._said.get(context_id, 0)
        self._said[context_id] = first + len(words)
        if self.timed:
            times = [(word, (first + index) * WORD) for index, word in enumerate(words)]
            await self.add_word_timestamps(times, context_id)
        sound = hum(len(words) * WORD)
        for start in range(0, len(sound), 3000):
            yield TTSAudioRawFrame(sound[start : start + 3000], RATE, 1, context_id=context_id)


class Room(BaseOutputTransport):
    """Plays at the pace of real time, to nobody."""

    def __init__(self) -> None:
        super().__init__(TransportParams(audio_out_enabled=True, audio_out_sample_rate=RATE))
        self.played = 0.0
        self._due: float | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        loop = asyncio.get_running_loop()
        seconds = len(frame.audio) / 2 / frame.num_channels / frame.sample_rate
        due = max(self._due or 0.0, loop.time()) + seconds
        self._due = due
        self.played += seconds
        await asyncio.sleep(max(0.0, due - loop.time()))
        return True


class Ear(FrameProcessor):
    """Remembers what comes by, each way."""

    def __init__(self) -> None:
        super().__init__()
        self.down: list[Frame] = []
        self.up: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        (self.down if direction is FrameDirection.DOWNSTREAM else self.up).append(frame)
        await self.push_frame(frame, direction)

    def words(self) -> list[str]:
        return [frame.text for frame in self.down if isinstance(frame, TTSTextFrame)]


class Chain:
    """The pipeline as a user would build it, with ears between its parts."""

    def __init__(self, avatar: Avatar, *, timed: bool = True) -> None:
        self.avatar = avatar
        self.context = LLMContext()
        pair = LLMContextAggregatorPair(self.context)
        self.voice, self.room = Hum(timed=timed), Room()
        self.before, self.between, self.after = Ear(), Ear(), Ear()
        self.outcomes: list[Outcome] = []
        self._news = asyncio.Event()
        parts = [avatar.tags, self.before, self.voice, self.between, avatar, self.room, self.after, pair.assistant()]
        self.worker = PipelineWorker(Pipeline(parts), cancel_on_idle_timeout=False, enable_rtvi=False)

        @avatar.event_handler("on_avatar_spoke")
        async def spoke(_: Avatar, outcome: Outcome) -> None:
            self.outcomes.append(outcome)
            self._news.set()

    async def run(self, story: Callable[[Chain], Awaitable[None]]) -> None:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        started = asyncio.Event()

        @self.worker.event_handler("on_pipeline_started")
        async def begun(*_: object) -> None:
            started.set()

        async def tell() -> None:
            await started.wait()
            await story(self)

        await asyncio.wait_for(asyncio.gather(runner.run(), tell()), 40)

    async def spoken(self, count: int) -> None:
        while len(self.outcomes) < count:
            self._news.clear()
            await self._news.wait()

    def messages(self) -> list[str]:
        return [each["content"] for each in self.context.messages if each.get("role") == "assistant"]
