"""How good a cut is between two words of a script that writes spaces between words."""

from __future__ import annotations

from enum import IntEnum

from avatar_bridge.core.script.abbreviations import (
    AUXILIARIES,
    BEFORE_NUMBER,
    CLAUSE_OPENERS,
    COMPLEMENTED,
    DETERMINERS,
    LEANS_LEFT,
    LEANS_RIGHT,
    NEVER_ENDS,
    OBJECTS,
    ORDINAL_LEADS,
    PHRASE_OPENERS,
    SENTENCE_OPENERS,
    SOMETIMES_ENDS,
    SUBJECTS,
    TAILS,
    WEEKDAYS,
)

__all__ = ["CLOSERS", "OPENERS", "Joint", "after_stop", "before_word", "confirms", "is_settled", "resolve"]

OPENERS = "“„«‹([{「『（【〔［〈《‘‚¿¡*_~"
"""Characters that lean on what follows."""

CLOSERS = "”»›)]}」』）】〕］〉》’\"'*_~"
"""Characters that lean on what precedes."""

_STRIPPED_LEFT = OPENERS + "\"'"
_LEANING_MARKS = frozenset("!?;:,.…‽%»”)]}،؟؛。、！？，；：")
_STOPS = ".!?…‽؟。！？"
_DASHES = frozenset("—–")


class Joint(IntEnum):
    """How good a place is for a cut; the greater, the better."""

    NONE = 0
    UNSETTLED = 1
    """Needs the whole following word."""
    PLAIN = 2
    """Between two words of which nothing is known."""
    WORD = 3
    """Before a verb or an article: between words that would rather stand together."""
    WEAK = 4
    """Before a verb or an article, where a noun phrase has just ended."""
    INNER = 5
    """The end of a clause or a sentence within quotes or brackets."""
    PHRASE = 6
    """Before a preposition, or after a particle."""
    CLAUSE_OPENER = 7
    """Before a conjunction or a relative word."""
    CLAUSE = 8
    """At a comma or its like."""
    SENTENCE = 9


def after_stop(word: str, lead: str, following: str, *, fresh: bool) -> Joint:
    """Return the joint that the punctuation at the end of `word` makes before the character `following`.

    `lead` is the word before `word`; `fresh` says that `word` opens a line or a sentence (a list number does).
    """
    core = word.rstrip(CLOSERS)
    if following in _LEANING_MARKS:
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
        return Joint.PHRASE if (named or described) and not known else Joint.CLAUSE
    if core[-1:] in ":،؛":
        return Joint.NONE if ends and core[-1:] != ":" else Joint.CLAUSE
    return Joint.SENTENCE if bare[:1].isupper() and bare.lower() in SENTENCE_OPENERS else Joint.NONE


_COORDINATORS = frozenset(
    ("and", "or", "but", "y", "o", "e", "u", "ni", "et", "ou", "und", "oder", "como", "as", "wie", "than")
)


def before_word(lead: str, word: str, following: str) -> Joint:
    """Return the joint between `word` and `following`, without punctuation between them; `lead` precedes `word`."""
    left, right = word.lower(), following.lower()
    if not _may_part(lead, word, left, following, right):
        return Joint.NONE
    if "가" <= left[-1] <= "힣" or "가" <= right[0] <= "힣":
        return _between_korean(left, right)
    if right in CLAUSE_OPENERS:
        return Joint.WEAK if left in COMPLEMENTED else Joint.CLAUSE_OPENER
    if right in PHRASE_OPENERS:
        return Joint.PLAIN if right == "by" and left.endswith(("ed", "en", "wn")) else Joint.PHRASE
    if right in SUBJECTS:
        return Joint.NONE if left in COMPLEMENTED else Joint.PHRASE
    if right in AUXILIARIES or right in DETERMINERS or right == "to":
        named = lead.lower() in DETERMINERS or left[:2] in {"l'", "l’", "d'", "d’"}
        return Joint.WEAK if named else Joint.WORD
    return Joint.PLAIN


