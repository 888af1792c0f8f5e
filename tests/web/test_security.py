"""Nobody gets past without the token, from a foreign page, or under a foreign name."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from served import Served, served
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from avatar_bridge.errors import SettingsError
from avatar_bridge.settings import WebSettings
from avatar_bridge.web.security import Place, choose_token

EVERYTHING = [
    ("GET", "/overlay"),
    ("GET", "/studio"),
    ("GET", "/v1/state"),
    ("GET", "/v1/actions"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/avatar/mascot.vrm"),
    ("GET", "/v1/clips/wave.vrma"),
    ("GET", "/v1/live2d/core.js"),
    ("GET", "/v1/map"),
    ("POST", "/v1/perform"),
    ("POST", "/v1/interrupt"),
    ("POST", "/v1/act"),
    ("POST", "/v1/parse"),
    ("POST", "/v1/targets/witness/reconnect"),
    ("GET", "/"),
    ("GET", "/no/such/thing"),
]


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Served]:
    async with served() as running:
        yield running


async def test_nothing_is_had_without_the_token(stage: Served) -> None:
    for method, path in EVERYTHING:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {stage.server.token}"}):
            answer = await stage.ask(method, path, token=False, headers=headers)
            assert answer.status == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            if path in ("/overlay", "/studio"):
                assert b"avatar-bridge serve" in answer.body
            else:
                assert "token" in answer.json["error"]
                assert "web.token" in answer.json["suggestion"]
    assert stage.bridge.utterance == 0


async def test_the_token_is_taken_from_the_header_or_the_address(stage: Served) -> None:
    token = stage.server.token
    assert (await stage.ask("GET", "/v1/state")).status == 200
    assert (await stage.ask("GET", f"/v1/state?token={token}", token=False)).status == 200
    assert (await stage.ask("GET", f"/v1/state?token={token[:-1]}", token=False)).status == 401
    assert (await stage.ask("GET", f"/v1/state?token=x&token={token}", token=False)).status == 401


async def test_the_bundle_needs_no_token(stage: Served) -> None:
    answer = await stage.ask("GET", "/static/no-such-file.js", token=False)
    assert answer.status == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "",
        "[::1",
        "localhost:{port}x",
    ],
)
async def test_a_foreign_host_is_refused_with_the_token_too(stage: Served, host: str) -> None:
    named = host.format(port=stage.port)
    for path in ("/v1/state", "/overlay", "/static/overlay.js"):
        answer = await stage.ask("GET", path, headers={"Host": named})
        assert answer.status == 403, path
        assert str(stage.port) in answer.json["error"]


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
async def test_its_own_names_are_known(stage: Served, host: str) -> None:
    answer = await stage.ask("GET", "/v1/state", headers={"Host": host.format(port=stage.port)})
    assert answer.status == 200


async def test_no_request_goes_through_without_one_host(stage: Served) -> None:
    for hosts in ("", f"Host: 127.0.0.1:{stage.port}\r\nHost: evil.example\r\n"):
        with socket.create_connection(("127.0.0.1", stage.port), timeout=10) as raw:
            raw.setblocking(True)
            lines = f"GET /v1/state?token={stage.server.token} HTTP/1.0\r\n{hosts}\r\n"
            status = await _status(raw, lines.encode())
        assert status in (b"400", b"403")


async def _status(raw: socket.socket, request: bytes) -> bytes:
    import asyncio

    await asyncio.to_thread(raw.sendall, request)
    return (await asyncio.to_thread(raw.recv, 4096)).split(b" ")[1]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "file://", ""]
)
async def test_a_foreign_page_is_refused_with_the_token_too(stage: Served, origin: str) -> None:
    headers = {"Origin": origin.format(port=stage.port)}
    answer = await stage.ask("POST", "/v1/interrupt", headers=headers)
    assert answer.status == 403
    address = f"{stage.socket_address}?token={stage.server.token}"
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_its_own_pages_may_ask(stage: Served) -> None:
    headers = {"Origin": f"http://localhost:{stage.port}"}
    assert (await stage.ask("POST", "/v1/interrupt", headers=headers)).status == 200
    async with connect(f"{stage.socket_address}?token={stage.server.token}", additional_headers=headers, proxy=None):
        pass


async def test_a_socket_without_the_token(stage: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(stage.socket_address, proxy=None)
    assert refused.value.response.status_code == 401
    assert refused.value.response.body is not None
    assert b"web.token" in refused.value.response.body
    headers = {"Origin": f"http://127.0.0.1:{stage.port}"}
    async with connect(stage.socket_address + "?token=wrong", additional_headers=headers, proxy=None) as page:
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 4401, "a browser hides the status of a refused handshake, so it is told by a code"


async def test_every_answer_keeps_a_page_to_itself(stage: Served) -> None:
    for path, token in (("/v1/state", True), ("/v1/state", False), ("/overlay", False), ("/static/x", False)):
        headers = (await stage.ask("GET", path, token=token)).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"ws://127.0.0.1:{stage.port}" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


def test_each_start_has_a_token_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "web-token"
    first, second = (choose_token(WebSettings(), environment={}, path=path) for _ in range(2))
    assert first != second
    assert len(first) >= 43
    assert not path.exists()


def test_a_remembered_token_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "web-token"
    settings = WebSettings(remember=True)
    first = choose_token(settings, environment={}, path=path)
    assert choose_token(settings, environment={}, path=path) == first
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_given_token_wins(tmp_path: Path) -> None:
    settings = WebSettings.model_validate({"token": "my-own-token-0123456789", "remember": True})
    path = tmp_path / "web-token"
    assert choose_token(settings, environment={}, path=path) == "my-own-token-0123456789"
    environment = {"AVATAR_BRIDGE_TOKEN": "from-the-environment-1"}
    assert choose_token(settings, environment=environment, path=path) == "from-the-environment-1"


@pytest.mark.parametrize("token", ["short", "spaces are no good here", "a&b=c#d-0123456789012", "ü" * 20])
def test_a_weak_token_is_refused_without_being_shown(token: str, tmp_path: Path) -> None:
    settings = WebSettings.model_validate({"token": token})
    with pytest.raises(SettingsError, match=r"web\.token: expected 16 to 200") as refused:
        choose_token(settings, environment={}, path=tmp_path / "t")
    assert token not in str(refused.value)


def test_a_server_on_every_interface_answers_to_digits_but_to_no_name() -> None:
    place = Place("0.0.0.0", 8787)
    assert place.knows("192.168.1.5:8787")
    assert place.owns("http://192.168.1.5:8787")
    assert not place.knows("rebound.example:8787")
    assert not place.knows("192.168.1.5:80")
    assert place.authority == "127.0.0.1:8787"


def test_a_server_on_one_interface_answers_to_it_alone() -> None:
    place = Place("192.168.1.5", 8787)
    assert place.knows("192.168.1.5:8787")
    assert not place.knows("192.168.1.6:8787")
    assert Place("fd00::1", 80).knows("[fd00::1]")


@given(st.text(max_size=40))
def test_no_other_name_is_known(name: str) -> None:
    place = Place("127.0.0.1", 8787)
    own = {"127.0.0.1:8787", "localhost:8787", "[::1]:8787"}
    assert place.knows(name) == (name.lower() in own)
