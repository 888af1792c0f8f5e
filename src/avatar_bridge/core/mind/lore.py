"""What a character knows about its world, called to mind by what is being said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from avatar_bridge.core.mind.history import estimate_tokens
from avatar_bridge.core.vocabulary import Diagnostic

__all__ = ["LoreEntry", "Lorebook", "Recalled", "recall"]

LONGEST_SCAN = 8000
"""Characters of the latest messages that are looked through."""

_ROUNDS = 3
"""How often what was recalled calls up more, at most."""
_PATTERN = re.compile(r"/(.*)/([a-z]*)\Z", re.DOTALL)
_LITERAL = re.compile(r"[^\\.^$*+?()\[\]{}|]+")
_SCRIPTS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED = re.compile(f"[{_SCRIPTS}]")
_PARTING = re.compile(rf"[\W_{_SCRIPTS}]+")


@dataclass(frozen=True, slots=True)
class LoreEntry:
    """One thing to know, and the words that call it to mind."""

    text: str
    keys: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    """Of these, too, one must be said; none are needed when empty."""
    name: str = ""
    constant: bool = False
    """Always known."""
    enabled: bool = True
    order: float = 100.0
    """What is higher stands later in the prompt."""
    priority: float = 10.0
    """What is lower falls out first where not all have room."""
    case: bool = False
    """Whether capitals count."""
    whole_words: bool = True
    """Whether a key must not be a part of a longer word; in scripts without spaces it may."""
    pattern: bool = False
    """Keys are regular expressions; only those that are plain words or `a|b` are used."""
    place: Literal["before", "after"] = "after"
    """Of the character's description."""


@dataclass(frozen=True, slots=True)
class Lorebook:
    """All that may be called to mind."""

    entries: tuple[LoreEntry, ...] = ()
    depth: int = 4
    """Latest messages that are looked through."""
    tokens: int = 600
    """That what is recalled may take."""
    recursive: bool = False
    """Whether what is recalled calls up more."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What came to mind, in the order of the prompt."""

    before: tuple[LoreEntry, ...] = ()
    after: tuple[LoreEntry, ...] = ()
    left_out: tuple[LoreEntry, ...] = ()
    """What had no room."""
    diagnostics: tuple[Diagnostic, ...] = ()


def recall(
    book: Lorebook, said: Sequence[str], *, tokens: int | None = None, count: Callable[[str], int] = estimate_tokens
) -> Recalled:
    """Return what the latest of `said` (oldest first) calls to mind, within `tokens` (None: the book's own)."""
    room = book.tokens if tokens is None else min(tokens, book.tokens)
    text = "\n".join(said[-book.depth :] if book.depth > 0 else ())[-LONGEST_SCAN:]
    entries = [_Ready(entry) for entry in book.entries if entry.enabled and entry.text.strip()]
    called = _called(entries, text, _ROUNDS if book.recursive else 0)
    kept: list[_Ready] = []
    left: list[LoreEntry] = []
    for each in sorted(called, key=lambda each: (not each.entry.constant, -each.entry.priority, each.entry.order)):
        # a character is at most a token of two bytes: nobody counts the tokens of megabytes that have no room
        cost = count(each.entry.text) if len(each.entry.text) <= room * 8 else room + 1
        if cost <= room:
            room -= cost
            kept.append(each)
        else:
            left.append(each.entry)
    chosen = {id(each) for each in kept}
    ordered = sorted((each.entry for each in entries if id(each) in chosen), key=lambda entry: entry.order)
    notes = tuple(note for each in entries for note in each.notes)
    return Recalled(
        tuple(entry for entry in ordered if entry.place == "before"),
        tuple(entry for entry in ordered if entry.place == "after"),
        tuple(left),
        notes,
    )


def _called(entries: Iterable[_Ready], text: str, rounds: int) -> list[_Ready]:
    waiting = list(entries)
    found: list[_Ready] = []
    while True:
        scanned = _Scanned(text)
        new = [each for each in waiting if each.entry.constant or each.is_called(scanned)]
        found += new
        known = set(map(id, new))
        waiting = [each for each in waiting if id(each) not in known]
        if not new or not rounds or not waiting:
            return found
        rounds -= 1
        text = "\n".join(each.entry.text for each in new)[:LONGEST_SCAN]


class _Scanned:
    """A text to look for keys in, in time that grows with its length alone."""

    __slots__ = ("_forms",)

    def __init__(self, text: str) -> None:
        folded = text.casefold()
        self._forms = {
            (True, False): text,
            (False, False): folded,
            (True, True): _words(text),
            (False, True): _words(folded),
        }

    def holds(self, key: str, *, case: bool, whole: bool) -> bool:
        key = key if case else key.casefold()
        whole = whole and key[0].isalnum() and key[-1].isalnum() and _UNSPACED.search(key) is None
        return (_words(key) if whole else key) in self._forms[case, whole]


def _words(text: str) -> str:
    """Return the words of a text, each between two spaces."""
    return f" {_PARTING.sub(' ', text)} "


class _Ready:
    """An entry with its keys as they are looked for."""

    __slots__ = ("case", "entry", "keys", "notes", "secondary")

    def __init__(self, entry: LoreEntry) -> None:
        self.entry = entry
        self.notes: list[Diagnostic] = []
        self.case = entry.case
        self.keys = self._literals(entry.keys)
        self.secondary = self._literals(entry.secondary)

    def is_called(self, scanned: _Scanned) -> bool:
        return self._any(self.keys, scanned) and (not self.secondary or self._any(self.secondary, scanned))

    def _any(self, keys: tuple[str, ...], scanned: _Scanned) -> bool:
        return any(scanned.holds(key, case=self.case, whole=self.entry.whole_words) for key in keys)

    def _literals(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return keys as plain words; of patterns those that are nothing else."""
        found: list[str] = []
        for key in keys:
            if not self.entry.pattern:
                found.append(key.strip())
                continue
            written = _PATTERN.match(key.strip())
            options = (written[1] if written else key.strip()).replace(r"\b", "").split("|")
            if all(_LITERAL.fullmatch(option) for option in options):
                self.case = self.case and not (written and "i" in written[2])
                found += options
            else:
                self.notes.append(_refused(self.entry, key))
        return tuple(key for key in found if key)


def _refused(entry: LoreEntry, key: str) -> Diagnostic:
    return Diagnostic(
        f"lore {entry.name or entry.text[:30]!r}: the pattern {key[:60]!r} is not used, for a pattern can be made to "
        "hang the program; give plain keys",
        suggestion="keys of plain words, or several of them parted by |",
    )