def is_settled(joint: Joint, opener: str) -> bool:
    """Return whether the joint before the word `opener` holds whatever follows it."""
    key = opener.lower()
    return joint < Joint.PHRASE or opener[0] >= "\uac00" or (key in CLAUSE_OPENERS and key not in _COORDINATORS)


def confirms(joint: Joint, lead: str, opener: str, following: str) -> bool:
    """Return whether the joint between `lead` and `opener` holds now that the word `following` them is known.

    It does not where the two words are all that follows (`with you.`, `and butter,`), nor between two names.
    """
    bare = following.rstrip(CLOSERS)
    if bare[-1:] in _LEANING_MARKS:
        return False
    if opener in _COORDINATORS and lead[:1].isupper() and (bare[:1].isupper() or bare.lower() in DETERMINERS):
        return bare == "I" or bare.startswith(("I'", "I’"))
    return joint is not Joint.PHRASE or bare.lower() not in OBJECTS or opener.lower() in SUBJECTS


def _may_part(lead: str, word: str, left: str, following: str, right: str) -> bool:
    if left in LEANS_RIGHT or right in LEANS_LEFT or len(left) < 2:
        return False
    if left[-1].isdigit() and lead.rstrip(".").lower() in BEFORE_NUMBER:
        return False
    if not (left[-1].isalpha() or left[-1] in ")%€$"):
        closed = left[-1].isdigit() or (left[-1] in CLOSERS and left[-1] not in "'’")
        return closed and (right in CLAUSE_OPENERS or right in PHRASE_OPENERS)
    if word[0].isupper() and following[0].isupper():
        return False
    return right[0].isalpha() or right[0] in _STRIPPED_LEFT


_KOREAN_CLAUSE = (
    "고",
    "서",
    "면",
    "지만",
    "는데",
    "은데",
    "인데",
    "니까",
    "려고",
    "면서",
    "거나",
    "다가",
    "으며",
    "이며",
    "도록",
)
_KOREAN_PHRASE = (
    "에",
    "에서",
    "에게",
    "한테",
    "까지",
    "부터",
    "으로",
    "에는",
    "에서는",
    "까지는",
    "보다",
    "마다",
    "처럼",
    "동안",
    "때문에",
    "같이",
    "함께",
    "덕분에",
)
_KOREAN_PRONOUNS = frozenset(("저도", "나도", "제가", "내가", "우리가", "네가"))
_KOREAN_ADNOMINAL = frozenset("하되있없가오보먹사드나르주지쓰크키싶않많좋같작높깊받읽찾넓밝늦괜젊짧길")
_KOREAN_AUXILIARIES = (
    "싶",
    "있",
    "없",
    "나서",
    "나면",
    "보",
    "주",
    "말",
    "않",
    "못",
    "되",
    "돼",
    "좋",
    "괜찮",
    "안",
    "대해",
    "대한",
    "관해",
    "관한",
    "따라",
    "따른",
    "의해",
    "의한",
    "비해",
    "인해",
    "위해",
    "위한",
    "하",
    "해",
    "계",
    "가",
    "오",
    "와",
    "버",
    "놓",
    "두",
    "드",
    "같",
)


def _between_korean(left: str, right: str) -> Joint:
    if len(left) < 2 or left[-1] in "한할된될던":
        return Joint.NONE
    if left in _KOREAN_PRONOUNS or (left[-1] in "은는" and left[-2] not in _KOREAN_ADNOMINAL):
        return Joint.PHRASE
    if right.startswith(_KOREAN_AUXILIARIES):
        return Joint.NONE
    if left.endswith(_KOREAN_CLAUSE):
        return Joint.CLAUSE_OPENER if len(left) > 2 else Joint.PHRASE
    if left.endswith(_KOREAN_PHRASE):
        return Joint.PHRASE
    return Joint.WORD if left[-1] in "을를이가도로" else Joint.PLAIN
