"""Everything at once: real targets act on every cue, and a driver whose target breaks takes nothing from the others."""

from __future__ import annotations

import importlib.util

import pytest
from benchmark_parts import benchmark_part


@pytest.mark.peer
async def test_every_target_acts_on_every_cue_of_one_script() -> None:
    together = benchmark_part("together")
    show = await together._perform(together._script(4))
    if show.absent:
        pytest.skip("; ".join(show.absent))
    assert show.troubles == []
    assert len(show.meant) == 4
    acted = {target.name: len(target.marks) for target in show.targets}
    assert acted == dict.fromkeys(("VTube Studio", "VMC", "OBS", "Unity (Mono)", "Godot"), 4)
    for target in show.targets:
        assert target.marks == sorted(target.marks)
        assert target.marks[0] < show.meant[1]
    figures = [figure.name for figure in together._figures(show, _offsets(together, show))]
    assert any(name.startswith("spread of") for name in figures)


@pytest.mark.skipif(importlib.util.find_spec("pythonosc") is None, reason="needs python-osc")
async def test_a_target_that_is_not_there_is_left_out_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = benchmark_part("_together_targets")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    async with parts.vmc() as vmc, parts.obs() as obs:
        assert vmc == "VMC is left out: needs python-osc (pip install python-osc)"
        assert obs.startswith("OBS is left out: needs ")
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert [line.split(":")[0] for line in parts.missing_games({})] == ["Unity is left out", "Godot is left out"]


async def test_targets_that_break_all_the_time_take_nothing_from_the_healthy_one() -> None:
    faults = benchmark_part("target_faults")
    log = await faults._show(2, calm=0)
    assert log.escaped == []
    assert log.pressed == log.marks > 0
    assert set(log.seen) == {"vts", "obs", "nizima", "warudo", "vnyan", "vmc", "vrchat", "game"}
    assert {name: len(seen.back) for name, seen in log.seen.items()} == dict.fromkeys(log.seen, 2)


def _offsets(together: object, show: object) -> dict[str, list[float]]:
    return {target.name: together._offsets(show.meant, target.marks) for target in show.targets}  # type: ignore[attr-defined]
