"""The overlay in a real Chromium against a real server: what it shows, what it says, and how it comes back."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import CHROMIUM, chromium, needs_chromium, until
from houses import QUIET, READY, SPEAKING, House, enter, held, state
from pictures import difference, near, pixels

from avatar_bridge import registry
from avatar_bridge.core.motion.rig import EXPRESSIONS
from avatar_bridge.core.vocabulary import VISEMES

pytestmark = [pytest.mark.peer, needs_chromium]

SMALL = {"width": 400, "height": 300}
LONG = "One two three four five six seven eight nine ten. " * 8
INK = (0x8E, 0x30, 0x46)
"""The inside of the drawn mouth."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def lasting_house() -> Iterator[House]:
    house = House()
    house.open()
    yield house
    house.close()


@pytest.fixture
def house(lasting_house: House) -> Iterator[House]:
    yield lasting_house
    lasting_house.interrupt()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport=SMALL)
    yield context
    context.close()


@contextmanager
def other_browser(browser: Any, *arguments: str) -> Iterator[Any]:
    """Yield a page's context of a second browser, started with other arguments."""
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *arguments])
    yield other.new_context(viewport=SMALL)
    other.close()


def test_the_drawn_face_shows_every_channel_and_nothing_in_its_corners(context: Any, house: House) -> None:
    tab = enter(context, house, camera="face", layout="avatar", audio=0)
    rest = held(tab, {})
    assert not rest[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()
    shut = near(rest, INK, within=8).sum()
    for shape in VISEMES:
        spoken = held(tab, {"mouth_open": 0.8, shape: 1.0}, name=f"svg_{shape}")
        assert near(spoken, INK, within=8).sum() > shut + 40, shape
    looks = {name: held(tab, {name: 1.0}) for name in (*EXPRESSIONS, "blink_left", "brow_left", "gaze_x", "cheek")}
    looks |= {name: held(tab, {name: 20.0}) for name in ("head_yaw", "head_pitch", "head_roll", "body_roll")}
    names = list(looks)
    for place, name in enumerate(names):
        assert difference(looks[name], rest) > 0.05, name
        assert all(difference(looks[name], looks[other]) > 0.05 for other in names[:place]), name
    changed = np.abs(looks["blink_left"].astype(int) - rest).sum(axis=(0, 2))
    middle = SMALL["width"] // 2
    assert changed[middle:].sum() > 20 * changed[:middle].sum(), "its own left eye is on the right of the screen"


def test_words_appear_in_order_with_the_mouth_and_end_with_it(context: Any, house: House) -> None:
    tab = enter(context, house)
    until(tab, "avatarBridge.state().hasSound")
    tab.evaluate("avatarBridge.trace(true) && 0")
    house.perform("Hello there, my friends. How are you today?")
    until(tab, "avatarBridge.heard() > 0")
    until(tab, QUIET)
    rows = tab.evaluate("avatarBridge.trace()")
    spoken = [row for row in rows if row["utterance"] is not None]
    heads = [row["playhead"] for row in spoken]
    assert heads == sorted(heads)
    assert max(row["mouth_open"] for row in spoken) > 0.3
    until(tab, "avatarBridge.trace().at(-1).mouth_open < 0.01")
    shown = [row["shown"].strip() for row in rows if row["shown"]]
    assert shown[0].startswith("Hello")
    assert shown[-1].endswith("today?")
    until(tab, "avatarBridge.state().subtitle === ''")
    assert tab.locator(".speaker").text_content() == "Mika"


def test_an_interrupt_shuts_the_mouth_and_ends_the_words(context: Any, house: House) -> None:
    tab = enter(context, house)
    house.perform(LONG)
    until(tab, "avatarBridge.heard() > 1.5")
    tab.evaluate("avatarBridge.trace(true) && 0")
    house.interrupt()
    until(tab, "avatarBridge.trace().some(row => row.utterance === null && row.mouth_open < 0.01)")
    last = tab.evaluate("avatarBridge.trace().filter(row => row.utterance === null && row.shown).map(row => row.shown)")
    assert last
    assert len(set(last)) == 1
    assert LONG.startswith(last[0].strip()) or last[0].strip() in LONG


def test_text_is_text(context: Any, house: House) -> None:
    tab = enter(context, house, layout="subtitles")
    tab.evaluate("window.broken = false")
    hostile = "Look <img src=x onerror=broken=true> <script>broken=true</script> <b>here</b> & there!"
    tab.evaluate("avatarBridge.trace(true) && 0")
    house.perform(hostile)
    until(tab, "avatarBridge.heard() > 0")
    until(tab, QUIET)
    shown = " ".join(tab.evaluate("avatarBridge.trace().map(row => row.shown)"))
    assert "<img" in shown
    assert tab.evaluate("window.broken") is False
    assert tab.locator(".subtitles img, .subtitles script, .subtitles b").count() == 0


def test_a_page_that_comes_late_or_is_loaded_again_joins_at_the_right_place(context: Any, house: House) -> None:
    first = enter(context, house)
    until(first, "avatarBridge.state().hasSound")
    house.perform(LONG)
    until(first, "avatarBridge.heard() > 1")
    late = enter(context, house, audio=0)
    until(late, SPEAKING)
    apart = []
    for _ in range(5):
        told, own = late.evaluate("avatarBridge.heard()"), first.evaluate("avatarBridge.heard()")
        apart.append(own - told)
    assert min(map(abs, apart)) < 0.25
    until(late, "avatarBridge.state().subtitle.length > 0")
    before = late.evaluate("avatarBridge.heard()")
    first.reload()
    until(first, READY)
    until(first, SPEAKING)
    assert first.evaluate("avatarBridge.heard()") > before - 0.25
    until(first, "avatarBridge.state().hasSound")


def test_the_sound_goes_to_the_next_page_when_one_is_closed(context: Any, house: House) -> None:
    first = enter(context, house)
    until(first, "avatarBridge.state().hasSound")
    second = enter(context, house)
    assert state(second)["hasSound"] is False
    house.perform(LONG)
    until(second, SPEAKING)
    first.close()
    until(second, "avatarBridge.state().hasSound")
    reached = second.evaluate("avatarBridge.heard()")
    until(second, f"avatarBridge.heard() > {reached + 0.5}")


def test_a_bridge_that_is_started_again_is_found_again(browser: Any) -> None:
    house = House()
    house.open()
    context = browser.new_context(viewport=SMALL)
    try:
        tab = enter(context, house)
        until(tab, "avatarBridge.state().hasSound")
        house.perform(LONG)
        until(tab, SPEAKING)
        house.close()
        until(tab, "avatarBridge.state().link === 'lost' && avatarBridge.state().utterance === null")
        assert tab.locator(".hint").all_inner_texts() == [], "nothing of this is for the stream"
        house.open()
        until(tab, READY)
        house.perform("I am back again, everybody.")
        until(tab, SPEAKING)
    finally:
        context.close()
        house.close()


def test_a_page_that_comes_up_while_the_sound_card_plays_goes_by_the_bridges_clock(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    speakers = {**registry._BUILT_IN["speakers"], "local": "avatar_bridge.audio.silent:SilentSpeaker"}
    monkeypatch.setattr(registry, "_BUILT_IN", {**registry._BUILT_IN, "speakers": speakers})
    house = House()
    house.open()
    try:
        house.perform(LONG)
        tab = enter(context, house)
        until(tab, "avatarBridge.state().hasSound")
        until(tab, SPEAKING)
        before = house.heard()
        shown = tab.evaluate("avatarBridge.heard()")
        assert before - 0.2 < shown < house.heard() + 0.2
        until(tab, f"avatarBridge.heard() > {shown + 0.5} && avatarBridge.state().subtitle.length > 0")
        assert [page["has_sound"] for page in house.state()["pages"]] == [False], "it plays none of this"
        house.perform(LONG)
        until(tab, "avatarBridge.heard() < 0.5")
        until(tab, SPEAKING)
        assert [page["has_sound"] for page in house.state()["pages"]] == [True]
    finally:
        house.close()


def test_ten_overlays_at_once(browser: Any, house: House) -> None:
    context = browser.new_context(viewport={"width": 120, "height": 90})
    try:
        tabs = [enter(context, house, layout="subtitles", audio=int(number == 0)) for number in range(10)]
        house.perform(LONG)
        for tab in tabs:
            until(tab, SPEAKING)
        heard = [tab.evaluate("avatarBridge.heard()") for tab in (tabs[0], tabs[-1], tabs[0])]
        assert heard[0] - 0.25 < heard[1] < heard[2] + 0.25
    finally:
        context.close()


def test_a_wrong_token_is_told_in_words(context: Any, house: House) -> None:
    tab = context.new_page()
    tab.goto(house.address())
    until(tab, READY)
    tab.evaluate("history.replaceState(null, '', '/overlay?token=wrong')")
    tab.add_init_script("history.replaceState(null, '', '/overlay?token=wrong')")
    tab.goto(house.address())
    until(tab, "avatarBridge.state().link === 'refused'")
    assert "token" in tab.locator(".hint").inner_text()


def test_options_that_cannot_be_understood_are_told_and_do_no_harm(context: Any, house: House) -> None:
    tab = enter(context, house, layout="upside-down", size="huge", audio=0)
    said = " ".join(tab.locator(".hint").all_inner_texts())
    assert "layout=upside-down" in said
    assert "size=huge" in said
    assert state(tab)["avatar"]["kind"] == "svg"


def test_a_browser_that_wants_a_click_is_given_one(browser: Any, house: House) -> None:
    # Whatever Playwright evaluates counts as a user's act, so the page is watched from outside until the click.
    with other_browser(browser, "--autoplay-policy=document-user-activation-required") as context:
        tab = context.new_page()
        tab.goto(house.address(layout="subtitles"))
        page = told_by_page(tab, house, "blocked")
        assert any("Click" in problem["suggestion"] for problem in page["problems"])
        for _ in range(100):
            if pixels(tab.screenshot(omit_background=True))[:60, 150:250, 3].any():
                break
            tab.wait_for_timeout(50)
        else:
            pytest.fail("no hint stands at the top")
        tab.mouse.click(100, 100)
        told_by_page(tab, house, "running")
        until(tab, "avatarBridge.state().hasSound && document.querySelector('.hint') === null")


def told_by_page(tab: Any, house: House, sound: str) -> dict[str, Any]:
    """Wait until the page has told the bridge of this sound, and of what is wrong; return what it told."""
    for _ in range(200):
        pages = [page for page in house.state()["pages"] if page["sound"] == sound]
        if pages and (sound != "blocked" or pages[0]["problems"]):
            return dict(pages[0])
        tab.wait_for_timeout(100)
    raise TimeoutError(f"no page told of its sound that it is {sound}: {house.state()['pages']}")


def test_without_webgl_the_drawn_face_stands_in(browser: Any) -> None:
    house = House(avatar="mascot")
    house.open()
    try:
        with other_browser(browser, "--disable-3d-apis") as context:
            tab = enter(context, house)
            assert state(tab)["avatar"]["kind"] == "svg"
            assert state(tab)["problems"]
            house.perform(LONG)
            until(tab, "avatarBridge.state().subtitle.length > 0")
    finally:
        house.close()


def picture(colour: tuple[int, int, int]) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(colour) * 16 for _ in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_pictures_follow_mouth_eyes_and_feelings_and_a_missing_one_is_told(context: Any, tmp_path: Path) -> None:
    shown = {"closed": (200, 0, 0), "open": (0, 200, 0), "happy_open": (0, 0, 200)}
    for name, colour in shown.items():
        (tmp_path / f"{name}.png").write_bytes(picture(colour))
    house = House(avatar=str(tmp_path))
    house.open()
    try:
        tab = enter(context, house, layout="avatar", audio=0)
        assert state(tab)["avatar"]["kind"] == "png"
        assert any("blink.png" in problem["message"] for problem in state(tab)["problems"])
        poses = {"closed": {}, "open": {"mouth_open": 0.9}, "happy_open": {"mouth_open": 0.9, "happy": 0.9}}
        for name, pose in poses.items():
            assert near(held(tab, pose), shown[name]).sum() > 1000, name
        assert near(held(tab, {"blink_left": 1.0}), shown["closed"]).sum() > 1000
    finally:
        house.close()
