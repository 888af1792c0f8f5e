"""Every file of the Unity package has its .meta, and no two the same GUID."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "unity_meta.py"


@pytest.fixture(scope="module")
def metas() -> ModuleType:
    spec = importlib.util.spec_from_file_location("unity_meta", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_package_is_whole(metas: ModuleType) -> None:
    assert metas.problems() == []


def test_what_is_wrong_is_named(metas: ModuleType, tmp_path: Path) -> None:
    package = tmp_path / "package"
    for name in ("Runtime/A.cs", "Runtime/B.cs", "Documentation~/page.md", "Samples~/Basic/C.cs", ".hidden/D.cs"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("", encoding="utf-8")
    assert metas.write(package) == 5  # two folders, three scripts
    assert metas.problems(package) == []
    assert metas.write(package) == 0
    one, other = package / "Runtime" / "A.cs.meta", package / "Runtime" / "B.cs.meta"
    other.write_text(one.read_text(encoding="utf-8"), encoding="utf-8")
    assert "has the GUID of Runtime/A.cs" in metas.problems(package)[0]
    other.unlink()
    assert "Runtime/B.cs has no .meta" in metas.problems(package)[0]
    (package / "Runtime" / "B.cs").unlink()
    (package / "Runtime" / "B.cs.meta").write_text("guid: 1", encoding="utf-8")
    assert metas.problems(package) == ["Runtime/B.cs.meta belongs to no file"]
    assert metas.write(package) == 1


def test_a_guid_depends_on_nothing_but_the_path(metas: ModuleType) -> None:
    expected = "d1a662bd5b9c95f788653e94f3f9d8d3"
    assert metas.guid(metas.PACKAGE / "Runtime" / "Core" / "Cue.cs") == expected
