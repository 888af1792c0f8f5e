"""A request in the form of Anthropic's `POST /v1/messages`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from avatar_bridge.core.mind.dialogue import Image, Message, Request
from avatar_bridge.errors import UsageError

__all__ = ["messages_body"]

_TOKENS = 1024
"""The service wants a limit; this one where the request has none."""
_DATA_URL = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*?(?P<packed>;base64)?,(?P<data>.*)", re.DOTALL)
_OPENING = "(The conversation begins.)"


def messages_body(
    request: Request, model: str, *, cache: bool, thinking: str, warm: bool, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the body; later wins: the request, the user's `extra`, the request's `more`; always a stream.

    `cache` marks the prompt's stable beginning; `thinking` is "", "off" or "on"; `warm`: a temperature is taken.
    """
    body: dict[str, Any] = {"model": model, "max_tokens": request.max_tokens or _TOKENS}
    if system := _system(request.messages, cache):
        body["system"] = system
    body["messages"] = _turns(request.messages)
    if warm and request.temperature is not None:
        body["temperature"] = min(request.temperature, 1.0)
    if stops := [stop for stop in request.stop if stop.strip()]:
        body["stop_sequences"] = stops
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if thinking:
        body["thinking"] = {"type": "disabled" if thinking == "off" else "adaptive"}
    return {**body, **extra, **(request.more or {}), "stream": True}


def _system(messages: Sequence[Message], cache: bool) -> list[dict[str, Any]]:
    """Return the system's texts in order; the first, which the persona and the tags make, stays the same over turns."""
    texts = [message.text for message in messages if message.role == "system" and message.text.strip()]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    if blocks and cache:
        blocks[0]["cache_control"] = {"type": "ephemeral"}
    return blocks


def _turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the turns: the user first, and one turn where several messages of a side follow one another."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = list(_blocks(message))
        if not blocks:
            continue
        if not turns and role == "assistant":
            turns.append({"role": "user", "content": [{"type": "text", "text": _OPENING}]})
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns or [{"role": "user", "content": [{"type": "text", "text": _OPENING}]}]


def _blocks(message: Message) -> Iterable[dict[str, Any]]:
    if message.role == "tool":
        yield {"type": "tool_result", "tool_use_id": message.call_id, "content": message.text}
        return
    for image in message.images:
        yield {"type": "image", "source": _source(image)}
    text = f"{message.name}: {message.text}" if message.name and message.role == "user" else message.text
    if message.role == "assistant":
        # the service takes no answer that ends in white space
        text = text.rstrip()
    if text.strip():
        yield {"type": "text", "text": text}
    for call in message.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call.arguments)}


def _arguments(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        given = None
    return given if isinstance(given, dict) else {"arguments": text}


def _source(image: Image) -> dict[str, str]:
    if not image.url.startswith("data:"):
        return {"type": "url", "url": image.url}
    match = _DATA_URL.fullmatch(image.url)
    if match is None or match["kind"] is None:
        raise UsageError("expected a picture as data:image/png;base64,... or an https address, got another data: URL")
    data = unquote_to_bytes(match["data"])
    try:
        data = base64.b64decode(data, validate=True) if match["packed"] else data
    except binascii.Error:
        raise UsageError("a picture's data: URL says base64, but what follows is none") from None
    return {"type": "base64", "media_type": match["kind"], "data": base64.b64encode(data).decode("ascii")}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool of OpenAI's form in Anthropic's; one that is in it already as it is."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return dict(tool)
    told = {"name": function.get("name", ""), "input_schema": function.get("parameters") or {"type": "object"}}
    return {**told, "description": function["description"]} if function.get("description") else told
