"""The doctor: what is there, what is not, and how to mend it."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge import registry
from avatar_bridge.commands import doctor, doctor_minds, doctor_targets
from avatar_bridge.commands.doctor import Finding, as_data, broken, examine, lines, listening, look_for_vts
from avatar_bridge.commands.shell import remedy_for_sound
from avatar_bridge.settings import Settings
from avatar_bridge.simulators.obs import ObsSimulator
from avatar_bridge.simulators.vts import Options, VTubeStudioSimulator

PORTS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no one else's files and ports, and start no heavy voice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(tmp_path / "config"))
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    monkeypatch.setattr(doctor_minds, "_LOCAL", ())
    monkeypatch.setattr(doctor, "default_token_path", lambda: tmp_path / "token.json")
    monkeypatch.setattr(doctor, "DISCOVERY_PORT", free_port(socket.SOCK_DGRAM))
    monkeypatch.setattr(doctor, "_BROADCAST", 0.2)
    monkeypatch.setattr(doctor.look_for_vts, "__defaults__", (0.2,))
    monkeypatch.setattr(doctor.listening, "__defaults__", (free_port(socket.SOCK_STREAM),))
    monkeypatch.setattr(registry, "VOICE_PREFERENCE", ("tone",))
    monkeypatch.delenv("AVATAR_BRIDGE_TOKEN", raising=False)
    monkeypatch.setattr("avatar_bridge.commands.browser.found", lambda: "")
    nowhere = {
        name: replace(program, port=free_port(PORTS[program.kind])) for name, program in doctor_targets.PROGRAMS.items()
    }
    monkeypatch.setattr(doctor_targets, "PROGRAMS", nowhere)


async def found(**settings: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(Settings.model_validate(settings))}


async def test_a_bare_machine() -> None:
    findings = await found()
    assert [name for name in findings if not name.startswith("third-party")] == [
        "program", "settings", "motion map", "voice tone", "aligner", "other sound files", "mind", "memory", "stats",
        "sound card", "pages", "avatar", "browser", "VTube Studio", "permission", "other programs",
    ]  # fmt: skip
    assert findings["voice tone"].status == "ok"
    assert "said “Hello.” in" in findings["voice tone"].detail
    assert findings["settings"].detail.startswith("none at ")
    assert findings["VTube Studio"].status == "missing"
    assert "Allow Plugin API access" in findings["VTube Studio"].remedy
    assert not broken(findings.values())
    for finding in findings.values():
        assert finding.remedy or finding.status == "ok", "what is not there has a remedy"


async def test_settings_and_permission_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text("", encoding="utf-8")
    (tmp_path / "token.json").write_text("{}", encoding="utf-8")
    findings = await found()
    assert findings["settings"].detail == "bridge.toml"
    assert "token.json" in findings["permission"].detail


async def test_a_wrong_map_is_broken_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[actions.nod]\nmeaning = "yes"\nkind = "gestur"\n', encoding="utf-8")
    findings = await found(motion={"map": str(path)})
    assert findings["motion map"].status == "broken"
    assert "line 3" in findings["motion map"].detail
    assert broken(findings.values())


@pytest.mark.parametrize(("enabled", "maps"), [(True, ["any_vts_model", "mascot"]), (False, ["any_vts_model"])])
async def test_the_map_that_the_overlay_gets_is_told_too(enabled: bool, maps: list[str]) -> None:
    drivers = {"vts": {}} | ({} if enabled else {"overlay": {"enabled": False}})
    findings = await examine(Settings.model_validate({"drivers": drivers}))
    assert [each.detail.partition(":")[0] for each in findings if each.name == "motion map"] == maps


async def test_a_voice_that_fails_or_is_not_installed_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = await found(voice={"engine": "tone", "options": {"volume": 11}})
    assert findings["voice tone"].status == "missing"
    assert "volume" in findings["voice tone"].detail
    monkeypatch.setattr(registry, "VOICE_PREFERENCE", ("piper",))
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    findings = await found()
    assert "not installed" in findings["voice piper"].detail
    assert findings["voice piper"].remedy == registry.remedy("piper")


async def test_a_sound_card_is_told_with_every_output_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("Speakers", 2, 0), ("Microphone", 0, 0), ("Headphones", 2, 0), ("Speakers, by another way", 2, 1)]
    devices = [
        {"index": index, "name": name, "max_output_channels": outs, "hostapi": api, "default_samplerate": 48000.0}
        for index, (name, outs, api) in enumerate(rows)
    ]

    class Sound:
        PortAudioError = OSError

        @staticmethod
        def query_devices(kind: str | None = None) -> Any:
            return devices[0] if kind else devices

    monkeypatch.setitem(sys.modules, "sounddevice", Sound)
    monkeypatch.setattr(doctor, "find_spec", lambda _: Sound)
    detail = (await found())["sound card"].detail
    assert detail == "Speakers, 48000 Hz; --device takes a name or number of: 0 'Speakers', 2 'Headphones'"


async def test_a_broken_third_party_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name = "acme"

        def load(self) -> None:
            raise RuntimeError("it needs a newer world")

    monkeypatch.setattr(registry, "_entry_points", lambda kind: {"acme": Point()} if kind == "voices" else {})
    finding = (await found())["third-party voice"]
    assert finding.status == "missing"
    assert "it needs a newer world" in finding.detail


@pytest.mark.parametrize(("active", "status"), [(True, "ok"), (False, "missing")])
async def test_a_vtube_studio_that_announces_itself(active: bool, status: str) -> None:
    options = Options(broadcast_seconds=0.05)
    async with VTubeStudioSimulator(
        options=options, broadcast=doctor.DISCOVERY_PORT, broadcast_host="127.0.0.1"
    ) as sim:
        if not active:
            sim.set_api_active(False)
        (instance,) = await look_for_vts(10.0)
        assert instance.active == active
        finding = await doctor._vts()
        assert finding.status == status
        assert (f"on port {sim.port}" in finding.detail) == active


async def test_the_address_in_the_settings_is_the_one_that_is_looked_at() -> None:
    async with VTubeStudioSimulator() as sim:
        finding = (await found(drivers={"vts": {"url": sim.url}}))["VTube Studio"]
        assert (finding.status, sim.url in finding.detail) == ("ok", True)
        sim.set_api_active(False)
        finding = (await found(drivers={"studio": {"driver": "vts", "url": sim.url}}))["VTube Studio"]
        assert finding.status == "missing"
        url = sim.url
    finding = (await found(drivers={"vts": {"url": url}}))["VTube Studio"]
    assert finding.status == "missing"
    assert url in finding.remedy


async def test_the_settings_that_were_named_are_the_ones_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("", encoding="utf-8")
    findings = await examine(Settings(drivers={}), path)
    assert findings[1] == Finding("settings", "ok", str(path))


async def test_a_port_that_answers_without_announcing() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        assert await listening(server.sockets[0].getsockname()[1])
    assert not await listening(free_port(socket.SOCK_STREAM))


def test_lines_for_people_and_data_for_programs() -> None:
    findings = [
        Finding("a", "ok", "here"),
        Finding("b", "missing", "gone", "get it"),
        Finding("c", "broken", "no", "x"),
    ]
    assert list(lines(findings)) == [
        "ok       a: here",
        "missing  b: gone",
        "         -> get it",
        "BROKEN   c: no",
        "         -> x",
    ]
    assert json.loads(json.dumps(as_data(findings)))[1] == {
        "name": "b", "status": "missing", "detail": "gone", "remedy": "get it",
    }  # fmt: skip
    assert broken(findings)
    assert not broken(findings[:2])


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_each_system_has_its_own_remedy_for_sound(system: str) -> None:
    assert ("apt" in remedy_for_sound(system)) == (system == "linux")


async def test_programs_that_run_are_named_with_what_drives_them() -> None:
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", doctor_targets.PROGRAMS["obs"].port
    )
    async with server:
        detail = (await found())["other programs"].detail
    assert "OBS Studio" in detail
    assert "[drivers.obs]" in detail
    assert "Warudo" not in detail


async def test_a_target_that_nobody_listens_for_is_missing_with_its_remedy() -> None:
    drivers = {
        "vmc": {"url": f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"},
        "warudo": {},
        "vrchat": {"url": "x:y"},
    }
    findings = await found(drivers=drivers)
    assert findings["vmc"].status == "missing"
    assert "VMC" in findings["vmc"].remedy
    assert findings["warudo"].status == "missing"
    assert "is no address" in findings["vrchat"].detail


async def test_who_listens_for_datagrams_is_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        findings = await found(drivers={"vmc": {"url": f"127.0.0.1:{listener.getsockname()[1]}"}})
    assert findings["vmc"].status == "ok"


async def test_every_address_of_a_target_is_looked_at() -> None:
    closed = free_port(socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        open_ = listener.getsockname()[1]
        both = (await found(drivers={"vmc": {"url": f"{open_}, localhost:{open_}"}}))["vmc"]
        one = (await found(drivers={"vmc": {"url": f"{open_}, {closed}"}}))["vmc"]
    assert (both.status, str(open_) in both.detail) == ("ok", True)
    assert (one.status, one.detail.endswith(f"does not listen at 127.0.0.1:{closed}")) == ("missing", True)


async def test_a_password_that_obs_refuses_is_not_mended_by_starting_it() -> None:
    async with ObsSimulator(password="secret") as obs:
        finding = (await found(drivers={"obs": {"url": obs.url, "options": {"password": "wrong"}}}))["obs"]
    assert finding.status == "missing"
    assert "AVATAR_BRIDGE_OBS_PASSWORD" in finding.detail
    assert "start OBS" not in finding.remedy
    assert "wrong" not in finding.detail


async def test_obs_is_asked_by_its_own_driver() -> None:
    findings = await found(drivers={"obs": {"url": f"ws://127.0.0.1:{free_port(socket.SOCK_STREAM)}"}})
    assert findings["obs"].status == "missing"
    assert "WebSocket" in findings["obs"].remedy
