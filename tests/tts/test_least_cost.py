"""The cheapest way through two rows is found, compared with trying all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.tts.least_cost import least_cost

COST = st.integers(0, 8).map(lambda eighths: eighths / 8)


def every(
    costs: list[list[float]], skips: list[float], unit: int, at: int
) -> Iterator[tuple[float, list[tuple[int, int]]]]:
    """Yield the cost and the spans of every way from a unit and a place on."""
    if unit == len(costs):
        yield sum(skips[at:]), []
        return
    for start in range(at, len(skips) + 1):
        for count, cost in enumerate(costs[unit]):
            if start + count <= len(skips):
                for rest, spans in every(costs, skips, unit + 1, start + count):
                    yield sum(skips[at:start]) + cost + rest, [(start, start + count), *spans]


@given(st.lists(st.lists(COST, min_size=1, max_size=3), max_size=3), st.lists(COST, max_size=4))
def test_no_way_is_cheaper(costs: list[list[float]], skips: list[float]) -> None:
    def ways(unit: int, start: int) -> Iterator[tuple[int, float]]:
        return ((count, cost) for count, cost in enumerate(costs[unit]) if start + count <= len(skips))

    spans, cost = least_cost(len(costs), skips, ways)
    known = list(every(costs, skips, 0, 0))
    assert cost == pytest.approx(min(each for each, _ in known))
    assert any(spans == found and cost == pytest.approx(each) for each, found in known)


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    asked = 0

    def ways(unit: int, start: int) -> Iterator[tuple[int, float]]:
        nonlocal asked
        asked += 1
        yield 0, 1.0
        if start < 2000:
            yield 1, 0.0 if unit == start else 1.0

    spans, cost = least_cost(2000, [1.0] * 2000, ways)
    assert cost == 0
    assert spans == [(unit, unit + 1) for unit in range(2000)]
    assert asked < 2000 * 20
