"""The real library with tiny models that are made here; it stands in an environment of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
VARIABLE = "AVATAR_BRIDGE_TRANSFORMERS_PYTHON"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = os.environ.get(VARIABLE)
    if python is None and importlib.util.find_spec("transformers") and importlib.util.find_spec("torch"):
        python = sys.executable
    if python is None:
        pytest.skip(
            f"no transformers: make a venv, pip install torch transformers into it, set {VARIABLE} to its python"
        )
    source = str(HERE.parents[1] / "src")
    done = subprocess.run(
        [python, str(HERE / "transformers_trial.py"), str(tmp_path_factory.mktemp("models"))],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


pytestmark = pytest.mark.peer(only_with=VARIABLE)


def test_it_writes_what_the_library_itself_writes_token_by_token(seen: dict[str, Any]) -> None:
    first = seen["first"]
    assert first["text"] == seen["library"]
    assert (first["reason"], first["made"]) == ("length", 40)
    assert first["pieces"] > 20
    assert first["signs"] == 2, "a prompt of 211 tokens is read in two pieces"
    assert seen["abilities"] == [True, 512, False]


def test_what_was_read_is_not_read_again_and_changes_nothing(seen: dict[str, Any]) -> None:
    assert seen["first"]["cached"] == 0
    assert seen["again"] == seen["first"] | {"cached": seen["first"]["prompt"] - 1, "signs": 0}
    assert seen["other"]["cached"] > 150
    assert seen["ahead"]["cached"] > 300
    assert seen["after"]["text"] == seen["first"]["text"]
    assert seen["shared"] > 150
    assert seen["drift"] < 1e-4 * seen["odds"], "what was forgotten still speaks"


def test_it_stops(seen: dict[str, Any]) -> None:
    text = seen["first"]["text"]
    assert seen["stop"]["reason"] == "stop"
    assert seen["stop"]["text"] == text[: text.find(text[4:7])]
    assert seen["after_close"] == 0


def test_thoughts_and_models_without_a_template(seen: dict[str, Any]) -> None:
    assert seen["thinking"]["thought"]
    assert not seen["thinking"]["text"]
    assert seen["plain"]["text"]
    assert seen["plain_prompt"].endswith("User: Hello\nAssistant:")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("long", "tokens, but the model"),
        ("image", "sees no pictures"),
        ("tools", "knows no tools"),
        ("missing", "ModelError: there is no folder"),
        ("name", "set download = true"),
        ("none", "expected the folder or the name of a transformers model"),
        ("device", "expected auto, cpu, cuda, cuda:1 or mps, got 'tpu'"),
        ("dtype", "expected one of auto, bfloat16, float16, float32, got 'int3'"),
        ("broken", "cannot be loaded: It looks like the config file"),
        ("labels", "tells spam, ham, of which none is a feeling"),
    ],
)
def test_what_does_not_fit_is_said_in_words(seen: dict[str, Any], case: str, message: str) -> None:
    assert message in seen["refusals"][case]


def test_feelings_are_told(seen: dict[str, Any]) -> None:
    first, long, empty = seen["feelings"]
    assert first[0] in ("happy", "sad", "angry", "surprised", "neutral")
    assert 0.1 < first[1] < 1.0
    assert 0.1 < long[1] < 1.0
    assert empty == ["neutral", 1.0]
    assert seen["own_labels"][0] in ("angry", "happy")
