"""Which stretch of what a voice said belongs to each unit of what was written, at the least cost over both rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

__all__ = ["least_cost"]

_BEAM = 6.0


def least_cost(
    units: int, skips: Sequence[float], ways: Callable[[int, int], Iterable[tuple[int, float]]]
) -> tuple[list[tuple[int, int]], float]:
    """Return (start, end) in the row of what was said for each of `units`, in order, and the cost of it all.

    skips: what it costs that each member of that row belongs to no unit. ways(unit, start): how many members from
    `start` on a unit may take, each with its cost; none at all must be among them. What is far dearer than the best so
    far is not followed (a beam), so that time grows with the text, not with its square.
    """
    state: dict[int, tuple[float, int, int]] = {0: (0.0, 0, 0)}
    rows = []
    for unit in range(units):
        reached: dict[int, tuple[float, int, int]] = {}
        for start, (cost, before) in _skipped(state, skips).items():
            for count, extra in ways(unit, start):
                known = reached.get(start + count)
                if known is None or cost + extra < known[0]:
                    reached[start + count] = (cost + extra, before, start)
        rows.append(reached)
        state = reached
    spare = [0.0]
    for skip in reversed(skips):
        spare.append(spare[-1] + skip)
    ends = {end: cost + spare[len(skips) - end] for end, (cost, _, _) in state.items()}
    end = min(ends, key=lambda each: ends[each])
    total = ends[end]
    spans = []
    for reached in reversed(rows):
        _, before, start = reached[end]
        spans.append((start, end))
        end = before
    return spans[::-1], total


def _skipped(state: dict[int, tuple[float, int, int]], skips: Sequence[float]) -> dict[int, tuple[float, int]]:
    """Return the least cost of each place that can be reached, and the place from which members were passed over."""
    limit = min(cost for cost, _, _ in state.values()) + _BEAM
    places = {place: (cost, place) for place, (cost, _, _) in state.items() if cost <= limit}
    place = min(places)
    last = max(places)
    while place < len(skips) and place <= last:
        if place in places:
            cost, origin = places[place]
            cost += skips[place]
            if cost <= limit and cost < places.get(place + 1, (math.inf, 0))[0]:
                places[place + 1] = (cost, origin)
                last = max(last, place + 1)
        place += 1
    return places
