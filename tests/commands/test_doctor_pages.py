"""What the doctor says of the overlay, the studio and the browser."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge import registry
from avatar_bridge.commands import browser
from avatar_bridge.commands.doctor_pages import look_at_pages
from avatar_bridge.commands.finding import Finding
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.settings import Settings

TOKEN = "a-secret-that-nobody-shows"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(tmp_path / "config"))
    monkeypatch.delenv("AVATAR_BRIDGE_TOKEN", raising=False)
    monkeypatch.setattr(browser, "found", lambda: "firefox")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def found(drivers: dict[str, Any] | None = None, **web: Any) -> dict[str, Finding]:
    settings = Settings.model_validate({"web": {"port": free_port(), **web}, "drivers": drivers or {}})
    return {finding.name: finding for finding in look_at_pages(settings)}


def test_all_is_well() -> None:
    port = free_port()
    findings = found(port=port)
    assert [(name, finding.status) for name, finding in findings.items()] == [
        ("pages", "ok"), ("avatar", "ok"), ("browser", "ok"),
    ]  # fmt: skip
    assert findings["pages"].detail.startswith(f"http://127.0.0.1:{port}/overlay?token=…, with a new token each start")
    assert findings["avatar"].detail == "mascot (vrm)"
    assert findings["browser"].detail.startswith("firefox")


def test_which_token_holds_and_none_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(tmp_path) in found(remember=True)["pages"].detail
    assert "the token of web.token" in found(token=TOKEN, remember=True)["pages"].detail
    monkeypatch.setenv("AVATAR_BRIDGE_TOKEN", TOKEN)
    findings = found(token=TOKEN)
    assert "the token of AVATAR_BRIDGE_TOKEN" in findings["pages"].detail
    assert TOKEN not in str(findings)


def test_any_port() -> None:
    assert found(port=0)["pages"].detail.startswith("at any free port")


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "fastapi" else name)
    finding = found()["pages"]
    assert (finding.status, finding.detail) == ("missing", "fastapi not installed")
    assert "avatar-bridge[web]" in finding.remedy


def test_a_port_that_somebody_else_has() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("avatar_bridge.commands.doctor_pages._ANSWER", 0.05)
            finding = found(port=port)["pages"]
    assert finding.status == "missing"
    assert f"the port {port} is in use" in finding.detail
    assert "--port" in finding.remedy


async def test_a_bridge_that_runs_already() -> None:
    settings = Settings.model_validate(
        {"voice": {"engine": "tone"}, "sound": {"speaker": "none"}, "drivers": {}, "web": {"port": 0, "avatar": "svg"}}
    )
    async with on_air(settings) as (_, server, _):
        port = int(server.address.rpartition(":")[2])
        finding = (await asyncio.to_thread(found, port=port))["pages"]
    assert finding.status == "ok"
    assert finding.detail.startswith(f"a bridge runs already: http://127.0.0.1:{port}/overlay?token=…")


def test_a_host_that_cannot_be() -> None:
    finding = found(host="no.such.host.invalid")["pages"]
    assert (finding.status, "web.host" in finding.remedy) == ("missing", True)


def test_an_avatar_that_is_not_there() -> None:
    finding = found(avatar="Möwe und Meer.vrm")["avatar"]
    assert finding.status == "broken"
    assert "Möwe und Meer.vrm" in finding.detail
    assert finding.remedy


def test_a_live2d_model_without_the_core(tmp_path: Path) -> None:
    model = tmp_path / "mine.model3.json"
    model.write_text("{}", encoding="utf-8")
    finding = found(avatar=str(model))["avatar"]
    assert (finding.status, "live2dcubismcore" in finding.remedy) == ("missing", True)


@pytest.mark.parametrize(("enabled", "told"), [(True, False), (False, True)])
def test_an_overlay_that_is_switched_off(enabled: bool, told: bool) -> None:
    assert ("overlay" in found({"overlay": {"enabled": enabled}})) == told


def test_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "found", lambda: "")
    finding = found()["browser"]
    assert finding.status == "missing"
    assert "OBS" in finding.remedy
