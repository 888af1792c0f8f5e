"""Where the first piece may end: words that belong together stay together, and the piece never waits for long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.script.chinese import chinese_joint
from avatar_bridge.core.script.joints import Joint
from avatar_bridge.core.script.korean import korean_joint
from avatar_bridge.core.script.phrases import before_word, last_resort, settled
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.script.unspaced import japanese_joint, kana_joint
from avatar_bridge.core.vocabulary import Text

GOOD = Joint.WORD
"""The worst joint that is taken before the piece is late."""


@pytest.mark.parametrize(
    "words",
    [
        "she gave | a",
        "the crew | is",
        "el perro | duerme",
        "los niños | salieron",
        "la madre | de",
        "Frau Dr. | hat",
        "ein Haus | verkauft",
        "Marie Curie | discovered",
        "the boss | opens",
        "ce livre | est",
        "told him | yesterday",
        "guten Kuchen | braucht",
    ],
)
def test_a_phrase_of_two_words_may_part_from_what_follows(words: str) -> None:
    left, following = words.split(" | ")
    lead, word = left.rsplit(" ", 1)
    if words.startswith("told"):
        lead, word = "to", "him"
    if words.startswith("Frau"):
        lead, word = "Dr.", "Schneider"
    assert before_word(lead, word, following) >= GOOD


@pytest.mark.parametrize(
    ("lead", "word", "following"),
    [
        ("", "Honey", "is"),
        ("because", "everyone", "is"),
        ("in", "the", "garden"),
        ("my", "favorite", "food"),
        ("an", "Italian", "workshop"),
        ("and", "quarterly", "earnings"),
        ("they", "stayed", "up"),
        ("and", "sold", "it"),
        ("at", "Mozart's", "house"),
        ("has", "been", "working"),
        ("y", "dos", "cucharadas"),
        ("icon", "next", "to"),
        ("noches", "junto", "al"),
        ("avec", "trois", "pommes"),
        ("es", "klappt", "es"),
        ("", "Gestern", "fahren"),
        ("nur", "19,90 €", "al"),
        ("two", "hundred", "kg"),
    ],
)
def test_words_that_are_spoken_together_do_not_part(lead: str, word: str, following: str) -> None:
    assert before_word(lead, word, following) < GOOD


@pytest.mark.parametrize(
    ("lead", "word", "opener", "following", "parts"),
    [
        ("the", "crew", "to", "lower", False),
        ("they", "walked", "to", "the", True),
        ("una", "sopa", "de", "pescado", False),
        ("la", "capital", "de", "Bolivia", True),
        ("el", "gato", "de", "mi", True),
        ("de", "julio", "de", "1904", False),
        ("the", "Lord", "of", "the", False),
        ("vamos", "vamos", "a", "jugar", False),
        ("between", "France", "and", "Italy", False),
        ("from", "9", "and", "11", False),
        ("they", "came", "in", "and", False),
        ("we", "talked", "about", "it", False),
        ("day", "day", "by", "day", False),
        ("a", "group", "from", "Lyon", True),
    ],
)
def test_a_preposition_parts_only_with_a_phrase_of_its_own(
    lead: str, word: str, opener: str, following: str, parts: bool
) -> None:
    joint = before_word(lead, word, opener)
    assert (settled(joint, word, opener, following) >= GOOD) is parts


@pytest.mark.parametrize(
    "text",
    [
        "我小时候住|在一",
        "混合|在一",
        "他出现|在门",
        "我们|就会",
        "首|都是",
        "花园里|面有",
        "想了|想",
        "看了|一眼",
        "蓝色的|天空",
        "屏幕一直|没有",
    ],
)
def test_chinese_complements_and_words_do_not_part(text: str) -> None:
    left, pair = text.split("|")
    assert chinese_joint(left, pair[:2].ljust(2)) < GOOD


@pytest.mark.parametrize(
    "text",
    [
        "李教授昨天|在上",
        "春天的桃花|非常",
        "我知道|他是",
        "最后花了|三个",
        "在公园里|跑步",
        "我喜欢|但是",
        "公司的总部|位于",
    ],
)
def test_chinese_parts_before_prepositions_predicates_and_after_times(text: str) -> None:
    left, pair = text.split("|")
    assert chinese_joint(left, pair[:2]) >= GOOD


def test_korean_parts_after_particles_and_not_before_what_completes_them() -> None:
    assert korean_joint("노래를", "불러") >= GOOD
    assert korean_joint("할아버지는", "손을") >= GOOD
    assert korean_joint("떨어지는", "물") < GOOD
    assert korean_joint("먹을", "것") is Joint.NONE
    assert last_resort("이해할", "수") is Joint.NONE


def test_japanese_parts_after_particles_and_not_inside_idioms_or_ranges() -> None:
    assert japanese_joint("公園を", "走") >= GOOD
    assert japanese_joint("は気に", "入") is Joint.NONE
    assert japanese_joint("九時から", "午") is Joint.NONE
    assert japanese_joint("東京から", "京") >= GOOD
    assert kana_joint("それを", "み") >= GOOD
    assert kana_joint("ちよつと", "ま") < GOOD


def first_end(text: str, size: int = 4) -> int:
    """Return how many characters had arrived when the first segment was ready."""
    segmenter = Segmenter()
    for at in range(0, len(text), size):
        segmenter.feed(Text(at, text[at : at + size], at, text[at : at + size]))
        if segmenter.segments():
            return at + size
    return len(text)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("Nobody but him could ever have been so very sure of what it was that we had to do then.", 52),
        ("“Why is there never anything else that you really want to talk about with me?” she asked.", 52),
        ("To be honest with you I have never really understood why people enjoy watching golf.", 52),
        ("La mayoría de los estudiantes prefiere estudiar por la noche porque hay menos ruido.", 52),
        ("わたしたちがいつもいっているあのおみせはきょうおやすみだそうですよ", 19),
        ("明治時代に建てられたこの建物は現在図書館として使われています", 19),
        ("「もう二度とここには来ないでくださいと何度も言いましたよね」と彼女は怒った。", 19),
        ("请将面粉和鸡蛋混合在一起然后慢慢加入牛奶搅拌均匀", 19),
        ("비가 많이 오는 날에는 집에서 따뜻한 차를 마시면서 책을 읽어요.", 19),
    ],
)
def test_the_first_piece_does_not_wait_for_punctuation(text: str, most: int) -> None:
    size = 4 if most == 52 else 1
    assert first_end(text, size) <= most


def test_a_closing_quote_stays_with_its_sentence() -> None:
    text = "“你为什么从来不告诉我你心里真正在想什么呢？”她生气地问道。"
    segmenter = Segmenter()
    segmenter.feed(Text(0, text, 0, text))
    segmenter.close()
    assert not [piece.text for piece in segmenter.segments() if piece.text.startswith("”")]


_WORDS = st.sampled_from(
    [
        "the",
        "a",
        "of",
        "to",
        "and",
        "Kate",
        "river",
        "wanted",
        "sings",
        "de",
        "la",
        "niños",
        "und",
        "Haus",
        "in",
        "12",
        "it's",
        "my",
        "blue",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_WORDS, min_size=2, max_size=25))
def test_no_first_piece_ends_with_an_article(words: list[str]) -> None:
    segmenter = Segmenter()
    text = " ".join(words)
    segmenter.feed(Text(0, text, 0, text))
    segmenter.close()
    made = segmenter.segments()
    if len(made) > 1:
        assert made[0].text.split()[-1] not in {"the", "a", "my", "of", "la", "de", "und", "and", "it's"}
