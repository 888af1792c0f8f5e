"""Scenes that a script plays with a framework in an environment of its own, as the JSON that it prints."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest


def scenes_of(variable: str, script: Path, install: str) -> dict[str, Any]:
    """Return what the script printed, run by the Python that the environment's variable names; skips without one."""
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"needs an environment of its own: make one, {install} there, and set {variable} to its python")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [python, str(script)], capture_output=True, encoding="utf-8", timeout=300, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-4000:]
    scenes: dict[str, Any] = json.loads(done.stdout)
    return scenes
