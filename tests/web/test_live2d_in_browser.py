"""A Live2D model in a real Chromium, on a scripted stand-in for the Cubism Core: the real one is not ours to ship."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import artefact, chromium, needs_chromium
from live2d_stand_in import CORE, files
from pictures import pixels

pytestmark = [pytest.mark.peer, needs_chromium]

PAGES = Path(os.environ.get("AVATAR_BRIDGE_PAGES") or str(resources.files("avatar_bridge.web") / "static"))
ADDRESS = "http://overlay.test/"
SIZE = {"width": 200, "height": 200}
UNIT = 200 / (2 * 1.06)
"""Pixels to a unit of the model, which fills the height but for a margin."""
RED, GREEN, BLUE, YELLOW, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 0, 0)
WHITE, CYAN = (255, 255, 255), (0, 255, 255)
_SCRIPT = """
const { createLive2dAvatar } = await import("./live2d.js");
window.load = async (core) => {
  try {
    window.avatar = await createLive2dAvatar("quads.model3.json?token=t", core, { quality: "low" });
  } catch (error) {
    return { name: error.name, message: error.message, suggestion: error.suggestion ?? "" };
  }
  document.body.append(avatar.element);
  avatar.resize(innerWidth, innerHeight, 1);
  avatar.frame("full");
  return { kind: avatar.kind, called: avatar.name, problems: avatar.problems };
};
window.show = (channels) => avatar.draw({ get: (name) => channels[name] ?? 0, bones: new Map() }, 1 / 60);
window.ready = true;
"""


class Page:
    """A tab that shows the model whose files it is given."""

    def __init__(self, browser: Any, content: Mapping[str, bytes], *, core: str = CORE) -> None:
        self._content = dict(content)
        self._core = core
        self.asked: list[str] = []
        self.tab = browser.new_page(viewport=SIZE)
        self.tab.route("**/*", self._answer)
        self.tab.goto(ADDRESS)
        self.tab.add_script_tag(type="module", content=_SCRIPT)
        self.tab.wait_for_function("window.ready")

    def _answer(self, route: Any) -> None:
        self.asked.append(route.request.url)
        name = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if name in self._content:
            route.fulfill(body=self._content[name])
        elif name == "":
            route.fulfill(
                body="<!doctype html><body style='margin:0;overflow:hidden'></body>", content_type="text/html"
            )
        elif name == "core.js":
            route.fulfill(body=self._core, content_type="text/javascript")
        elif name == "live2d.js":
            route.fulfill(body=(PAGES / name).read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(status=404)

    def load(self, core: str = "core.js?token=t") -> dict[str, Any]:
        answer: dict[str, Any] = self.tab.evaluate(f"load({json.dumps(core)})")
        return answer

    def picture(self, channels: Mapping[str, float] | None = None) -> np.ndarray:
        self.tab.evaluate("(channels) => show(channels)", dict(channels or {}))
        png = self.tab.screenshot(omit_background=True)
        artefact("live2d/quads.png", png)
        return pixels(png)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not (PAGES / "live2d.js").exists():
        pytest.skip("the pages are not built (npm run build in frontend/)")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Any) -> Page:
    shown = Page(browser, files())
    answer = shown.load()
    assert answer.get("kind") == "live2d", answer
    return shown


def at(picture: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    """Return the colour at a place in the model's units."""
    row, column = round(100 - y * UNIT), round(100 + x * UNIT)
    return tuple(int(value) for value in picture[row, column, :3])


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int(((picture[..., :3] == colour).all(axis=-1) & (picture[..., 3] == 255)).sum())


def test_parts_are_drawn_in_order_on_a_transparent_ground(page: Page) -> None:
    seen = page.picture()
    assert seen[0, 0, 3] == 0
    assert at(seen, -0.4, -0.9) == RED
    assert at(seen, 0, -0.05) == RED, "the mask's own picture lies under the body"


