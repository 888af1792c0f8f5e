"""How good a cut is between two characters of a script that writes no spaces: marks, and Japanese."""

from __future__ import annotations

from avatar_bridge.core.script.joints import CLOSERS, Joint

__all__ = [
    "HIRAGANA",
    "IDEOGRAPHIC_MARKS",
    "IDEOGRAPHS",
    "KANA_PARTICLES",
    "MARKS",
    "japanese_joint",
    "kana_joint",
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
KANA_PARTICLES = frozenset("はがにでも")
"""Hiragana that may end a phrase although hiragana follow, right after an ideograph."""
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
    if left[-1] in "》」』" and following in "《「『":
        return Joint.WORD
    return Joint.NONE if closed else None


_IDIOMS = _pairs("気に気が気を役に手に身に目に目が耳に火に口に頭に腹が世に年を")
"""Nouns with their particle that make one expression with the verb behind them."""
_TIME_UNITS = frozenset("時日月年分円度週歳")
_CLOCK = frozenset("午一二三四五六七八九十翌夕夜朝正来金土日月火水木")


def japanese_joint(left: str, following: str) -> Joint:
    """Return the joint after the particle that ends `left` (its last four characters), before `following`."""
    last = left[-1]
    if _is_hiragana(following) or following in _LEANING or not _is_hiragana(last):
        return Joint.NONE
    for ending, joint in _ALL_JOINTS:
        if left.endswith(ending):
            ranged = ending == "から" and left[-3:-2] in _TIME_UNITS and (following in _CLOCK or following.isdigit())
            return Joint.NONE if ranged else joint
    if left[-2:] in _IDIOMS:
        return Joint.NONE
    if last == "を":
        return Joint.PHRASE
    before = left[-2:-1]
    if last in _PARTICLES and before and (not _is_hiragana(before) or before in _AFTER_KANA):
        return Joint.PHRASE
    if (
        last in "てでとにがはもへ"
        and before not in {"", "っ"}
        and following not in _TIGHT_KANJI
        and (last, following) != ("と", "一")
    ):
        return Joint.WORD
    return Joint.NONE if last in "おごんっー" else Joint.BOUND


_KANA_GOES_ON = frozenset("んぁぃぅぇぉっゃゅょーなはもすしるれらりまいうえおくさたちつてとねよかがのに")
"""Hiragana that mostly go on with the word before them."""


def kana_joint(left: str, following: str) -> Joint:
    """Return the joint between two hiragana: only を is surely a particle there."""
    before = left[-2:-1]
    if left[-1] == "を" and before and following not in "んぁぃぅぇぉっゃゅょー":
        return Joint.PHRASE
    if following not in _KANA_GOES_ON and left.endswith(("から", "ので", "けど", "たら", "れば", "えば", "ながら")):
        return Joint.PLAIN
    if following == "お" and left[-1] == "は" and before:
        return Joint.WORD
    if following == "お" and left[-1] == "に" and before not in {"", "の"}:
        return Joint.PLAIN
    if left[-1] == "が" and before and _is_hiragana(before):
        return Joint.NONE if following in "んらとすたけりるっ" else Joint.BOUND
    particle = left[-1] in KANA_PARTICLES and before and not _is_hiragana(before)
    if particle and following not in "んなはもすしあいっょてるれらりま":
        return Joint.BOUND
    return Joint.LAST if left[-1] in "はもてと" and before and following not in _KANA_GOES_ON else Joint.NONE
