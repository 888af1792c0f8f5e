"""Scripted ports: a voice with exact times, a driver that remembers, a stage on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import ClassVar

from virtual_time import VirtualClock

from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.timeline import Prepared, Timeline, prepare
from avatar_bridge.core.vocabulary import Diagnostic, Frame, SpokenSegment
from avatar_bridge.errors import VoiceError
from avatar_bridge.ports import Abilities, Command, TargetState
from avatar_bridge.tts.tone import ToneEngine


class ToneVoice:
    """The tone voice in this process, taking `cost` seconds a segment; texts that hold a bad word fail."""

    def __init__(self, *, cost: float = 0.1, bad: str | None = None) -> None:
        self.cost = cost
        self.bad = bad
        self.asked: list[str] = []
        self.opened = self.closed = False
        self._engine = ToneEngine()
        self.abilities = self._engine.abilities

    async def open(self) -> None:
        self.opened = True

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        self.asked.append(text)
        await asyncio.sleep(self.cost)
        if self.bad and self.bad in text:
            raise VoiceError("the voice has lost its voice")
        for piece in self._engine.speak(text):
            yield piece

    def diagnostics(self) -> list[Diagnostic]:
        return []

    async def close(self) -> None:
        self.closed = True


class Witness:
    """A driver that remembers what it was given and when."""

    target: ClassVar[str] = "vts"

    def __init__(
        self,
        *,
        name: str = "witness",
        lead: float = 0.0,
        native: frozenset[str] = frozenset(),
        now: Callable[[], float] | None = None,
    ) -> None:
        self.name = name
        self.lead = lead
        self.abilities = Abilities(actions=native)
        self.state = TargetState("ready")
        self.frames: list[tuple[float, Frame]] = []
        self.commands: list[tuple[float, Command]] = []
        self.closed = False
        self._now = now or VirtualClock().time

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> bool:
        return True

    def send_frame(self, frame: Frame) -> None:
        self.frames.append((self._now(), frame))

    def send_command(self, command: Command) -> None:
        self.commands.append((self._now(), command))

    async def close(self) -> None:
        self.closed = True


async def prepare_here(text: str, spoken: SpokenSegment) -> Prepared:
    return prepare(text, spoken)


def new_mixer() -> Mixer:
    return Mixer(seed=1)


__all__ = ["Parser", "Segmenter", "Timeline", "ToneVoice", "Witness", "new_mixer", "prepare_here"]
