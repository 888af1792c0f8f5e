"""Draw a motion map's actions on the mascot, six moments each: `python scripts/action_sheet.py [MAP] --out DIR`.

Needs a Chromium, playwright and pillow, which the project itself does not: `pip install playwright pillow`.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route, sync_playwright

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.rig import BONE_CHANNELS, RESTING_POSE
from avatar_bridge.registry import read_map

STATIC = Path(__file__).parents[1] / "src" / "avatar_bridge" / "web" / "static"
ORIGIN = "http://sheet.test"
RATE = 60
FLAGS = ("--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking")
PAGE = """<!doctype html><style>body { margin: 0; background: #dfe6ee }</style><script type="module">
import { createVrmAvatar } from "./vrm.js";
const [width, height, restingPose, framing, model] = SETTINGS;
const avatar = await createVrmAvatar(model, { quality: "medium", restingPose });
document.body.append(avatar.element);
avatar.resize(width, height, 1);
avatar.frame(framing);
window.show = (face, bones, seconds) => {
  avatar.draw({ get: (name) => face[name] ?? 0, bones: new Map(Object.entries(bones)) }, seconds);
  return avatar.element.toDataURL("image/png");
};
</script>"""


def moments(action: Action) -> list[float]:
    """Return the six seconds of a play that are shown: on the way, the stroke, and four until its end."""
    rest = action.length - action.stroke
    after = [action.stroke + rest * share for share in (0.12, 0.3, 0.6, 0.85)]
    return [0.6 * action.stroke, action.stroke, *after]


def frames(action: Action) -> Iterator[dict[str, float]]:
    """Play the action once over a still body, never mirrored, and yield the frames of its six moments."""
    mixer = Mixer()
    mixer.advance(0.0, None)
    mixer.play(action.model_copy(update={"mirror": False}), stroke_at=action.stroke, now=0.0, cue=1)
    wanted = [round(moment * RATE) for moment in moments(action)]
    for tick in range(wanted[-1] + 1):
        values = mixer.advance(tick / RATE, None).values
        if tick in wanted:
            yield dict(values)


def picture(page: Page, values: dict[str, float]) -> Image.Image:
    """Return what the page shows for one frame, its springs nearly at rest."""
    bones = {name: value for name, value in values.items() if name in BONE_CHANNELS}
    face = {name: value for name, value in values.items() if name not in BONE_CHANNELS}
    url = ""
    for _ in range(3):
        url = page.evaluate("([face, bones]) => window.show(face, bones, 0.1)", [face, bones])
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")
    backdrop = Image.new("RGBA", image.size, "#dfe6ee")
    return Image.alpha_composite(backdrop, image).convert("RGB")


def strip(page: Page, action: Action, width: int, height: int) -> Image.Image:
    """Return the six moments beside each other with the action's name above them."""
    shown = [picture(page, values) for values in frames(action)]
    sheet = Image.new("RGB", (width * len(shown), height + 16), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((4, 2), f"{action.name}: {action.meaning}, stroke {action.stroke:g} s of {action.length:.1f} s", "black")
    for index, image in enumerate(shown):
        sheet.paste(image, (index * width, 16))
    return sheet


def serve(route: Route, page: str, model: Path) -> None:
    """Answer the page's requests from the static folder: nothing leaves this process."""
    path = route.request.url.removeprefix(ORIGIN).lstrip("/")
    if path == "":
        route.fulfill(body=page, content_type="text/html")
        return
    file = model if path == "model.vrm" else STATIC / path
    if not file.is_file():
        route.fulfill(status=404)
        return
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    route.fulfill(body=file.read_bytes(), content_type="text/javascript" if file.suffix == ".js" else kind)


def main() -> None:
    """Write one PNG for every six actions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("map", nargs="?", default="mascot")
    parser.add_argument("--out", type=Path, default=Path("build/actions"))
    parser.add_argument("--only", default="", help="names of actions, separated by commas")
    parser.add_argument("--model", type=Path, default=STATIC / "mascot.vrm")
    parser.add_argument("--framing", default="full", choices=("full", "half", "face"))
    parser.add_argument("--size", default="200x300", help="width x height of one picture")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    names = [name for name in arguments.only.split(",") if name]
    known = read_map(arguments.map)
    actions = [known.actions[name] for name in names] or [
        action for action in known.actions.values() if not BONE_CHANNELS.isdisjoint(action.keyframes)
    ]
    arguments.out.mkdir(parents=True, exist_ok=True)
    settings = json.dumps([width, height, dict(RESTING_POSE), arguments.framing, "/model.vrm"])
    html = PAGE.replace("SETTINGS", settings)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": height})
        page.route("**/*", lambda route: serve(route, html, arguments.model))
        page.goto(f"{ORIGIN}/")
        page.wait_for_function("window.show !== undefined", timeout=60_000)
        for first in range(0, len(actions), 6):
            strips = [strip(page, action, width, height) for action in actions[first : first + 6]]
            sheet = Image.new("RGB", (strips[0].width, sum(part.height for part in strips)), "white")
            for index, part in enumerate(strips):
                sheet.paste(part, (0, index * part.height))
            sheet.save(arguments.out / f"sheet_{first:02d}.png")
        browser.close()


if __name__ == "__main__":
    main()
