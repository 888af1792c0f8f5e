"""The mascot in the real page against the real server: what a viewer would tell apart, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from chromium import chromium, needs_chromium, until
from houses import QUIET, READY, SPEAKING, House, enter, held, state
from pictures import apart, structure

from avatar_bridge.core.motion.gesture import mirrored_channel
from avatar_bridge.core.motion.rig import EXPRESSIONS
from avatar_bridge.core.vocabulary import VISEMES
from avatar_bridge.registry import read_map

pytestmark = [pytest.mark.peer, needs_chromium]

FACE = {"width": 200, "height": 200}
BODY = {"width": 200, "height": 280}
LONG = "One two three four five six seven eight nine ten. " * 8
WORDS = "Hello you two! [pause 0.8] We see a fine blue house."
ACTIONS = (
    "wave",
    "bow",
    "clap",
    "cheer",
    "salute",
    "point",
    "peace",
    "big_heart",
    "shrug",
    "think",
    "facepalm",
    "hide_face",
)
MOTIONS = read_map("mascot")
MOUTH = ("mouth_open", *VISEMES)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def lasting_house() -> Iterator[House]:
    house = House("mascot", "mascot")
    house.open()
    yield house
    house.close()


@pytest.fixture
def house(lasting_house: House) -> Iterator[House]:
    yield lasting_house
    lasting_house.interrupt()


@pytest.fixture(scope="module")
def face(browser: Any, lasting_house: House) -> Iterator[Any]:
    """A page that shows the face."""
    context = browser.new_context(viewport=FACE)
    yield enter(context, lasting_house, camera="face", layout="avatar", quality="low")
    context.close()


@pytest.fixture
def acting(browser: Any, house: House) -> Iterator[Any]:
    """A page that shows what gestures need, as a stream mostly does."""
    context = browser.new_context(viewport=BODY)
    yield enter(context, house, camera="half", layout="avatar", quality="low", audio=0)
    context.close()


@pytest.fixture
def shown(browser: Any, house: House) -> Iterator[Any]:
    """A page with all of the body, words and sound, for one test."""
    context = browser.new_context(viewport=BODY)
    yield enter(context, house, camera="full", quality="low")
    context.close()


def spoken(tab: Any, house: House, text: str) -> list[dict[str, Any]]:
    """Perform a text and return the frames that the page drew of it, with all that moved."""
    until(tab, "avatarBridge.state().hasSound")
    tab.evaluate("avatarBridge.trace('all') && 0")
    house.perform(text)
    until(tab, "avatarBridge.heard() > 0")
    until(tab, QUIET)
    rows: list[dict[str, Any]] = tab.evaluate("avatarBridge.trace()")
    return rows


def at_stroke(tab: Any, house: House, name: str) -> np.ndarray:
    """Act, and return how the page shows it at its stroke; without the breath and the glances that go on meanwhile."""
    action = MOTIONS.find(name)
    assert action is not None
    tab.evaluate("avatarBridge.hold(null) || avatarBridge.trace('all') && 0")
    house.act(name)
    asked = float(tab.evaluate("performance.now()"))
    at = asked + 1000 * action.stroke
    until(tab, f"avatarBridge.trace().at(-1)?.t > {at}")
    pose = tab.evaluate(
        "at => avatarBridge.trace().slice(-2).sort((a, b) => Math.abs(a.t - at) - Math.abs(b.t - at))[0].pose", at
    )
    # Some are done with either hand.
    own = {*action.keyframes, *(mirrored_channel(name)[0] for name in action.keyframes)}
    moved = {channel: value for channel, value in pose.items() if channel in own}
    return structure(held(tab, moved, 0.5, name=f"mascot/{name}"))


def test_actions_can_be_told_from_rest_and_from_each_other(acting: Any, house: House) -> None:
    looks = {"rest": structure(held(acting, {}, name="mascot/rest"))}
    looks |= {name: at_stroke(acting, house, name) for name in ACTIONS}
    close = {(a, b): apart(looks[a], looks[b]) for a, b in combinations(looks, 2)}
    # The same once more, as a measure of what means nothing; never with the other hand.
    at_stroke(acting, house, "peace")
    again = apart(looks["big_heart"], at_stroke(acting, house, "big_heart"))
    assert min(close.values()) >= 30, close
    assert all(close["rest", name] > again for name in ACTIONS), (again, close)


def together(tab: Any, house: House) -> None:
    """Hold the page to the bridge's own playhead."""
    until(tab, "avatarBridge.heard() !== null")
    before = house.heard()
    shown = float(tab.evaluate("avatarBridge.heard()"))
    assert before - 0.2 < shown < house.heard() + 0.2


