"""Fields of character cards as they are found in the wild: the wrong type is put right or left out, and told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import PersonaError

__all__ = ["Fields", "clean", "read_json"]

DEEPEST = 64
LONGEST_JSON = 8 * 1024 * 1024
LONGEST_TEXT = 1024 * 1024
MOST_NOTES = 50
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u202a-\u202e\u2066-\u2069]")
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text without control characters and marks that turn the direction of writing, lines ended by LF."""
    text = _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub("", text)


def read_json(data: bytes, *, source: str, notes: list[Diagnostic]) -> dict[str, Any]:
    """Return the JSON object in `data`, whatever its encoding; raises PersonaError saying what came instead."""
    if len(data) > LONGEST_JSON:
        raise PersonaError(f"{source}: the card has {len(data)} bytes; expected at most {LONGEST_JSON}")
    text = _decoded(data, notes)
    _check_depth(text, source)
    try:
        found = json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise PersonaError(
            f"{source}: expected a character card in JSON; line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise PersonaError(f"{source}: expected a character card in JSON, which cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise PersonaError(f"{source}: expected a JSON object {{…}}, got {_called(found)}")
    return found


def _decoded(data: bytes, notes: list[Diagnostic]) -> str:
    encoding = json.detect_encoding(data)
    if encoding == "utf-8":
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        notes.append(Diagnostic("the card is not UTF-8 as it should be; it is read as Windows-1252 (Western European)"))
        return data.decode("cp1252", errors="replace")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(
            Diagnostic(f"the card is {encoding.upper()} and not UTF-8 as it should be; it is read all the same")
        )
    return text


def _check_depth(text: str, source: str) -> None:
    depth = 0
    for found in _NESTING.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise PersonaError(
                    f"{source}: the card nests more than {DEEPEST} levels deep; expected a character card"
                )
        elif found[0] in "]}":
            depth -= 1


def _called(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


class Fields:
    """A JSON object whose fields are taken by type; what does not fit is noted with its place."""

    def __init__(self, given: Any, place: str, notes: list[Diagnostic]) -> None:
        self.notes = notes
        self.place = place
        self._given: Mapping[str, Any] = given if isinstance(given, dict) else {}
        if given is not None and not isinstance(given, dict):
            self._note("", "an object", given)

    def __contains__(self, key: str) -> bool:
        return self._given.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text; a number or a list of texts is taken for one, null for an empty one."""
        value = self._given.get(key)
        if value is None:
            return ""
        if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            value = "\n".join(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self._note(key, "a text", value)
            return ""
        if len(value) > LONGEST_TEXT:
            self.notes.append(Diagnostic(f"{self._at(key)}: {len(value)} characters, of which {LONGEST_TEXT} are kept"))
        return clean(value[:LONGEST_TEXT])

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        """Return a list of texts; one alone makes a list of one, null an empty one."""
        value = self._given.get(key)
        if isinstance(value, str):
            value = [value]
        if value is not None and not isinstance(value, list):
            self._note(key, "a list of texts", value)
        given = value if isinstance(value, list) else []
        if len(given) > most:
            self.notes.append(Diagnostic(f"{self._at(key)}: {len(given)} entries, of which {most} are kept"))
        found = []
        for index, each in enumerate(given[:most]):
            if isinstance(each, str | int | float) and not isinstance(each, bool):
                found.append(clean(str(each)[:LONGEST_TEXT]))
            elif each is not None:
                self._note(f"{key}[{index}]", "a text", each)
        return tuple(found)

    def items(self, key: str, most: int) -> list[Fields]:
        """Return a list of objects; an object of objects (by their number) is taken for one, null for an empty one."""
        value = self._given.get(key)
        if isinstance(value, dict):
            value = list(value.values())
        if value is not None and not isinstance(value, list):
            self._note(key, "a list", value)
        given = value if isinstance(value, list) else []
        if len(given) > most:
            self.notes.append(Diagnostic(f"{self._at(key)}: {len(given)} entries, of which {most} are kept"))
        return [Fields(each, f"{self._at(key)}[{index}]", self.notes) for index, each in enumerate(given[:most])]

    def within(self, key: str) -> Fields:
        """Return the object in a field; an empty one where there is none."""
        return Fields(self._given.get(key), self._at(key), self.notes)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false; 0, 1 and their words are taken for it."""
        value = self._given.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).strip().casefold()
        if word in ("true", "1", "yes", "on", "false", "0", "no", "off", ""):
            return word in ("true", "1", "yes", "on")
        self._note(key, "true or false", value)
        return default

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """Return a number within bounds; a text that is one is taken for it."""
        value = self._given.get(key)
        if value is None or value == "":
            return default
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except (ValueError, OverflowError):
            number = None
        if number is None or number != number:
            self._note(key, "a number", value)
            return default
        return min(max(number, least), most)

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place and key else self.place or key

    def _note(self, key: str, expected: str, value: Any) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(Diagnostic(f"{self._at(key)}: expected {expected}, got {_called(value)}; it is left out"))
