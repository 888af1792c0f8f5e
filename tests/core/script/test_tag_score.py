"""How well a model uses tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.script.tag_score import TagScore, score, total

NAMES = ("nod", "wave", "happy", "sad")
TOLD = "Write a tag as [NAME], right before the word it belongs to.\nExample: Yes, of course I will come to you."


def judged(reply: str) -> TagScore:
    return score(reply, NAMES, faces=("happy", "sad"), instructions=TOLD)


def faults(reply: str) -> list[str]:
    return [mistake.fault for mistake in judged(reply).mistakes]


def test_tags_and_their_places() -> None:
    found = judged("[wave]Hi there! I'm [happy]so glad. Yes? [nod]Yes. Bye. [wave]")
    assert (found.valid, found.unknown, found.sentences) == (4, 0, 5)
    assert (found.starts, found.inside, found.last) == (2, 1, 1)
    assert found.accuracy == 1.0
    assert found.rate == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("[happy][wave]Hi!", []),
        ("[nod][wave]Hi!", ["doubled"]),
        ("[happy] [sad]Hi!", ["doubled"]),
        ("Hi! [jump]There.", ["unknown"]),
        ("[nod 7]Hi.", ["malformed"]),
        ("Bye [wave].", ["last"]),
        ("[wave]", ["alone"]),
        ("", ["alone"]),
        ("Hi [this is no tag at all] there", ["spoken", "spoken"]),
        ("Right before the word it belongs to, I say.", ["leaked"]),
        ("Yes, of course I will come to you.", []),
        ("Plain words.", []),
    ],
)
def test_mistakes(reply: str, expected: list[str]) -> None:
    assert faults(reply) == expected


def test_what_was_wrong_is_told() -> None:
    (mistake,) = score("Hi! [jump]There.", NAMES, number=3).mistakes
    assert (mistake.reply, "jump" in mistake.what) == (3, True)


@given(
    st.lists(st.sampled_from(["[nod]", "[x]", "Hi. ", "you ", "[happy]", "\n", "!? ", "日本。"]), max_size=12).map(
        "".join
    )
)
def test_every_tag_is_counted_once(reply: str) -> None:
    found = judged(reply)
    assert found.valid == reply.count("[nod]") + reply.count("[happy]")
    assert found.unknown == reply.count("[x]")
    assert found.starts + found.inside + found.last == found.valid
    assert 0.0 <= found.accuracy <= 1.0


def test_several_replies_make_one_score() -> None:
    both = total([judged("[nod]Hi."), judged("Hi. [jump]")])
    assert (both.replies, both.valid, both.unknown, both.accuracy) == (2, 1, 1, 0.5)
    assert both.count("unknown") == 1
