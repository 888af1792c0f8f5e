"""Pipecat: two frame processors that give a pipeline's voice a body.

`Pipeline([..., llm, avatar.tags, tts, avatar, transport.output(), ...])` with `avatar = Avatar(bridge)`.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any, Literal

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.core.vocabulary import State
from avatar_bridge.errors import UsageError
from avatar_bridge.plugins.hosted import HostedScript, HostedSpeech, HostedUtterance, mono

try:
    from pipecat.frames.frames import (
        AggregatedTextFrame,
        BotStartedSpeakingFrame,
        BotStoppedSpeakingFrame,
        CancelFrame,
        EndFrame,
        Frame,
        InterruptionFrame,
        LLMFullResponseEndFrame,
        LLMFullResponseStartFrame,
        LLMTextFrame,
        StartFrame,
        TextFrame,
        TTSAudioRawFrame,
        TTSSpeakFrame,
        TTSStartedFrame,
        TTSStoppedFrame,
        TTSTextFrame,
        UserStartedSpeakingFrame,
        UserStoppedSpeakingFrame,
    )
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
except ImportError as error:
    raise UsageError(f"the Pipecat plugin needs more packages ({error}); {registry.remedy('pipecat')}") from error

__all__ = ["Avatar", "AvatarTags"]

_AHEAD = 0.5
"""Seconds before its end is heard at which what follows a sound is passed on, where the bridge plays it."""


class _Replies:
    """The scripts on their way from the one processor to the other."""

    def __init__(self, bridge: Bridge, speech: HostedSpeech) -> None:
        self._bridge, self._speech = bridge, speech
        self._replies: dict[int, HostedScript] = {}
        """By the frame that began them, which comes out of the voice again as it is."""
        self._speeches: list[HostedScript] = []

    def begin(self, frame_id: int) -> HostedScript:
        script = self._replies[frame_id] = HostedScript(self._bridge)
        return script

    def speak(self, text: str) -> str:
        """Take a whole script of its own; return what is to be said."""
        script = HostedScript(self._bridge)
        script.feed(text)
        script.close()
        if script.speech.strip():
            self._speeches.append(script)
        elif text.strip():
            self._speech.act(script)
        return script.speech

    def reply(self, frame_id: int) -> HostedScript | None:
        return self._replies.pop(frame_id, None)

    def speech(self, said: str) -> HostedScript | None:
        """Return the script of its own that says this."""
        found = next((each for each in self._speeches if each.speech.strip() == said.strip()), None)
        if found is not None:
            self._speeches.remove(found)
        return found

    def forget(self) -> None:
        self._replies.clear()
        self._speeches.clear()


class _Voiced:
    """What is known of one request to the voice, Pipecat's context."""

    def __init__(self) -> None:
        self.first = ""
        """The first text that was announced."""
        self.script: HostedScript | None = None
        self.utterance: HostedUtterance | None = None
        self.floor = 0
        """The latest time of any word before it."""
        self._announced: list[str] = []
        self._timed = False
        """Whether its words are told with their times."""
        self._apart = False
        """Whether its sentences are told at other times than their sound comes."""
        self._base: int | None = None
        self._words: list[tuple[str, int]] = []

    def announce(self, frame: AggregatedTextFrame) -> None:
        """Take what will be spoken; a voice that times its words announces with a time."""
        self.first = self.first or frame.text
        self._timed = self._timed or frame.pts is not None
        self._announced.append(frame.text)

    def take(self, frame: TTSAudioRawFrame, arrived: int) -> None:
        """Take the next sound, which came at `arrived` on the pipeline's clock."""
        utterance = self.utterance
        if utterance is None:
            return
        if self._base is None:
            self._base = max(arrived, self.floor)
        if self._announced:
            said = " ".join(self._announced)
            self._announced.clear()
            if not (self._timed or self._apart):
                utterance.sentence(said)
            elif self.script is None:
                utterance.text(said + " ")
        utterance.sound(mono(frame.audio, frame.num_channels), frame.sample_rate)
        words, self._words = self._words, []
        for text, pts in words:
            utterance.word(text, (pts - self._base) / 1e9)

    def word(self, frame: TTSTextFrame) -> None:
        """Take a word with its time, or a sentence that the voice says it has spoken."""
        if frame.pts is None:
            self._apart = self._apart or bool(self._announced)
        elif self._base is None:
            self._words.append((frame.text, frame.pts))
        elif self.utterance is not None:
            self.utterance.word(frame.text, (frame.pts - self._base) / 1e9)


