"""An answer of OpenAI's `POST /chat/completions`, chunk by chunk, as the servers really send it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from avatar_bridge.core.mind.dialogue import Delta, Finish, Reasoning, ReplyEvent, ToolDelta, Usage
from avatar_bridge.errors import ProtocolError
from avatar_bridge.remote import BrokenOffError, Event, ServiceRefusedError, spoken_refusal

__all__ = ["ChatReading", "counted"]

Reason = Literal["stop", "length", "tool_calls", "content_filter"]

_REASONS: Mapping[str, Reason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_BROKEN = frozenset({"error", "abort", "cancelled", "insufficient_system_resource"})
_STATUS = {"overloaded_error": 529, "server_error": 500, "rate_limit_exceeded": 429, "internal_error": 500}


class ChatReading:
    """Reads the events of one answer. Only the first of several choices is read."""

    def __init__(self, what: str) -> None:
        self.done = False
        self.ended = False
        """Whether the answer said why it ended; only figures can follow."""
        self._what = what
        self._reason: Reason = "stop"
        self._unnamed = False
        self._usage = Usage()
        self._calls: dict[str, int] = {}

    def feed(self, event: Event) -> Iterator[ReplyEvent]:
        """Yield what an event holds; raises ProtocolError for no chunk, ServiceRefusedError for an error in it."""
        if event.data.strip() == "[DONE]":
            self.done = True
            self.ended = self.ended or self._unnamed
            return
        chunk = self._parsed(event)
        if chunk.get("error") or event.name == "error":
            raise self._error(chunk.get("error") or chunk)
        if chunk.get("usage"):
            self._usage = counted(chunk["usage"])
        for choice in chunk.get("choices") or ():
            if isinstance(choice, dict) and not choice.get("index"):
                yield from self._choice(choice)

    def end(self) -> Finish:
        """Return how the answer ended; raises BrokenOffError where it was cut."""
        if not self.ended:
            raise BrokenOffError(f"the answer of {self._what} was cut off: it never said that it was finished")
        return Finish(self._reason, self._usage)

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[ReplyEvent]:
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise ProtocolError(f"{self._what} sent a chunk whose delta is {type(delta).__name__}, not an object")
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            yield Reasoning(thought)
        yield from _content(delta.get("content"))
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            # what the model says in place of an answer is what it says
            yield Delta(refusal)
        for place, call in enumerate(delta.get("tool_calls") or ()):
            yield self._call(place, call)
        if isinstance(legacy := delta.get("function_call"), dict):
            yield self._call(0, {"index": 0, "function": legacy})
        reason = choice.get("finish_reason")
        if reason == "":
            # some servers send it for none, others for the end: [DONE] tells which
            self._unnamed = True
        elif isinstance(reason, str):
            if reason in _BROKEN:
                raise BrokenOffError(f"{self._what} gave up in mid-answer ({reason})")
            self._reason = _REASONS.get(reason, "stop")
            self.ended = True

    def _call(self, place: int, call: Any) -> ToolDelta:
        if not isinstance(call, dict):
            raise ProtocolError(f"{self._what} sent a tool call that is {type(call).__name__}, not an object")
        name_of = str(call.get("id") or "")
        index = call.get("index")
        if not isinstance(index, int):
            # some servers send whole calls without an index
            index = self._calls.setdefault(name_of, len(self._calls)) if name_of else place
        function = call.get("function") or {}
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        return ToolDelta(index, name_of, str(function.get("name") or ""), arguments)

    def _parsed(self, event: Event) -> dict[str, Any]:
        try:
            chunk = json.loads(event.data)
        except (ValueError, RecursionError):
            chunk = None
        if not isinstance(chunk, dict):
            raise ProtocolError(
                f"{self._what} sent a broken stream: a chunk of {len(event.data)} characters is no JSON"
            )
        return chunk

    def _error(self, error: Any) -> ServiceRefusedError:
        words = spoken_refusal(json.dumps({"error": error}).encode())
        fields = error if isinstance(error, dict) else {}
        names = [fields.get(each) for each in ("code", "type", "status")]
        status = next((number for name in names if (number := _status(name))), 0)
        code = next((name for name in names if isinstance(name, str)), "")
        return ServiceRefusedError(
            f"{self._what} broke off with an error{': ' + words if words else ''}", status=status, code=code
        )


def _status(name: object) -> int:
    if isinstance(name, int):
        return name
    if not isinstance(name, str):
        return 0
    return int(name) if name.isascii() and name.isdecimal() and len(name) == 3 else _STATUS.get(name, 0)


def _content(content: Any) -> Iterator[ReplyEvent]:
    """Yield what is said; Mistral's parts of text and thinking, too."""
    if isinstance(content, str):
        if content:
            yield Delta(content)
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield Delta(part["text"])
            elif isinstance(part, dict) and part.get("type") == "thinking":
                for thought in part.get("thinking") or ():
                    if isinstance(thought, dict) and isinstance(thought.get("text"), str):
                        yield Reasoning(thought["text"])


def counted(usage: Any) -> Usage:
    """Return what a usage object counts; what is no number counts as not told."""
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else usage.get("prompt_cache_hit_tokens")
    return Usage(*(_number(each) for each in (usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)))


def _number(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else None
