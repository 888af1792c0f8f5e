"""Foreign clients drive the simulator: pyvts, the npm package `vtubestudio` under Node, and coovts."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.simulators.vts import SAMPLES, VTubeStudioSimulator

pytestmark = pytest.mark.peer

PEERS = Path(__file__).parent.parent / "peers"
EYES_CRY = SAMPLES["akari"].hotkeys[0].hotkey_id


async def run_peer(*command: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def check(vts: VTubeStudioSimulator, seen: dict[str, Any], plugin: str) -> None:
    assert seen["hotkeys"] == 10
    assert seen["parameters"] >= 59
    assert seen["mouth"] == 0.95
    assert seen["triggered"] == EYES_CRY
    assert seen["events"] == ["Eyes Cry"]
    assert vts.active_expressions == ("EyesCry.exp3.json",)
    assert [frame.values["MouthOpen"] for frame in vts.frames] == [step / 20 for step in range(20)]
    assert {frame.plugin for frame in vts.frames} == {plugin}
    assert not vts.violations


async def test_pyvts(vts_simulator: VTubeStudioSimulator, tmp_path: Path):
    pyvts = pytest.importorskip("pyvts", reason="pyvts is not installed: pip install pyvts==0.3.3")
    plugin = {
        "plugin_name": "Pyvts Peer",
        "developer": "The Tests",
        "authentication_token_path": str(tmp_path / "token.txt"),
    }
    api = {"version": "1.0", "name": "VTubeStudioPublicAPI", "port": vts_simulator.port, "host": "127.0.0.1"}
    peer = pyvts.vts(plugin_info=plugin, vts_api_info=api)
    await peer.connect()
    await peer.request_authenticate_token()
    assert await peer.request_authenticate()
    for step in range(20):
        answer = await peer.request(peer.vts_request.requestSetParameterValue("MouthOpen", step / 20))
        assert answer["messageType"] == "InjectParameterDataResponse"
    listed = await peer.request(peer.vts_request.requestHotKeyList())
    parameters = await peer.request(peer.vts_request.requestTrackingParameterList())
    mouth = await peer.request(peer.vts_request.requestParameterValue("MouthOpen"))
    triggered = await peer.request(peer.vts_request.requestTriggerHotKey("Eyes Cry"))
    await peer.close()
    seen = {
        "hotkeys": len(listed["data"]["availableHotkeys"]),
        "parameters": len(parameters["data"]["defaultParameters"]),
        "mouth": mouth["data"]["value"],
        "triggered": triggered["data"]["hotkeyID"],
        "events": [fired.name for fired in vts_simulator.hotkeys_fired],
    }
    check(vts_simulator, seen, "Pyvts Peer")


async def test_npm_vtubestudio(vts_simulator: VTubeStudioSimulator):
    node = shutil.which("node")
    if node is None or not (PEERS / "node" / "node_modules" / "vtubestudio").exists():
        pytest.skip("needs Node and its packages: npm ci --prefix tests/peers/node")
    seen = await run_peer(node, str(PEERS / "node" / "client.cjs"), vts_simulator.url)
    assert seen["refused"] == 202
    assert seen["state"]["currentSessionAuthenticated"] is True
    check(vts_simulator, seen, "Node Peer")


def coovts_python() -> str | None:
    candidates = [os.environ.get("AVATAR_BRIDGE_COOVTS_PYTHON"), sys.executable]
    candidates += [shutil.which(f"python3.{minor}") for minor in (14, 13, 12)]
    for python in candidates:
        if python is not None:
            probe = subprocess.run([python, "-c", "import coovts"], capture_output=True, check=False, timeout=60)
            if probe.returncode == 0:
                return python
    return None


@pytest.mark.peer(only_with="AVATAR_BRIDGE_COOVTS_PYTHON")
async def test_coovts(vts_simulator: VTubeStudioSimulator):
    python = coovts_python()
    if python is None:
        pytest.skip(
            "no Python >= 3.12 with coovts: make a venv with one, pip install coovts==0.1.0 into it, "
            "and set AVATAR_BRIDGE_COOVTS_PYTHON to its python"
        )
    seen = await run_peer(python, str(PEERS / "coovts" / "client.py"), vts_simulator.url)
    check(vts_simulator, seen, "Coovts Peer")
