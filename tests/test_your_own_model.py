"""The examples with a model of one's own run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_bridge.simulators.llm import LanguageServer, Reply

FOLDER = Path(__file__).parents[1] / "examples" / "your_own_model"
STILL = '[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n[drivers]\n[stats]\nenabled = false\n'


def ran(name: str, folder: Path, *arguments: str) -> str:
    (folder / "bridge.toml").write_text(STILL, encoding="utf-8")
    environment = {**os.environ, "OPENAI_API_KEY": "none-is-needed", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(FOLDER / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


async def test_the_plain_openai_client_is_performed(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    import asyncio

    async with LanguageServer(replies=(Reply("Hi! [wave] I am Pip."),)) as model:
        told = await asyncio.to_thread(ran, "openai_client.py", tmp_path, model.url, "small", "Who are you?")
        assert told.strip() == "heard: Hi! I am Pip."
        assert "wave" in model.asked[0]["messages"][0]["content"]


def test_what_langchain_streams_is_performed(tmp_path: Path) -> None:
    pytest.importorskip("langchain_core")
    told = ran("langchain_runnable.py", tmp_path)
    assert told.strip() == "heard: Hi! I am Pip. What shall we build?"
