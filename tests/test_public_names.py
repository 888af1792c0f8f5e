"""The front door: few names, all of them there, and nothing heavy behind it until one is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import avatar_bridge


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_there_are_at_most_thirty() -> None:
    assert len(avatar_bridge.__all__) <= 30
    assert sorted(set(avatar_bridge.__all__)) == sorted(avatar_bridge.__all__)
    assert dir(avatar_bridge) == sorted(avatar_bridge.__all__)


@pytest.mark.parametrize("name", avatar_bridge.__all__)
def test_each_is_public_where_it_lives(name: str) -> None:
    value = getattr(avatar_bridge, name)
    if name == "__version__":
        assert value.count(".") == 2
        return
    home = sys.modules[value.__module__]
    assert name in home.__all__
    assert getattr(home, name) is value
    assert value.__doc__


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Bridges'"):
        _ = avatar_bridge.Bridges


def test_importing_the_package_loads_nothing_else() -> None:
    ours = {name for name in loaded_by("import avatar_bridge") if name.startswith("avatar_bridge")}
    assert ours == {"avatar_bridge"}
    assert not loaded_by("import avatar_bridge") & {"numpy", "pydantic", "websockets", "click"}


def test_using_it_loads_no_backend() -> None:
    loaded = loaded_by("from avatar_bridge import *")
    backends = ("tts", "drivers", "audio", "web", "simulators")
    assert not [name for name in loaded for room in backends if name.startswith(f"avatar_bridge.{room}.")]
    assert not loaded & {"sounddevice", "piper", "onnxruntime", "espeakng_loader", "rich", "soundfile"}
