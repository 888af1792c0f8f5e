"""An answer of Anthropic's `POST /v1/messages`, event by event."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from avatar_bridge.core.mind.dialogue import Delta, Finish, Reasoning, ReplyEvent, ToolDelta, Usage
from avatar_bridge.errors import ProtocolError
from avatar_bridge.remote import BrokenOffError, Event, ServiceRefusedError

__all__ = ["MessagesReading"]

_REASONS: Mapping[str, Literal["stop", "length", "tool_calls", "content_filter"]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class MessagesReading:
    """Reads the events of one answer, which is whole once `message_stop` came."""

    def __init__(self, what: str) -> None:
        self.done = False
        self.ended = False
        self._what = what
        self._reason = ""
        self._counts: dict[str, int] = {}
        self._tools: dict[int, int] = {}

    def feed(self, event: Event) -> Iterator[ReplyEvent]:
        """Yield what an event holds; raises ProtocolError for no event, ServiceRefusedError for an error in it."""
        row = self._parsed(event)
        kind = row.get("type") or event.name
        if kind == "error" or row.get("error"):
            raise self._error(_table(row, "error"))
        if kind == "message_start":
            self._count(_table(_table(row, "message"), "usage"))
        elif kind == "content_block_start":
            yield from self._started(row.get("index"), _table(row, "content_block"))
        elif kind == "content_block_delta":
            yield from self._grown(row.get("index"), _table(row, "delta"))
        elif kind == "message_delta":
            self._reason = str(_table(row, "delta").get("stop_reason") or self._reason)
            self._count(_table(row, "usage"))
        elif kind == "message_stop":
            self.done = self.ended = True

    def end(self) -> Finish:
        """Return how the answer ended; raises BrokenOffError where it was cut."""
        if not self.ended:
            raise BrokenOffError(f"the answer of {self._what} was cut off: it never said that it was finished")
        counts = self._counts
        cached = counts.get("cache_read_input_tokens")
        asked = counts.get("input_tokens")
        if asked is not None:
            asked += (cached or 0) + counts.get("cache_creation_input_tokens", 0)
        return Finish(_REASONS.get(self._reason, "stop"), Usage(asked, counts.get("output_tokens"), cached))

    def _started(self, index: object, block: Mapping[str, Any]) -> Iterator[ReplyEvent]:
        if block.get("type") == "text" and block.get("text"):
            yield Delta(str(block["text"]))
        elif block.get("type") == "thinking" and block.get("thinking"):
            yield Reasoning(str(block["thinking"]))
        elif block.get("type") == "tool_use":
            given = block.get("input")
            text = json.dumps(given, ensure_ascii=False) if given else ""
            yield ToolDelta(self._tool(index), str(block.get("id") or ""), str(block.get("name") or ""), text)

    def _grown(self, index: object, delta: Mapping[str, Any]) -> Iterator[ReplyEvent]:
        kind = delta.get("type")
        if kind == "text_delta" and delta.get("text"):
            yield Delta(str(delta["text"]))
        elif kind == "thinking_delta" and delta.get("thinking"):
            yield Reasoning(str(delta["thinking"]))
        elif kind == "input_json_delta" and delta.get("partial_json"):
            yield ToolDelta(self._tool(index), arguments=str(delta["partial_json"]))

    def _tool(self, index: object) -> int:
        """Return the number of a call among the calls, given its block's among the blocks."""
        block = index if isinstance(index, int) else -1
        return self._tools.setdefault(block, len(self._tools))

    def _count(self, usage: Mapping[str, Any]) -> None:
        self._counts |= {key: value for key, value in usage.items() if isinstance(value, int) and value >= 0}

    def _parsed(self, event: Event) -> dict[str, Any]:
        try:
            row = json.loads(event.data)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise ProtocolError(
                f"{self._what} sent a broken stream: an event of {len(event.data)} characters is no JSON"
            )
        return row

    def _error(self, error: Mapping[str, Any]) -> ServiceRefusedError:
        code = str(error.get("type") or "")
        words = " ".join(str(error.get("message") or code or "no reason given").split())[:300]
        return ServiceRefusedError(
            f"{self._what} broke off with an error: {words}", status=_STATUS.get(code, 0), code=code
        )


def _table(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = row.get(key)
    return found if isinstance(found, dict) else {}
