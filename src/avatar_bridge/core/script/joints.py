"""How good a place is for a cut, and the marks that lean on their neighbours."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["CLOSERS", "LEANING_MARKS", "OPENERS", "Joint"]

OPENERS = "“„«‹([{「『（【〔［〈《‘‚¿¡*_~"
"""Characters that lean on what follows."""

CLOSERS = "”»›)]}」』）】〕］〉》’\"'*_~"
"""Characters that lean on what precedes."""

LEANING_MARKS = frozenset("!?;:,.…‽%»”)]}،؟؛。、！？，；：")
"""Marks that end a word rather than open one."""


class Joint(IntEnum):
    """How good a place is for a cut; the greater, the better."""

    NONE = 0
    UNSETTLED = 1
    """Needs the whole following word."""
    LAST = 2
    """Between two words that belong together: the last resort."""
    BOUND = 3
    """Between two words that would rather stand together."""
    INNER = 4
    """The end of a clause or a sentence within quotes or brackets."""
    PLAIN = 5
    """Between two words of which nothing is known."""
    WORD = 6
    """Probably where a noun phrase ends or begins."""
    WEAK = 7
    """Where a noun phrase ends or begins: before a verb or an article."""
    PHRASE = 8
    """Before a preposition, or after a particle."""
    CLAUSE_OPENER = 9
    """Before a conjunction or a relative word."""
    CLAUSE = 10
    """At a comma or its like."""
    SENTENCE = 11
