"""`persona.toml`: a persona as a file that people write, checked key by key, and written from a character card."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from avatar_bridge.core.mind.lore import Lorebook, LoreEntry
from avatar_bridge.core.mind.persona import Persona
from avatar_bridge.core.motion.toml_lines import KeyLines
from avatar_bridge.errors import PersonaError

__all__ = ["parse_persona", "persona_toml"]

_LARGEST = 16 * 1024 * 1024
_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_LORE = re.compile(r"^\s*\[\[\s*lore\s*\]\]", re.MULTILINE)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Lore(_Table):
    """One `[[lore]]`."""

    text: str = Field(min_length=1)
    keys: list[str] = Field(default_factory=list)
    secondary: list[str] = Field(default_factory=list)
    name: str = ""
    constant: bool = False
    enabled: bool = True
    order: float = 100.0
    priority: float = 10.0
    case: bool = False
    whole_words: bool = True
    pattern: bool = False
    place: Literal["before", "after"] = "after"


class _Lorebook(_Table):
    """The table `[lorebook]`."""

    depth: int = Field(default=4, ge=0, le=100)
    tokens: int = Field(default=600, ge=0, le=100_000)
    recursive: bool = False


class _Card(_Table):
    """The table `[card]`: what a character card held besides."""

    kept: str = ""


class _File(_Table):
    """The whole file."""

    name: str = Field(min_length=1, max_length=200)
    nickname: str = ""
    user: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    greetings: list[str] = Field(default_factory=list)
    examples: list[str] = Field(default_factory=list)
    system: str = ""
    after: str = ""
    lorebook: _Lorebook = _Lorebook()
    lore: list[_Lore] = Field(default_factory=list, max_length=5000)
    card: _Card = _Card()


def parse_persona(text: str, *, source: str) -> tuple[Persona, dict[str, Any] | None]:
    """Return the persona in the text of a `persona.toml`, and the card that it was imported from, if any.

    Raises PersonaError with a line for each fault: source, line, key, what was expected, the nearest right key.
    """
    if len(text) > _LARGEST:
        raise PersonaError(f"{source}: expected a persona of at most {_LARGEST >> 20} MiB")
    try:
        found = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        place = f", line {line[1]}" if line else ""
        raise PersonaError(f"{source}{place}: this is not valid TOML: {_LINE.sub('', str(error)).strip()}") from None
    except RecursionError:
        raise PersonaError(f"{source}: this nests too deep for a persona") from None
    except ValidationError as error:
        raise PersonaError("\n".join(_problem(source, text, each) for each in error.errors())) from None
    entries = tuple(
        LoreEntry(**{**entry.model_dump(), "keys": tuple(entry.keys), "secondary": tuple(entry.secondary)})
        for entry in found.lore
    )
    given = found.model_dump(exclude={"lorebook", "lore", "card"})
    given |= {key: tuple(given[key]) for key in ("greetings", "examples")}
    persona = Persona(**given, lore=Lorebook(entries, **found.lorebook.model_dump()))
    return persona, _kept(found.card.kept, source, text)


def _kept(written: str, source: str, text: str) -> dict[str, Any] | None:
    if not written:
        return None
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    line = KeyLines(text).find(("card", "kept"))
    raise PersonaError(
        f"{source}, line {line}: card.kept: expected the JSON object that the import wrote; leave it out"
    )


def _problem(source: str, text: str, problem: ErrorDetails) -> str:
    place = problem["loc"]
    line = _line(text, place)
    at = f"{source}{f', line {line}' if line else ''}: {'.'.join(str(part) for part in place)}"
    if problem["type"] == "missing":
        return f"{at}: this key is missing; every persona has a name and every [[lore]] a text"
    if problem["type"] != "extra_forbidden":
        return f"{at}: {problem['msg'].replace('Input should be', 'expected', 1)}, got {repr(problem['input'])[:80]}"
    tables: Mapping[str, type[BaseModel]] = {"lore": _Lore, "lorebook": _Lorebook, "card": _Card}
    known = list((_File if len(place) == 1 else tables[str(place[0])]).model_fields)
    nearest = get_close_matches(str(place[-1]), known, 1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"{at}: this key is not known; expected one of {', '.join(known)}{hint}"


def _line(text: str, place: tuple[int | str, ...]) -> int | None:
    """Return the line of a key, that of its own `[[lore]]` where it stands in one."""
    if place[:1] != ("lore",) or len(place) < 2 or not isinstance(place[1], int):
        return KeyLines(text).find(place)
    heads = [match.end() for match in _LORE.finditer(text)]
    if place[1] >= len(heads):
        return KeyLines(text).find(place[:1])
    start = heads[place[1]]
    end = heads[place[1] + 1] if place[1] + 1 < len(heads) else len(text)
    before = text.count("\n", 0, start)
    within = KeyLines("[lore]" + text[start:end]).find(("lore", *place[2:]))
    return before + (within or 1)


def persona_toml(persona: Persona, kept: Mapping[str, Any] | None = None) -> str:
    """Return a persona as the text of a `persona.toml`, with the card that it came from, for a later export."""
    usual = Persona("")
    lines = [
        f"{each.name} = {_value(getattr(persona, each.name))}"
        for each in fields(Persona)
        if each.name != "lore" and (each.name == "name" or getattr(persona, each.name) != getattr(usual, each.name))
    ]
    book, plain = persona.lore, Lorebook()
    changed = [name for name in ("depth", "tokens", "recursive") if getattr(book, name) != getattr(plain, name)]
    if changed:
        lines += ["", "[lorebook]", *(f"{name} = {_value(getattr(book, name))}" for name in changed)]
    for entry in book.entries:
        lines += ["", "[[lore]]", *_entry_lines(entry)]
    if kept is not None:
        lines += ["", "# The card as it came; an export keeps from it what has no place above.", "[card]"]
        lines.append(f"kept = {_value(json.dumps(kept, ensure_ascii=True, separators=(',', ':')))}")
    return "\n".join(lines) + "\n"


def _entry_lines(entry: LoreEntry) -> Iterator[str]:
    usual = LoreEntry("")
    for each in fields(LoreEntry):
        value = getattr(entry, each.name)
        if value != getattr(usual, each.name):
            yield f"{each.name} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    text = str(value)
    if "\n" in text:
        return '"""\n' + _escaped(text, keep="\n") + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str, keep: str = "") -> str:
    """Return a text as TOML's basic strings hold it, line breaks kept where they may stand."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(
        char if char in keep or (char >= " " and char != "\x7f" and not "\ud800" <= char <= "\udfff") else _coded(char)
        for char in out
    )


def _coded(char: str) -> str:
    return "\ufffd" if "\ud800" <= char <= "\udfff" else f"\\u{ord(char):04X}"
