"""The examples of the HTTP API do what they say: their lines run against a bridge that serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmark_parts import benchmark_part

PAGE = Path(__file__).parents[1] / "examples" / "http_api" / "README.md"
POWERSHELL = os.environ.get("AVATAR_BRIDGE_POWERSHELL") or "pwsh"
QUIET = '[sound]\nspeaker = "none"\n'


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def bridge() -> Iterator[Any]:
    with benchmark_part("_overlay_show").served(voice="tone", more=QUIET) as served:
        yield served


def asked(block: str) -> tuple[str, str, object]:
    """Return the method, path and JSON body of a request, whichever shell sends it."""
    path = re.search(r"(?:\$BRIDGE|\$bridge)(/[\w/]+)", block)
    assert path is not None
    body = re.search(r"'(\{.*?\})'", block)
    post = body is not None or "POST" in block or "Post" in block
    return "POST" if post else "GET", path[1], json.loads(body[1]) if body else None


def test_both_shells_send_the_same_requests() -> None:
    in_curl = [asked(block) for block in blocks("bash") if "printf" not in block]
    assert in_curl == [asked(block) for block in blocks("powershell")]
    assert len(in_curl) >= 6


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine (apt install curl)")
@pytest.mark.parametrize("block", blocks("bash"), ids=lambda block: asked(block)[1])
def test_the_curl_lines_run(block: str, bridge: Any) -> None:
    environment = {**os.environ, "BRIDGE": bridge.base, "TOKEN": bridge.token}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    said(asked(block), json.loads(done.stdout))


@pytest.mark.peer(only_with="AVATAR_BRIDGE_POWERSHELL")
@pytest.mark.skipif(shutil.which(POWERSHELL) is None, reason="no PowerShell on this machine")
@pytest.mark.parametrize("block", blocks("powershell"), ids=lambda block: asked(block)[1])
def test_the_powershell_lines_run(block: str, bridge: Any) -> None:
    first = f'$bridge = "{bridge.base}"; $header = @{{ Authorization = "Bearer {bridge.token}" }}\n'
    lines = block.splitlines()
    lines[-1] += " | ConvertTo-Json -Depth 8"
    command = [POWERSHELL, "-NoProfile", "-Command", "$ErrorActionPreference = 'Stop'\n" + first + "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    said(asked(block), json.loads(done.stdout))


def said(request: tuple[str, str, object], answer: Any) -> None:
    """Check that an answer is what the page promises."""
    _, path, body = request
    match path:
        case "/v1/perform" if isinstance(body, dict) and body.get("wait"):
            assert answer["heard"] == "Yes."
            assert answer["complete"]
        case "/v1/perform":
            assert answer["utterance"] >= 1
        case "/v1/act":
            assert answer["name"] == "nod"
        case "/v1/actions":
            assert "wave" in [action["name"] for action in answer]
        case "/v1/interrupt":
            assert "heard" in answer
        case "/v1/parse":
            assert answer["speech"] == "Hello there"
            assert answer["diagnostics"][0]["suggestion"]
        case "/v1/state":
            assert answer["version"]
        case _:
            raise AssertionError(f"nobody checks {path}")
