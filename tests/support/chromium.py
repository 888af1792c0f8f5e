"""Chromium for the tests: as `benchmarks/_chromium.py` starts it, with the mark that skips and a place for pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from benchmark_parts import benchmark_part

__all__ = [
    "CHROMIUM",
    "SMALL",
    "artefact",
    "chromium",
    "chromium_async",
    "needs_chromium",
    "until",
    "until_async",
    "window",
    "window_async",
]

_BROWSER = benchmark_part("_chromium")
CHROMIUM, SMALL = _BROWSER.CHROMIUM, _BROWSER.SMALL
chromium, chromium_async = _BROWSER.chromium, _BROWSER.chromium_async
window, window_async = _BROWSER.window, _BROWSER.window_async
until, until_async = _BROWSER.until, _BROWSER.until_async

needs_chromium = pytest.mark.skipif(bool(_BROWSER.missing()), reason=_BROWSER.missing() or "it is here")
"""The mark of a test with a browser; add `pytest.mark.peer`."""

ARTEFACTS = "AVATAR_BRIDGE_ARTEFACTS"
"""The variable that names the folder where screenshots and recordings are kept; without it they are not."""


def artefact(name: str, content: bytes) -> Path | None:
    """Keep what a test saw under `name`, where the environment names a folder for it; return where."""
    folder = os.environ.get(ARTEFACTS)
    if not folder:
        return None
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
