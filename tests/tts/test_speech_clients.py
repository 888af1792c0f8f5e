"""The stand-in of OpenAI's speech endpoint, judged by OpenAI's own client; and answers that never end."""

from __future__ import annotations

import asyncio

import pytest
from speech_services.openai import SpeechServer
from speech_services.tones import pcm_bytes
from speech_services.voicevox import VoicevoxEngine

from avatar_bridge.errors import VoiceError
from avatar_bridge.tts.openai import OpenAIVoice
from avatar_bridge.tts.voicevox import VoicevoxVoice


@pytest.mark.peer
async def test_openais_own_client_hears_the_stand_in() -> None:
    openai = pytest.importorskip("openai", reason="OpenAI's client is not installed")
    async with (
        SpeechServer(key="sk-right") as server,
        openai.AsyncOpenAI(base_url=server.base, api_key="sk-right", max_retries=0) as client,
    ):
        whole = await client.audio.speech.create(model="tts-1", voice="nova", input="Hello.", response_format="pcm")
        assert await whole.aread() == pcm_bytes(server.samples)
        async with client.audio.speech.with_streaming_response.create(
            model="x", voice="nova", input="Hello.", stream_format="sse", response_format="wav", instructions="whisper"
        ) as events:
            lines = [line async for line in events.iter_lines() if line]
        assert '"speech.audio.done"' in lines[-1]
        with pytest.raises(openai.BadRequestError, match="input"):
            await client.audio.speech.create(model="tts-1", voice="nova", input="")
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
            await client.with_options(api_key="sk-wrong").audio.speech.create(model="x", voice="y", input="z")


@pytest.mark.parametrize("stream", ["", "sse"])
async def test_an_answer_that_never_ends_is_given_up(stream: str) -> None:
    async with SpeechServer(fault="trickle") as server:
        voice = OpenAIVoice(url=server.base, patience=0.1, stream_format=stream)
        with pytest.raises(VoiceError, match=r"not done after|sent nothing"):
            await anext(voice.speak("Hello."))
        await asyncio.wait_for(server.left.wait(), 10)
        await voice.close()


async def test_an_engine_that_never_ends_is_given_up() -> None:
    async with VoicevoxEngine(fault="trickle") as engine:
        voice = VoicevoxVoice(url=engine.url, patience=0.1)
        with pytest.raises(VoiceError, match="not done after"):
            await anext(voice.speak("こんにちは"))
        await asyncio.wait_for(engine.left.wait(), 10)
        await voice.close()