@pytest.mark.parametrize(
    ("x", "y", "colour"),
    [(0, 0.1, BLUE), (0.3, 0.1, RED), (0, 0.3, RED), (-0.35, -0.3, YELLOW), (0, -0.15, RED), (0, -0.3, YELLOW)],
)
def test_masks_clip_to_inside_or_outside(page: Page, x: float, y: float, colour: tuple[int, int, int]) -> None:
    assert at(page.picture(), x, y) == colour


def test_blending_adds_and_multiplies(page: Page) -> None:
    seen = page.picture()
    assert at(seen, -0.3, 0.7) == YELLOW
    assert at(seen, 0.3, 0.7) == BLACK


def test_what_is_seen_from_behind_is_not_drawn(page: Page) -> None:
    assert at(page.picture(), 0.4, -0.7) == RED


def test_channels_move_the_standard_parameters(page: Page) -> None:
    seen = page.picture({"head_yaw": 30})
    assert at(seen, 0.7, -0.9) == RED
    assert at(seen, -0.4, -0.9) != RED
    rest = count(page.picture(), WHITE)
    assert count(page.picture({"mouth_open": 0.5}), WHITE) > 2 * rest
    assert count(page.picture(), WHITE) == rest


def test_an_expression_file_of_the_model_is_used_for_its_emotion(page: Page) -> None:
    assert count(page.picture({"angry": 1}), WHITE) == count(page.picture({"mouth_open": 1}), WHITE)


def test_the_pose_shows_one_part_of_a_group_and_physics_are_told(browser: Any) -> None:
    page = Page(browser, files())
    problems = str(page.load()["problems"])
    assert count(page.picture(), CYAN) == 0, "ArmA is the second of its group"
    assert "physics" in problems
    assert "VTube Studio" in problems
    page.tab.close()


def test_eyes_close(browser: Any) -> None:
    content = files()
    description = json.loads(content["quads.model3.json"])
    del description["FileReferences"]["Pose"]
    page = Page(browser, content | {"quads.model3.json": json.dumps(description).encode()})
    page.load()
    assert count(page.picture(), CYAN) > 0
    assert count(page.picture({"blink_left": 1}), CYAN) == 0
    page.tab.close()


def test_every_file_is_asked_for_with_the_token(page: Page) -> None:
    assert all(url.endswith("?token=t") for url in page.asked if "quads" in url or "exp3" in url)
    assert sum("texture" in url for url in page.asked) == 6


BROKEN: Mapping[str, tuple[dict[str, bytes], str]] = {
    "no description": ({"quads.model3.json": b"<html>"}, "JSON"),
    "an empty description": ({"quads.model3.json": b"{}"}, "names a .moc3"),
    "a damaged moc": ({"quads.moc3": b"nothing"}, "damaged or newer"),
    "a texture that is none": ({"quads.2/texture_3.png": b"nothing"}, "to be a picture"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_in_plain_words(browser: Any, name: str) -> None:
    changed, expected = BROKEN[name]
    page = Page(browser, files() | changed)
    answer = page.load()
    page.tab.close()
    assert answer.get("name") == "AvatarError", answer
    assert expected in answer["message"]
    assert answer["suggestion"]


def test_a_missing_file_is_named(browser: Any) -> None:
    content = files()
    del content["quads.2/texture_2.png"]
    page = Page(browser, content)
    answer = page.load()
    page.tab.close()
    assert answer.get("name") == "AvatarError", answer
    assert "quads.2/texture_2.png" in answer["message"]


@pytest.mark.parametrize(("core", "script"), [("", CORE), ("nowhere.js", CORE), ("core.js", "window.other = 1;")])
def test_without_the_core_it_says_where_to_get_it(browser: Any, core: str, script: str) -> None:
    page = Page(browser, files(), core=script)
    answer = page.load(core)
    page.tab.close()
    assert answer.get("name") == "AvatarError", answer
    assert "live2d.com" in answer["suggestion"]
    assert "live2d_core" in answer["suggestion"]
