"""How good a cut is between two words of an alphabet, without punctuation between them: by closed classes of words.

No language is asked for: the lists of all languages stand together, and the shapes of words decide where no list does.
"""

from __future__ import annotations

from collections.abc import Callable

from avatar_bridge.core.script.abbreviations import (
    ADJECTIVES,
    ADVERBIALS,
    AUXILIARIES,
    BEFORE_NUMBER,
    CLAUSE_OPENERS,
    COMPLEMENTED,
    COORDINATORS,
    DETERMINERS,
    FULL_OBJECTS,
    GERMAN_ARTICLES,
    LEANS_LEFT,
    LEANS_RIGHT,
    LINKS,
    NEVER_ENDS,
    OBJECTS,
    PARTICLES,
    PARTITIVES,
    PERIODS,
    PHRASAL,
    PHRASE_OPENERS,
    QUANTIFIERS,
    RATES,
    SUBJECTS,
    TIMES,
    TO,
    TO_HEADS,
    UNITS,
    VERBS,
)
from avatar_bridge.core.script.joints import CLOSERS, LEANING_MARKS, OPENERS, Joint
from avatar_bridge.core.script.korean import DEPENDENT_NOUNS, is_korean, korean_joint

__all__ = ["before_word", "is_settled", "last_resort", "settled"]

_STRIPPED_LEFT = OPENERS + "\"'"
_CONTRACTIONS = ("s", "t", "ll", "d", "m", "re", "ve", "am", "ai", "as", "avait")
_ELIDED = frozenset(("qu", "l", "d", "j", "m", "t", "s", "n", "c", "lorsqu", "puisqu", "jusqu"))
_ELIDED_ARTICLES = ("l'", "l’")
_ELIDED_LINKS = ("d'", "d’")
_PREDICATES = AUXILIARIES | VERBS
_LINK_LEADS = PHRASE_OPENERS | frozenset(("to", "à", "au", "aux", "al", "a", "of", "de"))
_AFTER_SUBJECT = DETERMINERS | QUANTIFIERS | PHRASE_OPENERS
_NEVER_LAST = DETERMINERS | COORDINATORS | LINKS | TO | PHRASE_OPENERS
_VERB_ENDINGS = ("ó", "amos", "emos", "aron", "ieron", "aban", "aba", "èrent", "aient", "iert")
_INFINITIVES = ("ar", "er", "ir", "rse", "rlo", "rla", "rle", "rme", "rte", "todos", "todas")
_MODIFIERS = ("al", "ous", "ive", "ful", "less", "ic", "able", "ible", "ary", "ing", "ed", "ent", "ant", "ish", "ly")
"""How English and Romance adjectives, participles and adverbs end: what they belong to follows."""
_NOUNS = (
    "tion",
    "sion",
    "ment",
    "ness",
    "ity",
    "ship",
    "ance",
    "ence",
    "age",
    "ing",
    "er",
    "or",
    "ar",
    "ir",
    "ción",
    "té",
)
"""How nouns and infinitives end: the second half of a compound, or the verb that another brings."""
_ORIGINS = ("an", "ish", "ese", "ch", "day")
"""How names end that stand before another noun (`the Italian workshop`, `a Sunday lunch`)."""
_INFLECTED = ("te", "en", "er", "es", "em", "ge", "ne")
"""How German adjectives end."""


def before_word(lead: str, word: str, following: str) -> Joint:
    """Return the joint between `word` and `following`; `lead` is the word before `word`."""
    left, right = word.lower(), following.lower()
    if not _may_part(lead, word, left, following, right):
        return Joint.NONE
    if (left[-1] >= "가" or right[0] >= "가") and (is_korean(left[-1]) or is_korean(right[0])):
        return korean_joint(left, right)
    before = lead.lower()
    if not before.isalpha():
        before = before.lstrip(_STRIPPED_LEFT)
        if before[-1:] in LEANING_MARKS and before[:-1] not in NEVER_ENDS:
            before = ""
    if judge := _JUDGES.get(right):
        return judge(before, left, right)
    if right[1:2] in {"'", "’"}:
        if right[0] == "d":
            return _before_link(before, left, right)
        if right[0] == "n":
            return _before_negation(before, left, right)
    return _before_unknown(lead, before, word, following)


def last_resort(word: str, following: str) -> Joint:
    """Return the joint between words that belong together: no number, name, title or contraction is torn even then."""
    left, right = word.lower(), following.lower()
    together = not left.isalpha() or not right[0].isalpha() or left in NEVER_ENDS or following[0].isupper()
    together = together or right in LEANS_LEFT or right.startswith(DEPENDENT_NOUNS)
    return Joint.NONE if together or left in _NEVER_LAST or len(left) < 2 else Joint.LAST


def _before_conjunction(before: str, left: str, _right: str) -> Joint:
    return Joint.WEAK if left in COMPLEMENTED or not before else Joint.CLAUSE_OPENER


