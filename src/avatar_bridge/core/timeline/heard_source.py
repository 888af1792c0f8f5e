"""From what was heard back to the script: its source text up to the last word heard, tags and all."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Sequence

from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.vocabulary import Cue, Pause, ScriptEvent, Text

__all__ = ["heard_source"]

_PIECE = re.compile(r"\S+\s*|\s+")
_MARKS = frozenset("*_~`")
_TAG = re.compile(r"\[[^\[\]\n]{1,200}\]|<[^<>\n]{1,200}>|【[^【】\n]{1,200}】")


def heard_source(source: str, speech: str, *, dialect: str = "auto", names: Collection[str] | None = None) -> str:
    """Return the start of `source` whose speech is `speech`, a start of all that it says.

    `dialect` and `names` are those that the script was performed with. Tags that belong to words that were not heard
    are left out; a tag right before the cut belongs to the next word.
    """
    wanted = len(speech)
    if not wanted:
        return ""
    parser = Parser(dialect=dialect, names=names)
    reading = _Reading(wanted)
    start = end = before = 0
    for piece in (*_PIECE.finditer(source), None):
        if piece is None:
            parser.close()
        else:
            parser.feed(piece[0])
            end = piece.end()
        before = reading.said
        reading.take(parser.events())
        if reading.said >= wanted:
            end = _refined(source, start, end, speech[before:], reading.tags)
            break
        if reading.said > before:
            start = end
    limit = min(reading.limit, len(source))
    while end < limit and source[end] in _MARKS:
        end += 1
    return source[: min(end, limit)].rstrip()


class _Reading:
    """How much of a script is said by now, and where its tags stand."""

    def __init__(self, wanted: int) -> None:
        self.said = 0
        self.limit = sys.maxsize
        """Where the first tag stands that belongs to what was not heard."""
        self.tags: list[tuple[int, int]] = []
        self._wanted = wanted

    def take(self, events: Iterable[ScriptEvent]) -> None:
        for event in events:
            match event:
                case Text():
                    self.said = max(self.said, event.at + len(event.spoken))
                case Cue() | Pause():
                    self.tags.append((event.offset, event.offset + len(event.source)))
                    if event.at >= self._wanted:
                        self.limit = min(self.limit, event.offset)
                case _:
                    pass


def _refined(source: str, start: int, end: int, speech: str, tags: Sequence[tuple[int, int]]) -> int:
    """Return where within source[start:end] the speech ends that begins there.

    Where the source does not spell what is said, that is `end`.
    """
    block = source[start:end]
    spans = [match.span() for match in _TAG.finditer(block)]
    spans += [(first - start, last - start) for first, last in tags if first >= start]
    for first, last in spans:
        block = block[:first] + " " * (last - first) + block[last:]
    at = 0
    for char in speech:
        if char.isspace():
            continue
        found = block.find(char, at, end - start)
        if found < 0:
            return end
        at = found + 1
    return start + at
