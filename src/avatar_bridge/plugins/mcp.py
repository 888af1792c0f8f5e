"""The bridge as a Model Context Protocol server: any program with a model can make the character speak and act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Protocol

from avatar_bridge import registry
from avatar_bridge.assembly import Cast
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.errors import AvatarBridgeError, ProtocolError, UsageError
from avatar_bridge.remote import Service

try:
    from mcp.server.mcpserver import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
except ImportError as error:
    raise UsageError(f"the MCP server needs more packages ({error}); {registry.remedy('mcp')}") from error

__all__ = ["CastStage", "McpStage", "RemoteStage", "mcp_server", "tag_guide"]

_LONGEST = 20_000
"""Characters of one call of `say`."""


class McpStage(Protocol):
    """Where what a program asks for is done."""

    async def say(self, text: str, character: str) -> Mapping[str, Any]:
        """Speak tagged text to its end; return what was heard."""
        ...

    async def act(self, name: str, strength: float, character: str) -> str:
        """Perform one action at once; return its name in the map."""
        ...

    async def actions(self, character: str) -> list[Mapping[str, Any]]:
        """Return name, meaning and kind of every action."""
        ...

    async def interrupt(self, character: str) -> str:
        """Stop everything in one act; return what was heard."""
        ...

    async def state(self) -> Mapping[str, Any]:
        """Return how the show is."""
        ...


class CastStage:
    """A stage of the program's own."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    async def say(self, text: str, character: str) -> Mapping[str, Any]:
        """Speak tagged text to its end; return what was heard."""
        outcome = await self._cast.find(character).perform(text)
        return {
            "heard": outcome.heard.speech,
            "complete": outcome.heard.complete,
            "interrupted": outcome.interrupted,
            "acted": [cue.name for cue in outcome.timeline.cues],
            "problems": [each.message for each in outcome.timeline.diagnostics],
        }

    async def act(self, name: str, strength: float, character: str) -> str:
        """Perform one action at once; return its name in the map."""
        bridge = self._cast.find(character)
        bridge.act(name, strength=strength)
        action = bridge.motion_map.find(name)
        return action.name if action else name

    async def actions(self, character: str) -> list[Mapping[str, Any]]:
        """Return name, meaning and kind of every action."""
        found = self._cast.find(character).motion_map.actions.values()
        return [{"name": each.name, "meaning": each.meaning, "kind": each.kind} for each in found]

    async def interrupt(self, character: str) -> str:
        """Stop everything in one act; return what was heard."""
        return self._cast.find(character).interrupt().speech

    async def state(self) -> Mapping[str, Any]:
        """Return how the show is."""
        main = self._cast.find("")
        targets = [
            {"name": each.name, "status": each.state.status, "detail": each.state.detail} for each in main.drivers
        ]
        return {
            "doing": main.stage.doing,
            "characters": [name for name in self._cast.names if name],
            "targets": targets,
            "notes": [note.message for bridge in self._cast for note in (*bridge.notes, *bridge.troubles)][-20:],
        }


class RemoteStage:
    """The stage of a bridge that runs already, asked over its HTTP API."""

    def __init__(self, service: Service) -> None:
        """`service`: the bridge's address with its token as key."""
        self._service = service

    async def say(self, text: str, character: str) -> Mapping[str, Any]:
        """Speak tagged text to its end; return what was heard."""
        body = {"text": text, "wait": True, "character": character}
        with self._understood():
            told: Mapping[str, Any] = await self._service.json("POST", "/v1/perform", body=body, silence=_SPEAKING)
            return {
                "heard": told["heard"],
                "complete": told["complete"],
                "interrupted": told["interrupted"],
                "problems": [each["message"] for each in told["diagnostics"]],
            }

    async def act(self, name: str, strength: float, character: str) -> str:
        """Perform one action at once; return its name in the map."""
        body = {"name": name, "strength": strength, "character": character}
        with self._understood():
            told: Mapping[str, Any] = await self._service.json("POST", "/v1/act", body=body)
            return str(told["name"])

    async def actions(self, character: str) -> list[Mapping[str, Any]]:
        """Return name, meaning and kind of every action."""
        with self._understood():
            found: list[dict[str, Any]] = await self._service.json(
                "GET", "/v1/actions", params={"character": character}
            )
            return [{key: each[key] for key in ("name", "meaning", "kind")} for each in found]

    async def interrupt(self, character: str) -> str:
        """Stop everything in one act; return what was heard."""
        with self._understood():
            told = await self._service.json("POST", "/v1/interrupt", params={"character": character})
            return str(told["heard"])

    async def state(self) -> Mapping[str, Any]:
        """Return how the show is."""
        with self._understood():
            told = await self._service.json("GET", "/v1/state")
            return {
                "doing": told["doing"],
                "targets": [{key: each[key] for key in ("name", "status", "detail")} for each in told["targets"]],
                "notes": [note["message"] for note in told["notes"]][-20:],
            }

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError):
            raise ProtocolError(
                f"{self._service.what} at {self._service.url} does not answer as an Avatar Bridge of this version; "
                "is the address right?"
            ) from None


_SPEAKING = 600.0
"""Seconds that an utterance may take."""


def mcp_server(stage: McpStage, *, tags: str = "") -> MCPServer:
    """Return a server with the tools say, act, list_actions, interrupt and state.

    `tags`: what a model should know of the tags, as `tag_guide` writes it. What a program asks for can only ever cause
    actions that the motion map has.
    """
    server: MCPServer = MCPServer(
        "avatar-bridge",
        instructions=f"An animated character speaks what `say` is given, aloud. {tags}".strip(),
        version=version("avatar-bridge"),
        log_level="WARNING",
    )

    @server.tool()
    async def say(text: str, character: str = "") -> dict[str, Any]:
        """Let the character speak `text` aloud, acting on tags such as [wave] on their word; returns when it was heard.

        What it is saying is interrupted first. `character` names one of several; empty is the main one.
        """
        if not text.strip():
            raise ToolError("expected something to say, got an empty text")
        if len(text) > _LONGEST:
            raise ToolError(f"expected at most {_LONGEST} characters, got {len(text)}: say it in several calls")
        return dict(await _told(stage.say(text, character)))

    @server.tool()
    async def act(name: str, strength: float = 1.0, character: str = "") -> str:
        """Perform one action at once, without a word: `name` as list_actions tells, `strength` 0 to 1."""
        if not 0.0 <= strength <= 1.0:
            raise ToolError(f"expected a strength from 0 to 1, got {strength:g}")
        return f"{await _told(stage.act(name, strength, character))} is performed"

    @server.tool()
    async def list_actions(character: str = "") -> list[dict[str, Any]]:
        """Return what the character can do: name, meaning, and kind (gesture, expression, prop, scene)."""
        return [dict(each) for each in await _told(stage.actions(character))]

    @server.tool()
    async def interrupt(character: str = "") -> str:
        """Stop what the character says and does, at once; returns what was heard."""
        heard = await _told(stage.interrupt(character))
        return f"heard: {heard}" if heard else "nothing was being said"

    @server.tool()
    async def state() -> dict[str, Any]:
        """Return what the character is doing, how its targets are, and what went wrong."""
        return dict(await _told(stage.state()))

    return server


def tag_guide(cast: Cast) -> str:
    """Return what a model should know of the main character's tags."""
    main = cast.find("")
    return instructions(main.motion_map, performed=main.performed, dialect=main.settings.script.dialect)


async def _told(asked: Any) -> Any:
    """Return what was asked for; what was wrong is told to the model in words."""
    try:
        return await asked
    except AvatarBridgeError as error:
        raise ToolError(str(error)) from error
