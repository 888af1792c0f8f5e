"""A VRM in a real Chromium: what the channels do to the pixels, and what odd files are answered with."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import artefact, chromium, needs_chromium
from pictures import pixels
from vrm_files import COLOURS, VISEMES, VrmRecipe, animation, glb

from avatar_bridge.core.motion.rig import RESTING_POSE

pytestmark = [pytest.mark.peer, needs_chromium]

PAGES = Path(os.environ.get("AVATAR_BRIDGE_PAGES") or str(resources.files("avatar_bridge.web") / "static"))
ADDRESS = "http://overlay.test/"
SIZE = {"width": 200, "height": 280}
_PAGE = "<!doctype html><body style='margin:0;overflow:hidden'></body>"
_SCRIPT = """
const { createVrmAvatar } = await import("./vrm.js");
let avatar = null;
window.load = async (url, quality, resting) => {
  if (avatar) { avatar.element.remove(); avatar.dispose(); }
  avatar = null;
  try {
    avatar = await createVrmAvatar(url, { quality, restingPose: resting });
  } catch (error) {
    return { name: error.name, message: error.message, suggestion: error.suggestion ?? "" };
  }
  window.avatar = avatar;
  document.body.append(avatar.element);
  avatar.resize(innerWidth, innerHeight, 1);
  avatar.frame("full");
  return { kind: avatar.kind, called: avatar.name, problems: avatar.problems };
};
window.show = (channels, frames) => {
  const bones = new Map(Object.entries(channels.bones ?? {}));
  const pose = { get: (name) => channels[name] ?? 0, bones };
  // Frames that only let springs settle need not be large.
  if (frames > 2) avatar.resize(1, 1, 1);
  for (let index = 0; index < frames - 1; index++) avatar.draw(pose, 1 / 30);
  if (frames > 2) avatar.resize(innerWidth, innerHeight, 1);
  avatar.draw(pose, 1 / 30);
};
window.ready = true;
"""


class Page:
    """The browser's page with one avatar on it; what it fetches is what was put here."""

    def __init__(self, tab: Any) -> None:
        self._tab = tab
        self.files: dict[str, bytes] = {}
        tab.route("**/*", self._answer)
        tab.goto(ADDRESS)
        tab.add_script_tag(type="module", content=_SCRIPT)
        tab.wait_for_function("window.ready")

    def _answer(self, route: Any) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name in self.files:
            route.fulfill(body=self.files[name], content_type="application/octet-stream")
        elif name == "":
            route.fulfill(body=_PAGE, content_type="text/html")
        elif name.endswith(".js"):
            route.fulfill(body=(PAGES / name).read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(status=404)

    def load(self, file: bytes, quality: str = "low") -> dict[str, Any]:
        """Show a file; what the page says of it, or of why it does not."""
        self.files["model.vrm"] = file
        answer: dict[str, Any] = self._tab.evaluate(
            "([url, quality, resting]) => load(url, quality, resting)",
            [ADDRESS + "model.vrm", quality, dict(RESTING_POSE)],
        )
        return answer

    def picture(self, channels: Mapping[str, Any] | None = None, frames: int = 2, name: str = "") -> np.ndarray:
        """Hold channels for some frames and return the pixels."""
        self._tab.evaluate("([channels, frames]) => show(channels, frames)", [dict(channels or {}), frames])
        png = self._tab.screenshot(omit_background=True)
        if name:
            artefact(f"vrm/{name}.png", png)
        return pixels(png)

    def evaluate(self, script: str) -> Any:
        return self._tab.evaluate(script)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not (PAGES / "vrm.js").exists():
        pytest.skip("the pages are not built (npm run build in frontend/)")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Any) -> Page:
    return Page(browser.new_page(viewport=SIZE))


def where(picture: np.ndarray, part: str) -> np.ndarray:
    """Return which pixels show a part, by its pure colour."""
    goal = np.array(COLOURS[part]) * 255
    near = np.abs(picture[..., :3].astype(float) - goal).max(axis=-1) < 24
    return np.asarray(near & (picture[..., 3] > 250))


def centre(picture: np.ndarray, part: str) -> tuple[float, float]:
    """Return where a part is: pixels to the right, pixels upwards."""
    rows, columns = np.nonzero(where(picture, part))
    assert len(rows), f"nothing of {part} is to be seen"
    return float(columns.mean()), SIZE["height"] - float(rows.mean())


def height(picture: np.ndarray, part: str) -> int:
    return int(where(picture, part).any(axis=1).sum())


def width(picture: np.ndarray, part: str) -> int:
    return int(where(picture, part).any(axis=0).sum())


