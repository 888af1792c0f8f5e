"""Settings to conversations: each character with its persona, its model and its memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from avatar_bridge.assembly.bridge import Bridge
from avatar_bridge.assembly.cast import Cast
from avatar_bridge.assembly.minds import build_model
from avatar_bridge.assembly.personas import read_persona
from avatar_bridge.core.mind.history import History, estimate_tokens
from avatar_bridge.core.mind.persona import Brief, Persona
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.core.timeline.heard_source import heard_source
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Samples, name_key
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import LanguageModel
from avatar_bridge.settings import MindSettings, Settings
from avatar_bridge.stage.conversation import Asking, Conversation, Turn
from avatar_bridge.stage.memory import Memory

__all__ = ["Talk", "asking_of", "build_conversation", "memory_file", "persona_of", "remembered_as"]

_NAMELESS = "Avatar"
_SPARE = 200
"""Tokens that a prompt may be longer than it was estimated."""
_LEAST = 200
_OF_A_MODEL = frozenset({"engine", "model", "url", "key", "first_token", "stall", "options"})


def memory_file(settings: Settings) -> Path:
    """Return where conversations are remembered."""
    return settings.memory.file or Path(platformdirs.user_data_dir("avatar-bridge", appauthor=False)) / "memory.db"


def persona_of(settings: Settings, character: str = "") -> tuple[Persona, tuple[Diagnostic, ...]]:
    """Return who a character is, and what to tell about it; raises UsageError for a file that is no persona."""
    if settings.mind.persona is not None:
        return read_persona(settings.mind.persona)
    return Persona(character or settings.web.name or _NAMELESS), ()


def remembered_as(persona: Persona) -> str:
    """Return under which name a character's conversation is remembered."""
    return name_key(persona.name) or _NAMELESS


def asking_of(settings: Settings, tags: Sequence[str] = ()) -> Asking:
    """Return how the model is asked by these settings; `tags`: what its tags are held to where that is asked for."""
    mind = settings.mind
    return Asking(
        max_tokens=mind.max_tokens,
        temperature=mind.temperature,
        tags=tuple(tags) if mind.constrain else (),
        longest=max(2000, 8 * mind.max_tokens),
        one_moment=mind.one_moment,
        one_moment_says=mind.one_moment_says,
        summary=settings.memory.summary,
    )


def build_conversation(
    settings: Settings, bridge: Bridge, *, model: LanguageModel | None = None, memory: Memory | None = None
) -> tuple[Conversation, tuple[Diagnostic, ...]]:
    """Return the conversation of a bridge's character, not yet open, and notes about it.

    `model`: one that is shared, else a new one, which the caller opens and closes; `memory`: where it is remembered.
    Raises UsageError or SettingsError where the settings cannot be used.
    """
    notes: list[Diagnostic] = []
    if model is None:
        model, told = build_model(settings.mind)
        notes += told
    persona, told = persona_of(settings, bridge.character)
    user = "" if settings.mind.user == MindSettings().user else settings.mind.user
    able = bridge.performed
    told_of_tags = instructions(bridge.motion_map, performed=able, dialect=settings.script.dialect)
    brief = Brief(persona, user=user, instructions=told_of_tags)
    notes += (*told, *brief.diagnostics)
    conversation = Conversation(
        model,
        bridge,
        system=brief.system,
        note=partial(_note, brief),
        history=History(tokens=settings.memory.tokens),
        memory=memory,
        character=remembered_as(persona),
        asking=asking_of(settings, tuple(name for name in bridge.motion_map.actions if name in able)),
        greeting=brief.greetings[0] if brief.greetings else "",
        now=bridge.stage.clock.time,
        cut=partial(_cut, bridge),
        heard=partial(_heard, bridge),
        told=_Spending(bridge, model, settings.mind.model),
    )
    bridge.follow(_FirstSound(conversation))
    return conversation, tuple(notes)


