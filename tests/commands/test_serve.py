"""`serve`: the addresses, once; the overlay as a target; and a quiet end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from avatar_bridge.commands.on_air import on_air, with_overlay
from avatar_bridge.commands.serve import serve
from avatar_bridge.errors import SettingsError
from avatar_bridge.settings import DriverSettings, Settings, override


def quiet(**changes: object) -> Settings:
    given = {"voice.engine": "tone", "sound.speaker": "none", "web.port": 0, "web.avatar": "svg"}
    settings = override(Settings(), given | {key.replace("__", "."): value for key, value in changes.items()})
    return settings.model_copy(update={"drivers": {}})


async def first_lines(settings: Settings, *, as_json: bool) -> str:
    out = io.StringIO()
    running = asyncio.ensure_future(serve(settings, as_json=as_json, out=out))
    async with asyncio.timeout(20):
        while "\n" not in out.getvalue():
            await asyncio.sleep(0.01)
            assert not running.done(), running.exception()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    return out.getvalue()


async def test_it_says_where_the_pages_are() -> None:
    overlay, studio = (await first_lines(quiet(), as_json=False)).splitlines()
    assert "OBS: http://127.0.0.1:" in overlay
    assert "/overlay?token=" in overlay
    assert "/studio?token=" in studio


async def test_it_says_it_to_programs() -> None:
    told = json.loads(await first_lines(quiet(web__token="a-token-of-my-own-123"), as_json=True))
    assert told["token"] == "a-token-of-my-own-123"
    assert told["overlay"] == f"{told['address']}/overlay?token=a-token-of-my-own-123"


async def test_it_says_where_games_connect_and_with_which_token() -> None:
    settings = quiet(web__token="a-token-of-my-own-123").model_copy(update={"drivers": {"game": DriverSettings()}})
    lines = (await first_lines(settings, as_json=False)).splitlines()
    assert lines[2].startswith("Games connect to: ")
    assert lines[2].endswith("/v1/game")
    assert lines[3].split()[-1] == "a-token-of-my-own-123"
    told = json.loads(await first_lines(settings, as_json=True))
    assert told["game"] == told["address"].replace("http", "ws") + "/v1/game"


async def test_the_overlay_is_a_target_and_has_the_sound() -> None:
    async with on_air(quiet(sound__speaker="auto")) as (bridge, server, _):
        assert [driver.name for driver in bridge.drivers] == ["overlay"]
        assert bridge.settings.sound.speaker == "overlay"
        assert server.address.startswith("http://127.0.0.1:")
        outcome = await bridge.perform("One two.")
        assert outcome.heard.complete


def test_an_overlay_that_is_configured_stays_as_it_is() -> None:
    named = Settings(drivers={"stage": DriverSettings(driver="overlay", lead=0.1)})
    assert with_overlay(named) is named
    off = Settings(drivers={"overlay": DriverSettings(enabled=False)})
    assert with_overlay(off) is off
    assert set(with_overlay(Settings()).drivers) == {"vts", "overlay"}


async def test_a_setting_that_cannot_be_is_told_before_anything_starts() -> None:
    with pytest.raises(SettingsError, match=r"web\.avatar"):
        async with on_air(quiet(web__avatar="nothing.vrm")):
            pass


def test_the_command_serves_until_it_is_asked_to_end(tmp_path: Path) -> None:
    settings = '[voice]\nengine = "tone"\n[drivers]\n[sound]\nspeaker = "none"\n'
    (tmp_path / "bridge.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "avatar_bridge", "serve", "--port", "0", "--avatar", "svg", "--json"]
    environment = {key: value for key, value in os.environ.items() if key != "AVATAR_BRIDGE_TOKEN"}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{told['address']}/v1/state?token={told['token']}", timeout=10) as answer:
            assert json.load(answer)["targets"][0]["name"] == "overlay"
        process.send_signal(signal.SIGTERM if os.name != "nt" else signal.CTRL_BREAK_EVENT)
        rest, errors = process.communicate(timeout=20)
    assert process.returncode == 0, "to be stopped is how it ends"
    assert rest == "", "the addresses are said once"
    assert errors.splitlines()[-1] == "stopped"
    assert "Traceback" not in errors
    assert told["token"] not in errors
