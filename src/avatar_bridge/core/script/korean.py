"""How good a cut is between two Korean words: after a particle or an ending, never before what completes it."""

from __future__ import annotations

from avatar_bridge.core.script.joints import Joint

__all__ = ["DEPENDENT_NOUNS", "is_korean", "korean_joint"]


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


DEPENDENT_NOUNS = ("때", "것", "거", "게", "수", "만큼", "뿐", "줄", "텐", "지", "데", "적", "듯", "동안", "사람")


def is_korean(char: str) -> bool:
    """Return whether `char` is a hangul syllable."""
    return "\uac00" <= char <= "\ud7a3"


def korean_joint(left: str, right: str) -> Joint:
    """Return the joint between the word `left` and the word `right`, of which one is Korean."""
    if len(left) < 2 or left[-1] in "한할된될던":
        return Joint.NONE
    if right.startswith(DEPENDENT_NOUNS) and left[-1] in "을를은는":
        return Joint.NONE
    if left[-1] == "를" or (left[-1] == "을" and left[-2] not in _KOREAN_ADNOMINAL):
        return Joint.PHRASE
    if left in _KOREAN_PRONOUNS or (left[-1] in "은는" and not _is_adnominal(left)):
        return Joint.PHRASE
    if left[-1] in "은는":
        return Joint.LAST
    if right.startswith(_KOREAN_AUXILIARIES):
        return Joint.NONE
    if left.endswith(_KOREAN_CLAUSE):
        return Joint.CLAUSE_OPENER if len(left) > 2 else Joint.PHRASE
    if left.endswith(_KOREAN_PHRASE):
        return Joint.PHRASE
    if left[-1] in "이히게" and len(left) > 2:
        return Joint.PLAIN
    return Joint.WORD if left[-1] in "가도로" else Joint.BOUND


def _is_adnominal(left: str) -> bool:
    """Return whether 은 or 는 makes a verb that describes the next word; after 지 only if a verb's ending precedes."""
    if left[-2] == "지" and len(left) > 2:
        return left[-3] in "어해여려라빠커"
    return left[-2] in _KOREAN_ADNOMINAL
