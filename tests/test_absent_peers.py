"""Where peers are required, a skip is a failure; elsewhere it stays a skip with its reason."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.peer
def test_absent():
    pytest.skip("no browser here")

@pytest.mark.peer
@pytest.mark.skipif(True, reason="no sound server here")
def test_absent_from_the_start():
    pass

@pytest.mark.peer(only_with="ITS_OWN_PYTHON")
def test_exempt():
    pytest.skip("no Python of its own")

@pytest.mark.peer
@pytest.mark.xfail(reason="known")
def test_known():
    raise AssertionError

@pytest.mark.peer
def test_present():
    pass

@pytest.mark.skipif(True, reason="only on another system")
def test_of_another_system():
    pass
"""
MODULE = 'import pytest\npytest.importorskip("no_such_package", reason="no such package here")\n'


def run(folder: Path, **environment: str) -> tuple[dict[str, int], str]:
    (folder / "conftest.py").write_bytes((Path(__file__).parent / "conftest.py").read_bytes())
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = peer\n", encoding="utf-8")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    (folder / "test_whole.py").write_text(MODULE, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AVATAR_BRIDGE", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", "--continue-on-collection-errors"],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    summary = done.stdout.splitlines()[-1]
    return {what: int(count) for count, what in re.findall(r"(\d+) (\w+)", summary)}, done.stdout


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {"passed": 1, "skipped": 5, "xfailed": 1}),
        ({"AVATAR_BRIDGE_PEERS": "required"}, {"passed": 1, "skipped": 2, "xfailed": 1, "failed": 1, "errors": 2}),
        (
            {"AVATAR_BRIDGE_PEERS": "required", "ITS_OWN_PYTHON": "python"},
            {"passed": 1, "skipped": 1, "xfailed": 1, "failed": 2, "errors": 2},
        ),
    ],
)
def test_a_skip_is_what_was_asked_for(tmp_path: Path, environment: dict[str, str], expected: dict[str, int]) -> None:
    counts, shown = run(tmp_path, **environment)
    counts.pop("in", None)
    assert counts == expected
    for reason in ("no browser here", "no sound server here", "no such package here"):
        assert reason in shown
