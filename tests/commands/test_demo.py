"""The demo's parts, and all of it as a peer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.commands import demo as command
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, Text
from avatar_bridge.errors import WorkerError
from avatar_bridge.settings import DriverSettings, Settings

SCRIPT = registry.data_file("demo.txt").read_text(encoding="utf-8")
QUICK = {"voice": {"engine": "tone", "speed": 3.0}, "sound": {"speaker": "none"}}


def test_the_script_shows_everything_that_it_should() -> None:
    motion_map = registry.read_map("any_vts_model")
    parser = Parser(names=motion_map.names())
    parser.feed(SCRIPT)
    parser.close()
    events = parser.events()
    cues = [event for event in events if isinstance(event, Cue)]
    kinds = [action.kind for cue in cues if (action := motion_map.find(cue.name))]
    speech = "".join(event.spoken for event in events if isinstance(event, Text))
    assert kinds.count("expression") >= 4
    assert kinds.count("gesture") >= 8
    assert any(isinstance(event, Pause) for event in events)
    assert sum(isinstance(event, Release) for event in events) >= 3
    assert re.search(r"\$\d", speech)
    assert re.search(r"\d:\d\d", speech)
    (unknown,) = [event for event in events if isinstance(event, Diagnostic)]
    assert "moonwalk" in unknown.message
    assert "moonwalk" not in speech
    assert 450 < len(speech) < 750, "about forty seconds"


async def test_a_configured_target_is_taken_as_it_is() -> None:
    settings = Settings(drivers={"vts": DriverSettings(url="ws://127.0.0.1:9")})
    async with command._target(settings) as (chosen, note):
        assert chosen == settings
    assert "your settings" in note.message
    async with command._target(Settings(drivers={})) as (chosen, _):
        assert chosen.drivers == {}


@pytest.mark.parametrize("here", [True, False])
async def test_a_vtube_studio_that_runs_comes_before_the_simulator(here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers() -> bool:
        return here

    async def nobody() -> list[Any]:
        return []

    monkeypatch.setattr(command, "listening", answers)
    monkeypatch.setattr(command, "look_for_vts", nobody)
    settings = Settings.model_validate(QUICK | {"drivers": {"vts": {"lead": 0.05}}})
    async with command._target(settings) as (chosen, note):
        if here:
            assert chosen == settings
            assert "allow the plugin" in note.message
            return
        assert "simulator stands in" in note.message
        assert chosen.drivers["vts"].lead == 0.05
        async with Bridge.from_settings(chosen) as bridge:
            await bridge.ready(30.0)
            assert bridge.drivers[0].state.status == "ready"
            outcome = await bridge.perform("[nod] Look.", keep_audio=True)
            page = command._page(bridge, outcome)
        assert outcome.heard.complete
        data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
        assert [item["action"] for item in data["deliveries"]] == ["nod"]
        assert [item["name"] for item in data["targets"]] == ["vts"]
        assert data["targets"][0]["status"] == "ready"
        url = chosen.drivers["vts"].url
    with pytest.raises(OSError, match=r"."):
        async with connect(str(url), open_timeout=2):
            pass


async def test_a_simulator_that_does_not_start_says_how_to_see_why() -> None:
    with pytest.raises(WorkerError, match="run `avatar-bridge simulate vts` to see why"):
        async with stand_in(model="nobody"):
            pass


async def test_the_simulator_ends_when_what_it_stood_in_for_fails() -> None:
    urls: list[str] = []

    async def fail() -> None:
        async with stand_in() as simulator:
            urls.append(simulator.url)
            async with connect(simulator.url):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    with pytest.raises(OSError, match=r"."):
        async with connect(urls[0], open_timeout=2):
            pass


async def test_the_command_leaves_a_report_and_tells_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    short = tmp_path / "demo.txt"
    short.write_text("[happy]Hello![/happy] [moonwalk]Bye.", encoding="utf-8")
    find = registry.data_file
    monkeypatch.setattr(registry, "data_file", lambda name: short if name == "demo.txt" else find(name))
    settings = Settings.model_validate(QUICK | {"drivers": {}})
    report = tmp_path / "new" / "report.html"
    await command.demo(settings, report=report, as_json=True, open_page=False)
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["heard"] == "Hello! Bye."
    assert data["report"] == str(report)
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f"The report is in {report}" in err
    assert "moonwalk" in err
    assert re.search(r"^Overlay: http://127\.0\.0\.1:\d+/overlay\?token=", err, re.MULTILINE)
    assert re.search(r"^Studio:  http://127\.0\.0\.1:\d+/studio\?token=", err, re.MULTILINE)


async def test_without_the_extra_it_goes_on_without_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    short = tmp_path / "demo.txt"
    short.write_text("Hello.", encoding="utf-8")
    find = registry.data_file
    monkeypatch.setattr(registry, "data_file", lambda name: short if name == "demo.txt" else find(name))
    monkeypatch.setattr(registry, "missing_packages", lambda extra: ("fastapi",) if extra == "web" else ())
    settings = Settings.model_validate(QUICK | {"drivers": {}})
    await command.demo(settings, report=tmp_path / "report.html", as_json=False, open_page=True)
    assert 'pip install "avatar-bridge[web]"' in capsys.readouterr().err


@pytest.mark.peer
def test_the_whole_demo_on_this_machine(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "avatar_bridge", "demo", "--voice", "tone", "--speed", "3", "--json"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["complete"]
    assert {"nod", "shake", "wave", "bow", "happy"} <= {item["action"] for item in data["actions"]}
    assert data["targets"]["vts"]["status"] == "ready"
    assert (tmp_path / "report.html").stat().st_size > 500_000
    assert b"Traceback" not in done.stderr
