"""Anthropic's `POST /v1/messages` as the service takes and answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from avatar_bridge.simulators.llm.fields import WrongError, check_fields
from avatar_bridge.simulators.llm.replies import Reply, tokens

__all__ = ["check_messages", "events", "message_refusal"]

_FIELDS: dict[str, tuple[type, ...]] = {
    "model": (str,), "messages": (list,), "max_tokens": (int,), "system": (str, list), "stream": (bool,),
    "stop_sequences": (list,), "tools": (list,), "tool_choice": (dict,), "thinking": (dict,), "metadata": (dict,),
    "service_tier": (str,), "output_config": (dict,), "cache_control": (dict,),
}  # fmt: skip
_VERSIONS: dict[str, dict[str, tuple[type, ...]]] = {
    "2023-06-01": {"temperature": (int, float), "top_p": (int, float), "top_k": (int,)},
    "2026-10-21": {},
}
"""What each version of the protocol takes beyond."""
_BLOCKS: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "cache_control"}),
    "image": frozenset({"source", "cache_control"}),
    "tool_use": frozenset({"id", "name", "input", "cache_control"}),
    "tool_result": frozenset({"tool_use_id", "content", "is_error", "cache_control"}),
}
_ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error",
}  # fmt: skip
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def check_messages(body: Any, headers: Mapping[str, str], models: tuple[str, ...]) -> None:
    """Raise WrongError for the first thing that the service does not take."""
    version = headers.get("anthropic-version")
    if version not in _VERSIONS:
        raise WrongError("anthropic-version: header is required")
    if not isinstance(body, dict):
        raise WrongError("The request body is not valid JSON")
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            raise WrongError(f"{name}: Field required")
    check_fields(body, _FIELDS | _VERSIONS[version], "{}: Extra inputs are not permitted")
    if body["model"] not in models:
        raise WrongError(f"model: {body['model']}", status=404)
    if body["max_tokens"] < 1:
        raise WrongError("max_tokens: Input should be greater than or equal to 1")
    if any(not stop.strip() for stop in body.get("stop_sequences", ())):
        raise WrongError("stop_sequences: each stop sequence must contain non-whitespace")
    if isinstance(body.get("system"), list):
        _check_blocks(body["system"], "system", ("text",))
    for index, tool in enumerate(body.get("tools", ())):
        if not isinstance(tool.get("name"), str) or not isinstance(tool.get("input_schema"), dict):
            raise WrongError(f"tools.{index}.input_schema: Field required")
    _check_turns(body["messages"])


def _check_turns(turns: list[Any]) -> None:
    if not turns or turns[0].get("role") != "user":
        raise WrongError("messages: first message must use the user role")
    asked: set[str] = set()
    for index, turn in enumerate(turns):
        where = f"messages.{index}"
        if set(turn) != {"role", "content"} or turn["role"] not in ("user", "assistant"):
            raise WrongError(f"{where}: Extra inputs are not permitted, or a wrong role")
        blocks = [{"type": "text", "text": turn["content"]}] if isinstance(turn["content"], str) else turn["content"]
        kinds = ("text", "tool_use") if turn["role"] == "assistant" else ("text", "image", "tool_result")
        _check_blocks(blocks, where, kinds)
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if answered - asked:
            raise WrongError(f"{where}: unexpected `tool_use_id` found in `tool_result` blocks")
        if asked - answered:
            raise WrongError(f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after")
        asked = {block["id"] for block in blocks if block["type"] == "tool_use"}
    last = turns[-1]
    said = last["content"] if isinstance(last["content"], str) else last["content"][-1].get("text", "")
    if last["role"] == "assistant" and said != said.rstrip():
        raise WrongError("messages: final assistant content cannot end with trailing whitespace")


def _check_blocks(blocks: list[Any], where: str, kinds: tuple[str, ...]) -> None:
    if not blocks:
        raise WrongError(f"{where}: all messages must have non-empty content")
    for index, block in enumerate(blocks):
        kind = block.get("type")
        if kind not in kinds:
            raise WrongError(
                f"{where}.content.{index}: Input tag '{kind}' found does not match any of the expected tags"
            )
        if set(block) - {"type"} - _BLOCKS[kind]:
            raise WrongError(f"{where}.content.{index}: Extra inputs are not permitted")
        if kind == "text" and not block["text"].strip():
            raise WrongError(f"{where}: text content blocks must be non-empty")
        if kind == "tool_use" and not isinstance(block.get("input"), dict):
            raise WrongError(f"{where}.content.{index}.tool_use.input: Input should be a valid dictionary")
        if kind == "image":
            wanted = {"base64": {"type", "media_type", "data"}, "url": {"type", "url"}}.get(block["source"].get("type"))
            if wanted != set(block["source"]):
                raise WrongError(f"{where}.content.{index}.image.source: Extra inputs are not permitted")


def message_refusal(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def events(body: Mapping[str, Any], reply: Reply) -> Iterator[tuple[bool, str, str]]:
    """Yield the events of an answer: whether each is a token of it, its name, its JSON."""

    def made(name: str, *, token: bool = False, **fields: Any) -> tuple[bool, str, str]:
        return token, name, json.dumps({"type": name, **fields}, ensure_ascii=False)

    usage = {"input_tokens": 4, "cache_read_input_tokens": 16, "cache_creation_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    yield made("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage})
    yield made("ping")
    count = 0
    for index, (start, deltas) in enumerate(_blocks(reply)):
        yield made("content_block_start", index=index, content_block=start)
        for delta in deltas:
            count += 1
            yield made("content_block_delta", token=True, index=index, delta=delta)
        yield made("content_block_stop", index=index)
    stop = {"stop_reason": _STOPS.get(reply.finish, reply.finish), "stop_sequence": None}
    yield made("message_delta", delta=stop, usage={"output_tokens": count})
    yield made("message_stop")


def _blocks(reply: Reply) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    if reply.reasoning:
        thoughts = [{"type": "thinking_delta", "thinking": token} for token in tokens(reply.reasoning)]
        yield (
            {"type": "thinking", "thinking": "", "signature": ""},
            [
                *thoughts,
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            ],
        )
    if reply.text:
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": token} for token in tokens(reply.text)]
    for call_id, name, arguments in reply.calls:
        pieces = [arguments[start : start + 4] for start in range(0, len(arguments), 4)]
        yield (
            {"type": "tool_use", "id": call_id, "name": name, "input": {}},
            [{"type": "input_json_delta", "partial_json": piece} for piece in pieces],
        )
