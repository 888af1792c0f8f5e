"""Plays scenes through real Pipecat pipelines and prints what became of them, as JSON by scene."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from chain import RATE, WORD, Chain, bridge, hum
from loguru import logger
from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
)
from pipecat.tests.utils import run_test

from avatar_bridge.plugins.pipecat import Avatar
from avatar_bridge.stage.performance import Outcome

REPLY = "Hi there, [nod] my friend. I am [smile 0.8]so glad[/smile] that you came!"
ALL = "Hi there, my friend. I am so glad that you came!"


async def reply(chain: Chain, text: str, cut: int) -> None:
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)]
    frames = [LLMFullResponseStartFrame(), *map(LLMTextFrame, pieces), LLMFullResponseEndFrame()]
    await chain.worker.queue_frames(frames)


def told(outcome: Outcome) -> dict[str, Any]:
    timeline = outcome.timeline
    words = {word.char: word for word in timeline.words}
    return {
        "heard": outcome.heard.speech,
        "at": outcome.heard.at,
        "complete": outcome.heard.complete,
        "interrupted": outcome.interrupted,
        "timing": timeline.timing,
        "duration": timeline.duration,
        "words": [[word.text, word.at] for word in timeline.words],
        "cues": [[cue.name, cue.at, words[cue.char].text if cue.char in words else None] for cue in timeline.cues],
    }


def seen(chain: Chain) -> dict[str, Any]:
    """What went through the pipeline, for any scene."""
    kinds = (TTSStartedFrame, TTSAudioRawFrame, TTSStoppedFrame, TTSTextFrame, AggregatedTextFrame)
    return {
        "asked": chain.voice.asked,
        "texts": "".join(f.text for f in chain.before.down if isinstance(f, LLMTextFrame)),
        "played": chain.room.played,
        "voiced": sum(len(f.audio) / 2 / RATE for f in chain.between.down if isinstance(f, TTSAudioRawFrame)),
        "through": [type(f).__name__ for f in chain.between.down if isinstance(f, kinds)],
        "spoken": chain.after.words(),
        "started": sum(isinstance(f, BotStartedSpeakingFrame) for f in chain.after.down),
        "stopped": sum(isinstance(f, BotStoppedSpeakingFrame) for f in chain.after.down),
        "messages": chain.messages(),
        "outcomes": [told(each) for each in chain.outcomes],
    }


async def scene_reply(*, timed: bool, cut: int, context: str = "spoken", plays: bool = False) -> dict[str, Any]:
    async with bridge() as stage:
        chain = Chain(Avatar(stage, context=context, plays=plays), timed=timed)

        async def story(chain: Chain) -> None:
            await reply(chain, REPLY, cut)
            await chain.spoken(1)
            await chain.worker.queue_frame(EndFrame())

        await chain.run(story)
        return seen(chain)


async def scene_several() -> dict[str, Any]:
    """Two replies and a sentence of the program's own, told at once; the goodbye is followed by the end."""
    async with bridge() as stage:
        chain = Chain(Avatar(stage))

        async def story(chain: Chain) -> None:
            await reply(chain, "[wave] One two.", 4)
            await chain.worker.queue_frame(TTSSpeakFrame("Three [nod] four."))
            await reply(chain, "[smile]", 2)
            await reply(chain, "Five [nod]six.", 3)
            await chain.worker.queue_frame(EndFrame())

        await chain.run(story)
        return seen(chain)


async def scene_interrupted(context: str) -> dict[str, Any]:
    async with bridge() as stage:
        chain = Chain(Avatar(stage, context=context))
        states = []

        async def story(chain: Chain) -> None:
            await reply(chain, REPLY, 7)
            await stage.stage.until(lambda: (stage.stage.heard() or 0.0) >= 4.5 * WORD)
            await chain.worker.queue_frame(UserStartedSpeakingFrame())
            await chain.worker.queue_frame(InterruptionFrame())
            await chain.spoken(1)
            states.append(stage.stage.heard())
            await reply(chain, "Yes, [nod] sure.", 5)
            await chain.spoken(2)
            await chain.worker.queue_frame(EndFrame())

        await chain.run(story)
        return {**seen(chain), "after": states}


async def scene_forwarded() -> dict[str, Any]:
    """Frames of odd sizes, stereo, of two rates, go through as they are, in their order."""
    async with bridge() as stage:
        avatar = Avatar(stage)
        sentence = AggregatedTextFrame("Hello there.", "sentence", context_id="a")
        sentence.will_be_spoken = True
        sounds = [
            TTSAudioRawFrame(hum(0.1, 24000, 2), 24000, 2, context_id="a"),
            TTSAudioRawFrame(hum(0.013, 24000, 2), 24000, 2, context_id="a"),
            TTSAudioRawFrame(hum(0.2, 16000), 16000, 1, context_id="a"),
        ]
        frames = [
            sentence,
            TTSStartedFrame(context_id="a"),
            *sounds,
            TextFrame("plain"),
            TTSStoppedFrame(context_id="a"),
        ]
        late = TTSAudioRawFrame(hum(0.1), 16000, 1, context_id="gone")
        frames.append(late)
        before = [frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame)]
        down, up = await run_test(avatar, frames_to_send=frames)
        return {
            "same": [frame.id for frame in down] == [frame.id for frame in frames],
            "untouched": [f.audio for f in down if isinstance(f, TTSAudioRawFrame)] == before,
            "up": [type(frame).__name__ for frame in up],
        }


async def main() -> None:
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    scenes = {
        "timed": scene_reply(timed=True, cut=3),
        "estimated": scene_reply(timed=False, cut=5),
        "tagged": scene_reply(timed=True, cut=11, context="tagged"),
        "plays": scene_reply(timed=False, cut=6, plays=True),
        "several": scene_several(),
        "interrupted": scene_interrupted("spoken"),
        "forwarded": scene_forwarded(),
    }
    print(json.dumps(dict(zip(scenes, await asyncio.gather(*scenes.values()), strict=True)), indent=1))


if __name__ == "__main__":
    asyncio.run(main())
