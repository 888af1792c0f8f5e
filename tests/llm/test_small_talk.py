from __future__ import annotations

import pytest

from avatar_bridge import registry
from avatar_bridge.core.mind.dialogue import Message, Request
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.llm.small_talk import small_talk


def asked(system: str, **more: object) -> Request:
    return Request((Message("system", system), Message("user", "Hello!")), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", registry.map_names())
def test_turns_to_imitate_have_the_maps_own_tags(name: str) -> None:
    motion_map = registry.read_map(name)
    request = asked(instructions(motion_map, persona="You are Mina."), max_tokens=9)
    shown, grammar = small_talk(request)
    assert shown != request, f"the map {name} has too few of the usual tags"
    assert shown.messages[0] == request.messages[0]
    assert shown.messages[-1] == request.messages[-1]
    assert shown.max_tokens == 9
    turns = shown.messages[1:-1]
    assert [turn.role for turn in turns] == ["user", "assistant"] * 5
    for turn in turns[1::2]:
        for tag in turn.text.split("[")[1:]:
            assert motion_map.find(tag.partition("]")[0]) is not None
            assert f'"{tag.partition("]")[0]}"' in grammar


def test_what_explains_no_tags_is_left_as_it_is() -> None:
    request = asked("Sum up what was said. Be happy.")
    assert small_talk(request) == (request, "")
    assert small_talk(Request((Message("user", "wave happy sad nod"),)))[1] == ""


def test_asked_for_tags_are_the_only_ones() -> None:
    shown, grammar = small_talk(asked("wave happy sad nod think", tags=("wave", 'odd"one')))
    assert 'tag ::= "wave" | "odd\\"one"' in grammar
    said = "".join(turn.text for turn in shown.messages[1:-1])
    assert said.count("[") == said.count("[wave]") == 1
    assert "Oh no, that is a pity! We will find them." in said
