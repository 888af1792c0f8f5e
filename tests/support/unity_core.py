"""The Unity package's core under Mono: compiled, tested with NUnit, and run against a bridge as a process."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["MISSING", "Core", "Probe", "build", "named_tests", "nunit", "probe", "rotations"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "unity" / "com.avatarbridge.client"
TOOLS = ROOT / "unity" / "tools"
MISSING = [name for name in ("mcs", "mono", "nunit-console") if shutil.which(name) is None]
"""Programs that are not here."""

_TEST = re.compile(r"\[(?:Test|TestCase\(.*\))\]\s+(?:\[TestCase\(.*\)\]\s+)*public void (\w+)\(")
_CLASS = re.compile(r"\[TestFixture\]\s+public class (\w+)")


@dataclass(frozen=True)
class Core:
    """What was compiled."""

    folder: Path

    @property
    def tests(self) -> Path:
        return self.folder / "AvatarBridge.Core.Tests.dll"

    @property
    def game_probe(self) -> Path:
        return self.folder / "GameProbe.exe"


def build(folder: Path, *, tests: bool = True) -> Core:
    """Compile core, tests and GameProbe as C# 6, warnings as errors; raises AssertionError in the compiler's words."""
    core = folder / "AvatarBridge.Core.dll"
    made = Core(folder)
    _compile(core, sorted((PACKAGE / "Runtime" / "Core").glob("*.cs")), "-target:library", "-optimize+")
    if tests:
        sources = sorted((PACKAGE / "Tests" / "Core").glob("*.cs"))
        _compile(made.tests, sources, "-target:library", "-debug", f"-r:{core}", "-pkg:nunit")
    _compile(made.game_probe, sorted(TOOLS.glob("*.cs")), "-optimize+", f"-r:{core}")
    return made


def _compile(into: Path, sources: Iterable[Path], *options: str) -> None:
    command = ["mcs", "-langversion:6", "-warnaserror", "-nologo", *options, f"-out:{into}", *map(str, sources)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def named_tests() -> list[str]:
    """Return the NUnit tests as `Class.Method`, read from the sources."""
    found = []
    for path in sorted((PACKAGE / "Tests" / "Core").glob("*.cs")):
        text = path.read_text(encoding="utf-8")
        classes = [(match.start(), match[1]) for match in _CLASS.finditer(text)]
        for match in _TEST.finditer(text):
            owner = [name for start, name in classes if start < match.start()][-1]
            found.append(f"{owner}.{match[1]}")
    return found


def nunit(core: Core, vectors: Iterable[Path]) -> dict[str, list[tuple[str, str, str]]]:
    """Run the tests; return for each `Class.Method` the name, outcome and words of each of its cases."""
    outcome = core.folder / "result.xml"
    done = subprocess.run(
        ["nunit-console", "-nologo", "-noshadow", "-nothread", f"-xml={outcome}", str(core.tests)],
        cwd=core.folder,
        env={**os.environ, "AVATAR_BRIDGE_VECTORS": os.pathsep.join(map(str, vectors))},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert outcome.is_file(), done.stdout + done.stderr
    found: dict[str, list[tuple[str, str, str]]] = {}
    for case in ET.parse(outcome).iter("test-case"):
        name = case.get("name", "")
        words = " ".join(text.strip() for text in case.itertext() if text.strip())
        method = ".".join(name.partition("(")[0].split(".")[-2:])
        found.setdefault(method, []).append((name, case.get("result", ""), words))
    return found


def rotations() -> dict[str, Any]:
    """Return rotations as this side computes them, from matrices, as quaternions x, y, z, w.

    R = Ry Rz Rx of a right-handed body that faces +Z; Unity's are the same with x mirrored: M R M, M = diag(-1, 1, 1).
    """
    angles = [(10, 0, 0), (0, 20, 0), (0, 0, 30), (10, 20, 30), (-170, 85, 12), (3, -179, 91), (0, 0, 0), (0, -6, -68)]
    angles += [tuple(each) for each in np.random.default_rng(4).uniform(-180, 180, (40, 3)).round(3).tolist()]
    mirror = np.diag([-1.0, 1.0, 1.0])
    bones = []
    for x, y, z in angles:
        turned = _about(1, y) @ _about(2, z) @ _about(0, x)
        bones.append(
            {
                "name": f"{x} {y} {z}",
                "degrees": [x, y, z],
                "rig": _quaternion(turned),
                "unity": _quaternion(mirror @ turned @ mirror),
            }
        )
    heads = []
    for yaw, pitch, roll in [(30, 0, 0), (0, 20, 0), (0, 0, 15), (-12, 7, 40)]:
        # seen from the front: yaw to screen right is towards +X, pitch up is about -X, roll to screen right about -Z
        turned = _about(1, yaw) @ _about(2, -roll) @ _about(0, -pitch)
        heads.append({"name": f"{yaw} {pitch} {roll}", "degrees": [yaw, pitch, roll], "rig": _quaternion(turned)})
    return {"bones": bones, "heads": heads}


def _about(axis: int, degrees: float) -> np.ndarray:
    """Return the right-handed rotation matrix about x, y or z (0, 1 or 2)."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    one, other = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[one, one] = matrix[other, other] = cosine
    matrix[one, other], matrix[other, one] = -sine, sine
    return matrix


def _quaternion(matrix: np.ndarray) -> list[float]:
    """Return x, y, z, w of a rotation matrix: the eigenvector of Bar-Itzhack's symmetric 4x4 matrix."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    symmetric = np.array(
        [
            [a - e - i, d + b, g + c, h - f],
            [d + b, e - a - i, h + f, c - g],
            [g + c, h + f, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    values, vectors = np.linalg.eigh(symmetric / 3.0)
    found: list[float] = vectors[:, int(np.argmax(values))].tolist()
    return found


class Probe:
    """A running GameProbe: what it wrote so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.heard: list[dict[str, Any]] = []
        self.noise: list[str] = []
        """What is no JSON: exceptions of the core among them."""
        self._process = process
        self.ended = asyncio.Event()
        """Set when it writes no more."""
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode("utf-8").strip()
            async with self._news:
                if text.startswith("{"):
                    self.heard.append(json.loads(text))
                elif text:
                    self.noise.append(text)
                self._news.notify_all()
        self.ended.set()

    def all(self, what: str, **having: Any) -> list[dict[str, Any]]:
        """Return the lines of one kind that have these values."""
        return [each for each in self.heard if each["what"] == what and having.items() <= each.items()]

    async def wait(self, what: str, count: int = 1, within: float = 20.0, **having: Any) -> dict[str, Any]:
        """Return the `count`-th such line as soon as it is there."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: len(self.all(what, **having)) >= count)
        except TimeoutError:
            raise AssertionError(f"no {what!r} ({count}) but {self.heard[-20:]} and {self.noise[-20:]}") from None
        return self.all(what, **having)[count - 1]


@asynccontextmanager
async def probe(
    core: Core, address: str, token: str, *options: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Probe]:
    """Yield a GameProbe at work; it says goodbye on the way out and must have written nothing but JSON."""
    process = await asyncio.create_subprocess_exec(
        "mono",
        str(core.game_probe),
        address,
        "--token",
        token,
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        limit=2**24,
    )
    running = Probe(process)
    listening = asyncio.create_task(running.listen())
    try:
        yield running
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await listening
    assert not running.noise, running.noise
    assert process.returncode == 0