def _before_preposition(before: str, left: str, right: str) -> Joint:
    if right in ADVERBIALS and left in PHRASAL:
        return Joint.BOUND
    if right in RATES and _is_amount(before, left):
        return Joint.NONE
    return Joint.PLAIN if right == "by" and left.endswith(("ed", "en", "wn")) else Joint.PHRASE


def _before_fused(before: str, left: str, _right: str) -> Joint:
    """Judge the place before `al`, `au`, `aux`: `une tarte aux pommes` is one thing."""
    if left in TO_HEADS:
        return Joint.NONE
    return Joint.BOUND if before in {"un", "une"} or _is_amount(before, left) else Joint.PHRASE


def _is_amount(before: str, left: str) -> bool:
    """Return whether `left` ends an amount, which goes with its rate: `19,90 € al mes`, `3 times in a day`."""
    return left[-1] in "€$£%" or (left in UNITS and (before[-1:].isdigit() or before in QUANTIFIERS))


def _before_subject(_before: str, left: str, _right: str) -> Joint:
    return Joint.NONE if left in COMPLEMENTED else Joint.PHRASE


def _before_link(before: str, left: str, right: str) -> Joint:
    if left in PARTITIVES or before in _LINK_LEADS or not before:
        return Joint.NONE
    if right not in LINKS:
        return Joint.WEAK if right[2:] in DETERMINERS else Joint.BOUND
    return Joint.WEAK if right in {"del", "du"} else Joint.PHRASE


def _before_to(before: str, left: str, _right: str) -> Joint:
    return Joint.NONE if left in TO_HEADS else Joint.PHRASE if before else Joint.BOUND


def _before_particle(_before: str, _left: str, _right: str) -> Joint:
    return Joint.NONE


def _before_time(before: str, _left: str, _right: str) -> Joint:
    return Joint.WEAK if before else Joint.BOUND


def _before_negation(before: str, _left: str, _right: str) -> Joint:
    return Joint.WEAK if before in DETERMINERS else Joint.WORD


def _before_clitic(before: str, _left: str, _right: str) -> Joint:
    return Joint.WORD if before else Joint.BOUND


def _before_predicate(before: str, left: str, right: str) -> Joint:
    if not before or before in CLAUSE_OPENERS or (right == "es" and left[-1] == "t"):
        return Joint.NONE
    noun = before in DETERMINERS or before in QUANTIFIERS or before in PHRASE_OPENERS or before[:-1] in NEVER_ENDS
    return Joint.WEAK if noun or left[:2] in _ELIDED_ARTICLES + _ELIDED_LINKS else Joint.WORD


def _before_determiner(before: str, _left: str, _right: str) -> Joint:
    return Joint.WEAK if before else Joint.BOUND


def _before_quantifier(before: str, _left: str, _right: str) -> Joint:
    noun = before in DETERMINERS or before in QUANTIFIERS or before in PHRASE_OPENERS or before[:-1] in NEVER_ENDS
    return Joint.BOUND if not before or noun or before[0].isdigit() else Joint.WEAK


_JUDGES: dict[str, Callable[[str, str, str], Joint]] = {}
for _class, _judge in (
    (QUANTIFIERS, _before_quantifier),
    (DETERMINERS, _before_determiner),
    (_PREDICATES, _before_predicate),
    ({"nous", "vous"}, _before_clitic),
    ({"no", "ne"}, _before_negation),
    (TIMES, _before_time),
    (PARTICLES, _before_particle),
    ({"al", "au", "aux"}, _before_fused),
    (TO, _before_to),
    (LINKS, _before_link),
    (SUBJECTS, _before_subject),
    (PHRASE_OPENERS, _before_preposition),
    (CLAUSE_OPENERS, _before_conjunction),
):
    _JUDGES |= dict.fromkeys(_class, _judge)


def _before_unknown(lead: str, before: str, word: str, following: str) -> Joint:
    """Judge the place before a word that no list knows, by its shape and by what stands to its left."""
    if following[0] in _STRIPPED_LEFT:
        return Joint.WORD
    if following[-1] in LEANING_MARKS or word.endswith(_MODIFIERS) or following.endswith(_NOUNS):
        return Joint.BOUND
    if not before or before in CLAUSE_OPENERS or word.lower() in ADJECTIVES:
        return Joint.BOUND
    named = word[0].isupper()
    if named and lead[:1].isupper() and before not in LEANS_RIGHT:
        return Joint.WEAK
    if following.endswith(_VERB_ENDINGS):
        return Joint.WEAK
    if named and word.endswith(_ORIGINS):
        return Joint.BOUND
    if named and following[0].islower():
        if before in GERMAN_ARTICLES:
            return Joint.WEAK
        if lead[-2:] in _INFLECTED and lead.islower() and before not in LEANS_RIGHT:
            return Joint.WORD
    if before in DETERMINERS or before in QUANTIFIERS or following[0].isupper():
        return Joint.PLAIN if _agrees(word, following) else Joint.BOUND
    if following.endswith("ed") or (word[-1] in "sx" and following.endswith(("ent", "an", "en"))):
        return Joint.WORD
    return Joint.PLAIN if named or _agrees(word, following) else Joint.BOUND


