"""What the proxy adds to the first token and to the whole answer, beside the same request made directly, in turns."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import httpx2

from avatar_bridge.commands.bench import Figure
from avatar_bridge.commands.on_air import cast_on_air
from avatar_bridge.settings import Settings, override

__all__ = ["measure"]

_SERVER = """
import asyncio, sys
from avatar_bridge.simulators.llm import LanguageServer, Reply

async def main():
    text = "Hello there, [nod] it is good to see you. [wave] What shall we do today?"
    async with LanguageServer(replies=(Reply(text),), pace=0.002) as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
_WARMING = 5
_NOTE = "the replies are performed while they pass, each interrupts the one before"


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the times to the first token, directly and through the proxy, and what lies between them."""
    direct, proxied = asyncio.run(_measured(15 if quick else 100))
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        straight = _share([each[0] for each in direct], share) * 1e3
        added = _share([each[0] for each in proxied], share) * 1e3 - straight
        asked = name == "p50"
        yield Figure(
            f"first token, added by the proxy, {name}",
            added,
            "ms",
            "<= 3" if asked else "",
            added <= 3.0 if asked else None,
            straight,
            "direct",
            _NOTE if asked else "",
        )
    whole = median(each[1] for each in direct) * 1e3
    added = median(each[1] for each in proxied) * 1e3 - whole
    yield Figure("whole answer, added by the proxy, p50", added, "ms", reference=whole, reference_name="direct")


async def _measured(count: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    direct: list[tuple[float, float]] = []
    proxied: list[tuple[float, float]] = []
    async with _model() as url, cast_on_air(_settings(url)) as on, httpx2.AsyncClient(timeout=30) as client:
        for number in range(count + _WARMING):
            straight = await _asked(client, f"{url}/chat/completions", "")
            through = await _asked(client, f"{on.server.address}/v1/chat/completions", on.server.token)
            on.cast.interrupt()
            if number >= _WARMING:
                direct.append(straight)
                proxied.append(through)
    return direct, proxied


async def _asked(client: httpx2.AsyncClient, address: str, token: str) -> tuple[float, float]:
    """Return seconds to the first text and to the end of one answer."""
    body = {"model": "small", "stream": True, "messages": [{"role": "user", "content": "Hello!"}]}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    began, first = time.perf_counter(), 0.0
    async with client.sse(address, method="POST", json=body, headers=headers) as events:
        async for event in events:
            if not first and "Hel" in event.data:
                first = time.perf_counter() - began
    return first, time.perf_counter() - began


@asynccontextmanager
async def _model() -> AsyncIterator[str]:
    """Yield the address of a model's server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


def _settings(url: str) -> Settings:
    changes: dict[str, Any] = {"voice.engine": "tone", "sound.speaker": "none", "stats.enabled": False, "web.port": 0}
    return override(Settings(drivers={}), {**changes, "mind.engine": "openai", "mind.url": url, "mind.model": "small"})


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
