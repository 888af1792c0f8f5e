"""Grammars that hold a model to the tags that exist, for servers that constrain what a model may write."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avatar_bridge.errors import UsageError

__all__ = ["gbnf", "regex"]

_NOT_A_NAME = re.compile(r"[\[\]【】［］\n\r/\x00-\x1f]")
_OPENING = "[【［"
_RULES = """\
strength ::= "0." [0-9] [0-9]? | "1"
time ::= [1-9] [0-9]? ("." [0-9])? "s" | [1-9] [0-9] [0-9] [0-9]? "ms"
pause ::= "[pause " ("0." [1-9] | [1-5] ("." [0-9])?) "]"
"""
_STRENGTH = r"(?:0\.[0-9][0-9]?|1)"
_TIME = r"(?:[1-9][0-9]?(?:\.[0-9])?s|[1-9][0-9][0-9][0-9]?ms)"
_PAUSE = r"\[pause (?:0\.[1-9]|[1-5](?:\.[0-9])?)\]"


def _checked(tags: Sequence[str]) -> list[str]:
    """Return the names, each once; raises UsageError for one that cannot stand in a tag."""
    for tag in tags:
        if not tag.strip() or _NOT_A_NAME.search(tag):
            raise UsageError(f"expected names of actions, as the motion map has them, got {tag!r}")
    return list(dict.fromkeys(tag.strip() for tag in tags))


def gbnf(tags: Sequence[str]) -> str:
    """Return a grammar (GBNF of llama.cpp, which XGrammar takes too) for text with these tags alone.

    A `[` begins one of the tags (`[nod]`, `[smile 0.8]`, `[smile 0.8 2s]`, `[nod for=2s]`, `[/smile]`, `[/]`), a
    pause, or `[[`, a literal bracket. Raises UsageError for a name that cannot stand in a tag.
    """
    names = _checked(tags)
    plain = r'text ::= [^\[\u3010\uFF3B] | "[["'
    if not names:
        return f"root ::= text*\n{plain}\n"
    listed = " | ".join(_quoted(name) for name in names)
    return (
        "root ::= (text | tag | pause)*\n"
        f"{plain}\n"
        'tag ::= "[" name arguments? "]" | "[/" name? "]"\n'
        'arguments ::= " " strength (" " time)? | " " time | " for=" time\n'
        f"name ::= {listed}\n{_RULES}"
    )


def regex(tags: Sequence[str]) -> str:
    """Return the same as a regular expression without look-around, for servers that take one; of the whole text."""
    names = _checked(tags)
    plain = rf"[^{re.escape(_OPENING)}]|\[\["
    if not names:
        return f"(?:{plain})*"
    listed = "|".join(re.escape(name).replace(r"\ ", " ").replace(r"\-", "-") for name in names)
    arguments = rf"(?: {_STRENGTH}(?: {_TIME})?| (?:for=)?{_TIME})?"
    return rf"(?:{plain}|{_PAUSE}|\[(?:{listed}){arguments}\]|\[/(?:{listed})?\])*"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
