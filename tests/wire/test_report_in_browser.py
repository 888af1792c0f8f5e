"""The report in a real browser: it draws, plays, explains and jumps, without an error and without the network."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from players import new_mixer
from wire_stories import spoken_by_tone

from avatar_bridge import registry
from avatar_bridge.core.timeline.rehearsal import rehearse
from avatar_bridge.wire.report import Delivery, Target, page
from avatar_bridge.wire.wav import encode_wav

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install avatar-bridge[dev])")

RATE = 16000
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
HOSTILE = (
    "</script><img src=x onerror=\"document.title='owned'\"> [nod]Hello <b>there</b>, my friend. [smile]Bye & bye!"
)
TOO_LONG = "supercalifragilisticexpialidocious " * 3

COLOURS = """([top, bottom]) => {
  const from = document.getElementById("canvas"), scale = from.height / total;
  const copy = document.createElement("canvas"); copy.width = from.width; copy.height = from.height;
  const pen = copy.getContext("2d", { willReadFrequently: true }); pen.drawImage(from, 0, 0);
  const bytes = pen.getImageData(GUTTER, top * scale, from.width - GUTTER, (bottom - top) * scale).data;
  const seen = new Set();
  for (let i = 0; i < bytes.length; i += 4) seen.add(bytes[i] + bytes[i + 1] * 256 + bytes[i + 2] * 65536);
  return seen.size;
}"""

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)"),
]


def report(script: str, folder: Path) -> str:
    timeline = spoken_by_tone(script)
    samples = (np.sin(np.arange(round(timeline.duration * RATE)) / 9) * 0.4).astype(np.float32)
    text = page(
        timeline,
        template=registry.data_file("report.html").read_text(encoding="utf-8"),
        wav=encode_wav(samples, RATE),
        samples=samples,
        rate=RATE,
        frames=rehearse(timeline, new_mixer()),
        deliveries=[Delivery("vts", cue.name, cue.start, 0.5) for cue in timeline.cues],
        targets=[Target("vts", "ready", 3.2, "")],
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visit:
    """One page with everything it complained of and asked for."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.tab = browser.new_page(**({"viewport": {"width": 1280, "height": 720}} | options))
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(url)
        self.until("document.getElementById('audio').readyState >= 2 || data.duration_s === 0")

    def until(self, expression: str) -> None:
        """Wait for a condition; the browser's own way to wait needs `eval`, which the page forbids."""
        ends = time.monotonic() + 10
        while not self.tab.evaluate(expression):
            assert time.monotonic() < ends, f"never came true: {expression}"
            self.tab.wait_for_timeout(20)

    def colours(self, top: float, bottom: float) -> int:
        """Return how many colours a horizontal band of the timeline holds."""
        return self.tab.evaluate(COLOURS, [top, bottom])


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    visits: list[Visit] = []

    def go(script: str = HOSTILE, **options: Any) -> Visit:
        visits.append(Visit(browser, report(script, tmp_path), **options))
        return visits[-1]

    yield go
    for done in visits:
        assert done.complaints == []
        assert [url for url in done.asked if not url.startswith(("file:", "data:"))] == []
        done.tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_track_is_drawn(visit: Any, scheme: str) -> None:
    opened = visit(color_scheme=scheme)
    tab = opened.tab
    tracks = tab.evaluate("TRACKS.map((track) => [track.id, track.y, track.height])")
    for name, y, height in tracks:
        assert opened.colours(y, y + height) >= 2, name
    assert opened.colours(*tab.evaluate("[trackOf('words').y, trackOf('words').y + 50]")) > 10
    background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in background.strip("rgb()").split(","))
    assert (brightness > 600) == (scheme == "light")


def test_hostile_text_is_shown_and_nothing_else(visit: Any) -> None:
    tab = visit().tab
    assert tab.title() == "Avatar Bridge report"
    assert tab.locator("img").count() == 0
    assert tab.locator("#speech b").count() == 0
    assert "<b>there</b>" in tab.locator("#speech").inner_text()


