from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from avatar_bridge.llm.pulled import pulled


def test_results_come_in_order_and_an_error_after_them() -> None:
    def work(tell: Callable[[int], bool]) -> None:
        for number in range(500):
            assert not tell(number)
        raise ZeroDivisionError("over")

    came = []
    with pytest.raises(ZeroDivisionError, match="over"):
        came.extend(pulled(work))
    assert list(pulled(lambda tell: tell(7))) == [7]
    assert list(pulled(lambda _tell: None)) == []


def test_giving_up_stops_the_work_and_waits_for_its_end() -> None:
    told: list[int] = []
    ended = threading.Event()

    def work(tell: Callable[[int], bool]) -> None:
        for number in iter(lambda: len(told), -1):
            told.append(number)
            if tell(number):
                break
        ended.set()

    results = pulled(work)
    assert [next(results) for _ in range(100)] == list(range(100))
    results.close()  # type: ignore[attr-defined]
    assert ended.is_set()
    assert len(told) < 300
