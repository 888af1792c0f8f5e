"""What the shows of `soak.py` have in common: their script, their map, their settings, and what was seen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avatar_bridge.assembly import Bridge
from avatar_bridge.settings import DriverSettings, MotionSettings, Settings, SoundSettings, VoiceSettings

MAP = """
[actions.blush]
meaning = "blushes"
kind = "expression"
vts.hotkey = "Blush"

[actions.wave]
meaning = "waves"
kind = "gesture"
stroke = 0.2
vts.hotkey = "Wave"
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]

[actions.nod]
meaning = "nods"
kind = "gesture"
stroke = 0.2
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]
"""
HELD = "[blush]Banana, banana, banana, banana and banana, banana and banana. "
SCRIPT = f"{HELD}Banana, and so on.[/blush] [wave] Banana, banana. [nod] And on we go."
OPEN = 0.02


class BrokenError(Exception):
    """What the script's iterator raises."""


@dataclass
class Log:
    """What was seen."""

    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    calls_ms: list[float] = field(default_factory=list)


def settings(folder: Path, **drivers: DriverSettings) -> Settings:
    """Return settings with the tone voice, no sound, and the show's own map."""
    path = folder / "show.toml"
    path.write_text(MAP, encoding="utf-8")
    return Settings(
        voice=VoiceSettings(engine="tone", options={"speed": 2.0}),
        sound=SoundSettings(speaker="none"),
        motion=MotionSettings(map=str(path)),
        drivers=drivers,
    )


def interrupt(bridge: Bridge, log: Log) -> None:
    """Interrupt, and note how long the call took."""
    called = time.perf_counter()
    bridge.interrupt()
    log.calls_ms.append(1000 * (time.perf_counter() - called))


async def holds(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Return whether a condition comes true within some time."""
    until = time.perf_counter() + seconds
    while not await condition():
        if time.perf_counter() > until:
            return False
        await asyncio.sleep(0.02)
    return True


def seen(log: Log) -> dict[str, Any]:
    """Return what was seen, for JSON."""
    return {
        "faults": dict(log.faults),
        "wrong": log.wrong,
        "returns": sorted(log.returns),
        "calls_ms": sorted(log.calls_ms),
    }
