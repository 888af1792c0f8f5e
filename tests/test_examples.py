"""The examples of the HTTP API do what they say: their lines run against a bridge that serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmark_parts import benchmark_part
from websockets.sync.client import connect

PAGE = Path(__file__).parents[1] / "examples" / "http_api" / "README.md"
POWERSHELL = os.environ.get("AVATAR_BRIDGE_POWERSHELL") or "pwsh"
QUIET = '[sound]\nspeaker = "none"\n'


SPEAKING_PAGE = Path(__file__).parents[1] / "examples" / "python_api" / "page.py"
STILL = '[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n[drivers]\n[web]\nport = 0\n'


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


def test_the_page_example_greets_the_first_page(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(STILL, encoding="utf-8")
    command = [sys.executable, str(SPEAKING_PAGE), "bridge.toml"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, encoding="utf-8") as program:
        assert program.stdout is not None
        address = program.stdout.readline().removeprefix("open: ").strip()
        socket_address = address.replace("http", "ws", 1).replace("/overlay", "/v1/events")
        hello = {"type": "hello", "kind": "overlay", "streams": ["speech"], "name": "a stand-in"}
        with connect(socket_address) as page:
            page.send(json.dumps(hello))
            said = [json.loads(text)["text"] for text in page if json.loads(text)["type"] == "segment"]
        assert (
            program.stdout.read()
            == "heard: Hello! I live in this page, and your program gives me my words. Let's begin!\n"
        )
        assert program.wait(30) == 0
    assert " ".join(said).startswith("Hello! I live in this page")
