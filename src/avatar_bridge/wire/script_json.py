"""A script as JSON: what is spoken and what is done, as `parse --json` and the HTTP API tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from avatar_bridge.core.script.parser import Script
from avatar_bridge.core.vocabulary import Cue, Pause

__all__ = ["script_data"]

_FULL = re.compile(r"(?:\s|\b(?:strength|intensity|weight|level)[\"']?\s*[=:]\s*[\"']?)(?:1(?:\.0*)?|100%)(?![\w.%])")


def script_data(script: Script) -> dict[str, Any]:
    """Return a script for programs: `at` and `end` are offsets in `speech`, `offset` is one in the text given."""
    ends = {release.cue: release.at for release in script.releases}
    return {
        "speech": script.speech,
        "shown": script.shown,
        "cues": [*_in_order(script, ends)],
        "diagnostics": [
            {"message": each.message, "offset": each.offset, "suggestion": each.suggestion}
            for each in script.diagnostics
        ],
    }


def _in_order(script: Script, ends: dict[int, int]) -> Iterator[dict[str, Any]]:
    """Yield cues and pauses by their place in the speech; at one place a pause comes first."""
    entries: list[Cue | Pause] = [*script.pauses, *script.cues]
    for each in sorted(entries, key=lambda entry: entry.at):
        if isinstance(each, Pause):
            yield {"name": "pause", "at": each.at, "args": {"duration": each.duration}, "source": each.source}
            continue
        args: dict[str, Any] = {}
        if each.strength != 1.0 or _written(each.source):
            args["strength"] = each.strength
        if each.duration is not None:
            args["duration"] = each.duration
        args.update(each.options)
        entry = {"name": each.name, "at": each.at, "args": args, "source": each.source}
        yield entry | ({"end": ends[each.id]} if each.id in ends else {})


def _written(source: str) -> bool:
    """Return True where a tag's source gives a full strength in so many words: `[smile 1]`, `strength=1`."""
    return _FULL.search(source) is not None
