"""A request as the chat template of a model on this machine takes it: messages in the form of OpenAI's protocol."""

from __future__ import annotations

from typing import Any

from avatar_bridge.core.mind.dialogue import Message, Request
from avatar_bridge.errors import ModelError

__all__ = ["chat_messages", "without_tools"]


def chat_messages(request: Request, model: str) -> list[dict[str, Any]]:
    """Return the messages of a request for a model of text; raises ModelError where there is none, or a picture."""
    if not request.messages:
        raise ModelError(f"the model {model!r} was asked nothing: expected at least one message")
    if any(message.images for message in request.messages):
        raise ModelError(f"the model {model!r} sees no pictures; choose one that does in [mind] of bridge.toml")
    return [_message(message) for message in request.messages]


def without_tools(request: Request, model: str) -> None:
    """Raise ModelError where a request has tools: for a model that knows none."""
    if request.tools:
        raise ModelError(f"the model {model!r} knows no tools (its chat template has no place for them)")


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {"role": message.role, "content": _clean(message.text)}
    if message.name:
        found["name"] = _clean(message.name)
    if message.calls:
        found["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role == "tool":
        found["tool_call_id"] = message.call_id
    return found


def _clean(text: str) -> str:
    """Return a text without what is no character (half a surrogate pair)."""
    return text.encode("utf-8", "replace").decode("utf-8")
