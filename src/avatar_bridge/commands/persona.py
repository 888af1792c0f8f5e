"""`persona`: a character card to a `persona.toml`, and what a model is told of either."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from avatar_bridge.assembly.personas import read_card_file, read_persona, read_persona_file
from avatar_bridge.core.mind.history import estimate_tokens
from avatar_bridge.core.mind.persona import Brief, Persona
from avatar_bridge.errors import PersonaError, UsageError
from avatar_bridge.files import write_atomically
from avatar_bridge.wire.character_card import card_json, card_path
from avatar_bridge.wire.persona_toml import persona_toml

__all__ = ["export_card", "import_card", "show", "show_lines"]

_LARGEST_KEPT = 2 * 1024 * 1024


def import_card(card: Path, out: Path, *, force: bool = False) -> Iterator[str]:
    """Write a character card as a `persona.toml` and yield what was done and what was left out."""
    if not card_path(card):
        raise PersonaError(f"{card}: expected a character card (.json, .png, .apng, .charx)")
    found = read_card_file(card)
    if out.exists() and not force:
        raise UsageError(f"{out} is there already; name another file with --out, or give --force to overwrite it")
    kept: Mapping[str, Any] | None = found.document
    if len(json.dumps(found.document)) > _LARGEST_KEPT:
        kept = None
        yield "what the card holds besides is too large to be kept for an export"
    write_atomically(out, persona_toml(found.persona, kept))
    yield f"{found.persona.name}: card version {found.version}, {_amount(found.persona)}; written to {out}"
    yield from (f"  {note.message}" for note in found.notes)
    if found.assets:
        yield f"  {len(found.assets)} pictures are named in the card; none is used"


def show(path: Path, *, user: str = "") -> dict[str, Any]:
    """Return what a persona or a card holds and what a model is told of it, in tokens, for programs."""
    persona, notes = read_persona(path)
    brief = Brief(persona, user=user)
    texts = {
        "system": persona.system,
        "description": persona.description,
        "personality": persona.personality,
        "scenario": persona.scenario,
        "examples": "\n".join(persona.examples),
        "after": persona.after,
        "lore": "\n".join(entry.text for entry in persona.lore.entries),
    }
    return {
        "file": str(path),
        "name": persona.name,
        "called": persona.called,
        "greetings": len(persona.greetings),
        "examples": len(persona.examples),
        "lore_entries": len(persona.lore.entries),
        "tokens": {name: estimate_tokens(text) for name, text in texts.items() if text},
        "told_tokens": estimate_tokens(brief.system) + estimate_tokens(brief.after),
        "lore_tokens": persona.lore.tokens,
        "notes": [each.message for each in (*notes, *brief.diagnostics)],
    }


def show_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `show` found, for people."""
    called = f" (called {found['called']})" if found["called"] != found["name"] else ""
    yield f"{found['name']}{called}: {found['greetings']} greetings, {found['examples']} examples of talk"
    for name, tokens in found["tokens"].items():
        yield f"  {name:<12} about {tokens} tokens"
    yield f"  told to the model at the start: about {found['told_tokens']} tokens"
    if found["lore_entries"]:
        yield f"  {found['lore_entries']} pieces of lore, at most {found['lore_tokens']} tokens of it told at once"
    yield from (f"  left out or changed: {note}" for note in found["notes"])


def export_card(persona: Path, out: Path, *, force: bool = False) -> Iterator[str]:
    """Write a `persona.toml` as a character card in JSON, with what the card that it came from held besides."""
    if card_path(persona):
        raise UsageError(f"{persona}: this is a card already; expected a persona.toml")
    if out.suffix.casefold() != ".json":
        raise UsageError(f"{out}: cards are written as .json; any program that takes cards takes those")
    if out.exists() and not force:
        raise UsageError(f"{out} is there already; name another file with --out, or give --force to overwrite it")
    found, kept = read_persona_file(persona)
    write_atomically(out, card_json(found, kept))
    yield f"{found.name}: {_amount(found)}; written to {out}"


def _amount(persona: Persona) -> str:
    return f"{len(persona.greetings)} greetings, {len(persona.lore.entries)} pieces of lore"
