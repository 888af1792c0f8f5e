"""A request in the form of OpenAI's `POST /chat/completions`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from avatar_bridge.core.mind.dialogue import Message, Request
from avatar_bridge.errors import UsageError
from avatar_bridge.llm.presets import EFFORTS, GRAMMAR_FIELDS, Preset

__all__ = ["ChatOptions", "chat_body"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the user chose beyond the request; checked."""

    reasoning: str = ""
    seed: int | None = None
    max_tokens_field: str = ""
    grammar_field: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def check(self, preset: Preset) -> None:
        """Raise UsageError for what the server cannot be told."""
        if self.reasoning and self.reasoning not in EFFORTS:
            raise UsageError(f"mind.options: expected reasoning as {', '.join(EFFORTS)}, got {self.reasoning!r}")
        if self.reasoning and not preset.reasoning:
            raise UsageError(
                f"mind.options: {preset.title} is not told how much to think; set it in the program itself, or give "
                "the fields that it takes in extra"
            )
        if self.max_tokens_field not in ("", "max_tokens", "max_completion_tokens"):
            raise UsageError(
                "mind.options: expected max_tokens_field as max_tokens or max_completion_tokens, got "
                f"{self.max_tokens_field!r}"
            )
        if self.grammar_field and self.grammar_field not in GRAMMAR_FIELDS:
            raise UsageError(
                f"mind.options: expected grammar_field as {', '.join(GRAMMAR_FIELDS)}, got {self.grammar_field!r}"
            )
        if not isinstance(self.extra, Mapping):
            raise UsageError(f"mind.options: expected extra as a table, got {type(self.extra).__name__}")


def chat_body(request: Request, model: str, preset: Preset, options: ChatOptions) -> dict[str, Any]:
    """Return the body; later wins: the request, the user's `extra`, the request's `more`; always one stream."""
    body: dict[str, Any] = {"model": model, "messages": [_message(message) for message in request.messages]}
    if request.max_tokens is not None:
        body[options.max_tokens_field or preset.max_tokens] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if options.seed is not None:
        body["seed"] = options.seed
    body |= _thinking(options.reasoning, preset)
    # llama.cpp refuses a grammar beside tools, whose calls it would forbid
    if request.tags and not request.tools:
        body |= _constraint(request.tags, options.grammar_field or preset.grammar)
    _merge(body, options.extra)
    _merge(body, request.more or {})
    if "max_tokens" in (request.more or {}) or "max_completion_tokens" in (request.more or {}):
        _keep_one_limit(body, request.more or {})
    body.pop("n", None)
    body["stream"] = True
    body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put fields in; where both are tables, one into the other."""
    for key, value in more.items():
        ours = body.get(key)
        body[key] = {**ours, **value} if isinstance(ours, dict) and isinstance(value, Mapping) else value


def _keep_one_limit(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    for field_name in ("max_tokens", "max_completion_tokens"):
        if field_name not in more:
            body.pop(field_name, None)


def _message(message: Message) -> dict[str, Any]:
    text = message.text
    told: dict[str, Any] = {"role": message.role}
    if message.name and message.role != "tool":
        if _NAME.fullmatch(message.name):
            told["name"] = message.name
        else:
            # the field takes no other characters; who speaks must not be lost
            text = f"{message.name}: {text}"
    content: Any = text
    if message.images:
        content = [{"type": "text", "text": text}] if text else []
        content += [{"type": "image_url", "image_url": {"url": image.url}} for image in message.images]
    if message.role == "tool":
        return {**told, "tool_call_id": message.call_id, "content": content}
    if message.calls:
        content = content or None
        told["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    return {**told, "content": content}


def _thinking(effort: str, preset: Preset) -> dict[str, Any]:
    if not effort:
        return {}
    named = "none" if effort == "off" else effort
    if preset.reasoning == "object":
        return {"reasoning": {"effort": named}}
    if preset.reasoning == "template":
        fields: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": effort != "off"}}
        return fields if effort == "off" else {**fields, "reasoning_effort": named}
    return {"reasoning_effort": named}


def _constraint(tags: tuple[str, ...], where: str) -> dict[str, Any]:
    if where == "none":
        return {}
    from avatar_bridge.core.mind.grammar import gbnf

    text = gbnf(tags)
    return {"structured_outputs": {"grammar": text}} if where == "structured_outputs" else {where: text}
