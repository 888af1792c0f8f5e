"""How good a cut is between two characters of a script that writes no spaces: Japanese and Chinese."""

from __future__ import annotations

from avatar_bridge.core.script.boundaries import CLOSERS, Joint

__all__ = [
    "CHINESE_ENDINGS",
    "CHINESE_OPENINGS",
    "HIRAGANA",
    "IDEOGRAPHIC_MARKS",
    "IDEOGRAPHS",
    "MARKS",
    "chinese_joint",
    "japanese_joint",
    "leans_left",
    "mark_joint",
    "parts",
]

HIRAGANA = "\u3041-\u309f"
"""A character class (without its brackets) of hiragana."""

IDEOGRAPHIC_MARKS = "\u3001-\u3004\u3008-\u3020\u3030\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""A character class of punctuation, quotes and brackets of Japanese and Chinese."""

IDEOGRAPHS = (
    "\u2e80-\u2fff\u3005-\u3007\u3021-\u302f\u3031-\u3040\u30a0-\u30fa\u30fc-\u312f\u3190-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
"""A character class of the other characters that are written without spaces: ideographs and katakana."""

_SENTENCE_MARKS = frozenset("。！？!?｡．")
_CLAUSE_MARKS = frozenset("、，；：,;:､")
_SOFT_MARKS = frozenset("…—～〜♪☆")
MARKS = _SENTENCE_MARKS | _CLAUSE_MARKS | _SOFT_MARKS | frozenset(CLOSERS)
"""Marks after which a place must be judged by `mark_joint`."""
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
_AFTER_KANA = frozenset("のにでとられこそたしまへん")


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(0, len(text), 2))


def leans_left(char: str) -> bool:
    """Return whether `char` can never start a piece: it closes or ends what precedes."""
    return char in _LEANING


def _is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def parts(last: str, following: str) -> bool:
    """Return whether a pause asked for between two characters may stand there: not before a mark, not in katakana."""
    return following not in _LEANING and not ("\u30a0" <= last <= "\u30ff" and "\u30a0" <= following <= "\u30ff")


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
        return Joint.NONE if closed or (following.isdigit() and core[-2:-1].isdigit()) else Joint.CLAUSE
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
    return Joint.NONE if last in "おごんっー" else Joint.PLAIN


_CHINESE_CLAUSE = _pairs(
    "但是因为因為所以如果而且然后然後虽然雖然不过不過还有還有或者并且並且因此可是只要只有除了由于由於同时同時例如比如尤其以及"
    "即使无论無論直到"
)
_CHINESE_PHRASE = _pairs("关于關於对于對於通过通過根据根據为了為了已经已經")
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
    "的地方",
    "发现",
    "發現",
    "认为",
    "認為",
    "觉得",
    "覺得",
    "知道",
    "希望",
    "表示",
    "表明",
)
_CHINESE_ADVERBS = frozenset("都就也还還又才已很没沒不将將会會能要可再只刚剛正最更太")
_CHINESE_WEAK: dict[str, tuple[str, str]] = {
    "在": ("现現存实實所正内內外潜自好旨还還就都不", "于於内內"),
    "把": ("一两兩几幾火车車", "握手关關"),
    "被": ("棉", "子"),
    "从": ("服听自跟", "而来"),
    "從": ("服聽自跟", "而來"),
    "却": ("冷退忘", ""),
    "卻": ("冷退忘", ""),
    "并": ("合一", "且"),
    "和": ("暖温柔平缓共饱", "平谐諧气氣尚"),
    "与": ("参给赠", "否其会"),
    "就": ("成造早一将也", "业業是"),
    "能": ("可功性才智只不万萬也就都", "力够夠源量"),
    "会": ("机社学一大开约晚误体协都不才议也就国", "议员话计"),
    "會": ("機社學一大開約晚誤體協都不才議也就國", "議員話計"),
    "是": ("但可只不于於总總就都也还還正若或要便凡老算", "否非"),
}
"""Particles before which a late piece may end: the characters with which they make another word, before and after."""

CHINESE_OPENINGS = frozenset(pair[0] for pair in _CHINESE_CLAUSE | _CHINESE_PHRASE) | frozenset(_CHINESE_WEAK)
"""First characters of the words before which Chinese may be cut."""
CHINESE_ENDINGS = frozenset(word[-1] for word in _CHINESE_AFTER)
"""Last characters of the words after which Chinese may be cut."""
_TRANSITIVE = frozenset("让讓给給跟和与與对對把被在是为為的向从從")


def chinese_joint(left: str, pair: str) -> Joint:
    """Return the joint between `left` (its last four characters) and the two characters `pair` that follow it."""
    if pair[0] in _LEANING or left[-1] in _TRANSITIVE or left[-1] in CLOSERS:
        return Joint.NONE
    if pair in _CHINESE_CLAUSE:
        return Joint.CLAUSE_OPENER
    if left.endswith(_CHINESE_AFTER) and pair[0] not in "的了过過着著自吗嗎吧":
        return Joint.PHRASE
    if pair in _CHINESE_PHRASE:
        return Joint.PHRASE
    if partners := _CHINESE_WEAK.get(pair[0]):
        bound = left[-1] in partners[0] or left[-1] in _CHINESE_ADVERBS or pair[1] in partners[1]
        return Joint.NONE if bound else Joint.WEAK
    return Joint.NONE