def bottom(picture: np.ndarray, part: str) -> int:
    return int(np.nonzero(where(picture, part).any(axis=1))[0].max())


@pytest.fixture(params=["0", "1"])
def model(request: pytest.FixtureRequest, page: Page) -> Page:
    """A page with the same body as VRM 0.x and as VRM 1.0."""
    answer = page.load(VrmRecipe(version=request.param, custom=("smile",)).build())
    assert answer.get("kind") == "vrm", answer
    return page


def test_a_model_of_either_version_stands_facing_us_on_a_transparent_ground(model: Page) -> None:
    seen = model.picture(name="rest")
    assert seen[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    # its left hand is at screen right, below its shoulders: the resting pose, no T-pose
    assert centre(seen, "left_hand")[0] > centre(seen, "head")[0] > centre(seen, "right_hand")[0]
    assert centre(seen, "left_hand")[1] < centre(seen, "head")[1] - 60
    assert where(seen, "mouth").any()


SIGNS = [
    ({"head_yaw": 30}, "mouth", "right"),
    ({"head_pitch": 20}, "mouth", "up"),
    ({"head_roll": 20}, "head", "right"),
    ({"body_yaw": 30}, "mouth", "right"),
    ({"body_roll": 20}, "head", "right"),
    ({"body_pitch": -30}, "head", "down"),
    ({"position_x": 1}, "head", "right"),
    ({"position_y": -1}, "head", "down"),
    ({"gaze_x": 1}, "left_eye", "right"),
    ({"gaze_x": -1}, "right_eye", "left"),
    ({"gaze_y": 1}, "left_eye", "up"),
    ({"gaze_y": -1}, "left_eye", "down"),
    ({"bones": {"left_upper_arm_z": 120}}, "left_hand", "up"),
    ({"bones": {"right_upper_arm_z": -120}}, "right_hand", "up"),
    ({"bones": {"left_lower_arm_z": 60}}, "left_hand", "right"),
    ({"bones": {"hips_z": -20}}, "head", "right"),
]


@pytest.mark.parametrize(("channels", "part", "direction"), SIGNS, ids=str)
def test_channels_move_what_they_say_where_the_rig_says(
    model: Page, channels: Mapping[str, Any], part: str, direction: str
) -> None:
    rest, moved = centre(model.picture(), part), centre(model.picture(channels, 30), part)
    right, up = moved[0] - rest[0], moved[1] - rest[1]
    assert {"right": right, "left": -right, "up": up, "down": -up}[direction] > 1.5


@pytest.mark.parametrize(
    "channels",
    [
        {"position_x": 1},
        {"position_y": -1},
        {"body_pitch": -30},
        {"body_yaw": 30},
        {"body_roll": 25},
        {"bones": {"hips_x": 30}},
    ],
    ids=str,
)
def test_feet_stay_where_they_stand(model: Page, channels: Mapping[str, Any]) -> None:
    rest, moved = model.picture(), model.picture(channels, 30)
    assert bottom(moved, "feet") == pytest.approx(bottom(rest, "feet"), abs=1)
    assert centre(moved, "feet")[0] == pytest.approx(centre(rest, "feet")[0], abs=1.5)


def test_a_leg_that_is_raised_leaves_the_floor_and_the_other_stays(model: Page) -> None:
    rest = model.picture()
    raised = model.picture({"bones": {"left_upper_leg_x": -60, "left_lower_leg_x": 80}}, 30)
    assert bottom(raised, "feet") == pytest.approx(bottom(rest, "feet"), abs=1)
    assert centre(raised, "feet")[1] > centre(rest, "feet")[1] + 3


def test_the_mouth_takes_its_shapes_and_closes(model: Page) -> None:
    seen = {viseme: model.picture({viseme: 1, "mouth_open": 1}, name=viseme) for viseme in VISEMES}
    closed = model.picture()
    assert height(seen["aa"], "mouth") > height(closed, "mouth") + 5
    assert height(seen["aa"], "mouth") > height(seen["ih"], "mouth")
    assert width(seen["ee"], "mouth") > width(closed, "mouth") > width(seen["ou"], "mouth")
    assert len({where(picture, "mouth").tobytes() for picture in seen.values()}) == len(VISEMES)
    assert height(model.picture(), "mouth") == height(closed, "mouth")


def test_a_mouth_that_opens_without_a_viseme_opens(model: Page) -> None:
    assert height(model.picture({"mouth_open": 1}), "mouth") > height(model.picture(), "mouth") + 5


def test_each_eye_blinks_for_itself(model: Page) -> None:
    rest, wink = model.picture(), model.picture({"blink_left": 1})
    assert where(wink, "left_eye").sum() < 0.5 * where(rest, "left_eye").sum()
    assert where(wink, "right_eye").sum() == where(rest, "right_eye").sum()


def test_a_smile_of_the_models_own_is_found_by_its_name(model: Page) -> None:
    assert width(model.picture({"mouth_smile": 1}), "mouth") > width(model.picture(), "mouth")


@pytest.mark.parametrize("key", ["Fcl_MTH_Fun", "Face.M_F00_000_Fcl_MTH_Fun", "fcl mth fun"])
def test_a_smile_that_is_only_a_shape_key_is_found_too(page: Page, key: str) -> None:
    page.load(VrmRecipe(keys={"smile": key}).build())
    assert width(page.picture({"mouth_smile": 1}), "mouth") > width(page.picture(), "mouth")
    page.load(VrmRecipe().build())
    assert width(page.picture({"mouth_smile": 1}), "mouth") == width(page.picture(), "mouth")


@pytest.mark.parametrize("override", ["none", "block", "blend"])
def test_an_emotions_own_mouth_is_respected(page: Page, override: str) -> None:
    page.load(VrmRecipe(overrides={"overrideMouth": override, "overrideBlink": override}).build())
    happy = page.picture({"happy": 1})
    both = page.picture({"happy": 1, "aa": 1, "mouth_open": 1, "blink_left": 1})
    opened = height(both, "mouth") > height(happy, "mouth")
    blinked = where(both, "left_eye").sum() < where(happy, "left_eye").sum()
    assert (opened, blinked) == ((True, True) if override == "none" else (False, False))


def test_a_blocking_emotion_takes_the_mouth_without_a_snap(page: Page) -> None:
    page.load(VrmRecipe(overrides={"overrideMouth": "block"}).build())
    mouths = [height(page.picture({"happy": 0.025 * step, "aa": 1, "mouth_open": 1}), "mouth") for step in range(14)]
    assert mouths[0] > mouths[-1] + 4
    assert max(abs(a - b) for a, b in pairwise(mouths)) <= 3


def test_a_single_blink_serves_both_eyes(page: Page) -> None:
    page.load(VrmRecipe(blink=("blink",)).build())
    rest, wink = page.picture(), page.picture({"blink_left": 1})
    assert where(wink, "right_eye").sum() < 0.5 * where(rest, "right_eye").sum()


def test_a_model_with_one_mouth_shape_opens_and_closes_it(page: Page) -> None:
    told = page.load(VrmRecipe(visemes=("aa",)).build())
    assert "ih, ou, ee, oh" in str(told["problems"])
    assert "only opens and closes" in str(told["problems"])
    assert height(page.picture({"ee": 1, "mouth_open": 0.8}), "mouth") > height(page.picture(), "mouth") + 3


@pytest.mark.parametrize("version", ["0", "1"])
def test_what_a_model_lacks_is_told_and_the_rest_is_shown(page: Page, version: str) -> None:
    recipe = VrmRecipe(version=version, visemes=(), arms=False, blink=(), look_at=False)
    told = page.load(recipe.build())
    assert told["kind"] == "vrm", told
    problems = " ".join(problem["message"] for problem in told["problems"])
    for lacking in ("leftUpperArm", "rightHand", "aa, ih, ou, ee, oh", "blink"):
        assert lacking in problems
    assert all(problem["suggestion"] for problem in told["problems"])
    seen = page.picture({"aa": 1, "mouth_open": 1, "bones": {"left_upper_arm_z": 90}, "head_roll": 20}, 10)
    assert where(seen, "head").sum() > 100
    assert seen[0, 0, 3] == 0


def _named(description: dict[str, Any]) -> bytes:
    return glb({"asset": {"version": "2.0"}, "extensions": description})


GOOD = VrmRecipe().build()
BROKEN: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "an empty file"),
    "text": (b'{"asset": {"version": "2.0"}, "nodes": []}', "JSON"),
    "a web page": (b"<!doctype html><html><body>Not here</body></html>", "a web page"),
    "zip": (b"PK\x03\x04" + bytes(64), "ZIP"),
    "cut off": (GOOD[: len(GOOD) // 2], "cut off"),
    "huge header": (glb({"asset": {"version": "2.0"}}, claimed_length=0xFFFFFF00), "its header says"),
    "huge chunk": (struct.pack("<4sIIII", b"glTF", 2, 20, 0xFFFFFFF0, 0x4E4F534A), "its header says"),
    "damaged": (GOOD[:20] + b"\xff" * 40 + GOOD[60:], "damaged"),
    "glTF 1": (struct.pack("<4sII", b"glTF", 1, 20) + bytes(8), "glTF 1"),
    "no VRM": (_named({}), "without the VRM part"),
    "an animation": (animation(), "animation"),
    "no bones": (_named({"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": {}}}}), "hips"),
    "no humanoid": (_named({"VRM": {}}), "hips"),
    "packed": (glb({"extensionsRequired": ["KHR_draco_mesh_compression"], "extensions": {"VRM": {}}}), "Draco"),
    "elsewhere": (glb({"images": [{"uri": "http://elsewhere.test/a.png"}], "extensions": {"VRM": {}}}), "beside it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_whole_vrm_is_refused_in_plain_words(page: Page, name: str) -> None:
    content, expected = BROKEN[name]
    answer = page.load(content)
    assert answer.get("name") == "AvatarError", answer
    assert expected in answer["message"] + answer["suggestion"]
    assert answer["message"].startswith("expected")
    assert answer["suggestion"]


def test_numbers_that_point_outside_the_file_are_refused_in_plain_words(page: Page) -> None:
    (length,) = struct.unpack_from("<I", GOOD, 12)
    description = json.loads(GOOD[20 : 20 + length])
    description["accessors"][0]["count"] = 10**9
    answer = page.load(glb(description, GOOD[20 + length + 8 :]))
    assert answer.get("name") == "AvatarError", answer
    assert answer["suggestion"]


def test_a_file_that_is_not_there_is_told(page: Page) -> None:
    answer = page.evaluate(f"load('{ADDRESS}nowhere.vrm', 'low', {{}})")
    assert answer["name"] == "AvatarError"
    assert "404" in answer["message"]


def _play(page: Page, file: bytes, **clip: Any) -> None:
    page.files["raise.vrma"] = file
    entry = {"action": "raise", "url": ADDRESS + "raise.vrma", "strength": 1, "duration": None} | clip
    page.evaluate(f"(window.startsAt = performance.now(), avatar.play({{...{json.dumps(entry)}, startsAt}}))")


def _until(page: Page, part: str, above: float) -> np.ndarray:
    """Draw until a part is higher than so many pixels above where it rests."""
    rest = centre(page.picture(), part)[1]
    for _ in range(200):
        seen = page.picture()
        if centre(seen, part)[1] > rest + above:
            return seen
    raise AssertionError(f"{part} never rose by {above} pixels")


def test_an_animation_plays_over_the_pose_and_gives_the_body_back(model: Page) -> None:
    before = model.picture(frames=30)
    _play(model, animation(seconds=60), duration=600)
    raised = _until(model, "left_hand", 40)
    assert centre(raised, "right_hand") == pytest.approx(centre(before, "right_hand"), abs=1)
    tilted = model.picture({"head_roll": 20}, 30)
    assert centre(tilted, "head")[0] > centre(raised, "head")[0] + 1.5, "the channels keep what the clip leaves"
    model.evaluate("avatar.release('raise')")
    middle = model.picture(frames=3)
    after = model.picture(frames=30)
    assert centre(after, "left_hand") == pytest.approx(centre(before, "left_hand"), abs=1)
    assert centre(before, "left_hand")[1] + 5 < centre(middle, "left_hand")[1], "it fades, it does not snap"


def test_an_animation_that_cannot_be_read_is_a_problem_and_nothing_else(page: Page) -> None:
    page.load(GOOD)
    _play(page, b"not an animation")
    for _ in range(200):
        page.picture()
        if "raise" in str(page.evaluate("avatar.problems")):
            break
    assert "“raise” does not play" in str(page.evaluate("avatar.problems"))


def test_a_lost_picture_comes_back(page: Page) -> None:
    page.load(GOOD)
    before = page.picture(frames=30)
    page.evaluate("""new Promise((done) => {
        const canvas = avatar.element;
        const context = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
        canvas.addEventListener("webglcontextrestored", () => done(), { once: true });
        canvas.addEventListener("webglcontextlost", () => setTimeout(() => {
            window.lost = avatar.problems.length;
            show({}, 1);
            context.restoreContext();
        }), { once: true });
        context.loseContext();
    })""")
    assert page.evaluate("window.lost > avatar.problems.length")
    after = page.picture(frames=30)
    assert where(after, "head").sum() == pytest.approx(where(before, "head").sum(), abs=4)


def test_without_webgl_the_avatar_is_refused(browser: Any) -> None:
    tab = browser.new_page(viewport=SIZE)
    tab.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    answer = Page(tab).load(GOOD)
    tab.close()
    assert answer.get("name") == "AvatarError", answer
    assert "WebGL" in answer["message"]
    assert "avatar=svg" in answer["suggestion"]
