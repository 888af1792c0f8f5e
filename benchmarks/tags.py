"""How well a language model uses tags: any that the settings name, else the bundled small one.

AVATAR_BRIDGE_MIND=engine or engine:model (`ollama:llama3.2`) names another than bridge.toml does. Twenty lines of
users are answered, each in a conversation of its own, with the instructions for 36 actions of the packaged map; every
mistake is printed on standard error. Where the model can be held to tags that exist, it answers twice.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from avatar_bridge import registry
from avatar_bridge.assembly.minds import build_model, choose_model
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.mind.dialogue import Delta, Message, Request
from avatar_bridge.core.mind.persona import Brief, Persona
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.core.script.tag_score import TagScore, score, total
from avatar_bridge.errors import ModelError
from avatar_bridge.ports import LanguageModel
from avatar_bridge.settings import MindSettings, override, read_settings

_LINES = Path(__file__).parent / "corpora" / "user_lines.txt"
_ACTIONS = 36
_TOKENS = 120
_PERSONA = Persona("Mira", description="Mira streams games. She is lively, kind and a little cheeky.")


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the model's answers, unconstrained and constrained."""
    lines = _LINES.read_text(encoding="utf-8").splitlines()
    yield from asyncio.run(_measured(lines[:: 5 if quick else 1]))


def _mind() -> MindSettings:
    settings = read_settings()
    named = os.environ.get("AVATAR_BRIDGE_MIND", "")
    if named:
        engine, _, model = named.partition(":")
        settings = override(settings, {"mind.engine": engine, "mind.model": model or None})
    return settings.mind


async def _measured(lines: list[str]) -> list[Figure]:
    motion_map = registry.read_map("any_vts_model")
    actions = list(motion_map.actions.values())
    chosen = [*(action for action in actions if action.kind == "expression"), *actions][:_ACTIONS]
    names = [action.name for action in chosen]
    faces = [action.name for action in chosen if action.kind == "expression"]
    told = instructions(motion_map, performed=names)
    system = Brief(_PERSONA, user="viewer", instructions=told).system
    figures: list[Figure] = []
    for way, mind in _ways(_mind()):
        model, _ = build_model(mind)
        await model.open()
        try:
            for held in (False, True):
                # of a model that is asked in two ways, the second is the free one
                if held and (not model.abilities.tags or way):
                    continue
                name = f"{model.name}{way}, {'held to tags' if held else 'free'}"
                scores = []
                for number, line in enumerate(lines):
                    reply = await _answer(model, system, line, tuple(names) if held else ())
                    scores.append(score(reply, names, faces=faces, instructions=told, number=number))
                    print(f"{name} {number:2} {reply!r}", file=sys.stderr)
                figures += _figures(total(scores), name)
        finally:
            await model.close()
    return figures


def _ways(mind: MindSettings) -> Iterator[tuple[str, MindSettings]]:
    """Yield the settings; of the bundled model, which is held to tags of its own accord, also without that."""
    yield "", mind
    if choose_model(mind)[0] == "xllamacpp" and not mind.model:
        yield " without its own help", mind.model_copy(update={"options": {**mind.options, "small": False}})


async def _answer(model: LanguageModel, system: str, line: str, tags: tuple[str, ...]) -> str:
    request = Request(
        (Message("system", system), Message("user", line)), tags=tags, max_tokens=_TOKENS, temperature=0.7
    )
    text = ""
    try:
        async for event in model.reply(request):
            if isinstance(event, Delta):
                text += event.text
    except ModelError as error:
        print(f"no answer to {line!r}: {error}", file=sys.stderr)
    return text


def _figures(found: TagScore, name: str) -> Iterator[Figure]:
    for mistake in found.mistakes:
        print(f"{name}: reply {mistake.reply}: {mistake.fault}: {mistake.what}", file=sys.stderr)
    yield Figure(f"tags that there are ({name})", found.accuracy * 100, "%", note=f"{found.valid} of them")
    yield Figure(f"tags that there are not ({name})", found.unknown, "tags")
    yield Figure(f"tags a sentence ({name})", found.rate, "tags", note=f"{found.sentences} sentences; asked: about 0.5")
    placed = f"{found.starts} at a sentence's start, {found.inside} inside, {found.last} behind the last word"
    yield Figure(f"tags before a word ({name})", found.valid - found.last, "tags", note=placed)
    for fault in ("doubled", "alone", "spoken", "malformed", "leaked"):
        yield Figure(f"{fault} ({name})", found.count(fault), "times")
