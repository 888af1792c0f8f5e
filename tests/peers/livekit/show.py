"""Plays scenes through real LiveKit AgentSessions and prints what became of them, as JSON by scene."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Self

from agent import RATE, WORD, Character, Follower, Hum, Model, Page, Room, Transformed, Wrapper, bridge
from livekit.agents import Agent, AgentSession

from avatar_bridge.assembly import Bridge
from avatar_bridge.plugins.livekit import AvatarOutput

REPLY = "Hi there, [nod] my friend. I am [smile 0.8]so glad[/smile] that you came!"


class Scene:
    """One session with its avatar, noting every event of playback."""

    def __init__(
        self,
        stage: Bridge,
        *replies: str,
        streaming: bool = True,
        room: Room | None = None,
        plain: bool = False,
        transformed: bool = False,
        history: Any = "tagged",
        tail: bool = False,
    ) -> None:
        self.tail = tail
        self.stage, self.room, self.page, self.voice = stage, room, Page(), Hum(streaming=streaming)
        self.avatar = AvatarOutput(stage, next_in_chain=room, history=history)
        self.follower = Follower()
        stage.follow(self.follower)
        self.session: AgentSession[None] = AgentSession(
            llm=Model(*replies),
            tts=self.voice,
            use_tts_aligned_transcript=False,
            tts_text_transforms=[self.avatar.untagged] if transformed else None,
        )
        self.agent: Agent = Transformed() if transformed else Character(self.avatar, plain=plain)
        self.events: list[list[Any]] = []
        self.avatar.on("playback_started", lambda _: self.events.append(["started"]))
        self.avatar.on("playback_finished", self._finished)

    def _finished(self, event: Any) -> None:
        told = ["finished", event.playback_position, event.interrupted, event.synchronized_transcript]
        self.events.append(told)

    async def __aenter__(self) -> Self:
        await self.avatar.__aenter__()
        if self.tail:
            self.session.output.audio = Wrapper(Room())
            self.session.output.replace_audio_tail(self.avatar)
        else:
            self.session.output.audio = self.avatar
        self.session.output.transcription = self.page
        self.avatar.follow(self.session)
        await self.session.start(self.agent)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.aclose()
        await self.avatar.aclose()

    def seen(self) -> dict[str, Any]:
        items = [item for item in self.session.history.items if item.type == "message" and item.role == "assistant"]
        return {
            "asked": self.voice.asked,
            "events": self.events,
            "page": self.page.text,
            "messages": [[item.text_content, item.interrupted] for item in items],
            "heard": [[each.speech, each.complete] for each in self.follower.heard],
            "timelines": [told(each) for each in self.follower.timelines],
        }


def told(timeline: Any) -> dict[str, Any]:
    words = {word.char: word for word in timeline.words}
    return {
        "timing": timeline.timing,
        "duration": timeline.duration,
        "silence": sum(segment.silence for segment in timeline.segments),
        "segments": [segment.text for segment in timeline.segments],
        "words": [[word.text, word.at] for word in timeline.words],
        "cues": [[cue.name, cue.at, words[cue.char].text if cue.char in words else None] for cue in timeline.cues],
    }


async def scene_replies(**options: Any) -> dict[str, Any]:
    """A greeting of the program's own, then two replies; between them one that is nothing but tags."""
    async with bridge() as stage, Scene(stage, REPLY, "[wave]", "One [nod] two.", **options) as scene:
        await scene.session.say("Good [wave] day.")
        await scene.session.generate_reply(user_input="Hello")
        await scene.session.generate_reply(user_input="Wave!")
        await scene.session.generate_reply(user_input="Count!")
        await stage.stage.until(lambda: scene.avatar.idle)
        return scene.seen()


async def scene_chained() -> dict[str, Any]:
    room = Room()
    seen = await scene_replies(room=room)
    return {**seen, "calls": room.calls, "played": sum(map(len, room.frames)) / 2 / RATE}


async def scene_interrupted(*, chained: bool = False, history: str = "tagged") -> dict[str, Any]:
    room = Room() if chained else None
    async with bridge() as stage, Scene(stage, REPLY, "Yes, [nod] sure.", room=room, history=history) as scene:
        speech = scene.session.generate_reply(user_input="Hello")
        await stage.stage.until(lambda: (stage.stage.heard() or 0.0) >= 4.5 * WORD)
        await scene.session.interrupt()
        await speech
        after = stage.stage.heard()
        await scene.session.generate_reply(user_input="Sure?")
        await stage.stage.until(lambda: scene.avatar.idle)
        return {**scene.seen(), "after": after}


async def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    scenes = {
        "streaming": scene_replies(),
        "sentences": scene_replies(streaming=False),
        "plain": scene_replies(plain=True),
        "transformed": scene_replies(transformed=True),
        "chained": scene_chained(),
        "tail": scene_replies(tail=True),
        "interrupted": scene_interrupted(),
        "interrupted_plain": scene_interrupted(history="spoken"),
        "interrupted_chained": scene_interrupted(chained=True),
    }
    async with asyncio.timeout(60):
        seen = await asyncio.gather(*scenes.values())
    print(json.dumps(dict(zip(scenes, seen, strict=True)), indent=1))


if __name__ == "__main__":
    asyncio.run(main())
