"""LiveKit Agents: an audio output that gives an agent's voice a body.

`session.output.audio = avatar` with `avatar = AvatarOutput(bridge)`, and in the agent
`def tts_node(self, text, settings): return avatar.tts_node(self, text, settings)`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, Literal, Self

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.core.script.untagged import Untagged
from avatar_bridge.errors import UsageError
from avatar_bridge.plugins.hosted import HostedScript, HostedSpeech, HostedUtterance, mono

try:
    from livekit import rtc
    from livekit.agents import Agent, AgentSession, ModelSettings
    from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
    from livekit.agents.utils import is_given
    from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities
except ImportError as error:
    raise UsageError(f"the LiveKit plugin needs more packages ({error}); {registry.remedy('livekit')}") from error

__all__ = ["AvatarOutput"]

_SCRIPT = "avatar_bridge.script"
"""Where a frame of sound names the script that it speaks."""


class AvatarOutput(AudioOutput):
    """Where an AgentSession's voice goes: the bridge plays it and moves, or moves while `next_in_chain` plays it.

    Set it as `session.output.audio` before the session starts, inside `async with avatar`.
    """

    def __init__(
        self,
        bridge: Bridge,
        *,
        next_in_chain: AudioOutput | None = None,
        history: Literal["spoken", "tagged"] = "tagged",
    ) -> None:
        """`bridge`: open it around the session. `next_in_chain` plays the sound, for instance into a room.

        `history`: whether an interrupted message is kept with the tags in what was heard of it.
        """
        super().__init__(
            label="AvatarBridge",
            capabilities=AudioOutputCapabilities(pause=False),
            next_in_chain=next_in_chain,
            sample_rate=next_in_chain.sample_rate if next_in_chain is not None else None,
        )
        self._bridge, self._tagged, self._chained = bridge, history == "tagged", next_in_chain is not None
        self._speech = HostedSpeech(
            bridge, plays=not self._chained, began=self._on_utterance_began, over=self._on_utterance_over
        )
        self._scripts: deque[HostedScript] = deque()
        self._segment: HostedUtterance | None = None
        self._unfinished: deque[HostedUtterance] = deque()
        self._sentence_at = 0.0
        self._running: asyncio.Task[None] | None = None
        self._user_speaks = False

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the mouth; nothing is performed any more."""
        running, self._running = self._running, None
        if running is not None:
            self._speech.interrupt()
            running.cancel()
            await asyncio.wait({running})

    @property
    def idle(self) -> bool:
        """True while nothing is performed or waits."""
        return self._speech.idle

    def follow(self, session: AgentSession[Any]) -> None:
        """Let the character listen while the user speaks, and think while the model does."""
        session.on("user_state_changed", self._on_user_state)
        session.on("agent_state_changed", self._on_agent_state)

    async def untagged(self, text: AsyncIterable[str]) -> AsyncGenerator[str, None]:
        """Yield what is to be said of tagged text as it streams; the rest is kept for the body.

        For `AgentSession(tts_text_transforms=[avatar.untagged])`: the scripts are then taken in their order, so one
        whose sound never came may be taken for the next. `tts_node` cannot be mistaken.
        """
        async for said in self._read(self._script(), text):
            yield said

    async def tts_node(
        self, agent: Agent, text: AsyncIterable[str], settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        """Yield the agent's voice speaking tagged text without its tags: what an agent's own `tts_node` returns."""
        script = self._script()
        async for frame in Agent.default.tts_node(agent, self._read(script, text), settings):
            frame.userdata[_SCRIPT] = script
            yield frame

    async def transcript(self, text: AsyncIterable[str | TimedString]) -> AsyncGenerator[str | TimedString, None]:
        """Yield a transcript without the tags: what an agent's own `transcription_node` returns.

        The model's own history is then without them too.
        """
        names, dialect = self._bridge.motion_map.names(), self._bridge.settings.script.dialect
        reading = Untagged(dialect=dialect, names=names)
        async for piece in text:
            said = piece if isinstance(piece, TimedString) else reading.feed(piece)
            if said:
                yield said
        rest = reading.close()
        if rest:
            yield rest

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take the next sound of the running segment, or the first of a new one."""
        await super().capture_frame(frame)
        self._start()
        if self._segment is None:
            self._segment = self._speech.begin(self._taken(frame.userdata.get(_SCRIPT)))
            self._unfinished.append(self._segment)
            self._sentence_at = 0.0
        segment = self._segment
        words = self._told(segment, frame.userdata.get(USERDATA_TIMED_TRANSCRIPT) or ())
        segment.sound(mono(bytes(frame.data), frame.num_channels), frame.sample_rate, words)
        if self.next_in_chain is not None:
            await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        """Take the running segment as complete."""
        super().flush()
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.finish()
        if self.next_in_chain is not None:
            self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        """Stop everything in one act: the user speaks."""
        self._segment = None
        if not self._speech.idle:
            self._speech.interrupt()
        if self.next_in_chain is not None:
            self.next_in_chain.clear_buffer()

    def on_playback_started(self, *, created_at: float) -> None:
        """Tell the session that a segment began to be heard."""
        super().on_playback_started(created_at=created_at)
        if self._chained:
            self._speech.begun()

    def on_playback_finished(
        self, *, playback_position: float, interrupted: bool, synchronized_transcript: str | None = None
    ) -> None:
        """Tell the session that a segment is over, and what was heard of it where it was interrupted."""
        utterance = self._unfinished.popleft() if self._unfinished else None
        if interrupted and utterance is not None and synchronized_transcript is None:
            synchronized_transcript = self._heard(utterance, playback_position)
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript,
        )
        if self._chained and not interrupted:
            self._speech.ended()

    def _start(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._speech.run())

    def _script(self) -> HostedScript:
        script = HostedScript(self._bridge)
        self._scripts.append(script)
        return script

    async def _read(self, script: HostedScript, text: AsyncIterable[str]) -> AsyncGenerator[str, None]:
        whole = False
        try:
            async for piece in text:
                said = script.feed(piece)
                if said:
                    yield said
            rest = script.close()
            whole = True
            if rest:
                yield rest
            if script.source.strip() and not script.speech.strip():
                self._forget(script)
                self._speech.act(script)
        finally:
            if not whole:
                self._forget(script)

    def _forget(self, script: HostedScript) -> None:
        if script in self._scripts:
            self._scripts.remove(script)

    def _taken(self, named: HostedScript | None) -> HostedScript | None:
        """Return the script of the segment that begins: the one that its sound names, else the next."""
        while self._scripts:
            script = self._scripts.popleft()
            if named is None or script is named:
                return script
        return named

    def _told(self, segment: HostedUtterance, texts: Any) -> list[tuple[str, float, float]]:
        """Return the words told with a sound; what has a beginning alone is a sentence that this sound begins."""
        words: list[tuple[str, float, float]] = []
        for text in texts:
            if is_given(text.start_time) and is_given(text.end_time):
                at = max(text.start_time - self._sentence_at, 0.0)
                words.append((str(text), at, max(text.end_time - text.start_time, 0.0)))
            elif str(text).strip():
                segment.sentence(str(text))
                self._sentence_at = segment.duration
        return words

    def _heard(self, utterance: HostedUtterance, position: float) -> str | None:
        """Return what was heard of a segment that was cut off at a position in its sound."""
        if utterance.relay is None:
            return ""
        outcome = utterance.outcome
        heard = outcome.heard if outcome is not None else utterance.relay.timeline.heard(position)
        if utterance.script is not None and self._tagged:
            return utterance.script.heard(heard.speech)
        return heard.speech

    def _on_utterance_began(self, utterance: HostedUtterance) -> None:
        if not self._chained and utterance.rate is not None:
            self.on_playback_started(created_at=time.time() - utterance.heard())

    def _on_utterance_over(self, utterance: HostedUtterance) -> None:
        if self._chained or utterance.rate is None:
            return
        outcome = utterance.outcome
        whole = outcome is not None and not outcome.interrupted
        position = utterance.duration if whole else min(utterance.heard(), utterance.duration)
        self._unfinished.remove(utterance)
        self._unfinished.appendleft(utterance)
        self.on_playback_finished(playback_position=position, interrupted=not whole)

    def _on_user_state(self, event: Any) -> None:
        self._user_speaks = event.new_state == "speaking"
        if self._user_speaks:
            self._bridge.enter("listening")

    def _on_agent_state(self, event: Any) -> None:
        if event.new_state == "thinking":
            self._bridge.enter("thinking")
        elif not self._user_speaks:
            self._bridge.enter("idle")
