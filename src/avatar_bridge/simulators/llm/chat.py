"""OpenAI's `POST /v1/chat/completions` as the services of that form take and answer it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from avatar_bridge.simulators.llm.fields import WrongError, check_fields, is_number
from avatar_bridge.simulators.llm.replies import Reply, tokens

__all__ = ["FORMS", "Form", "check_chat", "chunks", "refusal", "whole"]

_NUMBER = (int, float)
_COMMON: dict[str, tuple[type, ...]] = {
    "model": (str,), "messages": (list,), "stream": (bool,), "stream_options": (dict,), "temperature": _NUMBER,
    "top_p": _NUMBER, "stop": (str, list), "seed": (int,), "tools": (list,), "response_format": (dict,),
    "frequency_penalty": _NUMBER, "presence_penalty": _NUMBER,
}  # fmt: skip
_OPENAI: dict[str, tuple[type, ...]] = {
    "max_completion_tokens": (int,), "reasoning_effort": (str,), "tool_choice": (str, dict), "logit_bias": (dict,),
    "n": (int,), "user": (str,), "metadata": (dict,), "store": (bool,), "service_tier": (str,), "logprobs": (bool,),
    "top_logprobs": (int,), "parallel_tool_calls": (bool,), "verbosity": (str,), "prompt_cache_key": (str,),
}  # fmt: skip
_LLAMA: dict[str, tuple[type, ...]] = {
    "max_tokens": (int,), "tool_choice": (str, dict), "grammar": (str,), "json_schema": (dict,),
    "cache_prompt": (bool,), "id_slot": (int,), "n_cache_reuse": (int,), "n_probs": (int,), "min_p": _NUMBER,
    "top_k": (int,), "samplers": (list,), "timings_per_token": (bool,), "return_progress": (bool,),
    "sse_ping_interval": (int,), "reasoning_format": (str,), "reasoning_effort": (str,),
    "chat_template_kwargs": (dict,), "reasoning_control": (bool,),
}  # fmt: skip
_VLLM: dict[str, tuple[type, ...]] = {
    "max_tokens": (int,), "max_completion_tokens": (int,), "tool_choice": (str, dict), "structured_outputs": (dict,),
    "chat_template_kwargs": (dict,), "reasoning_effort": (str,), "top_k": (int,), "min_p": _NUMBER,
    "logit_bias": (dict,), "n": (int,),
}  # fmt: skip
_ROLES = ("system", "developer", "user", "assistant", "tool")
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Form:
    """What is one service's own."""

    fields: Mapping[str, tuple[type, ...]]
    thinking: str = "reasoning"
    """The field of a chunk that holds thoughts."""
    comment: str = ""
    any_model: bool = False


FORMS: Mapping[str, Form] = {
    "openai": Form(_COMMON | _OPENAI),
    "ollama": Form(_COMMON | {"max_tokens": (int,), "reasoning_effort": (str,)}),
    "llama_server": Form(_COMMON | _LLAMA, "reasoning_content", any_model=True),
    "vllm": Form(_COMMON | _VLLM),
    "lmstudio": Form(_COMMON | {"max_tokens": (int,), "top_k": (int,), "min_p": _NUMBER}, "reasoning_content"),
    "openrouter": Form(
        _COMMON | _OPENAI | {"max_tokens": (int,), "reasoning": (dict,)}, comment="OPENROUTER PROCESSING"
    ),
}


