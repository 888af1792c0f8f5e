"""A game in a process of its own that shows a crowd, reads all it is told, and plays the voices that it is given.

Lines on its standard input: `interrupts N` makes N interrupts of characters that speak; `end` ends it. Each answers by
one JSON line. Its clock is the bridge's: both processes read the same monotonic one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
import time
from collections import Counter
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

_HEAD = struct.Struct("<BBHI")
_ENTRY = struct.Struct("<HHd")
_SOUND = struct.Struct("<BBHI")
_LATENCY = 0.02
_SAID = 0.4
"""Seconds of its utterance after which a character is interrupted."""


class Crowd:
    """The game's end of the connection."""

    def __init__(self, socket: ClientConnection, names: list[str]) -> None:
        self._socket = socket
        self._names = names
        self._channels = 0
        self._sequence: int | None = None
        self._margin = 1.0
        self._playing: dict[int, tuple[int, float]] = {}
        self._speaking: dict[int, float] = {}
        self._cancelled: dict[int, asyncio.Future[float | None]] = {}
        """When the `cancel` that is waited for came; None where the utterance ended by itself in the same moment."""
        self.gaps = 0
        self.messages: list[tuple[float, float, int]] = []
        """Of each motion message: the first `at` in it, when it came, and how many characters it moves."""
        self.told: Counter[str] = Counter()

    async def live(self) -> None:
        """Say hello, then read until the bridge closes."""
        shown = [{"name": name, "sound": True} for name in self._names]
        capabilities = ["sound", "motion", "speech", "captions"]
        client = {"name": "crowd", "engine": "measurement", "version": "1"}
        hello = {"type": "hello", "protocol": 1, "token": sys.argv[2], "client": client}
        await self._say({**hello, "capabilities": capabilities, "characters": shown})
        reporting = asyncio.create_task(self._report())
        try:
            async for message in self._socket:
                now = time.perf_counter()
                if isinstance(message, str):
                    self._hear(json.loads(message), now)
                elif message[0] == 1:
                    self._move(message, now)
                else:
                    await self._play(message, now)
        finally:
            reporting.cancel()

    async def interrupt(self, count: int) -> list[float]:
        """Return the milliseconds from asking to be silent to each `cancel`."""
        took: list[float] = []
        asked: set[int] = set()
        while len(took) < count:
            await asyncio.sleep(0.0371)
            now = time.perf_counter()
            ready = [who for who, since in self._speaking.items() if now - since > _SAID]
            if not ready:
                continue
            who = min(ready, key=lambda each: (each in asked, each))
            asked = {who} if asked.issuperset(ready) else {*asked, who}
            cancelled = self._cancelled[who] = asyncio.get_running_loop().create_future()
            sent = time.perf_counter()
            await self._say({"type": "interrupt", "character": who, "id": str(len(took))})
            arrival = await asyncio.wait_for(cancelled, 5.0)
            if arrival is not None:
                took.append(1000.0 * (arrival - sent))
        return took

    def _hear(self, message: dict[str, Any], now: float) -> None:
        kind, who = message["type"], int(message.get("character") or 0)
        self.told[kind] += 1
        if kind == "welcome":
            self._channels = len(message["channels"])
            assert len(message["characters"]) == len(self._names), message["unknown"]
            print(json.dumps({"here": True}), flush=True)
        elif kind == "segment":
            self._speaking.setdefault(who, now)
        elif kind == "cancel" and who in self._cancelled:
            self._cancelled.pop(who).set_result(now)
        elif kind == "ended":
            if who in self._cancelled:
                self._cancelled.pop(who).set_result(None)
            self._speaking.pop(who, None)
            self._playing.pop(who, None)

    def _move(self, message: bytes, now: float) -> None:
        _, _, count, sequence = _HEAD.unpack_from(message)
        if self._sequence is not None:
            self.gaps += (sequence - self._sequence - 1) & 0xFFFFFFFF
        self._sequence = sequence
        place, first = _HEAD.size, 0.0
        for number in range(count):
            _, bones, at = _ENTRY.unpack_from(message, place)
            first = at if number == 0 else first
            self._margin = min(self._margin, at - now)
            place += _ENTRY.size + 4 * self._channels + 4 * bones
        assert place == len(message), "a motion message is as long as what it says is in it"
        self.messages.append((first, now, count))

    async def _play(self, message: bytes, now: float) -> None:
        _, _, who, utterance = _SOUND.unpack_from(message)
        self.told["sound"] += 1
        if self._playing.get(who, (None,))[0] != utterance:
            self._playing[who] = (utterance, now + _LATENCY)
            await self._tell_playing(who)

    async def _tell_playing(self, who: int) -> None:
        utterance, start = self._playing[who]
        told = {"type": "playing", "character": who, "utterance": utterance, "start": start}
        await self._say({**told, "late_ms": 0, "latency_ms": 1000 * _LATENCY, "underruns": 0})

    async def _report(self) -> None:
        for beat in range(1 << 30):
            await asyncio.sleep(0.25)
            for who in tuple(self._playing):
                await self._tell_playing(who)
            if beat % 4 == 0:
                await self._say({"type": "ping", "sent": time.perf_counter()})
            if beat % 8 == 7:
                margin_ms, self._margin = 1000 * self._margin, 1.0
                told = {"type": "report", "margin_ms": margin_ms, "late_frames": 0, "fps": 60, "problems": []}
                await self._say(told)

    async def _say(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))


async def main(address: str, names: list[str]) -> None:
    """Live until told to end."""
    async with connect(address, compression=None, max_size=None) as socket:
        crowd = Crowd(socket, names)
        living = asyncio.create_task(crowd.live())
        while line := (await asyncio.to_thread(sys.stdin.readline)).split():
            if line[0] == "interrupts":
                print(json.dumps({"took_ms": await crowd.interrupt(int(line[1]))}), flush=True)
                continue
            print(json.dumps({"messages": crowd.messages, "gaps": crowd.gaps, "told": crowd.told}), flush=True)
            break
        living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await living


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[3])))
