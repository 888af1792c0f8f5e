"""Settings to a language model."""

from __future__ import annotations

from avatar_bridge import registry
from avatar_bridge.assembly.parts import build_backend
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.credentials import find_key
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import LanguageModel
from avatar_bridge.settings import MindSettings
from avatar_bridge.stage.worker_model import WorkerModel

__all__ = ["build_model", "choose_model"]


def choose_model(settings: MindSettings) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the name of the backend to use, and what to tell about the choice."""
    if settings.engine != "auto":
        known = {*registry.names("models"), *registry.names("model_engines")}
        return registry.choose("language model", settings.engine, known), ()
    if settings.url is not None:
        return "openai", ()
    if not registry.missing_packages("xllamacpp"):
        note = "the small bundled model thinks: a demonstration, not a brain; name a better one in [mind]"
        return "xllamacpp", (Diagnostic(note),)
    raise UsageError(
        "no language model is set; name one in [mind] of bridge.toml (engine = 'ollama', say), give --mind, or install "
        "the small bundled one: pip install 'avatar-bridge[mind]'"
    )


def build_model(settings: MindSettings) -> tuple[LanguageModel, tuple[Diagnostic, ...]]:
    """Return the configured language model, which starts with `open`, and notes about the choice.

    Raises UsageError for an unknown one or unknown options, SettingsError for a key that is not there.
    """
    name, notes = choose_model(settings)
    given = {
        "name": name,
        "model": settings.model,
        "url": settings.url,
        "key": find_key(settings.key) if settings.key else None,
        "first_token": settings.first_token,
        "stall": settings.stall,
    }
    if name in registry.names("model_engines"):
        options = {**settings.options, **({"model": settings.model} if settings.model else {})}
        return WorkerModel(
            name,
            registry.location("model_engines", name),
            options,
            first_token=settings.first_token,
            stall=settings.stall,
        ), notes
    kind = registry.load("models", name)
    model: LanguageModel = build_backend(kind, given, settings.options, f"model {name!r}", "mind.options")
    return model, notes
