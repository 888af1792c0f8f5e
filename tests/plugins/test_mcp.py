"""The MCP server, asked by the official client: in the same process, over a running bridge, and as a command."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from avatar_bridge.assembly import Cast
from avatar_bridge.commands.on_air import cast_on_air
from avatar_bridge.credentials import Key
from avatar_bridge.errors import AvatarBridgeError, ProtocolError
from avatar_bridge.plugins.mcp import CastStage, RemoteStage, mcp_server, tag_guide
from avatar_bridge.remote import Service
from avatar_bridge.settings import Settings, override
from avatar_bridge.simulators.llm import LanguageServer

TOOLS = {"say", "act", "list_actions", "interrupt", "state"}


def settings() -> Settings:
    changes: dict[str, Any] = {"voice.engine": "tone", "sound.speaker": "none", "stats.enabled": False}
    return override(Settings(drivers={}), {**changes, "web.port": 0})


@asynccontextmanager
async def asked() -> AsyncIterator[tuple[Client, Cast]]:
    async with (
        Cast.from_settings(settings()) as cast,
        Client(mcp_server(CastStage(cast), tags=tag_guide(cast))) as client,
    ):
        yield client, cast


async def test_it_speaks_and_tells_what_was_heard() -> None:
    async with asked() as (client, _):
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        result = await client.call_tool("say", {"text": "Now [nod]look. [nodd]"})
        assert not result.is_error
        told = result.structured_content
        assert told is not None
        assert told["heard"].strip() == "Now look."
        assert told["acted"] == ["nod"]
        assert any("nodd" in each for each in told["problems"])


async def test_it_acts_only_as_the_map_allows_and_says_what_is_wrong() -> None:
    async with asked() as (client, _):
        assert not (await client.call_tool("act", {"name": "nod"})).is_error
        for name, arguments, words in (
            ("act", {"name": "nodd"}, "the nearest is 'nod'"),
            ("act", {"name": "nod", "strength": 3}, "from 0 to 1"),
            ("act", {"name": "nod", "character": "nobody"}, "expected as character"),
            ("say", {"text": "  "}, "something to say"),
            ("say", {"text": "a" * 20_001}, "at most 20000"),
        ):
            result = await client.call_tool(name, arguments)
            assert result.is_error
            assert words in result.content[0].text  # type: ignore[union-attr]


async def test_its_actions_and_its_state_can_be_seen() -> None:
    async with asked() as (client, cast):
        actions = (await client.call_tool("list_actions", {})).structured_content
        assert actions is not None
        assert {each["name"] for each in actions["result"]} == set(cast.main.motion_map.actions)
        state = (await client.call_tool("state", {})).structured_content
        assert state is not None
        assert state["doing"] == "idle"
        assert (await client.call_tool("interrupt", {})).content[0].text == "nothing was being said"  # type: ignore[union-attr]


async def test_a_bridge_that_runs_already_is_asked_over_its_api() -> None:
    async with cast_on_air(settings()) as on:
        service = Service("the bridge", on.server.address, key=Key(on.server.token, "test"))
        async with Client(mcp_server(RemoteStage(service))) as client:
            result = await client.call_tool("say", {"text": "Hi! [nod]Nice."})
            assert result.structured_content is not None
            assert result.structured_content["heard"].strip() == "Hi! Nice."
            assert not (await client.call_tool("act", {"name": "nod"})).is_error
            refused = await client.call_tool("act", {"name": "nodd"})
            assert "nod" in refused.content[0].text  # type: ignore[union-attr]
            assert (await client.call_tool("list_actions", {})).structured_content
            assert (await client.call_tool("state", {})).structured_content
            assert not (await client.call_tool("interrupt", {})).is_error
        await service.close()


async def test_a_server_that_is_no_bridge_is_named() -> None:
    async with LanguageServer() as other:
        service = Service("the bridge", other.url.removesuffix("/v1"))
        stage = RemoteStage(service)
        with pytest.raises(AvatarBridgeError, match="the bridge at http"):
            await stage.actions("")

        async def answered(*_: Any, **__: Any) -> Any:
            return ["models"]

        service.json = answered  # type: ignore[method-assign]
        for asking in (stage.say("Hi", ""), stage.act("nod", 1.0, ""), stage.actions(""), stage.interrupt("")):
            with pytest.raises(ProtocolError, match="is the address right"):
                await asking
        with pytest.raises(ProtocolError, match="is the address right"):
            await stage.state()
        await service.close()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_as_a_command_it_writes_nothing_but_the_protocol(tmp_path: Path, mode: Any) -> None:
    (tmp_path / "bridge.toml").write_text("[drivers]\n[stats]\nenabled = false\n", encoding="utf-8")
    command = ["-m", "avatar_bridge", "mcp", "--voice", "tone", "--speaker", "none"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    server = stdio_client(StdioServerParameters(command=sys.executable, args=command, cwd=tmp_path, env=environment))
    async with Client(server, mode=mode) as client:
        result = await client.call_tool("say", {"text": "Hi there."})
        assert result.structured_content is not None
        assert result.structured_content["heard"] == "Hi there."
