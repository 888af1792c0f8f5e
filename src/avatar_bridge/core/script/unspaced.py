"""How good a cut is between two characters of a script that writes no spaces: Japanese and Chinese."""

from __future__ import annotations

from avatar_bridge.core.script.boundaries import CLOSERS, Joint

__all__ = ["IDEOGRAPHIC", "chinese_joint", "japanese_joint", "leans_left", "mark_joint"]

IDEOGRAPHIC = "\u2e80-\u2fff\u3001-\u312f\u3190-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f\U00020000-\U0003ffff"
"""A character class (without its brackets) of everything written without spaces, its punctuation included."""

_SENTENCE_MARKS = frozenset("。！？!?｡．")
_CLAUSE_MARKS = frozenset("、，；：,;:､")
_SOFT_MARKS = frozenset("…—～〜♪☆")
_LEANING = frozenset("。、！？，；：…—～〜ー」』）】〕］〉》”’!?.,;:)♪☆ぁぃぅぇぉっゃゅょァィゥェォッャュョ々%％")
_QUOTING = frozenset("とのがはをにもでってかなよねだ的")
_TIGHT_KANJI = frozenset("行来見居置欲下頂貰思言考呼聞始続終")

_ALL_JOINTS = (
    ("ながら", Joint.CLAUSE_OPENER),
    ("けれど", Joint.CLAUSE_OPENER),
    ("から", Joint.CLAUSE_OPENER),
    ("ので", Joint.CLAUSE_OPENER),
    ("けど", Joint.CLAUSE_OPENER),
    ("のに", Joint.CLAUSE_OPENER),
    ("たら", Joint.CLAUSE_OPENER),
    ("れば", Joint.CLAUSE_OPENER),
    ("よって", Joint.CLAUSE_OPENER),
    ("まで", Joint.PHRASE),
)
_PARTICLES = frozenset("はがをにでもへ")
_AFTER_KANA = frozenset("のにでとられこそたしまへ")


def leans_left(char: str) -> bool:
    """Return whether `char` can never start a piece: it closes or ends what precedes."""
    return char in _LEANING


def _is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def mark_joint(left: str, following: str) -> Joint | None:
    """Return the joint that the punctuation at the end of `left` makes before `following`; None without punctuation."""
    if following in _LEANING:
        return Joint.NONE
    core = left.rstrip(CLOSERS)
    if not core:
        return Joint.NONE
    closed = len(core) < len(left)
    last = core[-1]
    if last in _SENTENCE_MARKS:
        return Joint.NONE if closed and following in _QUOTING else Joint.SENTENCE
    if last in _CLAUSE_MARKS:
        return Joint.NONE if closed or following.isdigit() and core[-2:-1].isdigit() else Joint.CLAUSE
    if last in _SOFT_MARKS:
        return Joint.CLAUSE
    return Joint.NONE if closed else None


def japanese_joint(left: str, following: str) -> Joint:
    """Return the joint after the particle that ends `left` (its last four characters), before `following`."""
    last = left[-1]
    if _is_hiragana(following) or following in _LEANING or not _is_hiragana(last):
        return Joint.NONE
    for ending, joint in _ALL_JOINTS:
        if left.endswith(ending):
            return joint
    if last == "を":
        return Joint.PHRASE
    before = left[-2:-1]
    if last in _PARTICLES and before and (not _is_hiragana(before) or before in _AFTER_KANA):
        return Joint.PHRASE
    if last in "てで" and before and following not in _TIGHT_KANJI:
        return Joint.WORD
    return Joint.NONE


_CHINESE_CLAUSE = frozenset(
    "但是 因为 因為 所以 如果 而且 然后 然後 虽然 雖然 不过 不過 还有 還有 或者 并且 並且 因此 可是 只要 只有 除了 由于 由於 同时 同時 例如 比如 尤其 以及 即使 无论 無論 直到".split()
)
_CHINESE_PHRASE = frozenset("关于 關於 对于 對於 通过 通過 根据 根據 为了 為了 已经 已經 我们 我們 他们 他們".split())
_CHINESE_AFTER = (
    "的时候",
    "的時候",
    "之后",
    "之後",
    "以后",
    "以後",
    "之前",
    "的话",
    "的話",
    "的人",
    "的地方",
    "的发展",
    "里",
)
_TRANSITIVE = frozenset("让讓给給跟和与與对對把被在是为為的向从從")


def chinese_joint(left: str, pair: str) -> Joint:
    """Return the joint between `left` (its last four characters) and the two characters `pair` that follow it."""
    if pair[0] in _LEANING or left[-1] in _TRANSITIVE or left[-1] in CLOSERS:
        return Joint.NONE
    if pair in _CHINESE_CLAUSE:
        return Joint.CLAUSE_OPENER
    if left.endswith(_CHINESE_AFTER) and pair[0] not in "的了是":
        return Joint.PHRASE
    if pair in _CHINESE_PHRASE:
        return Joint.PHRASE
    return Joint.NONE
