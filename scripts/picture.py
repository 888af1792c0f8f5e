#!/usr/bin/env python3
"""Makes the picture in the README: renders the demo and photographs its report with Chromium."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from avatar_bridge import registry
from avatar_bridge.commands.render import render
from avatar_bridge.settings import Settings

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "report.png"
MOMENT = 3.2
"""Seconds into the demo at which the picture is taken."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Write the picture; needs the `demo` and `dev` extras and a Chromium."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        sys.exit("no Chromium is on the path: install it (Debian: apt install chromium)")
    script = registry.data_file("demo.txt").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(render(script, Path(folder), Settings()))
        photograph(Path(folder) / "report.html", browser_path)


def photograph(report: Path, browser_path: str) -> None:
    """Photograph a report at the moment."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1190}, color_scheme="light")
        page.goto(f"{report.as_uri()}#t={MOMENT}")
        page.wait_for_function(f"document.getElementById('audio').currentTime >= {MOMENT} - 0.01")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