def goes_on(tab: Any, house: House, seconds: float = 0.5) -> None:
    """Wait until the bridge was heard for so long, whatever the page does meanwhile."""
    goal = house.heard() + seconds
    for _ in range(600):
        if house.heard() > goal:
            return
        tab.wait_for_timeout(20)
    raise TimeoutError("the bridge stands still")


def test_all_of_it_stands_on_nothing(shown: Any) -> None:
    rest = held(shown, {})
    assert not rest[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()
    assert (rest[..., 3] > 250).mean() > 0.05


def test_slowed_frozen_or_loaded_again_the_page_is_soon_where_the_show_is(shown: Any, house: House) -> None:
    until(shown, "avatarBridge.state().hasSound")
    house.perform(LONG)
    until(shown, SPEAKING)
    together(shown, house)
    tool = shown.context.new_cdp_session(shown)
    tool.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    goes_on(shown, house)
    together(shown, house)
    tool.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    tool.send("Page.setWebLifecycleState", {"state": "frozen"})
    goes_on(shown, house, 1.5)
    tool.send("Page.setWebLifecycleState", {"state": "active"})
    together(shown, house)
    shown.reload()
    until(shown, READY)
    until(shown, "avatarBridge.state().hasSound")
    together(shown, house)
    until(shown, "avatarBridge.state().subtitle.length > 0")
    house.interrupt()
    until(shown, QUIET)


def test_markup_in_what_is_said_stays_words(shown: Any, house: House) -> None:
    shown.evaluate("window.broken = false")
    house.perform("Oh <img src=x onerror=broken=true><script>broken=true</script> well, well.")
    until(shown, "avatarBridge.state().subtitle.includes('onerror')")
    assert shown.evaluate("window.broken") is False
    assert shown.locator(".subtitles img, .subtitles script").count() == 0


def test_a_model_that_could_not_be_fetched_is_fetched_when_the_bridge_is_back(browser: Any) -> None:
    house = House("mascot")
    house.open()
    context = browser.new_context(viewport=BODY)
    try:
        context.route("**/mascot.vrm*", lambda route: route.abort())
        tab = enter(context, house, quality="low", audio=0)
        assert state(tab)["avatar"]["kind"] == "svg"
        assert state(tab)["problems"]
        house.close()
        until(tab, "avatarBridge.state().link === 'lost'")
        context.unroute("**/mascot.vrm*")
        house.open()
        until(tab, "avatarBridge.state().avatar.kind === 'vrm' && avatarBridge.state().ready")
        assert state(tab)["problems"] == []
        assert tab.locator("canvas").count() == 1
    finally:
        context.close()
        house.close()


def test_the_mouths_pixels_change_with_what_is_said_and_not_in_silence(face: Any, house: House) -> None:
    assert state(face)["avatar"]["kind"] == "vrm"
    rest = held(face, {}, name="mascot/face")
    assert not rest[[0, 0], [0, -1], 3].any()
    wide = held(face, {"mouth_open": 1.0, "aa": 1.0}, 0.1)
    rows, columns = np.nonzero(np.abs(wide.astype(int) - rest).max(axis=-1) > 24)
    assert FACE["height"] / 2 < rows.min(), "what changes is the mouth, in the lower half of the picture"
    assert abs(columns.mean() - FACE["width"] / 2) < 8
    region = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    face.evaluate("avatarBridge.hold(null)")
    seen = [row for row in spoken(face, house, WORDS) if row["utterance"] is not None]
    said = [max(seen, key=lambda row: row["visemes"][place]) for place in range(len(VISEMES))]
    silent = [row for row in seen if row["mouth_open"] == 0.0 and row["playhead"] > 0.5]
    assert silent, "there was a pause of 0.8 s"
    mouths = {}
    for name, row in zip(VISEMES, said, strict=True):
        pose = {"mouth_open": row["mouth_open"], **dict(zip(VISEMES, row["visemes"], strict=True))}
        mouths[name] = held(face, pose, 0.1, name=f"mascot/said_{name}")[region].astype(int)
    for row in (silent[0], silent[-1]):
        pose = {name: value for name, value in row["pose"].items() if name in MOUTH}
        assert np.abs(held(face, pose, 0.1)[region].astype(int) - rest[region]).max() <= 2
    for name, mouth in mouths.items():
        assert np.abs(mouth - rest[region]).mean() > 2, name
    assert len({mouth.tobytes() for mouth in mouths.values()}) >= 4
    face.evaluate("avatarBridge.hold(null)")


def test_every_emotion_can_be_told_from_rest_and_from_every_other(face: Any) -> None:
    looks = {"rest": structure(held(face, {}))}
    for name in EXPRESSIONS:
        looks[name] = structure(held(face, {name: 1.0}, 0.5, name=f"mascot/{name}"))
    face.evaluate("avatarBridge.hold(null)")
    close = {(a, b): apart(looks[a], looks[b]) for a, b in combinations(looks, 2)}
    assert min(close.values()) >= 3, close
