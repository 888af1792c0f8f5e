"""The ways in which a text may be read, as a finite-state grammar for a recogniser; and which of them was heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from avatar_bridge.core.speech.spoken_form import SpokenWord

__all__ = ["Chosen", "Grammar", "Pronouncing", "Step", "chosen", "grammar"]

Transition = tuple[int, int, float, str]
Pronouncing = Callable[[str], Sequence[tuple[str, ...]]]
"""Tells the pronunciations of a spoken word in ARPAbet; none where nobody knows how to say it."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """States from 0 to `last`; each reading of each word of the text is a chain between two of them."""

    transitions: list[Transition]
    last: int
    dictionary: Mapping[str, tuple[str, ...]]
    """The sounds of each name in `transitions`, and of its other pronunciations as `name(2)`."""
    words: tuple[tuple[SpokenWord, tuple[tuple[str, ...], ...]], ...]
    """Each word of the text with its readings in names."""


@dataclass(frozen=True, slots=True)
class Step:
    """A spoken word as it was heard: (sound, first frame, frames) for each sound."""

    name: str
    sounds: tuple[tuple[str, int, int], ...]
    score: float
    frames: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A place of the text with what was heard for it."""

    char: int
    length: int
    steps: tuple[Step, ...]


def grammar(words: Sequence[SpokenWord], sounds: Pronouncing) -> Grammar | None:
    """Return the grammar of a text, `sounds` telling each spoken word's pronunciations; None where nothing is said.

    A word that nobody knows how to say is passed over.
    """
    dictionary: dict[str, tuple[str, ...]] = {}
    named = [(word, tuple(dict.fromkeys(_names(each, sounds, dictionary) for each in word.readings))) for word in words]
    while named and () in named[-1][1]:
        # what may be silent must not be the last: a recogniser has no way to end in two states
        spoken = tuple(reading for reading in named[-1][1] if reading)
        named[-1:] = [(named[-1][0], spoken)] if spoken else []
    if not named:
        return None
    transitions: list[Transition] = []
    here, states = {0}, 1
    for _, readings in named:
        end, states = states, states + 1
        for names in readings:
            before = here
            for name in names[:-1]:
                transitions += [(at, states, 1.0, name) for at in sorted(before)]
                before, states = {states}, states + 1
            transitions += [(at, end, 1.0, name) for at in sorted(before) for name in names[-1:]]
        here = {end} | (here if () in readings else set())
    return Grammar(transitions, end, dictionary, tuple(named))


def _names(reading: str, sounds: Pronouncing, dictionary: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    names: list[str] = []
    for word in reading.split():
        said = sounds(word)
        if not said:
            continue
        for number, pronunciation in enumerate(said, 1):
            dictionary[word if number == 1 else f"{word}({number})"] = pronunciation
        names.append(word)
    return tuple(names)


def chosen(found: Grammar, steps: Sequence[Step]) -> list[Chosen]:
    """Return for each place of the text what was heard, given the path through its grammar."""
    reached = {0}
    back: list[dict[int, int]] = []
    for _, readings in found.words:
        after: dict[int, int] = {}
        for at in sorted(reached):
            for names in readings:
                stop = at + len(names)
                if stop not in after and tuple(step.name for step in steps[at:stop]) == names:
                    after[stop] = at
        reached = set(after)
        back.append(after)
    stop = len(steps)
    result: list[Chosen] = []
    for (word, _), after in zip(reversed(found.words), reversed(back), strict=True):
        if stop not in after:
            return []
        start = after[stop]
        result.append(Chosen(word.char, word.length, tuple(steps[start:stop])))
        stop = start
    return [word for word in reversed(result) if word.steps]
