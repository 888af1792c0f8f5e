"""Character cards V1, V2 and V3: JSON, PNG, APNG and CharX to a persona, and back with what the card held besides.

A card is a stranger's text. It is imported and never executed: it names no setting and no file, its patterns are not
run, the addresses in it are never fetched, and what is too large is cut. The forms are those of
github.com/malfoyslastname/character-card-spec-v2 and github.com/kwaroran/character-card-spec-v3.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from avatar_bridge.core.mind.lore import Lorebook, LoreEntry
from avatar_bridge.core.mind.persona import Persona
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import PersonaError
from avatar_bridge.wire.card_fields import Fields, read_json
from avatar_bridge.wire.charx import charx_card
from avatar_bridge.wire.png_text import SIGNATURE, png_texts

__all__ = ["LARGEST_FILE", "Asset", "Card", "card_document", "card_json", "card_path", "read_card"]

LARGEST_FILE = 64 * 1024 * 1024
_MOST_ENTRIES = 5000
_MOST_KEYS = 200
_MOST_GREETINGS = 200
_LONGEST_NAME = 200
_START = re.compile(r"<START>", re.IGNORECASE)
_DECORATOR = re.compile(r"\A(?:\s*@@@?[A-Za-z_][^\n]*(?:\n|\Z))+")
_MARKUP = re.compile(r"<\s*(script|iframe|style|object|embed|img)\b|\bjavascript:", re.IGNORECASE)
_TEXTS = ("description", "personality", "scenario", "first_mes", "mes_example")
_WEB = re.compile(r"(?:https?|ftp|file|ws)s?:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asset:
    """A picture or a file that a card names; never fetched, never opened."""

    kind: str
    name: str
    uri: str
    """Cut to 200 characters."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a character card says."""

    persona: Persona
    version: str
    """1.0, 2.0, 3.0 or what the card says."""
    document: Mapping[str, Any]
    """The card as it came, for an export that keeps what is not understood here."""
    assets: tuple[Asset, ...] = ()
    notes: tuple[Diagnostic, ...] = field(default=())
    """What was left out, cut or put right."""


def read_card(data: bytes, *, source: str) -> Card:
    """Return the character card in a file's bytes; raises PersonaError saying what was expected and what came."""
    if len(data) > LARGEST_FILE:
        raise PersonaError(f"{source}: expected a card of at most {LARGEST_FILE >> 20} MiB, got {len(data) >> 20} MiB")
    notes: list[Diagnostic] = []
    if data.startswith(SIGNATURE):
        document = read_json(_from_png(data, source), source=source, notes=notes)
    elif data.startswith(b"PK"):
        content, others = charx_card(data, source=source)
        document = read_json(content, source=source, notes=notes)
        if others:
            notes.append(Diagnostic(f"{len(others)} files beside the card are not read: {', '.join(others[:3])} …"))
    elif data[:3] == b"\xff\xd8\xff" or data[:4] in (b"RIFF", b"GIF8"):
        raise PersonaError(f"{source}: expected a card as PNG, JSON or CharX; this picture is of another kind")
    else:
        document = read_json(data, source=source, notes=notes)
    return _card(document, source, notes)


def _from_png(data: bytes, source: str) -> bytes:
    texts = png_texts(data, source=source)
    value = texts.get("ccv3", texts.get("chara"))
    if value is None:
        found = ", ".join(sorted(texts)[:5]) or "no text at all"
        raise PersonaError(
            f"{source}: this picture holds no character (a text named chara or ccv3); it holds {found}. Sites that "
            "shrink pictures take it out: save the original"
        )
    packed = re.sub(rb"\s+", b"", value).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        if value.lstrip()[:1] == b"{":
            return value
        raise PersonaError(f"{source}: the character in this picture is not base64 as it should be: {error}") from None


def _card(document: dict[str, Any], source: str, notes: list[Diagnostic]) -> Card:
    whole = Fields(document, "", notes)
    spec = document.get("spec")
    if spec == "lorebook_v3":
        raise PersonaError(f"{source}: this is a lorebook alone; expected a character (chara_card_v2 or chara_card_v3)")
    data = whole.within("data") if isinstance(document.get("data"), dict) else Fields(document, "", notes)
    version = whole.text("spec_version") or ("2.0" if "data" in document else "1.0")
    if not any(key in data for key in ("name", "char_name", *_TEXTS)):
        keys = ", ".join(map(repr, list(document)[:5])) or "nothing"
        raise PersonaError(
            f"{source}: expected a character card with a name and a description, got {keys}; is it another file?"
        )
    persona = _persona(data, notes)
    if _MARKUP.search("\n".join((persona.description, persona.scenario, *persona.greetings))[:1_000_000]):
        notes.append(Diagnostic("the card has HTML or scripts in it: they are text to the model and never run"))
    return Card(persona, version, document, _assets(data, notes), tuple(notes))


def _persona(data: Fields, notes: list[Diagnostic]) -> Persona:
    name = " ".join((data.text("name") or data.text("char_name")).split())[:_LONGEST_NAME]
    if not name:
        name = "Character"
        notes.append(Diagnostic("the card has no name; it is called 'Character'"))
    first = data.text("first_mes") or data.text("char_greeting")
    greetings = tuple(each for each in (first, *data.texts("alternate_greetings", _MOST_GREETINGS)) if each.strip())
    return Persona(
        name=name,
        nickname=" ".join(data.text("nickname").split())[:_LONGEST_NAME],
        description=data.text("description") or data.text("char_persona"),
        personality=data.text("personality"),
        scenario=data.text("scenario") or data.text("world_scenario"),
        greetings=greetings,
        examples=_examples(data.text("mes_example") or data.text("example_dialogue")),
        system=data.text("system_prompt"),
        after=data.text("post_history_instructions"),
        lore=_lorebook(data.within("character_book")),
    )


