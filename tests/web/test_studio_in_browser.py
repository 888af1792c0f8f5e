"""The studio in a real Chromium against a real server: driven by keys, it shows and mends what goes on."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import artefact, chromium, needs_chromium
from chromium import until as true_within
from houses import Premises
from players import ToneVoice, Witness, prepare_here

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.ports import TargetState
from avatar_bridge.settings import MotionSettings, Settings, WebSettings
from avatar_bridge.stage.body import Fired
from avatar_bridge.web import Server, WebAudience

pytestmark = [pytest.mark.peer, needs_chromium]

STYLE = Path(__file__).parents[2] / "frontend" / "studio.css"
TOKEN = "a-token-for-the-studio-tests-only-0123456789"
MAP = """\
# My own map, written by hand
name = "Mine"

[actions.nod]   # the head
meaning = "yes" # told to the model
kind = "gesture"
stroke = 0.2
keyframes.head_pitch = [[0.0, 0], [0.2, -10], [0.6, 0]] # degrees

[actions.no_way]
meaning = "never ever"
kind = "gesture"
stroke = 0.3
keyframes.head_yaw = [[0.0, 0], [0.3, 10], [0.8, 0]]

[actions.smile]
meaning = "friendly"
kind = "expression"
channels.mouth_smile = 0.5

[actions.hat]
meaning = "puts on the hat"
kind = "prop"
vts.hotkey = "Hat"
"""
LONG = "One two three four five six seven eight nine ten. " * 6


class House(Premises):
    """A bridge with its studio."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.map = folder / "mine.toml"
        self.map.write_text(MAP, encoding="utf-8", newline="\n")
        self.witness = Witness(now=time.perf_counter, native=frozenset({"hat"}))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/studio?token={TOKEN}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        web = WebSettings(port=self.port, avatar="svg", token=TOKEN)
        settings = Settings(motion=MotionSettings(map=str(self.map)), web=web)
        self.bridge = Bridge(
            voice=ToneVoice(cost=0.0),
            speaker=SilentSpeaker(),
            drivers=[self.witness],
            motion_map=registry.read_map(self.map),
            settings=settings,
            preparing=prepare_here,
        )
        audience = WebAudience()
        async with self.bridge, Server(self.bridge, audience, settings.web) as server:
            yield server


