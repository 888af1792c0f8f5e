"""One way to start Chromium for every test: WebGL in software, sound without a click, no network of its own.

with chromium() as browser:                 # nobody sees it; `browser.new_page()` and so on (Playwright's own)
    tab = browser.new_page(viewport=SMALL)
async with chromium_async() as browser:     # the same beside a bridge in the same event loop
    tab = await browser.new_page(viewport=SMALL)
with window(":7", url, 640, 360) as tab:    # a bare window that fills a virtual display
    tab.evaluate("1 + 1")
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

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

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
SMALL = {"width": 480, "height": 640}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
NEVER = ["--mute-audio", "--enable-automation"]
ARTEFACTS = "AVATAR_BRIDGE_ARTEFACTS"
"""The variable that names the folder where screenshots and recordings are kept; without it they are not."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)")


def artefact(name: str, content: bytes) -> Path | None:
    """Keep what a test saw under `name`, where the environment names a folder for it; return where."""
    folder = os.environ.get(ARTEFACTS)
    if not folder:
        return None
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _options(**more: Any) -> dict[str, Any]:
    asked = more.pop("args", [])
    return {"executable_path": CHROMIUM, "args": [*ARGUMENTS, *asked], "ignore_default_args": NEVER} | more


@contextmanager
def chromium(*, webgl: bool = True, **options: Any) -> Iterator[Any]:
    """Yield a headless browser; without `webgl` its pages have none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(headless=True, **_options(args=_webgl(webgl), **options))
        try:
            yield browser
        finally:
            browser.close()


@asynccontextmanager
async def chromium_async(*, webgl: bool = True, **options: Any) -> AsyncIterator[Any]:
    """Yield the same browser with Playwright's asynchronous calls."""
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright (pip install playwright)")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(headless=True, **_options(args=_webgl(webgl), **options))
        try:
            yield browser
        finally:
            await browser.close()


@contextmanager
def window(display: str, url: str, width: int, height: int, env: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Yield the one tab of a browser whose window, without any border, fills the display from its corner."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    with _profile() as profile, playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(profile, **_shown(display, url, width, height, env))
        try:
            yield context.pages[0]
        finally:
            context.close()


@asynccontextmanager
async def window_async(
    display: str, url: str, width: int, height: int, env: Mapping[str, str] | None = None
) -> AsyncIterator[Any]:
    """Yield the same tab with Playwright's asynchronous calls."""
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright (pip install playwright)")
    with _profile() as profile:
        async with playwright.async_playwright() as driver:
            shown = _shown(display, url, width, height, env)
            context = await driver.chromium.launch_persistent_context(profile, **shown)
            try:
                yield context.pages[0]
            finally:
                await context.close()


def until(tab: Any, expression: str, seconds: float = 30) -> Any:
    """Wait until an expression is true in the page, which may forbid `eval`; return what it became."""
    ends = time.monotonic() + seconds
    while not (value := tab.evaluate(expression)):
        assert time.monotonic() < ends, f"never came true within {seconds} s: {expression}"
        tab.wait_for_timeout(20)
    return value


async def until_async(tab: Any, expression: str, seconds: float = 30) -> Any:
    """Wait as `until` does, beside a running event loop."""
    ends = time.monotonic() + seconds
    while not (value := await tab.evaluate(expression)):
        assert time.monotonic() < ends, f"never came true within {seconds} s: {expression}"
        await tab.wait_for_timeout(20)
    return value


def _profile() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)


def _webgl(wanted: bool) -> list[str]:
    return [] if wanted else ["--disable-3d-apis"]


def _shown(display: str, url: str, width: int, height: int, env: Mapping[str, str] | None) -> dict[str, Any]:
    size = f"--window-size={width + 1},{height + 1}"  # without a window manager the page is one pixel smaller
    place = [f"--app={url}", "--kiosk", "--window-position=0,0", size, "--no-first-run"]
    return _options(args=place, headless=False, no_viewport=True, env={**os.environ, "DISPLAY": display, **(env or {})})