class AvatarTags(FrameProcessor):
    """Stands before the TTS: takes the tags out of the model's text while it streams, and keeps them for the avatar."""

    def __init__(self, bridge: Bridge, replies: _Replies, **options: Any) -> None:
        """Made by `Avatar`, which has it as `tags`."""
        super().__init__(**options)
        self._bridge, self._replies = bridge, replies
        self._script: HostedScript | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass every frame on, text without its tags."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame | CancelFrame):
            self._script = None
            self._replies.forget()
        elif direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, LLMFullResponseStartFrame):
                self._script = self._replies.begin(frame.id)
                self._bridge.enter("thinking")
            elif isinstance(frame, LLMFullResponseEndFrame | EndFrame) and self._script is not None:
                rest, self._script = self._script.close(), None
                if rest:
                    await self.push_frame(LLMTextFrame(rest))
            elif isinstance(frame, TTSSpeakFrame | LLMTextFrame) or type(frame) is TextFrame:
                await self._say(frame)
                return
        await self.push_frame(frame, direction)

    async def _say(self, frame: Any) -> None:
        reply = None if isinstance(frame, TTSSpeakFrame) else self._script
        said = self._replies.speak(frame.text) if reply is None else reply.feed(frame.text)
        if said:
            spoken = copy.copy(frame)
            spoken.text = said
            await self.push_frame(spoken)


