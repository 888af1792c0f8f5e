"""Pages from another process: they read all that the event socket tells; the first one plays the sound."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time

from websockets.asyncio.client import ClientConnection, connect

HELLO = {"type": "hello", "kind": "overlay", "streams": ["speech", "motion", "sound"], "name": "load"}
LATENCY = 0.03


class Page:
    def __init__(self, socket: ClientConnection, *, plays: bool) -> None:
        self.frames = 0
        self._socket = socket
        self._plays = plays
        self._utterance = 0
        self._start = 0.0

    async def live(self) -> None:
        await self._say(HELLO)
        if self._plays:
            await self._say({"type": "sound", "state": "running"})
        reporting = asyncio.create_task(self._report())
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    self.frames += message[0] == 1
                    if message[0] == 2:
                        await self._play(int.from_bytes(message[4:8], "little"))
        finally:
            reporting.cancel()

    async def _play(self, utterance: int) -> None:
        if utterance != self._utterance:
            self._utterance, self._start = utterance, time.perf_counter() + LATENCY
            await self._playing()

    async def _playing(self) -> None:
        await self._say({"type": "playing", "utterance": self._utterance, "start": self._start, "late_ms": 0.0})

    async def _report(self) -> None:
        for beat in range(1 << 30):
            await asyncio.sleep(0.25)
            if self._plays and self._utterance:
                await self._playing()
            if beat % 4 == 0:
                await self._say({"type": "ping", "sent": time.perf_counter()})
            if beat % 8 == 0:
                await self._say({"type": "report", "problems": [], "fps": 60.0, "draw_ms": 0.8, "ready": True})

    async def _say(self, message: dict[str, object]) -> None:
        await self._socket.send(json.dumps(message))


async def visit(url: str, pages: asyncio.Queue[Page], *, plays: bool) -> None:
    async with connect(url, compression=None, max_size=None) as socket:
        page = Page(socket, plays=plays)
        pages.put_nowait(page)
        await page.live()


async def main(url: str, count: int) -> None:
    came: asyncio.Queue[Page] = asyncio.Queue()
    visits = [asyncio.create_task(visit(url, came, plays=number == 0)) for number in range(count)]
    pages = [await came.get() for _ in range(count)]
    print("here", flush=True)
    # a line is a question: how many frames has the page with the fewest seen since the last one?
    while await asyncio.to_thread(sys.stdin.readline):
        print(min(page.frames for page in pages), flush=True)
        for page in pages:
            page.frames = 0
    for each in visits:
        each.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*visits, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
