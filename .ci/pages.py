"""The installed pages: `avatar-bridge serve` gives out every file, and a browser shows the mascot.

python .ci/pages.py path/to/avatar-bridge [chromium]
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

_PATIENCE = 120.0
_TYPES = {".js": "text/javascript", ".css": "text/css", ".vrm": "model/gltf-binary"}


@contextlib.contextmanager
def served(command: str) -> Iterator[dict[str, str]]:
    """Run `serve` and yield what it tells."""
    process = subprocess.Popen(
        [command, "serve", "--json", "--speaker", "overlay", "--port", "0"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        print(f"serve ended with {process.wait(30)}")


def fetched(url: str, token: str = "") -> tuple[str, bytes]:
    """Return the type and the content of what lies at an address."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return answer.headers["Content-Type"].partition(";")[0], answer.read()


def files(told: dict[str, str]) -> None:
    """Fetch both pages with all that they name, and the avatar."""
    total = 0
    for page in (told["overlay"], told["studio"]):
        kind, html = fetched(page)
        assert kind == "text/html", kind
        named = re.findall(r'(?:src|href)="(/static/[^"]+)"', html.decode())
        assert any(name.endswith(".js") for name in named), html
        for name in [*named, "/static/vrm.js", "/static/THIRD_PARTY_LICENSES.txt"]:
            kind, content = fetched(urljoin(told["address"], name))
            assert kind == _TYPES.get(name[name.rindex(".") :], kind), (name, kind)
            total += len(content)
    kind, mascot = fetched(f"{told['address']}/v1/avatar/mascot.vrm", told["token"])
    assert kind == _TYPES[".vrm"], kind
    assert mascot[:4] == b"glTF", mascot[:4]
    with contextlib.suppress(urllib.error.HTTPError):
        fetched(f"{told['address']}/v1/state")
        raise AssertionError("the state was given without a token")
    print(f"both pages with all that they name, {total // 1024} KiB; a mascot of {len(mascot) // 1024} KiB")


def shown(told: dict[str, str], chromium: str) -> None:
    """Let a browser open the overlay, and wait until it says that the mascot stands."""
    asked = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run"]
        options += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-port=0", f"--user-data-dir={profile}"]
        browser = subprocess.Popen([chromium, *options, told["overlay"]], stderr=subprocess.DEVNULL)
        try:
            while not (page := _ready(told)):
                assert time.monotonic() - asked < _PATIENCE, "the overlay never stood ready"
                assert browser.poll() is None, "the browser ended"
                time.sleep(0.2)
        finally:
            browser.terminate()
            browser.wait(30)
    assert not page["problems"], page
    print(f"the overlay stood ready {time.monotonic() - asked:.1f} s after the browser was started")


def _ready(told: dict[str, str]) -> dict[str, Any] | None:
    state = json.loads(fetched(f"{told['address']}/v1/state", told["token"])[1])
    return next((page for page in state["pages"] if page["kind"] == "overlay" and page["ready"]), None)


if __name__ == "__main__":
    with served(sys.argv[1]) as addresses:
        files(addresses)
        for path in sys.argv[2:3]:
            shown(addresses, path)