class Visit:
    """The studio in one tab, with everything that it complained of or asked for elsewhere."""

    def __init__(self, browser: Any, house: House, **options: Any) -> None:
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.tab = browser.new_page(**({"viewport": {"width": 1280, "height": 720}} | options))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", self._console)
        own = f"127.0.0.1:{house.port}"
        self.tab.on("request", lambda request: self.foreign.append(request.url) if own not in request.url else None)
        self.tab.goto(house.address)
        self.until("document.documentElement.dataset.link === 'open'")
        self.until("document.querySelectorAll('#actions button').length === 4")

    def _console(self, message: Any) -> None:
        refused = ("ERR_CONNECTION_REFUSED", "WebSocket connection to", "status of 4")
        if message.type == "error" and not any(part in message.text for part in refused):
            self.complaints.append(message.text)

    def until(self, expression: str) -> Any:
        return true_within(self.tab, expression, 20)

    def shows(self, selector: str, text: str) -> None:
        """Wait until an element holds a text."""
        self.until(f"document.querySelector({selector!r})?.textContent.includes({text!r})")

    def text(self, selector: str) -> str:
        return str(self.tab.evaluate(f"document.querySelector({selector!r}).textContent"))

    def write(self, text: str) -> None:
        self.tab.fill("#script", text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def visit(browser: Any, house: House) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def go(**options: Any) -> Visit:
        visits.append(Visit(browser, house, **options))
        return visits[-1]

    yield go
    for each in visits:
        each.tab.close()
        assert each.complaints == []
        assert each.foreign == []


def test_a_tag_is_completed_performed_and_seen_on_the_timeline(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    keys = studio.tab.keyboard
    assert studio.tab.evaluate("document.activeElement.id") == "script"
    keys.type("Hello, my friend [no")
    studio.until("document.querySelectorAll('#completion li').length === 2")
    assert studio.text("#completion li[aria-selected=true] .name") == "nod"
    keys.press("ArrowDown")
    assert studio.text("#completion li[aria-selected=true] .name") == "no_way"
    keys.press("ArrowUp")
    keys.press("Tab")
    assert studio.tab.input_value("#script") == "Hello, my friend [nod]"
    keys.type(" how are you?")
    studio.shows("#speech .chip", "nod")
    keys.press("Control+Enter")
    studio.shows("#outcome", "Performing utterance 1")
    studio.until("avatarBridgeStudio.timeline.position > 0.2")
    studio.shows("#timeline-caption", "Hello")
    assert (
        studio.tab.evaluate(
            "new Set(document.querySelector('#timeline').getContext('2d').getImageData(60, 0, 600, 200).data).size"
        )
        > 20
    )
    studio.until("document.querySelectorAll('#latency li').length === 1")
    artefact("studio.png", studio.tab.screenshot())
    studio.shows("#doing", "idle")
    assert any(frame.values.get("head_pitch", 0.0) < -5 for _, frame in house.witness.frames)
    kept = studio.tab.evaluate("JSON.stringify(localStorage)")
    assert "Hello, my friend [nod] how are you?" in kept
    assert TOKEN not in kept
    studio.write("")
    keys.press("ArrowUp")
    assert studio.tab.input_value("#script") == "Hello, my friend [nod] how are you?"


@pytest.mark.parametrize("key", ["Escape", "Control+."])
def test_a_key_interrupts_and_tells_what_was_heard(visit: Callable[..., Visit], house: House, key: str) -> None:
    studio = visit()
    studio.write(LONG)
    studio.tab.keyboard.press("Control+Enter")
    studio.until("avatarBridgeStudio.timeline.position > 1")
    studio.tab.keyboard.press(key)
    studio.shows("#outcome", "Stopped at")
    heard = re.search("Heard: “(.*)”", studio.text("#outcome"))
    assert heard is not None
    assert LONG.startswith(heard[1])
    assert heard[1].startswith("One two")
    studio.shows("#doing", "idle")
    assert house.inside(lambda: house.bridge.timeline) is None


def test_escape_closes_the_list_first(visit: Callable[..., Visit]) -> None:
    studio = visit()
    studio.tab.keyboard.type("Hi [n")
    studio.until("!document.querySelector('#completion').hidden")
    studio.tab.keyboard.press("Escape")
    studio.until("document.querySelector('#completion').hidden")
    assert studio.text("#outcome") == ""


def test_a_broken_tag_is_underlined_and_the_right_one_named(visit: Callable[..., Visit]) -> None:
    studio = visit()
    studio.write("🎉 Hello [nodd] there, <img src=x onerror='document.title=1'> [smile]friend[/smile].")
    studio.shows("#script-mirror u", "[nodd]")
    studio.shows("#remarks", "did you mean nod?")
    studio.shows("#speech .chip", "smile")
    assert studio.tab.locator("#speech img, #script-mirror img").count() == 0
    assert studio.tab.title() == "Avatar Bridge studio"


def test_actions_are_found_and_tried_by_keys(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    studio.tab.keyboard.press("Tab")
    studio.tab.locator("#keys").focus()
    studio.tab.keyboard.press("a")
    assert studio.tab.evaluate("document.activeElement.id") == "actions-filter"
    studio.tab.keyboard.type("hat")
    studio.until("document.querySelectorAll('#actions button').length === 1")
    studio.tab.keyboard.press("Enter")
    studio.shows("#actions-said", "Trying hat")
    assert [(command.action, command.fields) for _, command in house.witness.commands] == [("hat", {"hotkey": "Hat"})]
    studio.tab.fill("#actions-filter", "")
    studio.tab.keyboard.press("ArrowDown")
    studio.tab.keyboard.press("ArrowRight")
    assert studio.tab.evaluate("document.activeElement.querySelector('.name').textContent") == "no_way"


def test_a_target_that_is_not_there_is_told_in_words(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    studio.shows("#targets .card", "ready")
    detail = "VTube Studio does not answer at ws://127.0.0.1:8001: start it."
    house.inside(lambda: setattr(house.witness, "state", TargetState("unreachable", detail, dropped_frames=7)))
    studio.shows("#targets .card", "not reached")
    studio.shows("#targets .card", detail)
    studio.shows("#targets .card", "7 dropped")
    studio.shows("#glance", "witness not reached")
    studio.tab.get_by_role("button", name="Reconnect witness").click()
    studio.shows("#targets-said", "Connecting witness again")
    house.inside(lambda: setattr(house.witness, "state", TargetState("ready", latency_ms=2.5)))
    studio.shows("#targets .card", "latency 2.5 ms")


def test_what_went_wrong_comes_newest_first_with_its_remedy(visit: Callable[..., Visit]) -> None:
    studio = visit()
    studio.write("Hello [smyle] my friend.")
    studio.tab.keyboard.press("Control+Enter")
    studio.shows("#messages-count", "1")
    studio.tab.click("#tab-messages")
    studio.shows("#messages li", "smyle")
    studio.shows("#messages .remedy", "smile")
    studio.tab.click("#clear-messages")
    studio.shows("#no-messages", "Nothing went wrong")


def test_a_late_action_is_told(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    studio.write(LONG)
    studio.tab.keyboard.press("Control+Enter")
    studio.until("avatarBridgeStudio.timeline.position > 0.2")
    late = Fired("witness", "nod", "nod", due=0.1, late_ms=80.0, native=False)
    house.inside(lambda: house.bridge.stage.bodies[0].fired.append(late))
    studio.tab.click("#tab-messages")
    studio.shows("#messages li", "nod reached witness more than 50 ms late")


def test_the_timeline_explains_what_is_pointed_at(visit: Callable[..., Visit]) -> None:
    studio = visit()
    studio.write("Wonderful wonderful wonderful. [nod] Yes.")
    studio.tab.keyboard.press("Control+Enter")
    studio.until("avatarBridgeStudio.timeline.position > 0.5")
    studio.shows("#doing", "idle")
    studio.tab.locator("#timeline").focus()
    studio.tab.keyboard.press("Home")
    box = studio.tab.locator("#timeline").bounding_box()
    anchor = box["x"] + 52 + (box["width"] - 52) / 3
    studio.tab.mouse.move(anchor + 40, box["y"] + 30)
    studio.shows("#timeline-tip:not([hidden])", "“Wonderful”")
    studio.shows("#timeline-tip", "% open")
    studio.tab.mouse.move(5, 5)
    studio.until("document.querySelector('#timeline-tip').hidden")


def test_a_map_is_edited_checked_and_saved_with_its_comments(visit: Callable[..., Visit], house: House) -> None:
    studio, other = visit(), visit()
    for each in (studio, other):
        each.tab.click("#tab-map")
        each.shows("#map-toml", "written by hand")
    studio.tab.fill("#field-stroke", "-1")
    studio.shows("#field-stroke-fault", "greater than or equal to 0")
    assert studio.tab.locator("#map-save").is_disabled()
    studio.tab.fill("#field-stroke", "0.25")
    studio.tab.fill("#field-aliases", "yes, aye")
    studio.until("!document.querySelector('#map-save').disabled")
    studio.until("!document.querySelector('#field-stroke-fault').textContent")
    studio.tab.click("#map-save")
    studio.shows("#map-said", "Saved to mine.toml")
    text = house.map.read_text(encoding="utf-8")
    assert text == MAP.replace("stroke = 0.2\n", "stroke = 0.25\n", 1).replace(
        "# degrees\n", '# degrees\naliases = ["yes", "aye"]\n', 1
    )
    aliases = house.inside(lambda: house.bridge.motion_map.actions["nod"].aliases)
    assert aliases == ("yes", "aye")

    other.tab.fill("#field-meaning", "something else")
    other.until("!document.querySelector('#map-save').disabled")
    other.tab.click("#map-save")
    other.shows("#map-said", "nothing was saved")
    assert house.map.read_text(encoding="utf-8") == text
    other.tab.click("#map-revert")
    other.until("document.querySelector('#field-aliases').value === 'yes, aye'")


def test_a_new_action_is_drafted_from_another_and_joins_the_buttons(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    studio.tab.click("#tab-map")
    studio.shows("#map-form h3", "nod")
    studio.tab.get_by_role("button", name="Duplicate").click()
    studio.shows("#map-form h3", "nod_copy")
    row = studio.tab.locator(".table-row input").nth(1)
    row.fill("0 0, 0.2 -99, 0.6 0")
    studio.shows("#map-problems", "expected -40 to 40")
    row.fill("0 0, 0.2 nonsense")
    studio.shows("fieldset .fault", "pairs of seconds and value")
    row.fill("0 0, 0.2 -20, 0.6 0")
    studio.until("!document.querySelector('#map-save').disabled")
    studio.tab.click("#map-save")
    studio.until("document.querySelectorAll('#actions button').length === 5")
    assert "[actions.nod_copy]" in house.map.read_text(encoding="utf-8")


def test_the_studio_finds_a_restarted_bridge(visit: Callable[..., Visit], house: House) -> None:
    studio = visit()
    house.close()
    studio.shows("#banner:not([hidden])", "Connection lost, retrying")
    studio.shows("#doing", "offline")
    house.open()
    studio.until("document.querySelector('#banner').hidden")
    studio.shows("#doing", "idle")
    studio.write("Hello again.")
    studio.tab.keyboard.press("Control+Enter")
    studio.until("avatarBridgeStudio.timeline.position > 0.2")


FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const titled = document.getElementById(element.getAttribute("aria-labelledby"))?.textContent;
  const labels = [...(element.labels ?? [])].map((each) => each.textContent).join();
  const label = element.getAttribute("aria-label") || labels || element.textContent.trim() || titled || "";
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { id: element.id, label: label.trim(), ring, seen: box.width > 0 && box.height > 0 };
}"""


def test_every_control_is_reached_by_tab_with_a_name_and_a_ring(visit: Callable[..., Visit]) -> None:
    studio = visit()
    reached: list[str] = []
    for _ in range(60):
        studio.tab.keyboard.press("Tab")
        focus = studio.tab.evaluate(FOCUS)
        if focus["id"] in reached[:1] or focus["id"] == "":
            if reached and focus["id"] == reached[0]:
                break
            continue
        assert focus["label"], focus
        assert focus["ring"], focus
        assert focus["seen"], focus
        reached.append(focus["id"])
    wanted = {"tab-show", "theme", "keys", "timeline", "script", "perform", "interrupt", "actions-filter", "strength"}
    wanted |= {"hold", "tab-targets", "copy-address", "open-overlay", "show-token"}
    assert wanted <= set(reached)


def test_the_timeline_is_held_and_scrolled_by_keys(visit: Callable[..., Visit]) -> None:
    studio = visit()
    studio.write("One two three four five.")
    studio.tab.keyboard.press("Control+Enter")
    studio.until("avatarBridgeStudio.timeline.position > 1")
    studio.tab.locator("#timeline").focus()
    studio.tab.keyboard.press("Home")
    assert studio.tab.evaluate("avatarBridgeStudio.timeline.position") == 0
    studio.tab.keyboard.press("ArrowRight")
    assert studio.tab.evaluate("avatarBridgeStudio.timeline.following") is False
    studio.tab.keyboard.press("End")
    assert studio.tab.evaluate("avatarBridgeStudio.timeline.following") is True


def test_the_keys_are_listed_and_the_theme_is_kept(visit: Callable[..., Visit]) -> None:
    studio = visit(color_scheme="light")
    assert studio.tab.evaluate("document.documentElement.dataset.theme") == "light"
    studio.tab.locator("#theme").focus()
    studio.tab.keyboard.press("?")
    studio.until("document.querySelector('#keys-card').open")
    studio.tab.keyboard.press("Escape")
    studio.until("!document.querySelector('#keys-card').open")
    assert studio.text("#outcome") == ""
    studio.tab.locator("#theme").press("Enter")
    studio.until("document.documentElement.dataset.theme === 'dark'")
    studio.tab.reload()
    studio.until("document.documentElement.dataset.theme === 'dark'")


def test_the_token_is_shown_only_when_asked_for(visit: Callable[..., Visit]) -> None:
    studio = visit()
    assert TOKEN not in studio.tab.input_value("#overlay-address")
    studio.tab.check("#show-token")
    assert studio.tab.input_value("#overlay-address").startswith(f"http://127.0.0.1:{studio.tab.url.split(':')[2][:4]}")
    assert TOKEN in studio.tab.input_value("#overlay-address")


@pytest.mark.parametrize("width", [1280, 900])
@pytest.mark.parametrize("view", ["tab-show", "tab-map"])
def test_nothing_sticks_out_sideways(visit: Callable[..., Visit], width: int, view: str) -> None:
    studio = visit(viewport={"width": width, "height": 720})
    studio.tab.click(f"#{view}")
    assert studio.tab.evaluate("document.documentElement.scrollWidth") <= width
    out = studio.tab.evaluate(
        "[...document.querySelectorAll('button, input, select, h2')].filter((each) => each.offsetParent"
        " && each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.id || each.textContent)"
    )
    assert out == []


PAIRS = [
    ("text", "ground", 4.5),
    ("text", "surface", 4.5),
    ("text", "raised", 4.5),
    ("text", "word", 4.5),
    ("soft", "ground", 4.5),
    ("soft", "surface", 4.5),
    ("soft", "raised", 4.5),
    ("accent", "surface", 4.5),
    ("accent", "ground", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-stop", "stop", 4.5),
    ("good", "ground", 4.5),
    ("good", "surface", 4.5),
    ("busy", "ground", 4.5),
    ("busy", "surface", 4.5),
    ("bad", "ground", 4.5),
    ("bad", "surface", 4.5),
    ("cue-text", "cue", 4.5),
    ("edge", "surface", 3.0),
    ("edge", "ground", 3.0),
    ("edge", "raised", 3.0),
    ("wave", "surface", 3.0),
    *((f"viseme-{shape}", "surface", 3.0) for shape in ("aa", "ih", "ou", "ee", "oh")),
]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_palette_has_contrast(theme: str) -> None:
    sheet = STYLE.read_text(encoding="utf-8")
    palette = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", sheet.split(f'[data-theme="{theme}"]')[1].split("}")[0]))
    poor = {}
    for front, back, least in PAIRS:
        light, dark = sorted((luminance(palette[front]), luminance(palette[back])), reverse=True)
        contrast = (light + 0.05) / (dark + 0.05)
        if contrast < least:
            poor[front, back] = round(contrast, 2)
    assert poor == {}
