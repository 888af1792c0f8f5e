import re
from functools import cache
from pathlib import Path

import pytest

from avatar_bridge import registry
from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.motion.prompt import BUDGET, FORMS, instructions, prompt_tokens
from avatar_bridge.core.script.parser import parse

read_map = cache(registry.read_map)
MAPS = Path(__file__).parents[3] / "motion_maps"


@pytest.fixture(scope="module")
def motion_map() -> MotionMap:
    path = MAPS / "any_vts_model.toml"
    return load_motion_map(path.read_text(encoding="utf-8"), source=path.name)


def test_every_action_is_told_with_its_meaning(motion_map: MotionMap) -> None:
    text = instructions(motion_map)
    for action in motion_map.actions.values():
        assert re.search(rf"\b{action.name}\b", text), action.name


def longest(motion_map: MotionMap) -> list[str]:
    """Return the 36 actions that take most to tell."""
    actions = sorted(motion_map.actions.values(), key=lambda action: -len(action.name + action.meaning))
    return [action.name for action in actions[:36]]


def test_a_large_map_takes_as_much_more(motion_map: MotionMap) -> None:
    count = len(motion_map.actions)
    assert count > 36
    assert prompt_tokens(instructions(motion_map)) < BUDGET * count / 36


def test_36_actions_stay_within_the_budget(motion_map: MotionMap) -> None:
    assert prompt_tokens(instructions(motion_map, performed=longest(motion_map))) < BUDGET


@pytest.mark.peer
@pytest.mark.parametrize("name", ["any_vts_model", "mascot"])
def test_real_tokenizers_count_no_more(name: str) -> None:
    bpe_openai = pytest.importorskip("bpe_openai", reason="needs bpe-openai: pip install bpe-openai")
    found = read_map(name)
    text = instructions(found, performed=longest(found))
    for encoding in ("cl100k_base", "o200k_base"):
        count = len(bpe_openai.get_encoding(encoding).encode(text))
        assert count < BUDGET
        assert count <= prompt_tokens(text)


@pytest.mark.parametrize("dialect", FORMS)
@pytest.mark.parametrize("name", ["any_vts_model", "mascot"])
@pytest.mark.parametrize("performed", [None, {"nod"}, {"sad"}, {"tilt", "blush", "shy"}, {"wave", "happy"}])
def test_the_text_cannot_drift_from_the_map(name: str, dialect: str, performed: set[str] | None) -> None:
    found = read_map(name)
    text = instructions(found, performed=performed, dialect=dialect)
    told = set()
    for line in text.splitlines()[1:]:
        title, _, rest = line.partition(": ")
        if title != "Example":
            told |= {entry.partition(" = ")[0] for entry in rest.removesuffix(".").split("; ")}
            continue
        script = parse(rest, dialect=dialect, names=found.names())
        assert not script.diagnostics, rest
        assert script.cues
        for cue in script.cues:
            action = found.find(cue.name)
            assert action is not None
            assert performed is None or action.name in performed
            assert script.speech[cue.at].isalpha(), "the cue meets a word"
        assert not set("[]<>*|{}") & set(script.speech)
    wanted = {action.name for action in found.actions.values()} & (performed or set(found.actions))
    assert told == wanted


def test_examples_meet_the_right_words(motion_map: MotionMap) -> None:
    lines = [line.removeprefix("Example: ") for line in instructions(motion_map).splitlines() if "Example" in line]
    words = []
    for line in lines:
        script = parse(line, names=motion_map.names())
        words += [(cue.name, script.speech[cue.at :].split()[0]) for cue in script.cues]
    assert words == [("wave", "Hi"), ("happy", "I'm"), ("think", "let"), ("surprised", "Oh,")]
    assert len(set(lines)) == 2


def test_emoji_are_asked_for_where_they_are_the_tags(motion_map: MotionMap) -> None:
    text = instructions(motion_map, dialect="emoji")
    assert "nod" not in text
    for line in text.splitlines()[1:]:
        script = parse(line.removeprefix("Example: "), dialect="emoji", names=motion_map.names())
        assert [cue.at for cue in script.cues] == [0]


def test_only_what_is_performed_is_told(motion_map: MotionMap) -> None:
    text = instructions(motion_map, performed={"Nod", "sh_ake", "happy"})
    assert "nod = yes" in text
    assert "wave" not in text


def test_the_examples_use_tags_of_the_map(motion_map: MotionMap) -> None:
    for performed in (None, {"nod"}, {"sad"}, {"tilt", "blush"}):
        text = instructions(motion_map, performed=performed)
        for tag in re.findall(r"\[(\w+)\]", text.partition("Example")[2]):
            assert motion_map.find(tag) is not None
            assert performed is None or tag in performed


def test_the_persona_stands_in_front(motion_map: MotionMap) -> None:
    assert instructions(motion_map, persona="You are Ada.").startswith("You are Ada.\n\n")


def test_nothing_performed_leaves_the_persona(motion_map: MotionMap) -> None:
    assert instructions(motion_map, performed=(), persona="You are Ada.") == "You are Ada."


def test_a_short_map_keeps_its_whole_meanings() -> None:
    text = '[actions.nod]\nmeaning = "yes; I agree with you"\nkind = "gesture"\nvts.hotkey = "Nod"\n'
    assert "nod = yes; I agree with you" in instructions(load_motion_map(text, source="short.toml"))
