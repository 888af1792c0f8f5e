"""Files that a wheel holds packed: the same to a browser, and to whoever cannot unpack."""

from __future__ import annotations

import ast
import gzip
import tomllib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import Scope

from avatar_bridge.settings import WebSettings
from avatar_bridge.web import avatar_files
from avatar_bridge.web.avatar_files import STATIC, AvatarFiles
from avatar_bridge.web.packed import PackedStaticFiles, file_response, present
from avatar_bridge.web.pages import know_file_types

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    know_file_types()
    (tmp_path / "vrm.js.gz").write_bytes(gzip.compress(b"packed()"))
    (tmp_path / "mascot.vrm.gz").write_bytes(gzip.compress(b"glTF"))
    (tmp_path / "plain.js").write_bytes(b"plain()")
    (tmp_path / "folder.gz").mkdir()
    return tmp_path


def scope(*headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers)}


async def test_a_browser_gets_it_packed_under_its_own_type(folder: Path) -> None:
    answer = await PackedStaticFiles(directory=folder).get_response("vrm.js", scope((b"accept-encoding", b"gzip, br")))
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_whoever_cannot_unpack_gets_it_unpacked(folder: Path) -> None:
    answer = await PackedStaticFiles(directory=folder).get_response("vrm.js", scope())
    assert answer.body == b"packed()"
    assert "content-encoding" not in answer.headers
    assert file_response(folder / "mascot.vrm.gz", Headers()).headers["content-type"] == "model/gltf-binary"


@pytest.mark.parametrize("path", ["none.js", "folder", "../vrm.js", "vrm.js.gz.gz"])
async def test_what_is_not_there_is_not_there(folder: Path, path: str) -> None:
    with pytest.raises(HTTPException) as caught:
        await PackedStaticFiles(directory=folder).get_response(path, scope())
    assert caught.value.status_code == 404
    assert Starlette(routes=[Mount("/static", PackedStaticFiles(directory=folder))]).routes


def test_the_mascot_is_found_packed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avatar_files, "STATIC", folder)
    files = AvatarFiles(WebSettings())
    assert files.avatar["url"] == "/v1/avatar/mascot.vrm"
    assert files.file("mascot.vrm") == folder / "mascot.vrm.gz"
    assert present(folder / "nobody.vrm") is None


def test_the_wheel_leaves_out_what_it_packs() -> None:
    tree = ast.parse((ROOT / "hatch_build.py").read_text(encoding="utf-8"))
    assigned = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    names = ast.literal_eval(assigned["PACKED"])
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    static = STATIC.relative_to(ROOT).as_posix()
    assert build["targets"]["wheel"]["exclude"] == [f"/{static}/{name}" for name in names]
    assert all((STATIC / name).is_file() for name in names)
