"""A LiveKit agent whose voice has a body; it runs as it is, without a key, a room or a network."""

import asyncio
from collections.abc import AsyncIterable
from typing import Any

from livekit.agents import Agent, AgentSession, ModelSettings, llm, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from avatar_bridge import Bridge
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.plugins.livekit import AvatarOutput

RATE = 24000
REPLY = ["Hi! [wa", "ve] Nice that ", "you are [smile]here."]


class Character(Agent):
    """An agent that speaks through an avatar: these two lines are all that yours needs."""

    def __init__(self, avatar: AvatarOutput, rules: str) -> None:
        super().__init__(instructions=f"You are Pip, a cheerful robot. {rules}")
        self._avatar = avatar

    def tts_node(self, text: AsyncIterable[str], model_settings: ModelSettings) -> Any:
        """Speak without the tags, and act on them."""
        return self._avatar.tts_node(self, text, model_settings)

    def transcription_node(self, text: AsyncIterable[Any], model_settings: ModelSettings) -> Any:
        """Show the transcript without the tags; leave this out to keep them in the model's history."""
        del model_settings
        return self._avatar.transcript(text)


class Recital(llm.LLM):
    """A model that always says the same; in its place stands the one that you use."""

    def chat(self, *, chat_ctx: llm.ChatContext, tools: Any = None, **_: Any) -> llm.LLMStream:
        """Return the reply."""
        return _Recited(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=DEFAULT_API_CONNECT_OPTIONS)


class _Recited(llm.LLMStream):
    async def _run(self) -> None:
        for piece in REPLY:
            delta = llm.ChoiceDelta(role="assistant", content=piece)
            self._event_ch.send_nowait(llm.ChatChunk(id="reply", delta=delta))


class OwnVoice(tts.TTS):
    """The bridge's own voice as one of LiveKit's; in its place stands the one that you use."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)
        self.bridge = bridge

    def synthesize(self, text: str, *, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS) -> tts.ChunkedStream:
        """Return the sound of a sentence."""
        return _Voiced(tts=self, input_text=text, conn_options=conn_options)


class _Voiced(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        sound = await self._tts.bridge.voiced(self.input_text, RATE)  # type: ignore[attr-defined]
        output_emitter.initialize(request_id="1", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        output_emitter.push((sound * 32767).astype("<i2").tobytes())
        output_emitter.flush()


async def main() -> None:
    """Let the character answer once, and print what the conversation keeps."""
    async with Bridge.from_settings() as bridge, AvatarOutput(bridge) as avatar:
        session: AgentSession[None] = AgentSession(llm=Recital(), tts=OwnVoice(bridge), tts_text_transforms=None)
        session.output.audio = avatar
        avatar.follow(session)
        await session.start(Character(avatar, instructions(bridge.motion_map)))
        await session.generate_reply(user_input="Hello!")
        for item in session.history.items:
            if item.type == "message" and item.role == "assistant":
                print("heard:", item.text_content)
        await session.aclose()


if __name__ == "__main__":
    asyncio.run(main())
