"""Every GDScript of the examples is GDScript, and both projects are the same client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "godot"
SCRIPTS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.gd"))
CLIENT = "addons/avatar_bridge/avatar_bridge_client.gd"


def test_there_are_scripts() -> None:
    assert f"godot3/{CLIENT}" in SCRIPTS
    assert [name[7:] for name in SCRIPTS if name.startswith("godot3/")] == [
        name[7:] for name in SCRIPTS if name.startswith("godot4/")
    ]


@pytest.mark.peer
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name.startswith("godot4/")])
def test_it_parses(name: str) -> None:
    parser = pytest.importorskip("gdtoolkit.parser", reason="no GDScript parser here: pip install gdtoolkit")
    parser.parser.parse((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name.startswith("godot4/")])
def test_nothing_of_godot_3_is_left_in_the_new_ones(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    left = re.findall(
        r"\bPool\w+Array|\bemit_signal\(|\bextends Reference\b|OS\.get_ticks|^export\(|\.empty\(\)", text, re.MULTILINE
    )
    assert left == []


def _heard(version: str) -> set[str]:
    return set(re.findall(r"^signal (\w+)", (FOLDER / version / CLIENT).read_text(encoding="utf-8"), re.MULTILINE))


def test_both_tell_the_same() -> None:
    assert _heard("godot3") == _heard("godot4") != set()


def test_the_readme_names_every_signal() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in _heard("godot3") if f"`{name}" not in readme] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_file_stays_small(name: str) -> None:
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) <= 360
