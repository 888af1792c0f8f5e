"""How well a model uses tags: what in a reply is right, what is wrong, and where its tags stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from avatar_bridge.core.script.parser import Script, parse
from avatar_bridge.core.vocabulary import Cue, name_key

__all__ = ["Mistake", "TagScore", "score", "total"]

Fault = Literal["unknown", "malformed", "doubled", "last", "alone", "spoken", "leaked"]

_SENTENCE = re.compile(
    r"[^.!?…。！？\n]*[^\s.!?…。！？][^.!?…。！？\n]*(?:[.!?…]+(?=[\s\"')]|\Z)|[。！？]+|\n|\Z|[.!?…]+)"
)
_WORD = re.compile(r"[\w']+")
_BRACKET = re.compile(r"[\[\]【】［］]|<\||\|>")
_LEAK = 6
"""Words in a row that are no chance any more."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that a model did wrong."""

    fault: Fault
    """unknown: a tag that there is not; malformed: one that cannot be read as it stands; doubled: two motions or two
    faces at one word; last: no word follows; alone: no word at all; spoken: brackets that are read aloud; leaked: words
    of the instructions."""
    what: str
    """The tag or the words."""
    reply: int = 0
    """Number of the reply, from 0."""


@dataclass(frozen=True, slots=True)
class TagScore:
    """The tags of one or more replies."""

    replies: int
    sentences: int
    valid: int
    """Tags that there are, wherever they stand."""
    unknown: int
    starts: int
    """Valid tags at the first word of a sentence."""
    inside: int
    """Valid tags at a later word."""
    last: int
    """Valid tags that no word follows."""
    mistakes: tuple[Mistake, ...] = ()

    @property
    def accuracy(self) -> float:
        """Share of the tags that there are, 0..1; 1 without any tag."""
        tags = self.valid + self.unknown
        return self.valid / tags if tags else 1.0

    @property
    def rate(self) -> float:
        """Valid tags a sentence."""
        return self.valid / self.sentences if self.sentences else 0.0

    def count(self, fault: Fault) -> int:
        """Return how often one mistake was made."""
        return sum(mistake.fault == fault for mistake in self.mistakes)


def score(
    reply: str,
    names: Collection[str],
    *,
    faces: Collection[str] = (),
    instructions: str = "",
    dialect: str = "auto",
    number: int = 0,
) -> TagScore:
    """Return how a reply uses the tags `names`, of which `faces` are expressions; `instructions`: what it was told."""
    script = parse(reply, dialect=dialect, names=names)
    end = len(script.speech.rstrip())
    starts = _starts(script.speech)
    mistakes = [Mistake(fault, what, number) for fault, what in _faults(script, frozenset(map(name_key, faces)), end)]
    mistakes += [Mistake("leaked", words, number) for words in _leaked(script.speech, instructions)]
    placed = [cue.at for cue in script.cues]
    last = sum(at >= end for at in placed)
    first = sum(at in starts for at in placed if at < end)
    return TagScore(
        1,
        len(starts),
        len(placed),
        sum(mistake.fault == "unknown" for mistake in mistakes),
        first,
        len(placed) - last - first,
        last,
        tuple(mistakes),
    )


def total(scores: Iterable[TagScore]) -> TagScore:
    """Return the scores of several replies as one."""
    found = list(scores)
    return TagScore(
        sum(each.replies for each in found),
        sum(each.sentences for each in found),
        sum(each.valid for each in found),
        sum(each.unknown for each in found),
        sum(each.starts for each in found),
        sum(each.inside for each in found),
        sum(each.last for each in found),
        tuple(mistake for each in found for mistake in each.mistakes),
    )


def _starts(speech: str) -> frozenset[int]:
    """Return where the sentences of a speech begin."""
    return frozenset(
        match.start() + len(match[0]) - len(match[0].lstrip())
        for match in _SENTENCE.finditer(speech)
        if match[0].strip()
    )


def _faults(script: Script, faces: frozenset[str], end: int) -> list[tuple[Fault, str]]:
    found: list[tuple[Fault, str]] = [
        ("unknown" if "there is no action" in problem.message else "malformed", problem.message)
        for problem in script.diagnostics
    ]
    if not script.speech.strip():
        return [*found, ("alone", script.cues[0].source if script.cues else "nothing was said")]
    at_word = Counter((cue.at, name_key(cue.name) in faces) for cue in script.cues)
    for cue in script.cues:
        if at_word.pop((cue.at, name_key(cue.name) in faces), 1) > 1:
            found.append(("doubled", _beside(script.cues, cue)))
        if cue.at >= end:
            found.append(("last", cue.source))
    found += [
        ("spoken", script.speech[max(0, match.start() - 10) : match.end() + 10])
        for match in _BRACKET.finditer(script.speech)
    ]
    return found


def _beside(cues: Iterable[Cue], cue: Cue) -> str:
    return "".join(each.source for each in cues if each.at == cue.at)


def _leaked(speech: str, instructions: str) -> list[str]:
    """Return runs of words that stand in the instructions, their examples left out, word for word."""
    told = "\n".join(line for line in instructions.splitlines() if not line.startswith("Example"))
    known = _WORD.findall(told.casefold())
    runs = {tuple(known[at : at + _LEAK]) for at in range(len(known) - _LEAK + 1)}
    said = _WORD.findall(speech.casefold())
    found: list[str] = []
    at = 0
    while at + _LEAK <= len(said):
        if tuple(said[at : at + _LEAK]) in runs:
            found.append(" ".join(said[at : at + _LEAK]))
            at += _LEAK
        else:
            at += 1
    return found
