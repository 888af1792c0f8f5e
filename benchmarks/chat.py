"""How soon a typed line is answered aloud with nothing but this machine: the bundled model and the usual voice."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.minds import build_model
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.mind.dialogue import Delta, Finish, Message, ReplyEvent, Request, Usage
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.ports import LanguageModel, ModelAbilities, ReadsAhead
from avatar_bridge.settings import MindSettings, Settings, SoundSettings

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
PERSONA = "You are Mina, a cheerful mascot who streams games. Answer in one or two short sentences."
CONVERSATIONS = 4
KEYS_A_SECOND = 7.0
"""How fast somebody types; what can be done meanwhile costs nothing."""
GATE = 1.5


@dataclass(slots=True)
class Turn:
    """What one line took, in seconds from Enter."""

    token: float = 0.0
    cut: float = 0.0
    sound: float | None = None
    ended: float = 0.0
    """When the model had written all."""
    usage: Usage = field(default_factory=Usage)


def measure(quick: bool) -> Iterable[Figure]:
    """Type lines in several conversations; measure each from Enter to the first sample at the speaker."""
    lines = LINES[:5] if quick else LINES
    cold, turns = asyncio.run(_converse(lines, 1 if quick else CONVERSATIONS, _bundled()))
    _, scripted = asyncio.run(_converse(lines[:5], 1, _Prompter()))
    beside = _p50([turn.sound for turn in scripted])
    sounds = [turn.sound for turn in turns]
    spoken = [sound for sound in sounds if sound is not None]
    yield Figure(
        f"Enter to the first sound, p50 of {len(sounds)} lines",
        _p50(sounds),
        "s",
        target=f"<= {GATE}",
        reached=_p50(sounds) <= GATE and len(spoken) == len(sounds),
        reference=beside,
        reference_name="a model that answers at once, same voice",
        note=f"{len(sounds) - len(spoken)} answers without a word" if len(spoken) < len(sounds) else "",
    )
    yield Figure("Enter to the first sound, p95", float(np.percentile(spoken, 95)), "s")
    yield Figure("Enter to the first token, p50", _p50([turn.token for turn in turns]), "s")
    yield Figure("first token to the first piece for the voice, p50", _p50([t.cut - t.token for t in turns]), "s")
    yield Figure("that piece to its sound, p50", _p50([t.sound - t.cut for t in turns if t.sound is not None]), "s")
    prompts = [turn.usage.prompt_tokens or 0 for turn in turns]
    fresh = [(turn.usage.prompt_tokens or 0) - (turn.usage.cached_tokens or 0) for turn in turns]
    rates = [((t.usage.completion_tokens or 1) - 1) / (t.ended - t.token) for t in turns if t.ended > t.token]
    yield Figure("tokens of the prompt, p50", _p50(prompts), "tokens", note=f"at most {max(prompts)}")
    yield Figure("tokens of it that were not read ahead, p50", _p50(fresh), "tokens")
    yield Figure("tokens written a second, p50", _p50(rates), "tokens/s")
    yield Figure("from nothing until it can be asked (model, voice, prompt read)", cold, "s")


def _bundled() -> LanguageModel:
    model, _ = build_model(MindSettings(engine="xllamacpp", options={"seed": 11}))
    return model


def _p50(values: Iterable[float | None]) -> float:
    return float(np.median([value for value in values if value is not None]))


class _Prompter:
    """Answers the same at once: what remains is the bridge and the voice."""

    name = "prompter"
    abilities = ModelAbilities()

    async def open(self) -> None:
        """Be ready."""

    async def reply(self, _request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield an answer as a small model gives it."""
        for piece in re.findall(r"\S+ ?", "[happy]I'm so glad you came! [nod]We will play all day."):
            yield Delta(piece)
        yield Finish("stop")

    def diagnostics(self) -> list[object]:
        """Return nothing."""
        return []

    async def close(self) -> None:
        """Do nothing."""


async def _converse(lines: tuple[str, ...], conversations: int, model: object) -> tuple[float, list[Turn]]:
    began = time.perf_counter()
    mind: LanguageModel = model  # type: ignore[assignment]
    turns: list[Turn] = []
    settings = Settings(sound=SoundSettings(speaker="none"), drivers={})
    async with Bridge.from_settings(settings) as bridge:
        await mind.open()
        cold = 0.0
        system = Message("system", instructions(bridge.motion_map, persona=PERSONA))
        for start in range(conversations):
            history: tuple[Message, ...] = (system,)
            await _read_ahead(mind, history)
            cold = cold or time.perf_counter() - began
            for line in lines[start::conversations]:
                await asyncio.sleep(len(line) / KEYS_A_SECOND)
                turn, answer = await _asked(bridge, mind, (*history, Message("user", line)))
                turns.append(turn)
                history = (*history, Message("user", line), Message("assistant", answer))
                await _read_ahead(mind, history)
        await mind.close()
    return cold, turns


async def _read_ahead(mind: LanguageModel, messages: tuple[Message, ...]) -> None:
    if isinstance(mind, ReadsAhead):
        await mind.read_ahead(Request(messages))


async def _asked(bridge: Bridge, mind: LanguageModel, messages: tuple[Message, ...]) -> tuple[Turn, str]:
    turn = Turn()
    said: list[str] = []
    entered = time.perf_counter()

    async def texts() -> AsyncGenerator[str, None]:
        async with aclosing(mind.reply(Request(messages, max_tokens=120))) as events:
            async for event in events:
                if isinstance(event, Delta):
                    turn.token = turn.token or time.perf_counter() - entered
                    said.append(event.text)
                    yield event.text
                elif isinstance(event, Finish):
                    turn.ended, turn.usage = time.perf_counter() - entered, event.usage

    outcome = await bridge.perform(texts())
    marks = bridge.stage.marks
    turn.cut = marks.get("cut", marks["began"]) - marks["began"]
    turn.sound = outcome.first_audio
    return turn, "".join(said)
