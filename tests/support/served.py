"""A server on a real loopback port, with a bridge that speaks tones, and a plain client for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from players import ToneVoice, Witness, prepare_here
from stories import MAP
from websockets.asyncio.client import ClientConnection, connect

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.ports import Driver
from avatar_bridge.registry import read_map
from avatar_bridge.settings import MemorySettings, MindSettings, MotionSettings, Settings, WebSettings
from avatar_bridge.web import Server, WebAudience


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """The server of a test and what a test asks it."""

    def __init__(self, bridge: Bridge, server: Server, audience: WebAudience) -> None:
        self.bridge = bridge
        self.server = server
        self.audience = audience
        self.port = int(server.address.rpartition(":")[2])

    @property
    def socket_address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/events"

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; a body that is no bytes and no iterable of bytes is sent as JSON."""
        return await asyncio.to_thread(self._ask, method, path, body, token, dict(headers or {}))

    def _ask(self, method: str, path: str, body: Any, token: bool, headers: dict[str, str]) -> Answer:
        if token:
            headers.setdefault("Authorization", f"Bearer {self.server.token}")
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers, encode_chunked=_streams(body))
            response = connection.getresponse()
            return Answer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    @asynccontextmanager
    async def page(self, *streams: str, kind: str = "program", name: str = "") -> AsyncIterator[ClientConnection]:
        """Yield a connection that was welcomed."""
        address = f"{self.socket_address}?token={self.server.token}"
        async with connect(address, proxy=None, max_queue=None, ping_interval=None) as page:
            await page.send(json.dumps({"type": "hello", "kind": kind, "streams": streams, "name": name}))
            await hear(page, "welcome")
            yield page


def _streams(body: Any) -> bool:
    return isinstance(body, Iterable) and not isinstance(body, bytes | str)


async def hear(page: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next message of a kind; others are passed over."""
    async with asyncio.timeout(10):
        while True:
            text = await page.recv()
            message = json.loads(text) if isinstance(text, str) else {}
            if message.get("type") == kind:
                return dict(message)


@asynccontextmanager
async def served(
    *drivers: Driver,
    settings: WebSettings | None = None,
    voice: ToneVoice | None = None,
    speed: float = 1.0,
    map_file: Path | None = None,
    mind: MindSettings | None = None,
) -> AsyncIterator[Served]:
    """Yield a running server on a free port; the silence that stands for sound goes by `speed` times as fast.

    With `map_file` the motion map is that file, else one that is no file and has no form.
    """
    bridge = Bridge(
        voice=voice or ToneVoice(cost=0.0),
        speaker=SilentSpeaker(now=lambda: speed * time.perf_counter()),
        drivers=list(drivers) or [Witness(now=time.perf_counter)],
        motion_map=MAP if map_file is None else read_map(map_file),
        settings=Settings(
            motion=MotionSettings() if map_file is None else MotionSettings(map=str(map_file)),
            mind=mind or MindSettings(engine="script", options={"text": "[nod]As you say.", "first": 0.0}),
            memory=MemorySettings(enabled=False),
        ),
        preparing=prepare_here,
    )
    audience = WebAudience()
    server = Server(bridge, audience, settings or WebSettings(port=0, avatar="svg"))
    async with bridge, server:
        yield Served(bridge, server, audience)


__all__ = ["Answer", "Served", "hear", "served"]
