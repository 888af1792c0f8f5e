"""How good a cut is after the punctuation of a script that writes spaces between words."""

from __future__ import annotations

from avatar_bridge.core.script.abbreviations import (
    BEFORE_NUMBER,
    CLAUSE_OPENERS,
    NEVER_ENDS,
    ORDINAL_LEADS,
    SENTENCE_OPENERS,
    SOMETIMES_ENDS,
    TAILS,
    WEEKDAYS,
)
from avatar_bridge.core.script.joints import CLOSERS, LEANING_MARKS, OPENERS, Joint

__all__ = ["Joint", "after_stop", "resolve"]

_STRIPPED_LEFT = OPENERS + "\"'"
_STOPS = ".!?…‽؟。！？"
_DASHES = frozenset("—–")


def after_stop(word: str, lead: str, following: str, *, fresh: bool) -> Joint:
    """Return the joint that the punctuation at the end of `word` makes before the character `following`.

    `lead` is the word before `word`; `fresh` says that `word` opens a line or a sentence (a list number does).
    """
    core = word.rstrip(CLOSERS)
    if following in LEANING_MARKS:
        return Joint.NONE
    if not core:
        return Joint.NONE
    last = core[-1]
    if last == ".":
        return _after_full_stop(core, lead, following, fresh=fresh)
    if last in _STOPS:
        return Joint.CLAUSE if following.islower() else Joint.SENTENCE
    if last in ",;:،؛":
        return _after_comma(core, following, last)
    if last in _DASHES or core == "-":
        return Joint.CLAUSE
    return Joint.NONE


def _after_comma(core: str, following: str, last: str) -> Joint:
    bare = core[:-1]
    if last == ";":
        return Joint.CLAUSE
    if following.isdigit() and (bare[-1:].isdigit() or bare[:1].isupper()):
        return Joint.NONE
    if bare.lower() in WEEKDAYS:
        return Joint.NONE
    return Joint.UNSETTLED


def _after_full_stop(core: str, lead: str, following: str, *, fresh: bool) -> Joint:
    bare = core[:-1].lstrip(_STRIPPED_LEFT)
    if bare.endswith(".") or not bare:
        return Joint.CLAUSE if following.islower() else Joint.SENTENCE
    if bare.isdigit() or bare.rstrip(")").isdigit():
        return _after_numeral(bare, lead, following, fresh=fresh)
    key = bare.casefold()
    if key in BEFORE_NUMBER and (following.isdigit() or len(key) == 1):
        return Joint.NONE
    if key in NEVER_ENDS:
        return Joint.NONE
    if following.islower():
        plain = len(bare) > 3 and bare.isalpha() and key not in SOMETIMES_ENDS
        return Joint.CLAUSE if plain else Joint.NONE
    if key in SOMETIMES_ENDS or (len(bare) == 1 and bare.isalpha()):
        return Joint.UNSETTLED
    if "." in bare and all(len(part) < 3 for part in bare.split(".")):
        return Joint.UNSETTLED
    if bare.isupper() and all(letter in "IVXLCDM" for letter in bare):
        return Joint.UNSETTLED
    return Joint.SENTENCE


def _after_numeral(bare: str, lead: str, following: str, *, fresh: bool) -> Joint:
    if fresh or following.islower() or following.isdigit():
        return Joint.NONE
    if len(bare) < 3 and lead.lower().strip(_STRIPPED_LEFT + ",") in ORDINAL_LEADS:
        return Joint.NONE
    return Joint.SENTENCE


_ARTICLES = frozenset(("the", "a", "an", "el", "la", "los", "las", "le", "les", "der", "die", "das"))


def resolve(lead: str, word: str, following: str) -> Joint:
    """Return the joint that `after_stop` left unsettled, now that the whole following word is known."""
    core = word.rstrip(CLOSERS)
    bare = following.strip(_STRIPPED_LEFT + CLOSERS + ".,;:!?…")
    ends = following.rstrip(CLOSERS)[-1:] in _STOPS
    if core.endswith(","):
        # A lone last word ("..., right?", "..., Mika!") would be a scrap; two capitals are a place or a name.
        if bare.lower() in TAILS or ends:
            return Joint.NONE
        named = core.lstrip(_STRIPPED_LEFT)[:1].isupper() and bare[:1].isupper()
        known = bare.lower() in SENTENCE_OPENERS or bare.startswith(("I'", "I’"))
        # After `The mill, built ...` a name or a description goes on.
        described = lead.lower() in _ARTICLES and bare.lower() not in CLAUSE_OPENERS
        if known:
            return Joint.CLAUSE
        return Joint.PLAIN if named else Joint.PHRASE if described else Joint.CLAUSE
    if core[-1:] in ":،؛":
        return Joint.NONE if ends and core[-1:] != ":" else Joint.CLAUSE
    return Joint.SENTENCE if bare[:1].isupper() and bare.lower() in SENTENCE_OPENERS else Joint.NONE
