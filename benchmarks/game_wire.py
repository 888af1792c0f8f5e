"""What motion to games costs: one character packed, and a hundred at 60 Hz over one real connection, nothing mixed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import statistics
import struct
import threading
import time
import timeit
from collections.abc import Iterable, Iterator
from typing import IO
from urllib.parse import urlsplit

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.rig import BONE_CHANNELS, FACE_CHANNELS
from avatar_bridge.settings import Settings
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.web import Server, WebAudience, WebGames
from avatar_bridge.wire.game_binary import character_frame

__all__ = ["measure"]

_FACE = {channel.name: 0.125 for channel in FACE_CHANNELS}
_BODY = _FACE | dict.fromkeys(sorted(BONE_CHANNELS)[:24], 1.25)
_CROWD = 100
_FRAME = 1 / 60
_SETTINGS = {"voice": {"engine": "tone"}, "sound": {"speaker": "none"}, "web": {"port": 0}}


def measure(quick: bool) -> Iterable[Figure]:
    """Yield microseconds to pack a character, then CPU, lateness and bytes of a hundred characters at 60 Hz."""
    yield from _packed(2_000 if quick else 20_000)
    yield from asyncio.run(_crowd(3.0 if quick else 12.0))


def _packed(times: int) -> Iterator[Figure]:
    bare = struct.Struct(f"<HHd{len(_FACE)}f")
    floats = tuple(_FACE.values())
    reference = _least(lambda: bare.pack(1, 0, 1.0, *floats), times)
    for values, what, target in ((_FACE, "face alone", 4.0), (_BODY, "and 24 bone channels", 8.0)):
        cost = _least(lambda values=values: character_frame(1, 1.0, values), times)
        size = len(character_frame(1, 1.0, values))
        yield Figure(
            f"a character packed, {what}",
            cost,
            "us",
            f"<= {target:g}",
            cost <= target,
            reference,
            "struct.pack of as many floats",
            f"{size} bytes",
        )


def _least(call: object, times: int) -> float:
    return min(timeit.repeat(call, number=times, repeat=5)) / times * 1e6  # type: ignore[arg-type]


async def _crowd(seconds: float) -> list[Figure]:
    games = WebGames()
    numbers = [games.enter(f"npc {number}") for number in range(_CROWD)]
    audience = WebAudience()
    bridge = Bridge.from_settings(Settings.model_validate(_SETTINGS), audience=audience)
    server = Server(bridge, audience, games=games)
    async with bridge, server:
        bare = await _beat(seconds, games, [])
        game = _Game(server)
        try:
            while games.count(0, "motion") == 0:  # noqa: ASYNC110 - the connection has no event of its own
                await asyncio.sleep(0.01)
            crowd = await _beat(seconds, games, numbers)
        finally:
            game.close()
    (cost, late), (bare_cost, bare_late) = crowd, bare
    frame = len(character_frame(0, 1.0, _BODY)) * _CROWD + 8
    return [
        Figure(
            f"{_CROWD} characters at 60 Hz over one connection",
            cost * 1000.0 * _FRAME,
            "ms CPU a frame",
            "<= 2",
            cost * 1000.0 * _FRAME <= 2.0,
            bare_cost * 1000.0 * _FRAME,
            "the same bridge with nobody who moves, just before",
            f"{100 * cost:.1f} % of a core; a message of {frame} bytes, {frame * 60 / 1e6:.2f} MB/s",
        ),
        Figure(
            "p99 of how late its tick is",
            late,
            "ms",
            f"<= {1000 * _FRAME:.1f} over the reference",
            late <= bare_late + 1000 * _FRAME,
            bare_late,
            "the same loop without them, just before",
            f"the game saw {game.messages} messages",
        ),
    ]


async def _beat(seconds: float, games: WebGames, numbers: list[int]) -> tuple[float, float]:
    """Move everybody 60 times a second; return cores used by this thread, and p99 of lateness in milliseconds."""
    clock = SystemClock()
    began, used = clock.time(), time.thread_time()
    late = []
    for tick in itertools.count(1):
        due = began + tick * _FRAME
        if due > began + seconds:
            break
        await clock.wait_until(due)
        late.append((clock.time() - due) * 1000.0)
        for number in numbers:
            games.move(number, due + 0.04, _BODY)
    cost = (time.thread_time() - used) / seconds
    return cost, statistics.quantiles(late, n=100)[98]


class _Game:
    """A game that reads and forgets, in a thread."""

    def __init__(self, server: Server) -> None:
        place = urlsplit(server.game_address)
        self._socket = socket.create_connection((place.hostname, place.port))
        self._socket.sendall(
            f"GET /v1/game HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._stream = self._socket.makefile("rb")
        characters = [{"name": name} for name in (f"npc {number}" for number in range(_CROWD))]
        hello = {"type": "hello", "protocol": 1, "token": server.token, "capabilities": ["motion"]}
        text = json.dumps(hello | {"characters": characters}).encode()
        self._hello = struct.pack(">BBH4x", 0x81, 0x80 | 126, len(text)) + text
        self.messages = 0
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        stream = self._stream
        while stream.readline() not in (b"\r\n", b""):
            pass
        self._socket.sendall(self._hello)
        with contextlib.suppress(ConnectionResetError):
            self._count(stream)

    def _count(self, stream: IO[bytes]) -> None:
        while head := stream.read(2):
            length = head[1]
            if length >= 126:
                length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
            stream.read(length)
            self.messages += head[0] & 15 == 2

    def close(self) -> None:
        """Hang up."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reading.join()
        self._stream.close()
        self._socket.close()
