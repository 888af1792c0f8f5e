"""The reference client of the game protocol as a process: prints what it does, one JSON object a line."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from typing import Any

__all__: list[str] = []


def _tell(what: str, **fields: Any) -> None:
    print(json.dumps({"what": what, "own": time.perf_counter(), **fields}), flush=True)


async def _main(support: str, options: dict[str, str]) -> None:
    sys.path.insert(0, support)
    game_client: Any = importlib.import_module("game_client")
    game_client.TICK = 0.002  # as often as the Godot probe looks
    characters = [{"name": "", "sound": True}] if "sound" in options else []
    async with game_client.GameClient(options["address"], options["token"], characters=characters) as game:
        _tell("connected")
        told = ended = acted = 0
        while not game.closed.is_set():
            await asyncio.sleep(0.02)
            if told % 5 == 0:
                _tell("sync", offset=game.offset)
            told += 1
            for at, _, _, name, _ in game.acted[acted:]:
                _tell("cue", name=name, at=at)
                acted += 1
            if len(game.told("ended")) > ended:
                ended += 1
                _tell("ended", underruns=next(iter(game.shown.values())).ring.underruns)


if __name__ == "__main__":
    pairs = [argument.removeprefix("--").partition("=") for argument in sys.argv[2:]]
    asyncio.run(_main(sys.argv[1], {name: value for name, _, value in pairs}))
