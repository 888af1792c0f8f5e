"""The `transformers` model: any causal language model of that library on this machine, on its processor or a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from avatar_bridge.core.mind.dialogue import Delta, Finish, ReplyEvent, Request, Usage
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm.chat_form import chat_messages, without_tools
from avatar_bridge.llm.transformers_parts import Remembered, choose, choose_device, load
from avatar_bridge.llm.written import Written
from avatar_bridge.ports import ModelAbilities

__all__ = ["TransformersEngine"]

_BATCH = 128
"""Tokens of a prompt worked through at once: after so many it can be given up."""
_PLAIN = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% else %}{{ 'User: ' if m.role == 'user' else 'Assistant: ' }}{{ m.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
_PLAIN_STOPS = ("\nUser:", "\nAssistant:")
_HALF = "\ufffd"
"""What a decoder writes for a character whose other bytes are still to come."""
_BYTES = 4
"""Tokens that a character may take; what is none by then becomes none."""


class TransformersEngine:
    """Answers with a causal language model, token by token.

    model: path of its folder, or its name at the hub (what was downloaded before; `download` = true fetches it).
    device: auto, cpu, cuda, cuda:1, mps. dtype: auto (float32 on a processor, the model's own on a GPU), float32,
    float16, bfloat16. threads: of the processor. context: tokens of prompt and answer together, at most the model's.
    seed: the same answers again. temperature, top_p, repeat_penalty: how it chooses. thinking: whether a model that can
    think aloud does. template: a chat template (Jinja); for a model without one, names stand before what is said.
    """

    def __init__(
        self,
        *,
        model: str = "",
        device: str = "auto",
        dtype: str = "auto",
        threads: int = 1,
        context: int = 4096,
        seed: int | None = None,
        temperature: float = 0.7,
        top_p: float = 0.95,
        repeat_penalty: float = 1.0,
        thinking: bool = False,
        template: str = "",
        download: bool = False,
    ) -> None:
        if not model:
            raise UsageError("mind.model: expected the folder or the name of a transformers model, got none")
        if threads < 1 or context < 16:
            raise UsageError(f"mind.options: expected threads >= 1 and context >= 16, got {threads} and {context}")
        self.name = model
        self._device = choose_device(device, threads, seed)
        self._tokenizer, self._model = load(model, self._device, dtype, download=download)
        own = getattr(self._model.config, "max_position_embeddings", None) or context
        self._context = min(context, own)
        self._chosen = (temperature, top_p, repeat_penalty)
        known = template or self._tokenizer.chat_template
        self._template: str = known or _PLAIN
        self._stops: tuple[str, ...] = () if known else _PLAIN_STOPS
        self._tools = "tools" in self._template
        self._thinking = thinking
        self._remembered = Remembered(self._model, self._device)
        self._given = self._done = 0
        self.abilities = ModelAbilities(tools=self._tools, local=True, context=self._context)

    def reply(self, request: Request) -> Iterator[ReplyEvent]:
        """Yield the answer, Finish last; a Delta without text is a sign of life while the prompt is worked through.

        Raises ModelError where the request does not fit the model, or memory runs out. Tags cannot be held to.
        """
        ids, opens = self._prompt(request)
        room = self._context - len(ids)
        most = min(room, request.max_tokens or room)
        written = Written((*request.stop, *self._stops), thinking=opens)
        made: list[int] = []
        self._given = self._done = 0
        cached = self._remembered.shared(ids)
        reason = "length"
        for token in self._tokens(ids, request.temperature, most):
            if token is None:
                yield Delta("")
                continue
            if token in self._ends():
                reason = "stop"
                break
            made.append(token)
            yield from written.feed(self._decoded(made))
            if written.stopped:
                reason = "stop"
                break
        yield from written.feed(self._decoded(made, rest=True))
        yield from written.close()
        yield Finish("stop" if reason == "stop" else "length", Usage(len(ids), len(made), cached))

    def read_ahead(self, request: Request) -> Iterator[ReplyEvent]:
        """Work through a request's messages, so that an answer to one that begins alike comes sooner; signs of life."""
        ids, _ = self._prompt(request)
        for _sign in self._remembered.read(ids, _BATCH):
            yield Delta("")

    def _prompt(self, request: Request) -> tuple[list[int], bool]:
        """Return the tokens of a prompt, and whether it leaves a thought open."""
        messages = chat_messages(request, self.name)
        if not self._tools:
            without_tools(request, self.name)
        from jinja2 import TemplateError

        more = {"tools": [dict(tool) for tool in request.tools]} if request.tools else {}
        try:
            text: str = self._tokenizer.apply_chat_template(
                messages,
                chat_template=self._template,
                add_generation_prompt=True,
                tokenize=False,
                enable_thinking=self._thinking,
                **more,
                **dict(request.more or {}),
            )
        except (TemplateError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            # a template is a program of the model's maker
            raise ModelError(f"the chat template of {self.name!r} refused the conversation: {error}") from error
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) >= self._context:
            raise ModelError(
                f"the conversation has {len(ids)} tokens, but the model {self.name!r} has room for {self._context}: "
                "lower tokens in [memory], or raise context in [mind.options]"
            )
        return ids, text.rstrip().endswith("<think>")

    def _tokens(self, ids: Sequence[int], temperature: float | None, most: int) -> Iterator[int | None]:
        """Yield what the model writes, and None for each piece of the prompt that was worked through."""
        for _sign in self._remembered.read(ids[:-1], _BATCH):
            yield None
        own, top_p, penalty = self._chosen
        told = list(ids)
        for _ in range(most):
            logits = self._remembered.follow(told)
            token = choose(logits, told[len(ids) :], own if temperature is None else temperature, top_p, penalty)
            told.append(token)
            yield token

    def _ends(self) -> frozenset[int]:
        told = self._model.generation_config.eos_token_id
        ends = told if isinstance(told, list) else [told]
        return frozenset(end for end in (*ends, self._tokenizer.eos_token_id) if end is not None)

    def _decoded(self, made: Sequence[int], *, rest: bool = False) -> str:
        """Return what the newest token adds; nothing while it is half a character, unless it is all that comes."""
        if self._done >= len(made):
            return ""
        before: str = self._tokenizer.decode(made[self._given : self._done], skip_special_tokens=True)
        now: str = self._tokenizer.decode(made[self._given :], skip_special_tokens=True)
        if now.endswith(_HALF) and len(made) - self._done < _BYTES and not rest:
            return ""
        self._given, self._done = self._done, len(made)
        return now[len(before) :]
