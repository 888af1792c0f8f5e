#!/usr/bin/env python3
"""Makes the pictures in the documents: `python scripts/picture.py [stage] [report]`, both when none is named.

`stage` lets the mascot perform in the overlay with the studio beside it, and photographs both at the same words;
`report` renders the demo and photographs its report. Needs the `demo` and `dev` extras, pillow and a Chromium.
"""

from __future__ import annotations

import asyncio
import base64
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from avatar_bridge import registry
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.commands.render import render
from avatar_bridge.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
MOMENT = 3.2
"""Seconds into the demo at which the report is photographed."""
SCRIPT = (
    "[happy 0.6][wave 1 5s]Hello everybody, welcome to the stream![/happy] "
    "[nod]Let's play [peace]something new today, [tilt]shall we?"
)
WORD = "everybody"
"""The word at which both are photographed."""
STILL = """word => {
  const spoken = [...document.querySelectorAll('.word.spoken')].some((span) => span.textContent.includes(word));
  if (spoken) window.requestAnimationFrame = () => 0;
  return spoken;
}"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
WIDE: ViewportSize = {"width": 1280, "height": 720}
SQUARE: ViewportSize = {"width": 800, "height": 800}
SMALL: ViewportSize = {"width": 320, "height": 240}
COLLAGE = """<!doctype html><style>
body { margin: 0; width: 1600px; height: 800px; overflow: hidden; position: relative;
  background: #efe6f6; }
i { position: absolute; border-radius: 50%; background: rgb(255 255 255 / 0.5); }
#overlay { position: absolute; left: -10px; top: 0; }
#studio { position: absolute; right: 30px; top: 150px; width: 860px; border-radius: 12px;
  box-shadow: 0 18px 50px rgb(40 30 80 / 0.35), 0 0 0 1px rgb(40 30 80 / 0.25); }
</style><i style="left:40px;top:90px;width:150px;height:150px"></i>
<i style="left:560px;top:40px;width:90px;height:90px"></i>
<i style="left:-60px;top:470px;width:230px;height:230px"></i>
<i style="left:1330px;top:-70px;width:260px;height:260px"></i>
<img id="studio" src="STUDIO"><img id="overlay" src="OVERLAY">"""


def main() -> None:
    """Write the pictures that are named."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        sys.exit("no Chromium is on the path: install it (Debian: apt install chromium)")
    wanted = sys.argv[1:] or ["stage", "report"]
    unknown = [name for name in wanted if name not in ("stage", "report")]
    if unknown:
        sys.exit(f"expected stage or report, got {', '.join(unknown)}")
    asyncio.run(_photograph(browser_path, wanted))


async def _photograph(browser_path: str, wanted: list[str]) -> None:
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=browser_path, args=FLAGS)
        if "stage" in wanted:
            await stage(browser)
        if "report" in wanted:
            with tempfile.TemporaryDirectory() as folder:
                await render(registry.data_file("demo.txt").read_text(encoding="utf-8"), Path(folder), Settings())
                await report(browser, Path(folder) / "report.html")
        await browser.close()


async def stage(browser: Browser) -> None:
    """Photograph overlay and studio while they perform the script, and lay the two beside each other.

    One after the other: a machine without a graphics card cannot draw both at full speed.
    """
    settings = Settings.model_validate({"sound": {"speaker": "none"}, "drivers": {"overlay": {}}})
    async with on_air(settings) as (bridge, server, _):
        overlay = await _opened(browser, server.overlay_address, SQUARE, "high")
        playing = asyncio.create_task(bridge.perform(SCRIPT))
        await _heard(overlay)
        figure = await overlay.screenshot(omit_background=True)
        bridge.interrupt()
        await playing
        await overlay.close()
        overlay = await _opened(browser, server.overlay_address, SMALL, "low")
        studio = await browser.new_page(viewport=WIDE, color_scheme="dark")
        await studio.goto(server.studio_address)
        await studio.wait_for_selector("#targets > *", timeout=30_000)
        await studio.fill("#script", SCRIPT)
        await studio.press("#script", "Control+Enter")
        await _heard(overlay)
        room = await studio.screenshot()
    page = await browser.new_page(viewport={"width": 1600, "height": 800})
    await page.set_content(COLLAGE.replace("STUDIO", _embedded(room)).replace("OVERLAY", _embedded(figure)))
    IMAGES.mkdir(parents=True, exist_ok=True)
    whole = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    whole.save(IMAGES / "stage.png", optimize=True)


async def _opened(browser: Browser, address: str, size: ViewportSize, quality: str) -> Page:
    overlay = await browser.new_page(viewport=size)
    await overlay.goto(f"{address}&audio=0&quality={quality}&name=Bridget")
    await overlay.wait_for_selector(".stage canvas", timeout=60_000)
    return overlay


async def _heard(overlay: Page) -> None:
    """Wait until the word is spoken; the page then stands still, however long a photograph takes."""
    await overlay.wait_for_function(STILL, arg=WORD, timeout=30_000)


async def report(browser: Browser, file: Path) -> None:
    """Photograph a report at the moment."""
    page = await browser.new_page(viewport={"width": 1280, "height": 1190}, color_scheme="light")
    await page.goto(f"{file.as_uri()}#t={MOMENT}")
    await page.wait_for_function(f"document.getElementById('audio').currentTime >= {MOMENT} - 0.01")
    IMAGES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=IMAGES / "report.png")


def _embedded(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


if __name__ == "__main__":
    main()
