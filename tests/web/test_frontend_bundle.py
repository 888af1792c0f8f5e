"""The committed pages are what their sources build, and the sources are sound."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "src" / "avatar_bridge" / "web" / "static"
BUILT = ("overlay.js", "vrm.js", "live2d.js", "studio.js", "overlay.html", "overlay.css", "studio.html", "studio.css")
NPM = shutil.which("npm")

needs_npm = pytest.mark.skipif(NPM is None, reason="no npm on this machine (install Node.js 18 or newer)")


def npm(*arguments: str) -> str:
    """Run npm in `frontend/` and return what it said; fail with it where it failed."""
    assert NPM is not None
    done = subprocess.run(
        [NPM, *arguments], cwd=FRONTEND, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )
    said = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def packages() -> None:
    """The packages of the lock file, fetched where they are not there yet."""
    if not (FRONTEND / "node_modules" / "esbuild").is_dir():
        npm("ci", "--no-audit", "--no-fund")


@pytest.mark.peer
@needs_npm
@pytest.mark.usefixtures("packages")
def test_a_rebuild_gives_the_committed_bytes(tmp_path: Path) -> None:
    npm("run", "--silent", "build", "--", "--out", str(tmp_path))
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(BUILT) | {"THIRD_PARTY_LICENSES.txt"} == set(built)
    stale = [name for name, content in sorted(built.items()) if (STATIC / name).read_bytes() != content]
    assert not stale, f"{', '.join(stale)} differ from their sources: run `npm run build` in frontend/ and commit"


@pytest.mark.peer
@needs_npm
@pytest.mark.usefixtures("packages")
def test_the_sources_are_typed_and_their_tests_pass() -> None:
    assert "# fail 0" in npm("run", "--silent", "check")


@pytest.mark.parametrize("name", [name for name in BUILT if name.endswith(".html")])
def test_a_page_holds_no_script_or_style_of_its_own_and_asks_nobody_else(name: str) -> None:
    page = (STATIC / name).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)


@pytest.mark.parametrize("name", [name for name in BUILT if name.endswith(".css")])
def test_a_style_sheet_fetches_nothing_from_elsewhere(name: str) -> None:
    sheet = (STATIC / name).read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", sheet)


def test_pages_that_show_no_model_stay_light() -> None:
    assert (STATIC / "overlay.js").stat().st_size < 80_000
    overlay = (STATIC / "overlay.js").read_text(encoding="utf-8")
    assert all(f'import("./{name}.js")' in overlay for name in ("vrm", "live2d"))
    assert "WebGLRenderer" not in overlay


def test_what_is_bundled_is_named_with_its_licence() -> None:
    notices = (STATIC / "THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    bundled = re.findall(r"^(\S+) \d+\.\d+\.\d+ \((.+)\)$", notices, flags=re.MULTILINE)
    assert {"three", "@pixiv/three-vrm", "@pixiv/three-vrm-animation"} <= {name for name, _ in bundled}
    assert {licence for _, licence in bundled} <= {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"}
