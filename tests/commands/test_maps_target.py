"""`maps check --target obs|nizima`: a map held against the program that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar_bridge.commands import maps_init, maps_target
from avatar_bridge.errors import UnreachableError
from avatar_bridge.settings import Settings
from avatar_bridge.simulators.nizima import NizimaSimulator
from avatar_bridge.simulators.obs import ObsSimulator

MAP = """
[actions.confetti]
meaning = "confetti"
kind = "prop"
obs.source = "{source}"
nizima.expression = "{source}"
"""


def written(folder: Path, source: str) -> str:
    path = folder / "map.toml"
    path.write_text(MAP.format(source=source), encoding="utf-8")
    return str(path)


async def test_a_map_is_held_against_obs_as_the_settings_reach_it(tmp_path: Path) -> None:
    async with ObsSimulator(password="secret") as obs:
        table = {"driver": "obs", "url": obs.url, "options": {"password": "secret"}, "enabled": False}
        settings = Settings.model_validate({"drivers": {"my obs": table}})
        assert await maps_target.missing(written(tmp_path, "Confetti"), settings, target="obs") == []
        (lack,) = await maps_target.missing(written(tmp_path, "Confeti"), settings, target="obs")
        assert lack.suggestion == "Confetti"
        lines = maps_init.missing_lines([lack], "obs")
        assert lines == ["  confetti: OBS has no source 'Confeti'; did you mean 'Confetti'?", "1 thing to look at"]
        assert maps_init.missing_lines([], "obs") == ["OBS has all that the map asks for"]
        with pytest.raises(UnreachableError, match="obs cannot be asked: OBS asks for a password"):
            await maps_target.missing(written(tmp_path, "Confetti"), Settings(), target="obs", url=obs.url)


async def test_an_obs_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with ObsSimulator() as gone:
        url = gone.url
    with pytest.raises(UnreachableError, match="Tools > WebSocket Server Settings"):
        await maps_target.missing(written(tmp_path, "Confetti"), Settings(), target="obs", url=url)


async def test_a_map_is_held_against_the_model_in_nizima(tmp_path: Path) -> None:
    async with NizimaSimulator() as nizima:
        table = {"url": nizima.url, "options": {"token_path": str(tmp_path / "token.json")}}
        settings = Settings.model_validate({"drivers": {"nizima": table}})
        found = await maps_target.missing(written(tmp_path, "No Such Face"), settings, target="nizima")
    assert any("No Such Face" in each.message for each in found)
