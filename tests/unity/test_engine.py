"""The Unity components, compiled as Unity would and run on a stand-in for its engine, alone and on the real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest
from players import ToneVoice, prepare_here
from stories import MAP

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.core.motion.rig import BONES
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

UNITY = Path(__file__).resolve().parents[2] / "unity"
PACKAGE = UNITY / "com.avatarbridge.client"
TESTS = PACKAGE / "Tests" / "Engine"
NUNIT = next(
    (path for path in sorted(Path("/usr/lib").glob("cli/nunit.framework-2.6*/nunit.framework.dll")) if path.is_file()),
    None,
)
MISSING = [name for name in ("mcs", "mono", "nunit-console") if shutil.which(name) is None]
ADAPTERS = ("AVATARBRIDGE_UGUI", "AVATARBRIDGE_UNIVRM", "AVATARBRIDGE_VRM10")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        bool(MISSING) or NUNIT is None,
        reason="no Mono here: apt-get install mono-mcs mono-runtime nunit-console libnunit-cil-dev",
    ),
]


def sources(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.rglob("*.cs"))]


def compile_to(library: Path, folders: list[Path], references: list[Path], *symbols: str) -> None:
    """Compile as Unity 2021's oldest language level allows; a warning is an error."""
    command = ["mcs", "-langversion:6", "-nologo", "-warnaserror", "-target:library", f"-out:{library}"]
    command += [f"-r:{path}" for path in references]
    command += [f"-define:{';'.join(symbols)}"] if symbols else []
    done = subprocess.run(
        command + [source for folder in folders for source in sources(folder)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{library.name}:\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile each assembly against only those that its asmdef names."""
    assert NUNIT is not None
    out = tmp_path_factory.mktemp("unity")
    shutil.copy(NUNIT, out)
    engine, core, parts = out / "UnityEngine.dll", out / "AvatarBridge.Core.dll", out / "AvatarBridge.Engine.dll"
    compile_to(engine, [UNITY / "standin"], [])
    compile_to(core, [PACKAGE / "Runtime" / "Core"], [])
    compile_to(parts, [PACKAGE / "Runtime" / "Engine"], [engine, core], ADAPTERS[0])
    compile_to(out / "Vrm0.dll", [PACKAGE / "Runtime" / "Vrm0"], [engine, core, parts], ADAPTERS[1])
    compile_to(out / "Vrm1.dll", [PACKAGE / "Runtime" / "Vrm1"], [engine, core, parts], ADAPTERS[2])
    compile_to(out / "AvatarBridge.Editor.dll", [PACKAGE / "Editor"], [engine, core, parts])
    compile_to(out / "Samples.dll", [PACKAGE / "Samples~"], [engine, core, parts])
    every = [out / f"{name}.dll" for name in ("Vrm0", "Vrm1", "AvatarBridge.Editor", "Samples", "nunit.framework")]
    compile_to(out / "AvatarBridge.Engine.Tests.dll", [TESTS], [engine, core, parts, *every])
    return out


def nunit(built: Path, name: str, environment: Mapping[str, str], *options: str) -> dict[str, tuple[str, str]]:
    """Run tests under Mono; return for each its result and what it said."""
    result = built / f"{name}.xml"
    command = [
        "nunit-console",
        "AvatarBridge.Engine.Tests.dll",
        "-nologo",
        "-noshadow",
        "-domain:None",
        "-process:Single",
    ]
    done = subprocess.run(
        [*command, f"-xml:{result}", *options],
        cwd=built,
        env={**os.environ, "MONO_GC_PARAMS": "nursery-size=512k", "HOME": str(built), **environment},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=240,
        check=False,
    )
    assert result.exists(), done.stdout + done.stderr
    cases = ET.parse(result).getroot().iter("test-case")
    return {
        case.attrib["name"]: (case.attrib["result"], "\n".join(text for text in case.itertext() if text.strip()))
        for case in cases
    }


def written(folder: Path) -> set[str]:
    """Return the tests that stand in the sources, as Class.Method."""
    found = set()
    for path in folder.glob("*Tests.cs"):
        owner = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.search(r"public class (\w+)", line):
                owner = match[1]
            if match := re.search(r"public void (\w+)\(", line):
                found.add(f"{owner}.{match[1]}")
    return {name for name in found if not name.endswith((".SetUp", ".TearDown"))}


@pytest.fixture(scope="module")
def results(built: Path) -> dict[str, tuple[str, str]]:
    told = nunit(built, "alone", {"AVATAR_BRIDGE_TEST_BONES": " ".join(BONES)}, "-exclude:served")
    return {name.removeprefix("AvatarBridge."): result for name, result in told.items()}


@pytest.mark.parametrize("name", sorted(written(TESTS) - {"ServedTests.ACharacterSpeaksMovesAndIsInterrupted"}))
def test_on_the_stand_in(results: Mapping[str, tuple[str, str]], name: str) -> None:
    own = {case: result for case, result in results.items() if case.split("(")[0] == name}
    assert own, f"{name} was not run"
    for case, (result, said) in own.items():
        assert result == "Success", f"{case}: {said}"


def test_the_engine_assembly_compiles_without_unitys_ui_package(built: Path, tmp_path: Path) -> None:
    references = [built / "UnityEngine.dll", built / "AvatarBridge.Core.dll"]
    compile_to(tmp_path / "Bare.dll", [PACKAGE / "Runtime" / "Engine"], references)


async def test_on_the_real_server(built: Path) -> None:
    games = WebGames()
    bridge = Bridge(
        voice=ToneVoice(cost=0.0),
        speaker=GameSpeaker(games),
        drivers=[GameDriver(motion_map=MAP, games=games)],
        motion_map=MAP,
        preparing=prepare_here,
    )
    server = Server(bridge, WebAudience(), WebSettings(port=0, avatar="svg", token="a" * 24), games=games)
    async with bridge, server:
        place = {"AVATAR_BRIDGE_TEST_ADDRESS": server.game_address, "AVATAR_BRIDGE_TEST_TOKEN": server.token}
        told = await asyncio.to_thread(nunit, built, "served", place, "-include:served")
    assert told
    for case, (result, said) in told.items():
        assert result == "Success", f"{case}: {said}"


def test_assemblies_are_described_as_unity_reads_them() -> None:
    names = set()
    for path in PACKAGE.rglob("*.asmdef"):
        told = json.loads(path.read_text(encoding="utf-8"))
        assert told["name"] == path.stem
        names.add(told["name"])
        for define in told["defineConstraints"]:
            offered = {each["define"] for each in told["versionDefines"]}
            assert define in offered | {"AVATARBRIDGE_STANDIN", "UNITY_INCLUDE_TESTS"}
    assert {"AvatarBridge.Core", "AvatarBridge.Engine", "AvatarBridge.Editor"} <= names
    package = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert package["name"] == PACKAGE.name
    assert package["unity"] == "2021.3"
    for sample in package["samples"]:
        assert (PACKAGE / sample["path"]).is_dir()