def test_play_moves_the_playhead_and_pause_holds_it(visit: Any) -> None:
    opened = visit()
    tab = opened.tab
    tab.locator("#play").click()
    opened.until("document.getElementById('audio').currentTime > 0.3")
    assert tab.locator("#play").inner_text() == "Pause"
    opened.until("document.querySelector('#speech .now') !== null")
    tab.locator("#play").click()
    opened.until("document.getElementById('play').textContent === 'Play'")
    assert tab.evaluate("audio.paused")
    assert not tab.locator("#clock").inner_text().startswith("0.00")


def test_the_space_bar_plays_and_arrows_jump(visit: Any) -> None:
    opened = visit()
    tab = opened.tab
    tab.keyboard.press("ArrowRight")
    opened.until("Math.abs(audio.currentTime - 1) < 0.01")
    tab.keyboard.press("Space")
    opened.until("!audio.paused")
    tab.keyboard.press("Space")
    opened.until("audio.paused")


def test_a_click_on_a_word_an_action_or_the_timeline_jumps_there(visit: Any) -> None:
    opened = visit()
    tab = opened.tab
    words = tab.evaluate("data.words.map((word) => [word.text, word.at])")
    index = next(i for i, (text, _) in enumerate(words) if text == "friend")
    tab.locator("#speech .w").nth(index).click()
    opened.until(f"Math.abs(audio.currentTime - {words[index][1]}) < 0.02")
    opened.until("document.querySelector('#speech .now')?.textContent === 'friend'")
    start = tab.evaluate("data.cues[0].start")
    tab.locator("tr.cue-row").first.click()
    opened.until(f"Math.abs(audio.currentTime - Math.max({start}, 0)) < 0.02")
    x, at = tab.evaluate("[xOf(2.0), 2.0]")
    tab.locator("#canvas").click(position={"x": x, "y": 150})
    opened.until(f"Math.abs(audio.currentTime - {at}) < 0.05")


@pytest.mark.parametrize(
    ("track", "expression", "expected"),
    [
        ("words", "data.words.find((w) => w.text === 'friend').at + .05", "friend"),
        ("phonemes", "data.phonemes.find((p) => p.symbol.trim()).at + .01", "ms"),
        ("mouth", "1.0", "open"),
        ("head", "1.0", "head_pitch"),
        ("cues", "data.cues[0].at + .02", "its stroke meets “Hello”"),
    ],
)
def test_hovering_explains(visit: Any, track: str, expression: str, expected: str) -> None:
    tab = visit().tab
    at, y, height = tab.evaluate(f"[{expression}, trackOf('{track}').y, trackOf('{track}').height]")
    x = tab.evaluate(f"xOf({at})")
    tab.locator("#canvas").hover(position={"x": x, "y": y + (10 if track == "cues" else height / 2)})
    tip = tab.locator("#tip")
    assert tip.is_visible()
    assert expected in tip.inner_text()
    box = tip.bounding_box()
    assert box["x"] + box["width"] <= 1280
    assert box["y"] + box["height"] <= 720


@pytest.mark.parametrize("width", [420, 800, 1280])
def test_the_page_never_scrolls_sideways(visit: Any, width: int) -> None:
    tab = visit(TOO_LONG + "[nod]" + HOSTILE, viewport={"width": width, "height": 720}).tab
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("script", ["", "🙂", "[smile]", "[pause 0.5]"])
def test_a_script_without_words_has_a_report_too(visit: Any, script: str) -> None:
    assert "Nothing was spoken." in visit(script).tab.locator("#speech").inner_text()


def test_zooming_and_the_whole(visit: Any) -> None:
    tab = visit(HOSTILE * 3).tab
    before = tab.evaluate("view")
    tab.locator("#in").click()
    assert tab.evaluate("view") < before
    tab.locator("#fit").click()
    assert tab.evaluate("view >= data.duration_s")
    tab.locator("#canvas").hover(position={"x": 400, "y": 100})
    tab.mouse.wheel(0, 300)
    assert tab.evaluate("start >= -0.2")
