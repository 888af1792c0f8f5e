"""What a frame of the Unity package's core costs under Mono, with one character and with a hundred that all speak."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from avatar_bridge.commands.bench import Figure

UNITY = Path(__file__).resolve().parents[1] / "unity"
SOURCES = (UNITY / "com.avatarbridge.client" / "Runtime" / "Core", UNITY / "tools")
LIMIT_MS = 0.1
"""Milliseconds that a frame of a hundred characters may take in all."""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield median and p99 of a frame: clock, playhead, cues, words (advance); channels, bones, mouth (sample)."""
    lacking = [name for name in ("mcs", "mono") if shutil.which(name) is None]
    if lacking or not all(folder.is_dir() for folder in SOURCES):
        note = f"not here: {', '.join(lacking) or 'the checkout'}; apt-get install mono-mcs mono-runtime"
        yield Figure("C# core: not measured", float("nan"), "ms", note=note)
        return
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled(Path(folder))
        for characters in (1, 100):
            yield from _figures(characters, _measured(program, characters, 1000 if quick else 20_000))


def _compiled(folder: Path) -> Path:
    program = folder / "GameProbe.exe"
    sources = [str(path) for source in SOURCES for path in sorted(source.glob("*.cs"))]
    command = ["mcs", "-langversion:6", "-optimize+", "-nologo", f"-out:{program}", *sources]
    subprocess.run(command, check=True, capture_output=True)
    return program


def _measured(program: Path, characters: int, frames: int) -> dict[str, Any]:
    command = ["mono", str(program), "--measure", str(characters), "--frames", str(frames)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _figures(characters: int, told: dict[str, Any]) -> Iterable[Figure]:
    who = f"C# core, {characters} character{'s' * (characters > 1)}"
    empty = told["empty_us"] / 1000
    frame = told["frame_us"] / 1000
    yield Figure(
        f"{who}: a frame, median",
        frame,
        "ms",
        target=f"< {LIMIT_MS:g}",
        reached=frame < LIMIT_MS,
        reference=empty,
        reference_name="an empty loop",
        note=f"advance {told['advance_us']:.1f} us, sample {told['sample_us']:.1f} us",
    )
    p99 = told["frame_p99_us"] / 1000
    yield Figure(
        f"{who}: a frame, p99",
        p99,
        "ms",
        target=f"< {LIMIT_MS:g}",
        reached=p99 < LIMIT_MS,
        reference=told["empty_p99_us"] / 1000,
        reference_name="an empty loop",
    )
    yield Figure(f"{who}: taking in a motion message, median", told["receive_us"] / 1000, "ms")
    yield Figure(
        f"{who}: garbage collections in {told['frames']} frames",
        told["collections"],
        "",
        target="0",
        reached=told["collections"] == 0,
        note="pings and reports are text; a frame itself allocates nothing",
    )
