"""What is held comes, stays and goes without a snap, whatever is asked when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.drivers.held import Held
from avatar_bridge.ports import Command

MAP = load_motion_map(
    """
[actions.joy]
meaning = "joy"
kind = "expression"
fade_in = 0.2
fade_out = 0.4
weight = 1.0
vmc.blend = "Joy"

[actions.tears]
meaning = "tears"
kind = "expression"
fade_in = 0.3
weight = 0.5
vmc.blend = "Tears"

[actions.hat]
meaning = "hat"
kind = "prop"
fade_in = 0.2
fade_out = 0.2
vmc.blend = "Hat"
""",
    source="test.toml",
)
NAMES = tuple(MAP.actions)
COMMANDS = st.tuples(
    st.sampled_from(["act", "act", "release", "reset"]),
    st.sampled_from([*NAMES, "unknown"]),
    st.sampled_from([None, 1, 2]),
    st.floats(0.0, 1.0),
    st.sampled_from([None, 0.3, 2.0]),
)


def holding() -> Held:
    held = Held()
    held.adopt(MAP)
    return held


@given(
    st.lists(st.tuples(st.integers(0, 240), COMMANDS), max_size=12).map(
        lambda rows: sorted(rows, key=lambda row: row[0])
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_snaps_and_everything_ends(
    rows: list[tuple[int, tuple[str, str, int | None, float, float | None]]],
) -> None:
    held = holding()
    last = dict.fromkeys(NAMES, 0.0)
    for tick in range(600):
        now = 10.0 + tick / 60
        for at, (kind, name, cue, strength, lasting) in rows:
            if at == tick:
                held.command(Command(kind, 0.0, name, cue, strength, lasting), now, NAMES)  # type: ignore[arg-type]
        if tick == 300:
            held.command(Command("reset", 0.0), now, NAMES)
        weights = dict.fromkeys(NAMES, 0.0) | held.weights(now)
        for name, weight in weights.items():
            assert 0.0 <= weight <= 1.0
            # the quickest fade takes 0.1 s, and a smooth step is at most 1.5 times as steep as a straight one
            assert abs(weight - last[name]) <= 1.5 / 6 + 1e-6, (tick, name)
        last = weights
    assert not any(last.values())
    assert held.standing(now) == set()


def test_a_member_of_the_group_takes_the_place_of_the_one_before() -> None:
    held = holding()
    held.command(Command("act", 0.0, "joy"), 0.0, NAMES)
    assert held.weights(1.0) == {"joy": 1.0}
    held.command(Command("act", 0.0, "tears"), 1.0, NAMES)
    assert held.standing(1.1) == {"tears"}
    assert held.weights(2.0) == {"tears": 0.5}


def test_a_duration_ends_it_and_a_release_of_another_cue_does_not() -> None:
    held = holding()
    held.command(Command("act", 0.0, "hat", 1, 1.0, 2.0), 0.0, NAMES)
    assert not held.command(Command("release", 0.0, "hat", 2), 0.5, NAMES)
    assert held.standing(1.9) == {"hat"}
    assert held.weights(2.1)["hat"] == pytest.approx(0.5)
    assert held.weights(2.3) == {}


def test_what_the_map_does_not_name_is_passed_over() -> None:
    held = holding()
    assert not held.command(Command("act", 0.0, "joy"), 0.0, ())
    assert not held.command(Command("act", 0.0, "dance"), 0.0, NAMES)
    assert held.weights(0.5) == {}
