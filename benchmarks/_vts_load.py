"""Load from another process: many clients that inject ten parameters at 60 Hz each; prints what they saw as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import deque

from websockets.asyncio.client import connect

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "load"}
NAMES = ("FaceAngleX", "FaceAngleY", "FaceAngleZ", "MouthOpen", "MouthSmile", "EyeOpenLeft", "EyeOpenRight", "Brows")
RATE = 60


async def play(url: str, number: int, seconds: float, waits: list[float]) -> None:
    async with connect(url, compression=None) as socket:
        who = {"pluginName": f"Plugin {number:03d}", "pluginDeveloper": "Load", "authenticationToken": "token"}
        await socket.send(json.dumps({**API, "messageType": "AuthenticationRequest", "data": who}))
        await socket.recv()
        values = [{"id": name, "value": 0.1} for name in NAMES]
        data = {"mode": "add", "parameterValues": values}
        message = json.dumps({**API, "messageType": "InjectParameterDataRequest", "data": data})
        sent: deque[float] = deque()
        count = round(seconds * RATE)

        async def read() -> None:
            for _ in range(count):
                await socket.recv()
                waits.append(time.perf_counter() - sent.popleft())

        reading = asyncio.create_task(read())
        start = time.perf_counter()
        for step in range(count):
            await asyncio.sleep(max(start + step / RATE - time.perf_counter(), 0))
            sent.append(time.perf_counter())
            await socket.send(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 5)


async def main(url: str, clients: int, seconds: float) -> None:
    waits: list[float] = []
    await asyncio.gather(*(play(url, number, seconds, waits) for number in range(clients)))
    waits.sort()
    shown = {
        "answers": len(waits),
        "wanted": clients * round(seconds * RATE),
        "p50_ms": waits[len(waits) // 2] * 1e3,
        "p99_ms": waits[int(len(waits) * 0.99)] * 1e3,
    }
    print(json.dumps(shown))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
