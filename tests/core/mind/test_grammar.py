"""The grammar of tags: every text with valid tags, no text with others; judged by a reader of GBNF and by llama.cpp."""

import re
from pathlib import Path

import pytest
from gbnf_reader import Grammar
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.dialogue import Delta, Message, Request
from avatar_bridge.core.mind.grammar import gbnf, regex
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.script.parser import parse
from avatar_bridge.errors import UsageError
from avatar_bridge.registry import missing_packages

TAGS = ("nod", "look_left", "笑顔", "happy")
GRAMMAR = Grammar(gbnf(TAGS))
REGEX = re.compile(regex(TAGS))
MAP = Path(__file__).parents[3] / "motion_maps" / "any_vts_model.toml"


def taken(text: str) -> bool:
    """Return whether the grammar takes a text, on which its two forms must agree."""
    by_rules = GRAMMAR.takes(text)
    assert by_rules == (REGEX.fullmatch(text) is not None)
    return by_rules


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello.",
        "[nod]Hello [happy 0.8]you[/happy], [look_left 0.25 2s]hm.\n[pause 0.4] [[sic] a ] b [/]",
        "[笑顔]やあ [nod for=400ms]はい [nod 12.5s] [pause 2]",
        "[[[nod]",
    ],
)
def test_text_with_valid_tags_is_taken(text: str) -> None:
    assert taken(text)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[wave]",
        "[no]",
        "[nod",
        "[nod 2]",
        "[happy 1.5]",
        "[ nod]",
        "[NOD]",
        "[pause]",
        "a【nod】",
        "［nod］",
        "[/wave]",
    ],
)
def test_other_brackets_are_refused(text: str) -> None:
    assert not taken(text)


PLAIN = st.text(alphabet=st.characters(exclude_characters="[【［", exclude_categories=["Cs"]), max_size=8)
FORMS = (
    "[{}]",
    "[{} 0.5]",
    "[{} 1]",
    "[{} 0.75 2s]",
    "[{} 300ms]",
    "[{} for=1.5s]",
    "[/{}]",
    "[[",
    "[/]",
    "[pause 0.4]",
)
PIECES = PLAIN | st.builds(lambda form, tag: form.format(tag), st.sampled_from(FORMS), st.sampled_from(TAGS))


@given(st.lists(PIECES, max_size=8).map("".join))
def test_any_valid_text_is_taken_and_every_tag_is_understood(text: str) -> None:
    assert taken(text)
    if "[/" not in text and "[[" not in text and "`" not in text and "<" not in text and "(" not in text:
        problems = parse(text, dialect="bridge", names=TAGS).diagnostics
        assert not [each for each in problems if "no action" in each.message or "strength" in each.message]


@given(st.lists(PIECES, max_size=3).map("".join), st.text(alphabet="abhnod 0.[", min_size=1, max_size=8), PLAIN)
def test_unknown_tags_are_refused(before: str, name: str, after: str) -> None:
    tag = f"[x{name}]"
    assert not GRAMMAR.takes(f"{before.replace('[[', '')}{tag}{after}")


@given(st.text(alphabet="[]/nodhapy 0.8s", max_size=30))
def test_both_forms_agree(text: str) -> None:
    taken(text)


def test_a_name_that_is_no_name_is_refused_and_none_leaves_plain_text() -> None:
    for name in ("a]b", "", " ", "a\nb", "/a"):
        with pytest.raises(UsageError, match="names of actions"):
            gbnf(["nod", name])
    plain = Grammar(gbnf([]))
    assert plain.takes("Hi [[there]")
    assert not plain.takes("[nod]")
    assert re.fullmatch(regex([]), "Hi [[there]")


def test_quotes_in_a_name_are_escaped() -> None:
    assert Grammar(gbnf(['say"\\'])).takes('[say"\\]')


@pytest.mark.peer
def test_llama_cpp_reads_it_and_holds_a_model_to_it() -> None:
    if missing := missing_packages("xllamacpp"):
        pytest.skip(f"needs {', '.join(missing)}")
    from avatar_bridge.llm.xllamacpp import XllamacppEngine

    names = tuple(load_motion_map(MAP.read_text(encoding="utf-8"), source="map").actions)
    engine = XllamacppEngine(small=False, temperature=1.6, seed=7)
    ask = "Answer with many tags in square brackets, such as [wave] [foo] [jump high], before each word."
    # a small model writes few tags of its own accord: here each sentence has to begin with one
    tagged = gbnf(names).replace("root ::= (text | tag | pause)*", 'root ::= (tag [a-z .,]+ "\\n")+')
    whole = re.compile(regex(names))
    for more in ({}, {"grammar": tagged}):
        request = Request((Message("user", ask),), tags=names, max_tokens=60, more=more)
        answer = "".join(event.text for event in engine.reply(request) if isinstance(event, Delta))
        # the limit of tokens may cut the last tag
        assert any(whole.fullmatch(answer[: len(answer) - cut]) for cut in range(40)), answer
        assert not more or re.match(rf"\[({'|'.join(names)})[ \]]", answer), answer
