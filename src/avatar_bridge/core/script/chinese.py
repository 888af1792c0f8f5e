"""How good a cut is between two Chinese characters: by particles, times, conjunctions and predicates."""

from __future__ import annotations

from avatar_bridge.core.script.joints import CLOSERS, Joint
from avatar_bridge.core.script.unspaced import leans_left

__all__ = ["CHINESE_ENDINGS", "CHINESE_OPENINGS", "chinese_joint"]


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(0, len(text), 2))


_CHINESE_CLAUSE = _pairs(
    "但是因为因為所以如果而且然后然後虽然雖然不过不過还有還有或者并且並且因此可是只要只有除了由于由於同时同時例如比如尤其以及"
    "即使无论無論直到否则否則"
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
_CHINESE_ADVERBS = frozenset("约約概真先请請别別刚剛想都就也还還又才已很没沒不将將会會能要可再只刚剛正最更太")
_CHINESE_TIMES = (
    "今天",
    "昨天",
    "明天",
    "前天",
    "每天",
    "那天",
    "今晚",
    "昨晚",
    "最近",
    "现在",
    "現在",
    "以前",
    "从前",
    "從前",
    "后来",
    "後來",
    "当时",
    "當時",
    "平时",
    "平時",
    "有时",
    "有時",
    "早上",
    "上午",
    "中午",
    "下午",
    "晚上",
    "目前",
    "傍晚",
    "春天",
    "夏天",
    "秋天",
    "冬天",
    "周末",
    "週末",
    "今年",
    "去年",
    "明年",
    "每年",
    "小时候",
    "小時候",
    "最后",
    "最後",
)
_CHINESE_PREDICATES = _pairs(
    "不是不能不会不會不太没有沒有无法無法已经已經一直一定都是都在都会都會都被都有也是也会也會也很也在也有就是就会就會还是還是还在還在能够能夠"
    "可以应该應該必须必須需要正在位于位於拥有擁有成为成為属于屬於来自來自包括建于建於非常特别特別实在實在十分总是總是经常經常常常仍然依然终于終於突然开始開始"
)
_CHINESE_VERBS = _pairs(
    "竟然忽然到底究竟直接立即立刻马上馬上随时隨時曾经曾經从来從來逐渐逐漸慢慢正式共同发布發佈举行舉行推出获得獲得取得提供进行進行介绍介紹计划計劃"
    "决定決定打算负责負責代表吸引影响影響改变改變超过超過达到達到造成导致導致引起产生產生出现出現发生發生"
)
"""Adverbs and verbs of two characters that open a predicate."""
_CHINESE_DAYS = _pairs("今天昨天明天每天今年去年明年每年今晚昨晚目前最近")
"""Times that stand at the head of their phrase."""
_NOT_BEFORE_DAYS = frozenset("我你您他她它们們在到从從是的不把给給比等直就也都还還像连連以")
_CHINESE_PRONOUNS = frozenset("我你您他她它咱谁誰这這那")
_PRONOUN_PLURALS = ("我们", "我們", "你们", "你們", "他们", "他們", "她们", "她們", "它们", "它們", "咱们", "咱們")
_CHINESE_PLACING = frozenset(
    "住放坐站躺躲留存挂掛写寫落停走跑合混埋藏活生长長现現布佈处處位建摆擺睡趴靠蹲跪种種贴貼印刻装裝待呆丢扔泡浸摔掉倒围圍聚集堆铺鋪盖蓋排列登"
    "用花定设設立持浮漂飘飄游遊飞飛流传傳诞誕出死葬止限控锁鎖关關绑綁系扎握拿抱捧夹夾含插固投注压壓踩打照射洒灑撒降"
)
"""Last characters of the verbs that take a complement with 在 (住在, 混合在, 出现在)."""
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
    "会": ("员員机社学一大开约晚误体协都不才议也就国", "议员话计"),
    "會": ("員機社學一大開約晚誤體協都不才議也就國", "議員話計"),
    "是": ("但可只不于於总總就都也还還正若或要便凡老算", "否非"),
}
"""Particles before which a late piece may end: the characters with which they make another word, before and after."""

