"""Every example of docs/script.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avatar_bridge.core.script.parser import Parser, Script, parse
from avatar_bridge.core.vocabulary import Cue

_PAGE = (Path(__file__).resolve().parents[3] / "docs" / "script.md").read_text(encoding="utf-8")
_NAMES = re.findall(r"`([^`]+)`", _PAGE.split("Known names in the examples:")[1].split("##")[0])


def _cell(text: str) -> str:
    text = text.strip()
    fence = re.match(r"`*", text)
    assert fence is not None
    inside = text[fence.end() : len(text) - fence.end()]
    if fence.end() > 1:
        inside = inside.strip(" ") if inside.startswith(" ") else inside
    return inside.replace("⏎", "\n").replace("\\|", "|")


def _examples() -> list[dict[str, str]]:
    found, header = [], []
    for line in _PAGE.splitlines():
        if not line.startswith("| ") or not line.endswith("|"):
            continue
        cells = re.split(r"(?<!\\)\|", line)[1:-1]
        if any("You write" in cell for cell in cells):
            header = [cell.strip() for cell in cells]
        else:
            found.append(dict(zip(header, map(_cell, cells), strict=True)))
    return found


def _amounts(cue: Cue) -> str:
    parts = [cue.name]
    if cue.strength != 1:
        parts.append(f"{cue.strength:g}")
    if cue.duration is not None:
        parts.append(f"{cue.duration:g}s")
    return " ".join([*parts, *(f"{key}={value}" for key, value in cue.options.items())])


def _doings(script: Script) -> set[str]:
    found = set()
    for cue in script.cues:
        word = re.match(r"[\w']+", script.speech[cue.at :])
        found.add(f"{_amounts(cue)} → {word[0] if word else 'end'}")
    for release in script.releases:
        before = re.findall(r"\w+", script.speech[: release.at])
        found.add(f"/{release.name} after {before[-1]}")
    return found | {f"pause {pause.duration:g}s" for pause in script.pauses}


def test_there_are_examples() -> None:
    assert len(_examples()) > 60
    assert len(_NAMES) == 8


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example["You write"][:40])
def test_example(example: dict[str, str]) -> None:
    text, dialect = example["You write"], example.get("Dialect", "auto")
    script = parse(text, dialect=dialect, names=_NAMES)
    assert script.speech == example["It says"]
    if "It shows" in example:
        assert script.shown == example["It shows"]
    expected = [each for each in example.get("It does", "").split("; ") if each]
    assert _doings(script) == {each for each in expected if not each.startswith("! ")}
    complaints = [each[2:] for each in expected if each.startswith("! ")]
    assert len(script.diagnostics) == len(complaints)
    for diagnostic, complaint in zip(script.diagnostics, complaints, strict=True):
        start, _, suggestion = complaint.partition(" (")
        assert diagnostic.message.startswith(start)
        assert not suggestion or diagnostic.suggestion == suggestion.rstrip(")")
    parser = Parser(dialect=dialect, names=_NAMES)
    for char in text:
        parser.feed(char)
    parser.close()
    assert [each for each in parser.events() if isinstance(each, Cue)] == list(script.cues)
