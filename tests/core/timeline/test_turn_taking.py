"""Who has the floor: laws that hold whatever happens, in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.timeline.turn_taking import Ask, Enter, Floor, FloorEvent, Over, SayFiller

INPUTS = ("began", "began quietly", "ended", "asked", "delayed", "worded", "sounded", "spoken", "failed", "interrupt")


def happen(floor: Floor, what: str, turn: int, now: float) -> None:
    match what:
        case "began":
            floor.began(now)
        case "began quietly":
            floor.began(now, barges=False)
        case "ended":
            floor.ended(now)
        case "asked":
            floor.asked(now)
        case "delayed":
            floor.delayed(turn, now + 30.0, now)
        case "worded":
            floor.worded(turn)
        case "sounded":
            floor.sounded(turn)
        case "spoken":
            floor.spoken(turn, now)
        case "failed":
            floor.failed(turn, now)
        case _:
            floor.interrupt(now)


steps = st.lists(
    st.tuples(st.sampled_from(INPUTS), st.integers(0, 2), st.floats(0.0, 4.0)),
    max_size=40,
)


def played(story: list[tuple[str, int, float]]) -> tuple[Floor, list[list[FloorEvent]]]:
    """Play a story of inputs, each for a turn so many behind the latest and so many seconds after the last."""
    floor, now, told = Floor(filler=3.0, patience=5.0), 0.0, []
    for what, behind, later in story:
        now += later
        floor.advance(now)
        told.append(floor.events())
        happen(floor, what, floor.turn - behind, now)
        told.append(floor.events())
    return floor, told


@given(steps)
def test_every_ask_ends_once_and_before_the_next(story: list[tuple[str, int, float]]) -> None:
    floor, told = played(story)
    open_turn: int | None = None
    asked = 0
    for event in (each for batch in told for each in batch):
        if isinstance(event, Ask):
            assert open_turn is None, "two have the floor"
            asked += 1
            assert event.turn == asked
            open_turn = event.turn
        elif isinstance(event, Over):
            assert event.turn == open_turn
            open_turn = None
    assert (open_turn is not None) == (floor.state in ("thinking", "speaking"))
    floor.interrupt(1e6)
    assert [each.turn for each in floor.events() if isinstance(each, Over)] == ([open_turn] if open_turn else [])


@given(steps)
def test_the_filler_comes_once_a_turn_and_never_after_a_word(story: list[tuple[str, int, float]]) -> None:
    _, told = played(story)
    thinking: int | None = None
    filled: set[int] = set()
    for event in (each for batch in told for each in batch):
        if isinstance(event, Ask):
            thinking = event.turn
        elif isinstance(event, Over) or event == Enter("speaking"):
            thinking = None
        elif isinstance(event, SayFiller):
            assert event.turn == thinking
            assert event.turn not in filled
            filled.add(event.turn)


@given(steps)
def test_what_is_told_of_the_state_is_the_state(story: list[tuple[str, int, float]]) -> None:
    floor, told = played(story)
    state = "idle"
    for event in (each for batch in told for each in batch):
        if isinstance(event, Enter):
            assert event.state != state
            state = event.state
    assert state == floor.state


@given(steps, st.sampled_from(["began", "asked", "interrupt"]))
def test_after_a_stop_nothing_of_the_turn_follows(story: list[tuple[str, int, float]], how: str) -> None:
    floor, _ = played(story)
    turn, under_way = floor.turn, floor.state in ("thinking", "speaking")
    happen(floor, how, turn, 1e3)
    events = floor.events()
    if under_way:
        assert isinstance(events[0], Over), "the mouth closes first"
    for late in ("delayed", "worded", "sounded", "spoken", "failed"):
        happen(floor, late, turn, 1e3)
    assert floor.events() == []
    floor.advance(1e6)
    assert not any(isinstance(each, SayFiller) and each.turn == turn for each in floor.events())


def test_barge_in_closes_the_mouth_and_listens() -> None:
    floor = Floor()
    turn = floor.asked(0.0)
    floor.sounded(turn)
    floor.events()
    floor.began(2.0)
    assert floor.events() == [Over(turn, "interrupted"), Enter("listening")]
    floor.asked(3.0)
    assert floor.events() == [Enter("thinking"), Ask(turn + 1)]


def test_one_who_only_types_is_heeded_after_the_answer() -> None:
    floor = Floor(patience=10.0)
    turn = floor.asked(0.0)
    floor.sounded(turn)
    floor.began(1.0, barges=False)
    assert floor.state == "speaking"
    floor.spoken(turn, 4.0)
    assert floor.events()[-2:] == [Enter("idle"), Enter("listening")]
    assert floor.next_due() == 14.0
    floor.advance(14.0)
    assert floor.events() == [Enter("idle")]


def test_a_long_wait_that_is_announced_is_told_at_once() -> None:
    floor = Floor(filler=3.0)
    turn = floor.asked(0.0)
    floor.delayed(turn, 2.0, 1.0)
    assert floor.next_due() == 3.0
    floor.delayed(turn, 9.0, 1.0)
    assert floor.next_due() == 1.0
    floor.events()
    floor.advance(1.0)
    assert floor.events() == [SayFiller(turn)]
    assert floor.next_due() is None


def test_once_the_answer_has_a_word_nothing_is_said_in_its_place() -> None:
    floor = Floor(filler=3.0)
    turn = floor.asked(0.0)
    floor.worded(turn)
    assert floor.next_due() is None
    floor.delayed(turn, 60.0, 1.0)
    floor.events()
    floor.advance(60.0)
    assert floor.events() == []