CHINESE_OPENINGS = frozenset(
    pair[0] for pair in _CHINESE_CLAUSE | _CHINESE_PHRASE | _CHINESE_PREDICATES | _CHINESE_VERBS | _CHINESE_DAYS
) | frozenset(_CHINESE_WEAK)
"""First characters of the words before which Chinese may be cut."""
CHINESE_ENDINGS = frozenset(word[-1] for word in (*_CHINESE_AFTER, *_CHINESE_TIMES)) | frozenset("了里裡上中边邊的")
"""Last characters of the words after which Chinese may be cut."""
_TRANSITIVE = frozenset("让讓给給跟和与與对對把被在是为為的向从從")
_CITIES = frozenset(("首都", "成都", "古都", "京都", "学会", "學會"))
_NUMERALS = frozenset("一二两兩三四五六七八九十几幾")
_GOES_ON_TIME = _NUMERALS | frozenset("的了之和与與到来來是早晚上下中凌夜、")
_PREDICATIVE = frozenset("就能会會是却卻")


def chinese_joint(left: str, pair: str) -> Joint:
    """Return the joint between `left` (its last eight characters) and the two characters `pair` that follow it."""
    if leans_left(pair[0]) or left[-1] in CLOSERS:
        return Joint.NONE
    if left[-1] == "的":
        return Joint.BOUND
    if left[-1] in _TRANSITIVE:
        return Joint.NONE
    if pair in _CHINESE_CLAUSE:
        return Joint.CLAUSE_OPENER
    if left.endswith(_CHINESE_AFTER) and pair[0] not in "的了过過着著自吗嗎吧":
        return Joint.PHRASE
    if left.endswith(_CHINESE_TIMES) and pair[0] not in _GOES_ON_TIME:
        return Joint.NONE if left.endswith(("出现在", "出現在", "呈现在", "呈現在")) else Joint.PHRASE
    return _before_pair(left, pair)


def _before_pair(left: str, pair: str) -> Joint:
    """Judge the place by the two characters that follow it, and at last by the character before it."""
    if pair in _CHINESE_DAYS:
        return Joint.NONE if left[-1] in _NOT_BEFORE_DAYS or left[-2:] in _CHINESE_CLAUSE else Joint.WEAK
    pronoun = left[-1] in _CHINESE_PRONOUNS or left.endswith(_PRONOUN_PLURALS)
    adverb = left[-1] in _CHINESE_ADVERBS or left[-2:] in _CHINESE_PREDICATES
    if pair in _CHINESE_PHRASE:
        return Joint.NONE if adverb else Joint.BOUND if pronoun else Joint.PHRASE
    if left[-1] == "了":
        return _after_perfect(left, pair)
    if partners := _CHINESE_WEAK.get(pair[0]):
        bound = left[-1] in partners[0] or adverb or pair[1] in partners[1] or left[-2:] in _CHINESE_CLAUSE
        if bound or (pair[0] == "在" and left[-1] in _CHINESE_PLACING):
            return Joint.NONE
        if pronoun:
            return Joint.NONE if pair[0] in _PREDICATIVE else Joint.BOUND
        return Joint.PLAIN if pair[0] in "和与與" else Joint.WEAK
    if pair in _CHINESE_PREDICATES and left[-1] + pair[0] not in _CITIES and not adverb and not pronoun:
        heavy = any(char in left[-6:-1] for char in "的每这這那个個们們")
        return Joint.WEAK if heavy else Joint.WORD if left[-4:].isalpha() and len(left) > 3 else Joint.NONE
    if pair in _CHINESE_VERBS and not adverb and not pronoun:
        bound = left[-2:] in _CHINESE_PREDICATES or left[-2:] in _CHINESE_CLAUSE
        return Joint.NONE if bound else Joint.PLAIN
    return _after_place(left, pair[0])


def _after_perfect(left: str, pair: str) -> Joint:
    """Judge the place after 了: it ends a phrase unless it belongs to a word or a doubled verb follows."""
    verb = left[-2:-1]
    if not verb or verb in "为為除" or pair[0] in "的了吗嗎吧呢啊呀嘛解起不下去来來没沒过過" or pair[0] == verb:
        return Joint.NONE
    if pair[0] == "一" and (pair[1] in "下会會眼声聲次遍口跳点點些" or pair[1] == verb):
        return Joint.NONE
    return Joint.WORD


def _after_place(left: str, following: str) -> Joint:
    """Judge the place after 里, 上, 中 or 边: with a preposition before it a phrase of place ends there."""
    opened = any(char in left[-7:-2] for char in "在从從到进進")
    if not opened or left[-1] not in "里裡上中边邊" or following in "面边邊人头頭有的海学學课課班国國文午心间間升网網":
        return Joint.NONE
    return Joint.WEAK if left[-1] in "里裡" else Joint.WORD
