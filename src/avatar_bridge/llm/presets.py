"""What is known of each OpenAI-compatible server: where it listens, how its key is called, what it takes beyond."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from avatar_bridge.credentials import Key, find_key

__all__ = ["EFFORTS", "GRAMMAR_FIELDS", "PRESETS", "Preset", "preset_for", "same_host", "usual_key"]

EFFORTS = ("off", "minimal", "low", "medium", "high")
"""How much a model may think before it answers."""

GRAMMAR_FIELDS = ("grammar", "structured_outputs", "guided_grammar", "none")
"""Where a server takes the grammar that holds an answer to tags that exist."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of server."""

    title: str
    urls: tuple[str, ...]
    """Where it usually listens, with its /v1; the first that answers is taken."""
    start: str
    """What to do where it does not answer."""
    variable: str = ""
    """The environment variable that usually holds its key; only ever sent to its usual host."""
    max_tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    reasoning: Literal["effort", "template", "object", ""] = ""
    """How it is told how much to think: `reasoning_effort`, `chat_template_kwargs`, `reasoning`, or not at all."""
    grammar: Literal["grammar", "structured_outputs", "none"] = "none"
    paid: bool = False
    """Whether it costs money, so that no model of its list is taken unasked."""
    lists_all: bool = False
    """Whether a model that it does not list cannot be had."""
    images: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


_ANY = Preset(
    title="the model's server",
    urls=(),
    start="start it, and see that [mind] url is its address, with the /v1 at the end",
    reasoning="effort",
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "openai": Preset(
            title="OpenAI",
            urls=("https://api.openai.com/v1",),
            start="see whether this machine is online",
            variable="OPENAI_API_KEY",
            max_tokens="max_completion_tokens",
            reasoning="effort",
            paid=True,
            images=True,
        ),
        "ollama": Preset(
            title="Ollama",
            urls=("http://127.0.0.1:11434/v1",),
            start="start Ollama (its window, or: ollama serve)",
            reasoning="effort",
            lists_all=True,
        ),
        "llama_server": Preset(
            title="llama-server",
            urls=("http://127.0.0.1:9931/v1", "http://127.0.0.1:8080/v1"),
            start="start it: llama-server -m MODEL.gguf",
            variable="LLAMA_API_KEY",
            reasoning="template",
            grammar="grammar",
        ),
        "vllm": Preset(
            title="vLLM",
            urls=("http://127.0.0.1:8000/v1",),
            start="start it: vllm serve MODEL",
            variable="VLLM_API_KEY",
            reasoning="template",
            grammar="structured_outputs",
            lists_all=True,
        ),
        "lmstudio": Preset(
            title="LM Studio",
            urls=("http://127.0.0.1:1234/v1",),
            start="load a model in LM Studio and start its server (Developer, Start server; or: lms server start)",
        ),
        "openrouter": Preset(
            title="OpenRouter",
            urls=("https://openrouter.ai/api/v1",),
            start="see whether this machine is online",
            variable="OPENROUTER_API_KEY",
            reasoning="object",
            paid=True,
            images=True,
            headers={"X-Title": "Avatar Bridge"},
        ),
    }
)


def preset_for(name: str, url: str | None) -> Preset:
    """Return what is known of the server of a name; at another address than its own, `openai` is any server."""
    if name not in PRESETS or (name == "openai" and not same_host(url, PRESETS[name].urls)):
        return _ANY
    return PRESETS[name]


def same_host(url: str | None, urls: Iterable[str]) -> bool:
    """Return whether an address (None: the usual one) is on a machine that one of `urls` is on."""
    return url is None or _host(url) in {_host(usual) for usual in urls}


def usual_key(variable: str) -> Key | None:
    """Return the key of its usual variable, where that is set."""
    return find_key(f"env:{variable}") if variable and os.environ.get(variable, "").strip() else None


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "127.0.0.1" if host in ("localhost", "::1") else host
