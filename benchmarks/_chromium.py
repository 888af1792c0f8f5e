"""One way to start Chromium for every test and measurement: WebGL in software, sound without a click.

with chromium() as browser:                 # nobody sees it; `browser.new_page()` and so on (Playwright's own)
    tab = browser.new_page(viewport=SMALL)
async with chromium_async() as browser:     # the same beside a bridge in the same event loop
    tab = await browser.new_page(viewport=SMALL)
with window(":7", url, 640, 360) as tab:    # a bare window that fills a virtual display
    tab.evaluate("1 + 1")
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

__all__ = [
    "CHROMIUM",
    "SMALL",
    "chromium",
    "chromium_async",
    "missing",
    "until",
    "until_async",
    "window",
    "window_async",
]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
SMALL = {"width": 480, "height": 640}
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
_NEVER = ["--mute-audio", "--enable-automation"]


def missing() -> str:
    """Return why no browser can be started here, "" where one can."""
    if CHROMIUM is None:
        return "no Chromium on this machine (apt install chromium)"
    return "" if importlib.util.find_spec("playwright") else "needs playwright (pip install playwright)"


@contextmanager
def chromium(*, webgl: bool = True, **options: Any) -> Iterator[Any]:
    """Yield a headless browser; without `webgl` its pages have none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(headless=True, **_options(**_with_webgl(webgl, options)))
        try:
            yield browser
        finally:
            browser.close()


@asynccontextmanager
async def chromium_async(*, webgl: bool = True, **options: Any) -> AsyncIterator[Any]:
    """Yield the same browser with Playwright's asynchronous calls."""
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(headless=True, **_options(**_with_webgl(webgl, options)))
        try:
            yield browser
        finally:
            await browser.close()


@contextmanager
def window(display: str, url: str, width: int, height: int, env: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Yield the one tab of a browser whose window, without any border, fills the display from its corner."""
    from playwright.sync_api import sync_playwright

    with _profile() as profile, sync_playwright() as driver:
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
    from playwright.async_api import async_playwright

    with _profile() as profile:
        async with async_playwright() as driver:
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
        if time.monotonic() > ends:
            raise TimeoutError(f"never came true within {seconds} s: {expression}")
        tab.wait_for_timeout(50)
    return value


async def until_async(tab: Any, expression: str, seconds: float = 30) -> Any:
    """Wait as `until` does, beside a running event loop."""
    ends = time.monotonic() + seconds
    while not (value := await tab.evaluate(expression)):
        if time.monotonic() > ends:
            raise TimeoutError(f"never came true within {seconds} s: {expression}")
        await tab.wait_for_timeout(50)
    return value


def _profile() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)


def _with_webgl(wanted: bool, options: dict[str, Any]) -> dict[str, Any]:
    return options if wanted else {**options, "args": [*options.get("args", ()), "--disable-3d-apis"]}


def _options(**more: Any) -> dict[str, Any]:
    asked = more.pop("args", [])
    return {"executable_path": CHROMIUM, "args": [*_ARGUMENTS, *asked], "ignore_default_args": _NEVER} | more


def _shown(display: str, url: str, width: int, height: int, env: Mapping[str, str] | None) -> dict[str, Any]:
    size = f"--window-size={width + 1},{height + 1}"  # without a window manager the page is one pixel smaller
    place = [f"--app={url}", "--kiosk", "--window-position=0,0", size, "--no-first-run"]
    return _options(args=place, headless=False, no_viewport=True, env={**os.environ, "DISPLAY": display, **(env or {})})
