"""What waits for a target: commands all and in order, of frames the newest."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.drivers import outbox
from avatar_bridge.drivers.outbox import Outbox

STEPS = st.lists(
    st.one_of(st.just("put"), st.just("offer"), st.just("take"), st.integers(min_value=0, max_value=5)), max_size=60
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_command_is_lost_or_overtaken_whatever_could_not_be_sent(steps: list[str | int]) -> None:
    """A number says how many of the commands that were taken last go out; the rest is put back."""

    async def story() -> None:
        box: Outbox[int, int] = Outbox()
        handed, sent, frames, taken = 0, [], 0, list[int]()
        newest: int | None = None
        for step in steps:
            if step == "put":
                box.put(handed)
                handed += 1
            elif step == "offer":
                frames += 1
                newest = frames
                box.offer(frames)
            elif step == "take" and not box.empty and not taken:
                taken, frame = await box.take()
                assert frame == newest
                newest = None
            elif isinstance(step, int):
                sent += taken[:step]
                box.put_back(taken[step:])
                taken = []
        sent += taken
        if not box.empty:
            rest, _ = await box.take()
            sent += rest
        assert sent == list(range(handed))

    asyncio.run(story())


async def test_taking_waits_for_news_and_empties() -> None:
    box: Outbox[str, int] = Outbox()
    waiting = asyncio.create_task(box.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    box.offer(1)
    box.offer(2)
    box.put("a")
    async with asyncio.timeout(10):
        assert await waiting == (["a"], 2)
    assert box.empty
    assert box.dropped_frames == 1
    box.put_back([])
    assert box.empty


async def test_a_target_that_takes_nothing_at_all_costs_no_more_memory_than_4096_commands() -> None:
    box: Outbox[int, int] = Outbox()
    for number in range(outbox._MOST + 10):
        box.put(number)
    assert box.dropped_commands == 10
    commands, _ = await box.take()
    assert (commands[0], len(commands)) == (10, outbox._MOST)
    box.put(-1)
    box.put_back(commands)
    assert box.dropped_commands == 11
    box.clear()
    assert box.empty
