"""A persona from a file: `persona.toml` or a character card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from avatar_bridge.core.mind.persona import Persona
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import PersonaError
from avatar_bridge.files import read_text
from avatar_bridge.wire.character_card import LARGEST_FILE, Card, card_path, read_card
from avatar_bridge.wire.persona_toml import parse_persona

__all__ = ["read_card_file", "read_persona", "read_persona_file"]


def read_persona(path: Path) -> tuple[Persona, tuple[Diagnostic, ...]]:
    """Return the persona in a `persona.toml` or a character card (.json, .png, .apng, .charx), and what to tell of it.

    Raises PersonaError naming the file, the place, what was expected and what came.
    """
    if card_path(path):
        card = read_card_file(path)
        return card.persona, card.notes
    persona, _ = read_persona_file(path)
    return persona, ()


def read_persona_file(path: Path) -> tuple[Persona, dict[str, Any] | None]:
    """Return the persona in a `persona.toml`, and the card that it was imported from, if any."""
    return parse_persona(read_text(path, PersonaError), source=str(path))


def read_card_file(path: Path) -> Card:
    """Return the character card in a file; raises PersonaError where it is none, or larger than a card can be."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PersonaError(f"{path}: expected a card of at most {LARGEST_FILE >> 20} MiB, got {size >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise PersonaError(
            f"{path}: cannot be read: {error.strerror}; name a character card or a persona.toml"
        ) from None
    return read_card(data, source=str(path))
