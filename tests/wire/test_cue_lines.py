"""What Warudo and VNyan are told: their maps' tables as messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.wire import vnyan, warudo

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def one(table: str) -> MotionMap:
    return load_motion_map(
        f'[actions.wave]\nmeaning = "waves"\nkind = "gesture"\nkeyframes.head_yaw = [[0, 0]]\n{table}', source="map"
    )


@given(st.text(min_size=1), JSON)
def test_warudos_messages_are_one_json_object(name: str, data: Any) -> None:
    said = warudo.action(name, data)
    assert json.loads(said) == {"action": name, "data": data}
    assert "\n" not in said


def test_warudos_golden_messages() -> None:
    made, notes = warudo.lines(
        one('warudo = { action = "wave", data = [1, "left", true], release = "wave end", release_data = 0.5 }')
    )
    assert notes == []
    assert made["wave"].act == '{"action": "wave", "data": [1, "left", true]}'
    assert made["wave"].release == '{"action": "wave end", "data": 0.5}'
    assert warudo.lines(one('warudo.action = "手を振る"'))[0]["wave"].act == '{"action": "手を振る", "data": null}'


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "Wave"), (1, "Wave 1"), (0.25, "Wave 0.25"), (True, "Wave 1"), ("to the left", "Wave to the left")],
)
def test_vnyans_golden_messages(value: object, said: str) -> None:
    assert vnyan.command("Wave", value) == said


def test_vnyans_lines() -> None:
    made, notes = vnyan.lines(one('vnyan = { command = "Arm", value = 1, release = "Arm", release_value = 0 }'))
    assert notes == []
    assert (made["wave"].act, made["wave"].release) == ("Arm 1", "Arm 0")
    assert vnyan.lines(one('vnyan.command = "Bonk"'))[0]["wave"].release == ""


@pytest.mark.parametrize(
    "table",
    [
        "warudo.action = 5",
        'warudo.action = " "',
        'warudo.release = "only the end"',
        'warudo = { action = "a", data = nan }',
        'warudo = { action = "a", data = [1.0, inf] }',
        'vnyan.command = "two words"',
        'vnyan.command = ""',
        "vnyan.command = true",
        'vnyan = { command = "A", value = "two\\nlines" }',
        'vnyan = { command = "A", release = "b c" }',
        "vnyan.value = 1",
    ],
)
def test_a_wrong_table_is_named_and_leaves_the_channels(table: str) -> None:
    for lines in (warudo.lines, vnyan.lines):
        made, notes = lines(one(table))
        assert made == {}
        assert len(notes) == (1 if table.startswith(lines.__module__.rpartition(".")[2]) else 0)
        assert all(note.message.startswith("wave: expected ") for note in notes)


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    made, notes = warudo.lines(one('warudo = { action = "a", relase = "b" }'))
    assert list(made) == ["wave"]
    assert notes[0].suggestion == "release"
    _, notes = vnyan.lines(one('vnyan = { command = "a", values = 1 }'))
    assert notes[0].message == "wave: vnyan.values is not known; expected one of: " + ", ".join(
        f"vnyan.{key}" for key in vnyan.KEYS
    )