def check_chat(body: Any, service: str, models: tuple[str, ...]) -> None:
    """Raise WrongError for the first thing that the service does not take."""
    if not isinstance(body, dict):
        raise WrongError("We could not parse the JSON body of your request.")
    form = FORMS[service]
    if service == "openai" and "max_tokens" in body:
        raise WrongError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            code="unsupported_parameter",
            field="max_tokens",
        )
    check_fields(body, form.fields, "Unrecognized request argument supplied: {}", ("model", "messages"))
    if body["model"] not in models and not form.any_model:
        raise _no_model(service, body["model"])
    if not is_number(body.get("temperature", 1), 0, 2):
        raise WrongError("Invalid 'temperature': expected a number from 0 to 2.", field="temperature")
    if "stream_options" in body and not body.get("stream"):
        raise WrongError("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    if body.get("reasoning_effort", "low") not in _EFFORTS:
        raise WrongError("Invalid value for 'reasoning_effort'.", field="reasoning_effort")
    if "grammar" in body and "tools" in body:
        raise WrongError("Cannot use custom grammar constraints with tools.")
    if not body["messages"]:
        raise WrongError("Invalid 'messages': empty array.", field="messages")
    for index, message in enumerate(body["messages"]):
        _check_message(message, f"messages[{index}]")


def _no_model(service: str, model: str) -> WrongError:
    if service == "ollama":
        return WrongError(f'model "{model}" not found, try pulling it first', status=404)
    if service == "openrouter":
        return WrongError(f"{model} is not a valid model ID")
    return WrongError(f"The model `{model}` does not exist", status=404, code="model_not_found")


def _check_message(message: Any, where: str) -> None:
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise WrongError(f"Invalid value for '{where}.role'.", field=where)
    role, content = message["role"], message.get("content")
    allowed = {"role", "content", "name"}
    allowed |= {"tool_calls", "refusal"} if role == "assistant" else {"tool_call_id"} if role == "tool" else set()
    if extra := set(message) - allowed:
        raise WrongError(f"Unknown parameter: '{where}.{min(extra)}'.", field=where)
    if "name" in message and (
        not message["name"] or not all(c.isascii() and (c.isalnum() or c in "_-") for c in message["name"])
    ):
        raise WrongError(f"Invalid '{where}.name': string does not match pattern.", field=where)
    if role == "tool" and not message.get("tool_call_id"):
        raise WrongError(f"Missing parameter '{where}.tool_call_id'.", field=where)
    calls = message.get("tool_calls") or ()
    if not isinstance(calls, list | tuple) or not all(
        isinstance(call, dict) and isinstance(call.get("function"), dict) for call in calls
    ):
        raise WrongError(f"Invalid type for '{where}.tool_calls'.", field=where)
    for call in calls:
        if set(call) != {"id", "type", "function"} or set(call["function"]) != {"name", "arguments"}:
            raise WrongError(f"Invalid '{where}.tool_calls'.", field=where)
    if content is None and not message.get("tool_calls"):
        raise WrongError(f"Invalid value for '{where}.content': expected a string, got null.", field=where)
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        good = {"text": ("text", str), "image_url": ("image_url", dict)}.get(kind if isinstance(kind, str) else "")
        if good is None or set(part) != {"type", good[0]} or not isinstance(part[good[0]], good[1]):
            raise WrongError(f"Invalid part in '{where}.content'.", field=where)


def refusal(service: str, status: int, message: str, code: str = "", field: str = "") -> Any:
    """Return the body of an error as a service writes it."""
    if service == "lmstudio":
        return {"error": message}
    if service == "openrouter":
        return {"error": {"message": message, "code": status}}
    if service == "llama_server":
        kind = {401: "authentication_error", 404: "not_found_error", 503: "unavailable_error"}
        return {"error": {"code": status, "message": message, "type": kind.get(status, "invalid_request_error")}}
    if service == "vllm":
        return {"error": {"message": message, "type": "BadRequestError", "param": field or None, "code": status}}
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": field or None, "code": code or None}
    }


def chunks(body: Mapping[str, Any], service: str, reply: Reply, fault: str = "") -> Iterator[tuple[bool, str]]:
    """Yield the chunks of an answer as JSON, and whether each is a token of it."""
    frame = _Frame(str(body["model"]), service, everywhere=fault == "usage_everywhere")
    form = FORMS[service]
    field = {"only_thinking": "reasoning_content", "only_thinking_reasoning": "reasoning"}.get(fault, form.thinking)
    yield False, frame.made({"role": "assistant", "content": ""})
    if fault == "empty_choices":
        yield False, frame.made(None)
    for token in tokens(reply.reasoning):
        yield True, frame.made({field: token})
    said = tokens(reply.text)
    last = said.pop() if fault == "finish_with_text" and said else None
    for token in said:
        yield True, frame.made({"content": token}, "" if fault == "empty_finish" else None)
    for index, call in enumerate(reply.calls):
        for piece in _call(index, *call):
            yield True, frame.made({"tool_calls": [piece]})
    if fault == "no_finish":
        return
    finish = "" if fault == "unnamed_finish" else reply.finish
    yield last is not None, frame.made({"content": last} if last else {}, finish)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield False, frame.made(None, usage=True)


def _call(index: int, call_id: str, name: str, arguments: str) -> Iterator[dict[str, Any]]:
    yield {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    for start in range(0, len(arguments), 4):
        yield {"index": index, "function": {"arguments": arguments[start : start + 4]}}


def whole(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Return an answer that is not streamed."""
    message = {"role": "assistant", "content": reply.text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}],
        "usage": {"prompt_tokens": 20, "completion_tokens": len(tokens(reply.text)), "total_tokens": 0},
    }


class _Frame:
    """What all chunks of an answer have in common."""

    def __init__(self, model: str, service: str, *, everywhere: bool) -> None:
        self._model, self._service, self._everywhere = model, service, everywhere
        self._count = 0

    def made(self, delta: dict[str, Any] | None, finish: str | None = None, *, usage: bool = False) -> str:
        self._count += bool(delta) and "role" not in (delta or {})
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        counts = {
            "prompt_tokens": 20,
            "completion_tokens": self._count,
            "total_tokens": 20 + self._count,
            "prompt_tokens_details": {"cached_tokens": 16},
        }
        chunk = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": self._model,
            "choices": [] if delta is None else [choice],
            "usage": counts if usage or self._everywhere else None,
        }
        if self._service == "openai":
            chunk["obfuscation"] = "x" * (self._count % 7)
        if self._service == "llama_server" and finish:
            chunk["timings"] = {"cache_n": 16, "prompt_n": 4, "predicted_n": self._count}
        return json.dumps(chunk, ensure_ascii=False)
