"""The model that the documents show is one."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest
from asking import HELLO, told

from avatar_bridge.assembly.minds import build_model
from avatar_bridge.errors import ModelError, SettingsError
from avatar_bridge.llm.script import scripted_replies
from avatar_bridge.settings import MindSettings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def parrots(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    page = (DOCS / "writing-a-model.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    module = ModuleType("parrots")
    exec(compile(program, "parrots.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "parrots", module)
    point = EntryPoint("parrots", "parrots:ParrotModel", "avatar_bridge.models")
    found = {"models": {"parrots": point}}
    monkeypatch.setattr("avatar_bridge.registry._entry_points", lambda kind: found.get(kind, {}))
    return module


async def test_the_model_of_the_page_answers(parrots: ModuleType) -> None:
    del parrots
    model, _ = build_model(MindSettings(engine="parrots", options={"pause": 0}))
    await model.open()
    answer = await told(model, HELLO)
    await model.close()
    assert (answer.text, answer.error, model.name) == ("[nod] You said: Hi!", "", "parrots")
    with pytest.raises(ModelError, match="pause"):
        build_model(MindSettings(engine="parrots", options={"pause": 99}))
    with pytest.raises(SettingsError, match="takes pause"):
        build_model(MindSettings(engine="parrots", options={"paws": 1}))


def test_the_script_of_the_page_is_one() -> None:
    page = (DOCS / "models.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(scripted_replies(script, "models.md", rate=1.0, first=0.0)) == 1


@pytest.mark.parametrize("engine", ["openai", "ollama", "llama_server", "vllm", "lmstudio", "openrouter", "anthropic"])
def test_every_preset_is_built_from_settings(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "s3cret")
    model, notes = build_model(MindSettings(engine=engine, model="m", key="env:A_KEY", options={"reasoning": ""}))
    assert model.name == engine
    assert not notes
    with pytest.raises(SettingsError, match="did you mean 'reasoning'"):
        build_model(MindSettings(engine=engine, options={"reasonin": "off"}))