def _examples(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in _START.split(text) if each.strip())[:_MOST_GREETINGS]


def _lorebook(book: Fields) -> Lorebook:
    usual = Lorebook()
    return Lorebook(
        entries=tuple(entry for each in book.items("entries", _MOST_ENTRIES) if (entry := _entry(each)) is not None),
        depth=int(book.number("scan_depth", usual.depth, 0, 100)),
        tokens=int(book.number("token_budget", usual.tokens, 0, 100_000)) or usual.tokens,
        recursive=book.flag("recursive_scanning", False),
    )


def _entry(given: Fields) -> LoreEntry | None:
    text = _DECORATOR.sub("", given.text("content"))
    if not text.strip():
        return None
    more = given.within("extensions")
    selective = given.flag("selective", True)
    return LoreEntry(
        text=text,
        keys=given.texts("keys", _MOST_KEYS),
        secondary=given.texts("secondary_keys", _MOST_KEYS) if selective else (),
        name=(given.text("name") or given.text("comment"))[:_LONGEST_NAME],
        constant=given.flag("constant", False),
        enabled=given.flag("enabled", True),
        order=given.number("insertion_order", 100.0, -1e9, 1e9),
        priority=given.number("priority", 10.0, -1e9, 1e9),
        case=given.flag("case_sensitive", False),
        whole_words=more.flag("match_whole_words", True),
        pattern=given.flag("use_regex", False),
        place="before" if given.text("position") == "before_char" else "after",
    )


def _assets(data: Fields, notes: list[Diagnostic]) -> tuple[Asset, ...]:
    found = tuple(
        Asset(each.text("type")[:40], each.text("name")[:100], each.text("uri")[:200])
        for each in data.items("assets", 1000)
    )
    web = sum(_WEB.match(asset.uri) is not None for asset in found)
    if web:
        notes.append(Diagnostic(f"{web} pictures lie at addresses of the web or of this machine; they are not fetched"))
    return found


def card_document(persona: Persona, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a persona as a card's JSON object: V3, or of the version of `kept`, whose other fields are kept."""
    before = dict(kept or {})
    own = before.get("data")
    data: dict[str, Any] = dict(own) if isinstance(own, dict) else {} if "spec" in before else _flat(before)
    data |= {
        "name": persona.name,
        "description": persona.description,
        "personality": persona.personality,
        "scenario": persona.scenario,
        "first_mes": persona.greetings[0] if persona.greetings else "",
        "mes_example": "\n".join(f"<START>\n{each}" for each in persona.examples),
        "system_prompt": persona.system,
        "post_history_instructions": persona.after,
        "alternate_greetings": list(persona.greetings[1:]),
    }
    for key, usual in (
        ("creator_notes", ""),
        ("creator", ""),
        ("character_version", ""),
        ("tags", []),
        ("extensions", {}),
    ):
        data.setdefault(key, usual)
    if persona.nickname:
        data["nickname"] = persona.nickname
    if persona.lore.entries or "character_book" in data:
        data["character_book"] = _book_document(persona.lore, data.get("character_book"))
    if before.get("spec") == "chara_card_v2":
        return {**before, "data": data}
    data.setdefault("group_only_greetings", [])
    version = before.get("spec_version", "3.0") if before.get("spec") == "chara_card_v3" else "3.0"
    rest = before if "spec" in before else {}
    return {**rest, "spec": "chara_card_v3", "spec_version": version, "data": data}


def _flat(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a V1 card holds besides the fields that have a place of their own."""
    return {key: value for key, value in before.items() if key not in ("data", "spec_version")}


def _book_document(book: Lorebook, kept: Any) -> dict[str, Any]:
    before = dict(kept) if isinstance(kept, dict) else {}
    listed = before.get("entries")
    given = list(listed.values()) if isinstance(listed, dict) else listed if isinstance(listed, list) else []
    by_text = {_DECORATOR.sub("", each["content"]): each for each in given if _is_entry(each)}
    return {
        "extensions": {},
        **before,
        "scan_depth": book.depth,
        "token_budget": book.tokens,
        "recursive_scanning": book.recursive,
        "entries": [_entry_document(entry, by_text.get(entry.text, {}), at) for at, entry in enumerate(book.entries)],
    }


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("content"), str)


def _entry_document(entry: LoreEntry, kept: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {
        "id": index,
        "extensions": {} if entry.whole_words else {"match_whole_words": False},
        "content": entry.text,
        **kept,
        "keys": list(entry.keys),
        "secondary_keys": list(entry.secondary),
        "selective": bool(entry.secondary),
        "name": entry.name,
        "constant": entry.constant,
        "enabled": entry.enabled,
        "insertion_order": entry.order,
        "priority": entry.priority,
        "case_sensitive": entry.case,
        "use_regex": entry.pattern,
        "position": "before_char" if entry.place == "before" else "after_char",
    }


def card_json(persona: Persona, kept: Mapping[str, Any] | None = None) -> str:
    """Return a persona as the text of a card's JSON file."""
    text = json.dumps(card_document(persona, kept), ensure_ascii=False, indent=2)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"


def card_path(path: PurePath) -> bool:
    """Return True for the name of a file that holds a card rather than a persona.toml."""
    return path.suffix.casefold() in (".json", ".png", ".apng", ".charx")
