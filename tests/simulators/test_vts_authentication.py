"""Points 12 to 20: tokens, the pop-up, revoking, the API switch."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import struct
import zlib
from pathlib import Path

import pytest
from vts_harness import ME, OTHER, App, client
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from avatar_bridge.errors import UsageError, WorldError
from avatar_bridge.simulators.pytest_fixtures import SimulatorFactory
from avatar_bridge.simulators.vts import Options, TokenStore, VTubeStudioSimulator


def png(width: int, height: int) -> str:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(width)) * height)
    image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return base64.b64encode(image).decode()


JPG = base64.b64encode(
    b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x80\x00\x80\x01\x01\x11\x00\xff\xd9"
).decode()


async def test_point_12_token_waits_for_the_user(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(popup="wait"))
    async with client(vts.url, None) as raw:
        request_id = await raw.send("AuthenticationTokenRequest", {**ME, "pluginIcon": png(128, 128)})
        await vts.until(lambda: vts.popup)
        assert "Raw Client" in vts.popup.text
        assert not raw.order
        vts.allow()
        answer = await raw.answer_to(request_id)
    assert re.fullmatch(r"[0-9a-f]{64}", answer["data"]["authenticationToken"])


async def test_point_13_deny_is_error_50(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(popup="auto_deny"))
    async with client(vts.url, None) as raw:
        answer = await raw.answer_to(await raw.send("AuthenticationTokenRequest", ME))
    assert answer["data"] == {"errorID": 50, "message": "User denied authentication request for your plugin."}


async def test_point_14_one_popup_at_a_time_and_it_outlives_its_asker(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(popup="wait"))
    async with client(vts.url, None) as raw, client(vts.url, None) as second:
        async with client(vts.url, None) as first:
            await first.send("AuthenticationTokenRequest", ME)
            await vts.until(lambda: vts.popup)
            assert await second.error("AuthenticationTokenRequest", OTHER) == 51
        await vts.until(lambda: len(vts.studio.sessions) == 2)
        assert await second.error("AuthenticationTokenRequest", OTHER) == 51
        vts.deny()
        request_id = await raw.send("AuthenticationTokenRequest", ME)
        await vts.until(lambda: vts.popup)
        vts.allow()
        assert (await raw.answer_to(request_id))["messageType"] == "AuthenticationTokenResponse"
    with pytest.raises(UsageError):
        vts.allow()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"pluginName": "ab"}, 52),
        ({"pluginName": "x" * 33}, 52),
        ({"pluginName": None}, 52),
        ({"pluginDeveloper": "ab"}, 53),
        ({"pluginDeveloper": "x" * 33}, 53),
        ({"pluginIcon": png(64, 128)}, 54),
        ({"pluginIcon": "not base64!"}, 54),
        ({"pluginIcon": base64.b64encode(b"GIF89a\x80\x00\x80\x00").decode()}, 54),
    ],
)
def test_point_15_names_and_icon(change: dict, error: int):
    assert App().join(None).error("AuthenticationTokenRequest", {**ME, **change}) == error


@pytest.mark.parametrize("icon", [png(128, 128), JPG, "", None])
def test_point_15_good_icons(icon: str | None):
    assert App().join(None).ask("AuthenticationTokenRequest", {**ME, "pluginIcon": icon})["authenticationToken"]


async def test_point_16_authentication(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url, None) as raw:
        token = (await raw.ask("AuthenticationTokenRequest", ME))["authenticationToken"]
        assert (await raw.ask("APIStateRequest"))["currentSessionAuthenticated"] is False
        assert await raw.ask("AuthenticationRequest", {**ME, "authenticationToken": token}) == {
            "authenticated": True,
            "reason": "Token valid. The plugin is authenticated for the duration of this session.",
        }
        assert (await raw.ask("APIStateRequest"))["currentSessionAuthenticated"] is True


def test_point_17_wrong_token_is_no_error():
    app = App()
    member = app.join(None)
    token = member.ask("AuthenticationTokenRequest", ME)["authenticationToken"]
    for data in (
        {**ME, "authenticationToken": "wrong"},
        {**OTHER, "authenticationToken": token},
        {**ME, "pluginDeveloper": "Else", "authenticationToken": token},
    ):
        answer = member.ask("AuthenticationRequest", data)
        assert answer["authenticated"] is False
        assert answer["reason"].startswith("Authentication request failed because token is invalid")
    assert member.error("AuthenticationRequest", {**ME}) == 100
    assert member.error("AuthenticationRequest", {"authenticationToken": "x", "pluginDeveloper": "abc"}) == 101
    assert member.error("AuthenticationRequest", {"authenticationToken": "x", "pluginName": "abc"}) == 102


async def test_point_18_authentication_is_per_connection_and_tokens_survive_a_restart(tmp_path: Path):
    file = tmp_path / "tokens.json"
    async with VTubeStudioSimulator(token_store=TokenStore(file)) as vts:
        async with client(vts.url, None) as raw:
            token = await raw.authenticate()
        async with client(vts.url, None) as raw:
            assert await raw.error("StatisticsRequest") == 8
            assert (await raw.ask("AuthenticationRequest", {**ME, "authenticationToken": token}))["authenticated"]
    async with VTubeStudioSimulator(token_store=TokenStore(file)) as vts, client(vts.url, None) as raw:
        assert (await raw.ask("AuthenticationRequest", {**ME, "authenticationToken": token}))["authenticated"]
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(UsageError, match="token file"):
        TokenStore(file)
    with pytest.raises(UsageError, match="cannot be read"):
        TokenStore(tmp_path)


@pytest.mark.parametrize("number", [8, 50])
def test_point_19_revoking(number: int):
    app = App(Options(revoked_error=number))
    member, other = app.join(), app.join(OTHER)
    member.ask("ParameterCreationRequest", {"parameterName": "Mine", "min": 0, "max": 1, "defaultValue": 0})
    other.ask("ParameterCreationRequest", {"parameterName": "Theirs", "min": 0, "max": 1, "defaultValue": 0})
    token = app.store.tokens[member.session.plugin]
    assert app.studio.authentication.revoke("Raw Client") == 1
    assert member.error("StatisticsRequest") == number
    assert member.ask("APIStateRequest")["currentSessionAuthenticated"] is False
    assert member.ask("AuthenticationRequest", {**ME, "authenticationToken": token})["authenticated"] is False
    customs = [p["name"] for p in other.ask("InputParameterListRequest")["customParameters"]]
    assert customs == ["Theirs"]


async def test_point_20_switching_the_api_off_closes_and_refuses(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        vts_simulator.set_api_active(False)
        with pytest.raises(ConnectionClosed) as closed:
            await raw.receive()
        assert closed.value.rcvd.code == 1001
    with pytest.raises(OSError):  # noqa: PT011
        await connect(vts_simulator.url)
    vts_simulator.set_api_active(True)
    await vts_simulator.until(lambda: vts_simulator.listening)
    async with client(vts_simulator.url) as raw:
        assert (await raw.ask("APIStateRequest"))["active"] is True


async def test_point_20_the_old_way_answers_error_1(vts_simulator_factory: SimulatorFactory):
    vts = await vts_simulator_factory(options=Options(api_off="refuses"))
    async with client(vts.url) as raw:
        vts.set_api_active(False)
        assert await raw.error("StatisticsRequest") == 1
        assert (await raw.ask("APIStateRequest"))["active"] is False
        async with client(vts.url, None) as second:
            assert await second.error("AuthenticationTokenRequest", ME) == 1


def test_permissions_are_asked_for_once():
    app = App(Options(popup="wait"))
    member = app.join(None)
    member.send("AuthenticationTokenRequest", ME)
    app.frame()
    app.studio.popups.decide(True)
    app.frame()
    token = member.take()[-1]["data"]["authenticationToken"]
    member.ask("AuthenticationRequest", {**ME, "authenticationToken": token})
    assert member.error("PermissionRequest", {"requestedPermission": "Everything"}) == 1100
    listed = member.ask("PermissionRequest")["permissions"]
    assert listed == [{"name": "LoadCustomImagesAsItems", "granted": False}]
    member.send("PermissionRequest", {"requestedPermission": "LoadCustomImagesAsItems"})
    app.frame()
    assert not member.take()
    assert member.error("PermissionRequest", {"requestedPermission": "LoadCustomImagesAsItems"}) == 1101
    app.studio.popups.decide(True, "permission")
    app.frame()
    answer = member.take()[0]["data"]
    assert answer["grantSuccess"] is True
    assert answer["permissions"][0]["granted"] is True
    assert member.ask("PermissionRequest", {"requestedPermission": "LoadCustomImagesAsItems"})["grantSuccess"] is True


async def test_a_port_in_use_is_explained(vts_simulator: VTubeStudioSimulator):
    with pytest.raises(WorldError, match="another simulator may be running"):
        async with VTubeStudioSimulator(port=vts_simulator.port):
            pass


async def test_drop_without_a_close_frame_and_with_one(vts_simulator: VTubeStudioSimulator):
    for clean, code in ((False, None), (True, 1001)):
        async with client(vts_simulator.url) as raw:
            vts_simulator.drop_connections(clean=clean)
            with pytest.raises(ConnectionClosed) as closed:
                await raw.receive()
            assert (closed.value.rcvd.code if closed.value.rcvd else None) == code
    vts_simulator.refuse_connections()
    with pytest.raises(OSError):  # noqa: PT011
        await connect(vts_simulator.url)
    vts_simulator.refuse_connections(False)
    await vts_simulator.until(lambda: vts_simulator.listening)
    async with client(vts_simulator.url, None) as raw:
        assert json.dumps(await raw.ask("APIStateRequest"))


async def test_refusing_keeps_what_is_connected(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        vts_simulator.refuse_connections()
        assert (await raw.ask("StatisticsRequest"))["connectedPlugins"] == 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
