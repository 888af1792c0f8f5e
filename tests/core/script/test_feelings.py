"""Expressions for replies without tags: what is felt, where it is shown, and what it never does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.script.feelings import FEELINGS, FIRST_ID, Feelings, feeling, weigh
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.vocabulary import Cue, Release, Segment, Text

FACES = ("happy", "joy", "sad", "angry", "surprised", "relaxed", "neutral", "smile")
CORPUS = Path(__file__).parents[3] / "benchmarks" / "corpora" / "feelings.jsonl"


def shown(text: str, *, faces: tuple[str, ...] = FACES, dialect: str = "auto", piece: int = 0) -> list[Cue | Release]:
    """Return what the face does while a script is said."""
    parser, segmenter = Parser(dialect=dialect, names=[*faces, "wave"]), Segmenter()
    feelings = Feelings(faces, strength=0.4)
    found: list[Cue | Release] = []

    def drain() -> None:
        for event in parser.events():
            feelings.feed(event)
            segmenter.feed(event)
        for segment in segmenter.segments():
            found.extend(feelings.judge(segment))

    for start in range(0, len(text), piece or len(text)):
        parser.feed(text[start : start + (piece or len(text))])
        drain()
    parser.close()
    drain()
    segmenter.close()
    drain()
    return found


def names(found: list[Cue | Release]) -> list[str]:
    return [("" if isinstance(each, Cue) else "/") + each.name for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm so happy!", "happy"),
        ("I'm not happy about it.", "sad"),
        ("I'm not angry at all.", "neutral"),
        ("Don't worry.", "relaxed"),
        ("Wait, what?", "surprised"),
        ("How dare you!", "angry"),
        ("嬉しい！", "happy"),
        ("楽しくないよ。", "neutral"),
        ("我没有生气。", "neutral"),
        ("我很生气。", "angry"),
        ("No estoy triste.", "neutral"),
        ("Ich bin nicht wütend.", "neutral"),
        ("C'est incroyable !", "surprised"),
        ("Fine 😢", "sad"),
        ("Okay :)", "happy"),
        ("The train leaves at nine.", "neutral"),
        ("", "neutral"),
    ],
)
def test_what_a_sentence_feels_like(text: str, expected: str) -> None:
    assert feeling(text) == expected


def test_the_labelled_set_is_told_right() -> None:
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    for split, least in (("tune", 0.95), ("held", 0.9), ("blind", 0.8)):
        texts = [row for row in rows if row["split"] == split]
        right = sum(feeling(row["text"]) == row["label"] for row in texts)
        assert right / len(texts) >= least, split


def test_a_cue_is_weak_and_stands_at_its_sentence() -> None:
    found = shown("The train leaves at nine in the morning. I'm so happy that you are coming with us today!")
    assert found == [Cue(FIRST_ID, "happy", 41, 0.4)]


def test_a_neutral_sentence_lets_the_face_go() -> None:
    text = "I'm so happy that you are all here with me today! The train leaves from platform four at eight o'clock."
    assert names(shown(text)) == ["happy", "/happy"]


def test_the_same_is_not_shown_twice_and_changes_take_two_seconds() -> None:
    happy = "I'm so happy that you are all here with me today! "
    assert names(shown(happy * 4)) == ["happy"]
    assert names(shown("Yay! Oh no, I'm sad. Wow! Yay!")) == ["happy"]
    assert names(shown(happy + "I miss my cat so much that I cried last night.")) == ["happy", "sad"]


def test_a_tag_wins_until_it_is_released() -> None:
    sad = "I miss my cat so much that I cried all night long. "
    assert shown(f"[happy]Well then. {sad * 3}") == []
    assert names(shown(f"[happy]Well then, here we are, all of us.[/happy] {sad}")) == ["sad"]
    assert shown(f"{sad}[angry]Grr.")[:1] in ([], [Cue(FIRST_ID, "sad", 0, 0.4)])
    assert names(shown(f"[happy 2s]Well then. {sad * 3}")) == ["sad"]


def test_a_gesture_is_no_expression() -> None:
    assert names(shown("[wave]I'm so happy!")) == ["happy"]


def test_a_tag_inside_a_segment_keeps_it_plain() -> None:
    feelings = Feelings(FACES)
    feelings.feed(Text(0, "I'm so happy, yes!", 0, "I'm so happy, yes!"))
    feelings.feed(Cue(0, "Sad", 14, source="[Sad]"))
    assert feelings.judge(Segment(0, "I'm so happy, yes!", 0)) == ()


def test_a_classifier_s_word_counts_for_more() -> None:
    feelings = Feelings(FACES)
    text = "I'm so happy, yes! "
    for at in (0, len(text)):
        feelings.feed(Text(at, text, at, text))
    assert names(list(feelings.judge(Segment(0, text, 0), felt="angry"))) == ["angry"]
    feelings.feed(Text(2 * len(text), text * 2, 2 * len(text), text * 2))
    assert names(list(feelings.judge(Segment(1, text, 2 * len(text)), felt="neutral"))) == ["/angry"]


def test_emoji_colour_the_sentence_they_follow() -> None:
    assert names(shown("I had a day at the office 😢 and that is it.", dialect="bridge")) == ["sad"]
    assert names(shown("😡 The package is here.", dialect="bridge")) == ["angry"]


def test_an_emoji_that_already_acts_is_not_doubled_and_ends() -> None:
    long = "The train leaves from platform four at eight in the evening, and it is a long way. "
    found = shown(f"Well 😊 here we go again with the next level. {long}")
    assert "happy" not in names(found)[1:]
    assert names(found)[-1] == "/happy"


def test_the_map_says_what_faces_are_called() -> None:
    assert names(shown("Yay, we won!", faces=("joy", "Smile"))) == ["joy"]
    assert names(shown("Yay, we won!", faces=("sad",))) == []
    assert names(shown("Yay, we won!", faces=())) == []


@given(st.text(max_size=300))
def test_any_text_is_weighed(text: str) -> None:
    weights = weigh(text)
    assert set(weights) == set(FEELINGS)
    assert all(weight >= 0 for weight in weights.values())


@given(
    st.lists(
        st.sampled_from(
            [
                "I'm so happy today! ",
                "[angry]",
                "[/angry]",
                "How sad, I cried. ",
                "😢 ",
                "It is nine. ",
                "えっ！",
                "[wave]",
            ]
        ),
        max_size=30,
    ),
    st.integers(1, 40),
)
def test_laws(parts: list[str], piece: int) -> None:
    text = "".join(parts)
    found = shown(text, piece=piece)
    parser = Parser(names=[*FACES, "wave"])
    parser.feed(text)
    parser.close()
    events = parser.events()
    speech = "".join(each.spoken for each in events if isinstance(each, Text))
    held: list[tuple[int, float]] = []
    for each in events:
        if isinstance(each, Cue) and each.source == "[angry]":
            until = next((r.at for r in events if isinstance(r, Release) and r.cue == each.id), len(speech))
            held.append((each.at, until))
    ids = [each.id for each in found if isinstance(each, Cue)]
    assert ids == list(range(FIRST_ID, FIRST_ID + len(ids)))
    last = -1
    for each in found:
        assert last <= each.at <= len(speech)
        last = each.at
        if isinstance(each, Cue):
            assert each.strength == 0.4
            if piece >= len(text):
                assert not any(start <= each.at < until for start, until in held)
