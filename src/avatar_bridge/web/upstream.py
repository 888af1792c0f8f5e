"""The model behind the proxy, whatever its backend: asked in OpenAI's form, answering in OpenAI's chunks."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any
from uuid import uuid4

from avatar_bridge.assembly.minds import build_model
from avatar_bridge.core.mind.dialogue import (
    Delta,
    Finish,
    Image,
    Message,
    Reasoning,
    ReplyEvent,
    Request,
    ToolCall,
    ToolDelta,
)
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError, ProtocolError, UsageError
from avatar_bridge.llm.openai import OpenAIModel
from avatar_bridge.ports import LanguageModel
from avatar_bridge.remote import BrokenOffError
from avatar_bridge.settings import MindSettings

__all__ = ["Upstream", "request_of"]

Chunk = dict[str, Any]
_LEFTOVERS = 0.02
"""Seconds that the end of an answer may take after its last event."""
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


class Upstream:
    """The model of `[mind]`, made when it is first asked for."""

    def __init__(self, settings: MindSettings) -> None:
        self._notes: list[Diagnostic] = []
        self._settings = settings
        self._model: LanguageModel | None = None
        self._opening = asyncio.Lock()

    async def models(self) -> list[str]:
        """Return the names under which it can be asked."""
        model = await self._opened()
        if isinstance(model, OpenAIModel) and not self._settings.model:
            return await model.models()
        return [self._settings.model or model.name]

    async def chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        """Yield the chunks of the answer to a request in OpenAI's form; closing stops the work at the server.

        Raises ServiceRefusedError with the server's status, and other errors of ours where it cannot be had. A server
        of the same form is given the request as it is, but for the model's name.
        """
        model = await self._opened()
        chunks = self._relayed(model, body) if isinstance(model, OpenAIModel) else self._asked(model, body)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        """Give the model back."""
        model, self._model = self._model, None
        if model is not None:
            await model.close()

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what was chosen otherwise than asked, and what went wrong with the model."""
        notes, self._notes = self._notes, []
        return [*notes, *(self._model.diagnostics() if self._model is not None else ())]

    async def _opened(self) -> LanguageModel:
        async with self._opening:
            if self._model is None:
                model, notes = build_model(self._settings)
                try:
                    if not isinstance(model, OpenAIModel):
                        await model.open()
                except BaseException:
                    await model.close()
                    raise
                self._notes += notes
                self._model = model
            return self._model

    @staticmethod
    async def _relayed(model: OpenAIModel, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        ended = False
        async with aclosing(model.relayed(body)) as events:
            async for event in events:
                if event.data.strip() == "[DONE]":
                    # a connection whose answer was read to its end serves for the next one
                    with suppress(TimeoutError, AvatarBridgeError):
                        async with asyncio.timeout(_LEFTOVERS):
                            await anext(events, None)
                    return
                try:
                    chunk = json.loads(event.data)
                except (ValueError, RecursionError):
                    raise ProtocolError(f"the model's server sent what is no JSON: {event.data[:80]!r}") from None
                if isinstance(chunk, dict):
                    ended = ended or _ends(chunk)
                    yield chunk
        if not ended:
            raise BrokenOffError("the model's server broke off in the midst of its answer; see whether it still runs")

    @staticmethod
    async def _asked(model: LanguageModel, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        frame = {
            "id": f"chatcmpl-{uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": str(body.get("model") or model.name),
        }
        async with aclosing(model.reply(request_of(body))) as events:
            async for event in events:
                for part in _parts(event):
                    yield {**frame, **part}


def request_of(body: Mapping[str, Any]) -> Request:
    """Return a request in OpenAI's form as ours; raises UsageError naming what cannot be read."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise UsageError("expected messages as a list with at least one message")
    stop = body.get("stop")
    return Request(
        messages=tuple(_message(each, number) for number, each in enumerate(messages)),
        tools=tuple(each for each in _listed(body.get("tools")) if isinstance(each, dict)),
        max_tokens=_number(body, "max_completion_tokens", int) or _number(body, "max_tokens", int),
        temperature=_number(body, "temperature", float),
        stop=(stop,) if isinstance(stop, str) else tuple(str(each) for each in _listed(stop)),
    )


def _ends(chunk: Chunk) -> bool:
    """Return whether a chunk says that the answer is over, be it by an error."""
    choices = chunk.get("choices")
    told = (
        [each.get("finish_reason") for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []
    )
    return any(each is not None for each in told) or bool(chunk.get("error"))


def _number(body: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    value = body.get(key)
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return kind(value) if known else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _message(given: Any, number: int) -> Message:
    if not isinstance(given, dict) or str(given.get("role")) not in _ROLES:
        raise UsageError(f"messages[{number}]: expected a role of {', '.join(_ROLES)}")
    content = given.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    texts = [str(part.get("text", "")) for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    images = [
        Image(str(part["image_url"].get("url", "")))
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("image_url"), dict)
    ]
    calls = [
        ToolCall(
            str(call.get("id", "")), str(call["function"].get("name", "")), str(call["function"].get("arguments", ""))
        )
        for call in _listed(given.get("tool_calls"))
        if isinstance(call, dict) and isinstance(call.get("function"), dict)
    ]
    return Message(
        _ROLES[given["role"]],  # type: ignore[arg-type]
        "".join(texts),
        tuple(images),
        tuple(calls),
        str(given.get("tool_call_id", "")),
        str(given.get("name", "")),
    )


def _parts(event: ReplyEvent) -> list[Chunk]:
    """Return what an event of ours is in OpenAI's chunks."""
    match event:
        case Delta():
            return [_choice({"content": event.text})]
        case Reasoning():
            return [_choice({"reasoning_content": event.text})]
        case ToolDelta():
            function = {key: value for key, value in (("name", event.name), ("arguments", event.arguments)) if value}
            call = {"index": event.index, **({"id": event.id, "type": "function"} if event.id else {})}
            return [_choice({"tool_calls": [{**call, "function": function}]})]
        case Finish():
            prompt, answer = event.usage.prompt_tokens or 0, event.usage.completion_tokens or 0
            usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
            return [_choice({}, event.reason), {"choices": [], "usage": usage}]
        case _:
            return []


def _choice(delta: Chunk, reason: str | None = None) -> Chunk:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
