"""A second client of OBS in a process of its own: when OBS says that it has shown an item, one JSON object a line.

Source: obs-websocket 5, event SceneItemEnableStateChanged, sent by OBS to every client once it has set the item.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import simpleobsws

__all__: list[str] = []

_SCENE_ITEMS = 1 << 7


async def _main(url: str, password: str) -> None:
    client = simpleobsws.WebSocketClient(
        url, password, simpleobsws.IdentificationParameters(eventSubscriptions=_SCENE_ITEMS)
    )

    async def changed(data: dict[str, Any]) -> None:
        print(json.dumps({"at": time.perf_counter(), "shown": data["sceneItemEnabled"]}), flush=True)

    client.register_event_callback(changed, "SceneItemEnableStateChanged")
    await client.connect()
    await client.wait_until_identified()
    print(json.dumps({"ready": True}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
