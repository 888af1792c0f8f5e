"""Actions written in asterisks: `*waves happily*` to `wave`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from avatar_bridge.core.script.dialects import LONGEST_NAME, MOST_WORDS, Instruction, Names

__all__ = ["action", "stems"]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONGEST_ACTION = 12


def stems(word: str) -> Iterator[str]:
    """Yield what an English third person or `-ing` form may be a form of, likeliest first, the word itself last."""
    lower = word.casefold()
    if lower.endswith("ies") and len(lower) > 4:
        yield lower[:-3] + "y"
    if lower.endswith(("shes", "ches", "sses", "xes", "zzes")):
        yield lower[:-2]
    if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 2:
        yield lower[:-1]
        if lower.endswith("es"):
            yield lower[:-2]
    if lower.endswith("ing") and len(lower) > 4:
        root = lower[:-3]
        if len(root) > 2 and root[-1] == root[-2] and root[-1] not in "ls":
            yield root[:-1]
        if root[-1] in "vcz":
            yield root + "e"
        yield root
        yield root + "e"
        yield root[:-1]
    yield lower


def action(text: str, names: Names, mode: Literal["always", "known"], *, alone: bool) -> Instruction | None:
    """Return the cue that emphasised `text` asks for, or None where it is to be read.

    In mode `known`, one of the first two words has to be an inflected form of a known name, or the whole a known
    name in lower case that stands `alone` between sentences, so that an emphasised word is not swallowed. In mode
    `always` any known name counts, and a text without one is reported, not read.
    """
    words = _WORD.findall(text)
    if not words or len(words) > _LONGEST_ACTION:
        return None
    if names.open:
        name = next(stems(words[0]))
        return Instruction("cue", name) if len(name) <= LONGEST_NAME else None
    if alone and text[0] == text[0].lower() and names.knows(text):
        return Instruction("cue", text)
    for start in range(len(words) if mode == "always" else min(2, len(words))):
        for length in range(min(MOST_WORDS, len(words) - start), 0, -1):
            rest = words[start + 1 : start + length]
            for stem in stems(words[start]):
                inflected = stem != words[start].casefold()
                name = " ".join((stem, *rest))
                if (inflected or mode == "always") and names.knows(name):
                    return Instruction("cue", name)
    if mode == "known":
        return None
    problem = f"there is no action like *{text}*: it is left out"
    return Instruction("nothing", text, problems=(problem,), suggestion=names.nearest(next(stems(words[0]))))