class Talk:
    """The conversations of a cast, each made when it is first asked for; characters may share a model.

    async with Talk(cast) as talk:
        turn = await (await talk.conversation("anna")).say("Hello!")
    """

    def __init__(self, cast: Cast) -> None:
        self.notes: list[Diagnostic] = []
        """What was chosen otherwise than asked, in plain words."""
        self._cast = cast
        self._conversations: dict[str, Conversation] = {}
        self._models: dict[str, LanguageModel] = {}
        self._memories: dict[Path, Memory] = {}
        self._opening = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def conversation(self, character: str = "") -> Conversation:
        """Return the open conversation of a character, the main one where none is named.

        Raises UsageError for one that is not there, SettingsError and ModelError where its model cannot be had.
        """
        bridge = self._cast.find(character)
        async with self._opening:
            self._check_open()
            known = self._conversations.get(bridge.character)
            if known is None:
                known = self._conversations[bridge.character] = await self._opened(bridge)
        return known

    def under_way(self, character: str = "") -> Conversation | None:
        """Return the conversation of a character where there is one by now."""
        return self._conversations.get(self._cast.find(character).character)

    def interrupt(self) -> None:
        """Stop whatever anybody thinks or says."""
        for conversation in self._conversations.values():
            conversation.interrupt()

    async def close(self) -> None:
        """Interrupt everybody and give the models and memories back."""
        self._closed = True
        # what is opened meanwhile is given back by whoever opens it
        conversations, self._conversations = self._conversations, {}
        models, self._models = self._models, {}
        memories, self._memories = self._memories, {}
        for conversation in conversations.values():
            await conversation.close()
        for model in models.values():
            await model.close()
        for memory in memories.values():
            await memory.close()

    async def _opened(self, bridge: Bridge) -> Conversation:
        settings = bridge.settings
        model = await self._model(settings.mind)
        conversation, notes = build_conversation(
            settings, bridge, model=model, memory=self._memory(settings) if settings.memory.enabled else None
        )
        self.notes += notes
        context = model.abilities.context
        if context is not None:
            room = context - settings.mind.max_tokens - estimate_tokens(conversation.system) - _SPARE
            conversation.history.tokens = max(_LEAST, min(settings.memory.tokens, room))
        await conversation.open()
        return conversation

    async def _model(self, mind: MindSettings) -> LanguageModel:
        key = repr(mind.model_dump(include=set(_OF_A_MODEL)))
        if key not in self._models:
            model, notes = build_model(mind)
            try:
                await model.open()
                self._check_open()
            except BaseException:
                await model.close()
                raise
            self.notes += notes
            self._models[key] = model
        return self._models[key]

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("the conversations are closed; start the bridge again")

    def _memory(self, settings: Settings) -> Memory:
        path = memory_file(settings)
        if path not in self._memories:
            self._memories[path] = Memory(path)
        return self._memories[path]


def _note(brief: Brief, lately: Sequence[str]) -> str:
    return "\n".join(part for part in (brief.lore(lately), brief.after) if part)


def _heard(bridge: Bridge) -> HeardText | None:
    """Return what was heard so far of the utterance under way."""
    timeline, at = bridge.timeline, bridge.stage.heard()
    return None if timeline is None or at is None else timeline.heard(at)


def _cut(bridge: Bridge, source: str, speech: str) -> str:
    """Return the start of a script that says `speech`, as the bridge read it with the map that it plays by now."""
    return heard_source(source, speech, dialect=bridge.settings.script.dialect, names=bridge.motion_map.names())


class _Spending:
    """Tells a bridge's ledger what its model's answers cost."""

    def __init__(self, bridge: Bridge, model: LanguageModel, called: str) -> None:
        self._bridge, self._model = bridge, model
        self._name = f"{model.name}/{called}" if called else model.name
        self._cpu = 0.0

    def __call__(self, turn: Turn) -> None:
        cpu = float(getattr(self._model, "cpu", 0.0))
        if turn.usage.prompt_tokens is not None or turn.usage.completion_tokens is not None or cpu > self._cpu:
            self._bridge.ledger.thought(self._name, turn.usage, cpu=cpu - self._cpu)
        self._cpu = cpu


class _FirstSound:
    """Tells a conversation that its character's words are heard; a follower."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def began(self, number: int, timeline: Timeline) -> None:
        """Nothing is heard yet."""

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Tell it of sound."""
        del timeline, rate
        if placed is not None and len(samples):
            self._conversation.sounded()

    def ended(self, heard: HeardText) -> None:
        """The conversation learns that by itself."""