class Avatar(FrameProcessor):
    """Stands between the TTS and `transport.output()`: what is spoken there moves the bridge's character.

    Every frame is passed on. Events: `on_avatar_spoke(avatar, outcome)` once an utterance was heard or interrupted.
    """

    def __init__(
        self, bridge: Bridge, *, plays: bool = False, context: Literal["spoken", "tagged"] = "spoken", **options: Any
    ) -> None:
        """`bridge`: open it around the pipeline, with the speaker none unless `plays`.

        `plays`: the bridge plays the sound and the transport gets none; `context`: whether the assistant's messages
        in the model's context keep the tags.
        """
        super().__init__(**options)
        self._bridge, self._plays, self._tagged = bridge, plays, context == "tagged"
        self._speech = HostedSpeech(bridge, plays=plays, began=self._on_began, over=self._on_over)
        self._replies = _Replies(bridge, self._speech)
        self.tags = AvatarTags(bridge, self._replies)
        """The processor to put before the TTS."""
        self._running: asyncio.Task[None] | None = None
        self._reply: HostedScript | None = None
        self._voiced: dict[str | None, _Voiced] = {}
        self._latest: _Voiced | None = None
        self._last_word = 0
        self._silent: set[str | None] = set()
        self._arrivals: dict[int, int] = {}
        self._register_event_handler("on_avatar_spoke")

    async def queue_frame(self, frame: Frame, *arguments: Any, **options: Any) -> None:
        """Take a frame from the processor before; the moment of a first sound is what its words count from."""
        if isinstance(frame, TTSStartedFrame):
            self._silent.add(frame.context_id)
        elif isinstance(frame, TTSAudioRawFrame) and frame.context_id in self._silent:
            self._silent.discard(frame.context_id)
            self._arrivals[frame.id] = self.get_clock().get_time()
        await super().queue_frame(frame, *arguments, **options)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass every frame on; where the bridge plays, the sound is kept and what follows it waits for its time."""
        await super().process_frame(frame, direction)
        if isinstance(frame, StartFrame):
            self._running = self._running or self.create_task(self._speech.run())
        elif isinstance(frame, InterruptionFrame | CancelFrame):
            self._interrupt()
        elif isinstance(frame, UserStartedSpeakingFrame):
            self._enter("listening")
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._enter("thinking")
        elif isinstance(frame, BotStartedSpeakingFrame) and not self._plays:
            self._speech.begun()
        elif direction is FrameDirection.DOWNSTREAM:
            self._follow(frame)
            if self._plays and await self._kept(frame):
                return
        await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Close the mouth: the pipeline is over."""
        if self._running is not None:
            await self.cancel_task(self._running)
            self._running = None
        await super().cleanup()

    def _follow(self, frame: Frame) -> None:
        """Tell the utterance what this frame says of it."""
        if isinstance(frame, LLMFullResponseStartFrame):
            self._reply = self._replies.reply(frame.id)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._end_reply()
        elif isinstance(frame, TTSTextFrame):
            self._word(frame)
        elif isinstance(frame, AggregatedTextFrame):
            if frame.will_be_spoken:
                self._voice_of(frame.context_id).announce(frame)
        elif isinstance(frame, TTSStartedFrame):
            voiced = self._latest = self._voice_of(frame.context_id)
            self._open(voiced)
        elif isinstance(frame, TTSAudioRawFrame):
            found = self._latest if frame.context_id is None else self._voiced.get(frame.context_id)
            arrived = self._arrivals.pop(frame.id, None)
            if found is not None:
                found.take(frame, self.get_clock().get_time() if arrived is None else arrived)
        elif isinstance(frame, TTSStoppedFrame):
            self._stop(frame.context_id)
        elif isinstance(frame, EndFrame):
            for context_id in list(self._voiced):
                self._stop(context_id)

    def _voice_of(self, context_id: str | None) -> _Voiced:
        return self._voiced.setdefault(context_id, _Voiced())

    def _open(self, voiced: _Voiced) -> None:
        if voiced.utterance is None:
            script = voiced.script = self._replies.speech(voiced.first) or self._reply
            voiced.floor = self._last_word
            voiced.utterance = self._speech.begin(script, since=script.speech[: script.voiced] if script else "")

    def _stop(self, context_id: str | None) -> None:
        voiced = self._voiced.pop(context_id, None)
        if voiced is not None and voiced.utterance is not None:
            voiced.utterance.finish()
        if self._latest is voiced:
            self._latest = None

    def _word(self, frame: TTSTextFrame) -> None:
        voiced = self._latest if frame.context_id is None else self._voiced.get(frame.context_id)
        if voiced is None:
            return
        voiced.word(frame)
        self._last_word = max(self._last_word, frame.pts or 0)
        if voiced.script is not None:
            self._keep_tags(frame, voiced.script)

    def _keep_tags(self, frame: TTSTextFrame, script: HostedScript) -> None:
        """Note how far the voice has come; where the context keeps the tags, give the word those that belong to it."""
        before = script.voiced
        end = script.come_to(frame.text)
        if self._tagged and end > before:
            begun = len(script.heard(script.speech[:before])) if before else 0
            frame.raw_text = script.heard(script.speech[:end])[begun:].strip()

    def _end_reply(self) -> None:
        """Act on a reply that was nothing but tags; else what it is spoken with has come."""
        script, self._reply = self._reply, None
        if script is not None and not script.used and script.source.strip() and not script.speech.strip():
            self._speech.act(script)

    def _interrupt(self) -> None:
        self._voiced.clear()
        self._reply = self._latest = None
        self._last_word = 0
        self._speech.interrupt()

    def _enter(self, state: State) -> None:
        self._bridge.enter(state)

    async def _kept(self, frame: Frame) -> bool:
        """Hold back what follows a sound until it is heard; return whether the frame ends here."""
        if isinstance(frame, TTSAudioRawFrame):
            return True
        if isinstance(frame, EndFrame):
            await self._speech.left(0.0)
        elif isinstance(frame, TTSTextFrame | TTSStoppedFrame | LLMFullResponseEndFrame) and frame.pts is None:
            await self._speech.left(_AHEAD)
        return False

    def _on_began(self, _utterance: HostedUtterance) -> None:
        if self._plays:
            self.create_task(self.broadcast_frame(BotStartedSpeakingFrame))

    def _on_over(self, utterance: HostedUtterance) -> None:
        if utterance.outcome is None:
            return
        if self._speech.idle:
            self._enter("idle")
        if self._plays and utterance.rate is not None:
            self.create_task(self.broadcast_frame(BotStoppedSpeakingFrame))
        self.create_task(self._call_event_handler("on_avatar_spoke", utterance.outcome))
