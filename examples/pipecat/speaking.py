"""A Pipecat pipeline whose voice has a body; it runs as it is, without a key, a microphone or a network."""

import asyncio
from collections.abc import AsyncGenerator

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.workers.runner import WorkerRunner

from avatar_bridge import Bridge, Outcome
from avatar_bridge.plugins.pipecat import Avatar

RATE = 16000


class OwnVoice(TTSService):
    """The bridge's own voice as a service of Pipecat's; in its place stands the one that you use."""

    def __init__(self, bridge: Bridge) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, sample_rate=RATE, settings=settings)
        self._bridge = bridge

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Yield the sound of a sentence."""
        sound = await self._bridge.voiced(text, RATE)
        yield TTSAudioRawFrame((sound * 32767).astype("<i2").tobytes(), RATE, 1, context_id=context_id)


async def main() -> None:
    """Let the character say two sentences, and print what was heard."""
    async with Bridge.from_settings() as bridge:
        # plays=True: the bridge's speaker plays. Where a room or a call shall hear it, leave it out, set
        # [sound] speaker = "none" in bridge.toml, and put transport.output() behind the avatar.
        avatar = Avatar(bridge, plays=True)

        @avatar.event_handler("on_avatar_spoke")
        async def spoke(_: Avatar, outcome: Outcome) -> None:
            print("heard:", outcome.heard.speech)

        # yours: transport.input(), stt, user_aggregator, llm, avatar.tags, tts, avatar, transport.output(), ...
        worker = PipelineWorker(Pipeline([avatar.tags, OwnVoice(bridge), avatar]), enable_rtvi=False)
        pieces = ["Hi! [wa", "ve] Nice that ", "you are [smile]here."]
        reply = [LLMFullResponseStartFrame(), *map(LLMTextFrame, pieces), LLMFullResponseEndFrame()]
        await worker.queue_frames([*reply, EndFrame()])
        runner = WorkerRunner()
        await runner.add_workers(worker)
        await runner.run()


if __name__ == "__main__":
    asyncio.run(main())
