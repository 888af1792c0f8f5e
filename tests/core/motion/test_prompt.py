import re
from pathlib import Path

import pytest

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.motion.prompt import BUDGET, CHARS_PER_TOKEN, instructions

MAPS = Path(__file__).parents[3] / "motion_maps"


@pytest.fixture(scope="module")
def motion_map() -> MotionMap:
    path = MAPS / "any_vts_model.toml"
    return load_motion_map(path.read_text(encoding="utf-8"), source=path.name)


def test_every_action_is_told_with_its_meaning(motion_map: MotionMap) -> None:
    text = instructions(motion_map)
    for action in motion_map.actions.values():
        assert re.search(rf"\b{action.name}\b", text), action.name


def test_the_whole_map_stays_within_the_budget(motion_map: MotionMap) -> None:
    assert len(instructions(motion_map)) < BUDGET * CHARS_PER_TOKEN


def test_36_actions_stay_within_the_budget(motion_map: MotionMap) -> None:
    longest = sorted(motion_map.actions.values(), key=lambda action: -len(action.name + action.meaning))[:36]
    text = instructions(motion_map, performed=[action.name for action in longest])
    assert len(text) < BUDGET * CHARS_PER_TOKEN


def test_only_what_is_performed_is_told(motion_map: MotionMap) -> None:
    text = instructions(motion_map, performed={"Nod", "sh_ake", "happy"})
    assert "nod = yes" in text
    assert "wave" not in text


def test_the_examples_use_tags_of_the_map(motion_map: MotionMap) -> None:
    for performed in (None, {"nod"}, {"sad"}, {"tilt", "blush"}):
        text = instructions(motion_map, performed=performed)
        for tag in re.findall(r"\[(\w+)\]", text):
            assert motion_map.find(tag) is not None
            assert performed is None or tag in performed


def test_the_persona_stands_in_front(motion_map: MotionMap) -> None:
    assert instructions(motion_map, persona="You are Ada.").startswith("You are Ada.\n\n")


def test_nothing_performed_leaves_the_persona(motion_map: MotionMap) -> None:
    assert instructions(motion_map, performed=(), persona="You are Ada.") == "You are Ada."


def test_a_short_map_keeps_its_whole_meanings() -> None:
    text = '[actions.nod]\nmeaning = "yes; I agree with you"\nkind = "gesture"\nvts.hotkey = "Nod"\n'
    assert "nod = yes; I agree with you" in instructions(load_motion_map(text, source="short.toml"))