def _agrees(noun: str, verb: str) -> bool:
    """Return whether the two may be an English subject and its verb: one of them ends in s."""
    return (noun[-1] == "s") != (verb[-1] == "s" and verb[-2:] not in {"ss", "us", "is", "os", "as"})


def is_settled(joint: Joint, opener: str) -> bool:
    """Return whether the joint before the word `opener` holds whatever follows it."""
    key = opener.lower()
    if joint < Joint.WEAK or opener[0] >= "\uac00" or (opener[0].isdigit() and is_korean(opener[-1])):
        return True
    if joint is Joint.WEAK:
        return key not in DETERMINERS and key not in QUANTIFIERS
    return key in CLAUSE_OPENERS and key not in COORDINATORS


def settled(joint: Joint, left: str, opener: str, following: str) -> Joint:
    """Return the joint between `left` and `opener` now that the word `following` them is known.

    It is none where the two words are all that follows (`with you.`, `and butter,`), nor between two names.
    """
    bare = following.rstrip(CLOSERS)
    key, next_key = opener.lower(), bare.lower()
    rate = key in {"a", "an"} and next_key.rstrip(".,;:!?") in PERIODS
    if rate or (next_key == left.lower() and len(left) > 2):
        return Joint.NONE
    if key in LINKS or key in TO:
        return _settled_link(left, key, bare)
    if joint is Joint.WEAK:
        return joint if key in DETERMINERS or bare[-1:] not in LEANING_MARKS else Joint.WORD
    if bare[-1:] in LEANING_MARKS:
        return Joint.NONE
    if key in COORDINATORS and _is_pair(left, bare, next_key):
        return Joint.NONE
    if joint is Joint.PHRASE and key in PHRASE_OPENERS:
        # A preposition before another one or a conjunction closes the verb: `came in and`, `log in to`.
        if next_key in OBJECTS or next_key in COORDINATORS or (next_key in PHRASE_OPENERS and key != "from"):
            return Joint.NONE
        if key in {"von", "van", "zu"} and left[:1].isupper() and bare[:1].isupper():
            return Joint.BOUND
    return joint


def _is_pair(left: str, bare: str, next_key: str) -> bool:
    """Return whether a conjunction joins two names or two numbers."""
    if bare == "I" or bare.startswith(("I'", "I’")):
        return False
    if left[-1:].isdigit():
        return bare[:1].isdigit() or next_key in DETERMINERS
    return left[:1].isupper() and (bare[:1].isupper() or next_key in DETERMINERS)


def _settled_link(left: str, key: str, following: str) -> Joint:
    """Judge the place before `of`, `de` or `to` by what it brings: an article, a name, or a bare word."""
    bare = following.lower()
    heavy = bare in DETERMINERS or bare in QUANTIFIERS or bare[:2] in {"l'", "l’"}
    large = following[:1].isupper()
    if key in TO:
        if heavy or (large and left[:1].islower()) or (following[:1].isdigit() and not left[-1:].isdigit()):
            return Joint.PHRASE
        # Spanish `a` before a bare word; the English article before anything.
        spanish = left[-1] in "aoóéís" and bare.rstrip(".,;:!?").endswith(_INFINITIVES)
        return Joint.NONE if key != "a" or spanish else Joint.WEAK
    if following[:1].isdigit():
        return Joint.NONE
    if left[:1].isupper():
        return Joint.BOUND
    if heavy:
        return Joint.PHRASE if key != "of" else Joint.WEAK
    return Joint.WEAK if large and key != "of" else Joint.BOUND


def _is_contracted(left: str) -> bool:
    """Return whether a word with an apostrophe leans on the next: `I'm`, `Mozart's`, `qu'elle`."""
    head, apostrophe, tail = left.replace("’", "'").rpartition("'")
    return bool(apostrophe) and (tail in _CONTRACTIONS or (head in _ELIDED and tail in LEANS_RIGHT))


def _may_part(lead: str, word: str, left: str, following: str, right: str) -> bool:
    if left in LEANS_RIGHT and not (left in FULL_OBJECTS and lead.lower() in _LINK_LEADS):
        # `Schneiden Sie | die Zwiebeln`: the polite pronoun stands behind its verb.
        return word == "Sie" and lead.isalpha() and right in _AFTER_SUBJECT
    if right in LEANS_LEFT or len(left) < 2 or (not left.isalpha() and _is_contracted(left)):
        return False
    if left[-1].isdigit() and lead.rstrip(".").lower() in BEFORE_NUMBER:
        return False
    if not (left[-1].isalpha() or left[-1] in ")%€$"):
        closed = left[-1].isdigit() or (left[-1] in CLOSERS and left[-1] not in "'’")
        return closed and (right in CLAUSE_OPENERS or right in PHRASE_OPENERS)
    if word[0].isupper() and following[0].isupper():
        return right in SUBJECTS
    if right[0].isdigit():
        return is_korean(left[-1]) and left[-1] in "은는을를에서고"
    return right[0].isalpha() or right[0] in _STRIPPED_LEFT
