"""The tables of `bridge.toml` about who thinks: the model, its persona, what it remembers, feels and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from avatar_bridge.settings.tables import KeyReference, Table

__all__ = ["FeelingsSettings", "MemorySettings", "MindSettings", "PriceSettings", "ProxySettings", "StatsSettings"]


class MindSettings(Table):
    """Which language model thinks, and how it is asked."""

    engine: str = "auto"
    """auto (openai where `url` is set, else the bundled model where it is installed), a model's name as the README
    lists them, or a third party's."""
    model: str = ""
    """What the server calls the model, or the path of a local one; its first when empty."""
    url: str | None = None
    """Address of the server, with its /v1; its usual place when absent."""
    key: KeyReference = ""
    """Where its key is kept: env:VARIABLE, file:PATH or keyring:SERVICE/NAME; its usual variable when empty."""
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    max_tokens: int = Field(default=400, ge=1, le=100_000)
    """Tokens that an answer may have."""
    persona: Path | None = None
    """A persona.toml, or a character card (.json, .png)."""
    user: str = "you"
    """What the character calls the one it talks to."""
    constrain: bool = False
    """Whether the model is held to tags that exist, where its server can."""
    first_token: float = Field(default=60.0, gt=0.0, le=600.0)
    """Seconds until the answer begins at the latest, retries and all."""
    stall: float = Field(default=20.0, gt=0.0, le=600.0)
    """Seconds of silence in mid-answer after which it counts as broken off."""
    one_moment: float | None = Field(default=None, gt=0.0, le=600.0)
    """Seconds of waiting after which the character says so; never when absent."""
    one_moment_says: str = "One moment."
    """What it says then, tags and all."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the backend."""


class MemorySettings(Table):
    """What the character remembers."""

    enabled: bool = True
    file: Path | None = None
    """The database; in the user's data folder when absent."""
    tokens: int = Field(default=3000, ge=200, le=1_000_000)
    """Of history that the model is given; what falls out is summed up."""
    summary: bool = True
    """Whether what falls out is summed up by the model."""


class FeelingsSettings(Table):
    """Expressions for what a model says without tags."""

    enabled: bool = True
    strength: float = Field(default=0.4, gt=0.0, le=1.0)
    classifier: str = ""
    """A `transformers` text classifier, by path or name; the lexicon alone when empty."""


class PriceSettings(Table):
    """What a model or a voice costs, in the currency of your choice."""

    input: float = Field(default=0.0, ge=0.0)
    """For a million tokens asked."""
    output: float = Field(default=0.0, ge=0.0)
    """For a million tokens answered."""
    characters: float = Field(default=0.0, ge=0.0)
    """For a thousand characters spoken."""
    audio: float = Field(default=0.0, ge=0.0)
    """For a minute of sound."""
    cpu: float = Field(default=0.0, ge=0.0)
    """For an hour of one processor core of this machine, in `[prices.machine]`."""


class StatsSettings(Table):
    """The record of what was spent; no text is in it."""

    enabled: bool = True
    file: Path | None = None
    """Where it is kept; in the user's data folder when absent."""


class ProxySettings(Table):
    """The bridge as an OpenAI-compatible server for other programs; the real one is that of `[mind]`."""

    enabled: bool = True
    perform: bool = True
    """Whether replies are performed while they pass."""
    tags: bool = False
    """Whether the program gets the text with its tags."""
    prompt: bool = True
    """Whether the model is told which tags there are."""
    speech: Literal["sound", "perform"] = "sound"
    """What /v1/audio/speech does: give the voice's sound, or perform the text and give as much silence."""
