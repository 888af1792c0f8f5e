"""How soon a typed line is answered aloud with nothing but this machine: the bundled model and the usual voice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.minds import build_model
from avatar_bridge.assembly.talk import build_conversation
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.mind.dialogue import Delta, Finish, ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.llm.script import ScriptModel
from avatar_bridge.ports import LanguageModel, ModelAbilities, ReadsAhead
from avatar_bridge.settings import MindSettings, Settings, SoundSettings
from avatar_bridge.stage.turn import Turn

LINES = (
    "Hello Mina!",
    "How are you today?",
    "What is your favourite food?",
    "I had a bad day at work.",
    "Do you like cats?",
    "Tell me a joke.",
    "Can you dance?",
    "I won the game!",
    "What should I play next?",
    "Are you a robot?",
    "It is raining here.",
    "My brother came home from a long journey last night.",
    "What do you think about the sea?",
    "I am learning to cook.",
    "Which colour do you like best?",
    "Somebody stole my bicycle.",
    "Do you ever sleep?",
    "Sing something for me.",
    "What will you do tomorrow?",
    "Good night!",
)
PERSONA = """
name = "Mina"
description = "A cheerful mascot who streams games. Answers in one or two short sentences."
"""
SCRIPTED = "[happy]I'm so glad you came! [nod]We will play all day."
CONVERSATIONS = 4
KEYS_A_SECOND = 7.0
"""How fast somebody types; what can be done meanwhile costs nothing."""
GATE = 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """What one line took, in seconds from Enter."""

    turn: Turn
    cut: float | None
    """When the first piece was given to the voice, from the answer's first word."""


def measure(quick: bool) -> Iterable[Figure]:
    """Type lines in several conversations; measure each from Enter to the first sample at the speaker."""
    lines = LINES[:5] if quick else LINES
    bundled = _Timed(build_model(MindSettings(engine="xllamacpp", options={"seed": 11}))[0])
    scripted = _Timed(ScriptModel(text=SCRIPTED, first=0.0, rate=1000.0))
    cold, turns = asyncio.run(_converse(lines, 1 if quick else CONVERSATIONS, bundled))
    _, beside = asyncio.run(_converse(lines[:5], 1, scripted))
    sounds = [line.turn.first_sound for line in turns if line.turn.first_sound is not None]
    yield Figure(
        f"Enter to the first sound, p50 of {len(turns)} lines",
        _p50(sounds),
        "s",
        target=f"<= {GATE}",
        reached=_p50(sounds) <= GATE and len(sounds) == len(turns),
        reference=_p50(line.turn.first_sound for line in beside),
        reference_name="a model that answers at once, same voice",
        note=f"{len(turns) - len(sounds)} answers without a word" if len(sounds) < len(turns) else "",
    )
    yield Figure("Enter to the first sound, p95", float(np.percentile(sounds, 95)), "s")
    yield Figure("Enter to the first token, p50", _p50(line.turn.first_word for line in turns), "s")
    yield Figure("first token to the first piece for the voice, p50", _p50(line.cut for line in turns), "s")
    usages = [line.turn.usage for line in turns]
    prompts = [usage.prompt_tokens or 0 for usage in usages]
    fresh = [(usage.prompt_tokens or 0) - (usage.cached_tokens or 0) for usage in usages]
    yield Figure("tokens of the prompt, p50", _p50(prompts), "tokens", note=f"at most {max(prompts)}")
    yield Figure("tokens of it that were not read ahead, p50", _p50(fresh), "tokens", note=f"at most {max(fresh)}")
    yield Figure("tokens written a second, p50", _p50(bundled.rates), "tokens/s")
    cues = sum(len(line.turn.cues) for line in turns)
    yield Figure("actions of the map in an answer, mean", cues / len(turns), "actions")
    yield Figure("from nothing until it can be asked (model, voice, prompt read)", cold, "s")


def _p50(values: Iterable[float | None]) -> float:
    return float(np.median([value for value in values if value is not None]))


class _Timed:
    """A model, and how fast it wrote."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = model.name
        self.rates: list[float] = []

    @property
    def abilities(self) -> ModelAbilities:
        """As the model's."""
        return self._model.abilities

    async def open(self) -> None:
        """Open the model."""
        await self._model.open()

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield what the model answers."""
        first = 0.0
        async with aclosing(self._model.reply(request)) as events:
            async for event in events:
                now = time.perf_counter()
                if isinstance(event, Delta):
                    first = first or now
                elif isinstance(event, Finish) and (event.usage.completion_tokens or 0) > 2:
                    self.rates.append(((event.usage.completion_tokens or 0) - 1) / (now - first))
                yield event

    async def read_ahead(self, request: Request) -> None:
        """Let a model that can read ahead."""
        if isinstance(self._model, ReadsAhead):
            await self._model.read_ahead(request)

    def diagnostics(self) -> list[Diagnostic]:
        """As the model's."""
        return self._model.diagnostics()

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()


async def _converse(lines: tuple[str, ...], conversations: int, model: _Timed) -> tuple[float, list[Line]]:
    """Hold the conversations one after another; return how long it took to get ready, and what each line took."""
    began = time.perf_counter()
    said: list[Line] = []
    with TemporaryDirectory() as folder:
        persona = Path(folder) / "persona.toml"
        persona.write_text(PERSONA, encoding="utf-8")
        settings = Settings(sound=SoundSettings(speaker="none"), drivers={}, mind=MindSettings(persona=persona))
        async with Bridge.from_settings(settings) as bridge:
            await model.open()
            cold = 0.0
            for start in range(conversations):
                conversation, _ = build_conversation(settings, bridge, model=model)
                async with conversation:
                    if not cold:
                        await model.read_ahead(Request(conversation.history.messages(conversation.system)))
                        cold = time.perf_counter() - began
                    for line in lines[start::conversations]:
                        conversation.listen()
                        await asyncio.sleep(len(line) / KEYS_A_SECOND)
                        turn = await conversation.say(line)
                        marks = bridge.stage.marks
                        said.append(Line(turn, marks["cut"] - marks["began"] if "cut" in marks else None))
            await model.close()
    return cold, said
