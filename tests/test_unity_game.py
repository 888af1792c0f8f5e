"""The Unity example's mind, with a game that is the protocol's reference client."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from game_client import GameClient

EXAMPLE = Path(__file__).parents[1] / "examples" / "unity_game"
OWN = (EXAMPLE / "bridge.toml").read_text(encoding="utf-8")
QUIET = OWN.replace("remember = true", "remember = false\nport = 0") + '[voice]\nengine = "tone"\n'
NATIVES = {"trigger": ["Wave"]}


class Mind:
    """The example as a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self, begins: str) -> str:
        """Return the rest of the next line that begins so."""
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            while raw := await self._process.stdout.readline():
                text = raw.decode().strip()
                if text.startswith(begins):
                    return text.removeprefix(begins).strip()
        raise AssertionError(f"no line {begins!r}")


@asynccontextmanager
async def mind(folder: Path) -> AsyncIterator[Mind]:
    (folder / "bridge.toml").write_text(QUIET, encoding="utf-8")
    (folder / "npc.toml").write_bytes((EXAMPLE / "npc.toml").read_bytes())
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE / "npc.py"),
        "bridge.toml",
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Mind(process)
    finally:
        process.kill()
        await process.wait()


async def test_the_npc_greets_the_player_and_says_goodbye(tmp_path: Path) -> None:
    async with mind(tmp_path) as npc:
        address, token = await npc.line("address:"), await npc.line("token:")
        character = {"name": "", "sound": True, "natives": NATIVES}
        async with GameClient(address, token, name="Test Game", engine="unity", characters=[character]) as game:
            await game.hear("turn", has=True)
            await game.send("event", name="player_near", character=0, data={"distance": 2.5})
            assert await npc.line("Test Game:") == "player_near"
            cues = (await game.hear("cues"))["cues"]
            assert cues[0]["name"] == "wave"
            assert cues[0]["native"] == {"trigger": "Wave"}
            assert await npc.line("heard:") == "Hello, traveller! I have not seen you here before."
            await game.send("event", name="player_near", character=0, data={"distance": "far"})
            await game.hear("utterance")
            await game.send("event", name="player_left", character=0, data={})
            assert await npc.line("heard:") != "Ah, it is you again. Come closer!", "the second event cuts it short"
            assert await npc.line("heard:") == "Safe travels!"
            await game.send("event", name="weather", character=None, data={})
            assert await npc.line("Test Game:") == "weather (nothing to say)"
