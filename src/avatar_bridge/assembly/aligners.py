"""Settings to the aligner: who looks for words in the sound of voices that tell no times."""

from __future__ import annotations

import asyncio

from avatar_bridge import registry
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import Aligner, Voice
from avatar_bridge.settings import VoiceSettings
from avatar_bridge.stage.aligning import WorkerAligner

__all__ = ["SharedAligner", "SoughtWords", "build_aligner", "needs_aligner"]

_NAME = "pocketsphinx"


def build_aligner(settings: VoiceSettings) -> Aligner | None:
    """Return the aligner, which starts with `open`; None where it is switched off or not installed."""
    if not settings.align or registry.missing_packages("align"):
        return None
    reference = None if registry.missing_packages("espeak") else registry.location("voices", "espeak")
    return WorkerAligner(registry.location("aligners", _NAME), {"reference": reference})


def needs_aligner(voice: Voice, settings: VoiceSettings) -> bool:
    """Return whether a voice that is open may speak without telling its times: it, or who speaks in its place."""
    return voice.abilities.timing == "estimated" or bool(settings.fallback)


class SharedAligner:
    """An Aligner with several users: loaded when the first opens it, given back when the last closes it."""

    def __init__(self, aligner: Aligner) -> None:
        """Share `aligner`, which answers calls one after another."""
        self._aligner = aligner
        self._users = 0
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Load the aligner where nobody has; raises what it raises."""
        async with self._changing:
            if not self._users:
                await self._aligner.open()
            self._users += 1

    async def align(self, text: str, spoken: SpokenSegment) -> SpokenSegment | None:
        """Return what the aligner found."""
        return await self._aligner.align(text, spoken)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since anybody asked."""
        return self._aligner.diagnostics()

    async def close(self) -> None:
        """Give the aligner back where nobody else uses it."""
        async with self._changing:
            self._users -= 1
            if not self._users:
                await self._aligner.close()


class SoughtWords:
    """The aligner of one bridge: opened where the voice needs it, while the show goes on."""

    def __init__(self, aligner: Aligner | None) -> None:
        """None: words are placed by what the voice tells, or by the estimate."""
        self._aligner = aligner
        self._news: list[Diagnostic] = []
        self._open = False
        self.opening: asyncio.Task[None] | None = None
        """What loads it; None where it is not wanted."""

    @property
    def aligner(self) -> Aligner | None:
        """The aligner, loaded or about to be; None where there is none."""
        return self._aligner if self.opening is not None else None

    def start(self, tasks: asyncio.TaskGroup, voice: Voice, settings: VoiceSettings) -> None:
        """Load it where `voice`, which is open, may speak without telling its times."""
        if self._aligner is not None and needs_aligner(voice, settings):
            self.opening = tasks.create_task(self._load(self._aligner))

    async def _load(self, aligner: Aligner) -> None:
        try:
            await aligner.open()
            self._open = True
        except AvatarBridgeError as error:
            self._aligner = None
            self._news.append(Diagnostic(f"words are not looked for in the sound, their times are estimated: {error}"))

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        news, self._news = self._news, []
        return news + (self._aligner.diagnostics() if self._aligner is not None else [])

    async def close(self) -> None:
        """Give it back."""
        if self._aligner is not None and self._open:
            await self._aligner.close()
