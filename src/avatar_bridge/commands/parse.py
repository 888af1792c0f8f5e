"""`parse`: what a script says and what it does, for programs and for people."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from avatar_bridge.core.script.parser import parse as parse_script
from avatar_bridge.errors import UsageError
from avatar_bridge.wire.script_json import script_data

__all__ = ["report", "text_report"]

_WIDTH = 96
_WORD = re.compile(r"[\w'’-]+")


def report(
    text: str | Iterable[str],
    *,
    dialect: str = "auto",
    names: Collection[str] | None = None,
    chunk: int | None = None,
) -> dict[str, Any]:
    """Return the script as the JSON object of `parse --json`; `chunk` feeds the parser so many characters at a time.

    `at` and `end` are offsets in `speech`, `offset` and `source` refer to the text given. Raises UsageError for an
    unknown dialect or a chunk below 1.
    """
    script = parse_script(_pieces(text, chunk), dialect=dialect, names=names)
    return script_data(script)


def text_report(
    text: str | Iterable[str],
    *,
    dialect: str = "auto",
    names: Collection[str] | None = None,
    chunk: int | None = None,
) -> str:
    """Return the script for people: the speech with numbered marks under its words, the cues, what to mend."""
    found = report(text, dialect=dialect, names=names, chunk=chunk)
    speech: str = found["speech"]
    cues: list[dict[str, Any]] = found["cues"]
    lines = [*_marked(speech, cues)] or ["(nothing is said)"]
    if cues:
        lines.append("")
    for number, cue in enumerate(cues, 1):
        arguments = "".join(f"  {key} {_plainly(value)}" for key, value in cue["args"].items())
        until = f" to {_quoted(speech[: cue['end']][-20:], last=True)}" if "end" in cue else ""
        lines.append(f"{number:>3} {cue['name']}{arguments}  {_place(speech, cue)}{until}")
    for each in found["diagnostics"]:
        nearest = f"; did you mean {each['suggestion']!r}?" if each["suggestion"] else ""
        lines.append(f"  ! at {each['offset']}: {each['message']}{nearest}")
    return "\n".join(lines)


def _pieces(text: str | Iterable[str], chunk: int | None) -> Iterable[str]:
    if chunk is not None and chunk < 1:
        raise UsageError(f"a chunk is at least 1 character, not {chunk}")
    whole = text if isinstance(text, str) or chunk is None else "".join(text)
    if chunk is None or not isinstance(whole, str):
        return (whole,) if isinstance(whole, str) else whole
    return (whole[start : start + chunk] for start in range(0, len(whole), chunk))


def _marked(speech: str, cues: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the speech in lines, each with the numbers of its cues below their words."""
    start = 0
    for paragraph in speech.split("\n"):
        for line in _wrapped(paragraph):
            yield line
            marks = _marks(line, start, [(number, cue["at"]) for number, cue in enumerate(cues, 1)], speech)
            if marks:
                yield marks
            start += len(line)
        start += 1


def _wrapped(paragraph: str) -> Iterator[str]:
    """Yield slices of a paragraph that fit the width; together they are the paragraph."""
    while len(paragraph) > _WIDTH:
        cut = paragraph.rfind(" ", 1, _WIDTH) + 1 or _WIDTH
        yield paragraph[:cut]
        paragraph = paragraph[cut:]
    if paragraph:
        yield paragraph


def _marks(line: str, start: int, places: list[tuple[int, int]], speech: str) -> str:
    row, end = "", start + len(line)
    for number, at in places:
        if start <= at < end or (at == end == len(speech)):
            column = _cells(line[: at - start])
            row = row.ljust(column) + (f"^{number}" if len(row) <= column else f",{number}")
    return row


def _cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)


def _place(speech: str, cue: dict[str, Any]) -> str:
    at: int = cue["at"]
    if cue["name"] == "pause":
        return f"before {_quoted(speech[at:].lstrip())}" if speech[at:].strip() else "at the end"
    return f"on {_quoted(speech[at:])}" if at < len(speech) else "at the end"


def _quoted(text: str, *, last: bool = False) -> str:
    words = _WORD.findall(text)
    word = (words[-1] if last else words[0]) if words else text.strip()[:10]
    return f'"{textwrap.shorten(word, 24, placeholder="…")}"' if len(word) > 24 else f'"{word}"'


def _plainly(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
