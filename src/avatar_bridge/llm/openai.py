"""Any OpenAI-compatible server, by streaming chat: Ollama, llama.cpp, vLLM, LM Studio, OpenAI, OpenRouter."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from avatar_bridge.core.mind.dialogue import ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.credentials import Key
from avatar_bridge.errors import AvatarBridgeError, ModelError, ProtocolError, UnreachableError, UsageError
from avatar_bridge.llm.asking import Limits, asked, check_limits
from avatar_bridge.llm.chat_reply import ChatReading
from avatar_bridge.llm.chat_request import ChatOptions, chat_body
from avatar_bridge.llm.presets import preset_for, same_host, usual_key
from avatar_bridge.llm.remedies import MODEL_STATUSES, model_error, named
from avatar_bridge.ports import ModelAbilities
from avatar_bridge.remote import Event, Patience, Service, ServiceRefusedError

__all__ = ["OpenAIModel"]

_LOOKING = 10.0
"""Seconds that a server may take to say which models it has."""
_NEVER = 3600.0
"""The answer's own limits are the model's; the connection needs none of its own."""


@dataclass(frozen=True, slots=True)
class _Listed:
    name: str
    context: int | None


class OpenAIModel:
    """A model behind `POST {url}/chat/completions`; `name` chooses what is known of the server.

    `model` "" takes the server's first. Options: `reasoning` off, minimal, low, medium, high; `seed`;
    `max_tokens_field`, `grammar_field` where the server's differ from the usual; `images` whether it sees pictures;
    `extra` fields for the body; `longest` characters that an answer may have.
    """

    def __init__(
        self,
        *,
        name: str = "openai",
        model: str = "",
        url: str | None = None,
        key: Key | None = None,
        first_token: float = 60.0,
        stall: float = 20.0,
        reasoning: str = "",
        seed: int | None = None,
        max_tokens_field: str = "",
        grammar_field: str = "",
        images: bool | None = None,
        extra: Mapping[str, Any] | None = None,
        longest: int = 200_000,
    ) -> None:
        self.name = name
        self._preset = preset = preset_for(name, url)
        if url is None and not preset.urls:
            raise UsageError(f"the model {name!r} needs an address: put url in [mind]")
        self._options = ChatOptions(reasoning, seed, max_tokens_field, grammar_field, extra or {})
        self._options.check(preset)
        self._limits = check_limits(Limits(first_token, stall, longest))
        if key is None and same_host(url, preset.urls):
            key = usual_key(preset.variable)
        self._key = key
        patience = Patience(silence=_NEVER)
        self._services = [
            Service(preset.title, each, key=key, headers=preset.headers, patience=patience)
            for each in ((url,) if url else preset.urls)
        ]
        self._service = self._services[0] if len(self._services) == 1 else None
        self._model = model
        self._found: list[_Listed] | None = None
        self._notes: list[Diagnostic] = []
        self._abilities = ModelAbilities(
            tags=(grammar_field or preset.grammar) != "none",
            images=preset.images if images is None else images,
            tools=True,
        )

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do; the context is known where the server tells it."""
        return self._abilities

    async def open(self) -> None:
        """See that the server answers and has the model; raises ModelError with a remedy.

        One that still loads is no error: `reply` waits for it.
        """
        try:
            service = await self._reached()
            models = await self._listed(service)
        except ServiceRefusedError as error:
            # some servers list no models, and some keys may not see the list
            silent = error.status == 403 or not self._preset.urls
            if error.passing or (self._model and silent and error.status not in (401, 402)):
                return
            raise self._explained(error) from error
        except AvatarBridgeError as error:
            raise self._explained(error) from error
        self._look_at(models)

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the answer as it is made; closing the iterator closes the connection, which stops the server."""
        try:
            async with aclosing(asked(lambda: self._posted(request), self._reading, self._limits)) as events:
                async for event in events:
                    yield event
        except ModelError:
            raise
        except AvatarBridgeError as error:
            names = await self._names_after(error)
            raise self._explained(error, names) from error

    async def models(self) -> list[str]:
        """Return the names of the server's models; raises what `remote.Service` raises."""
        return [each.name for each in await self._listed(await self._reached())]

    async def relayed(self, body: Mapping[str, Any]) -> AsyncGenerator[Event, None]:
        """Yield the server's events for a body that somebody else has made; raises what `remote.Service` raises.

        The settings' model is asked where one is set, else the one that the body names.
        """
        service = await self._reached()
        sent = {**body, "model": self._model or body.get("model") or "", "stream": True}
        silence = max(self._limits.first_token, self._limits.stall)
        async with aclosing(service.events("/chat/completions", body=sent, silence=silence)) as events:
            async for event in events:
                yield event

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        notes, self._notes = self._notes, []
        return notes

    async def close(self) -> None:
        """Close the connections."""
        for service in self._services:
            await service.close()

    def _reading(self) -> ChatReading:
        return ChatReading(self._preset.title)

    async def _posted(self, request: Request) -> AsyncGenerator[Event, None]:
        service = await self._reached()
        if not self._model:
            self._look_at(await self._listed(service))
        body = chat_body(request, self._model, self._preset, self._options)
        async with aclosing(service.events("/chat/completions", body=body)) as events:
            async for event in events:
                yield event

    async def _reached(self) -> Service:
        """Return the server: of several usual places, the first that answers as one."""
        if self._service is None:
            for service in self._services:
                try:
                    await self._listed(service)
                except ServiceRefusedError as error:
                    if not error.passing and error.status not in (401, 403):
                        continue
                except (UnreachableError, ProtocolError):
                    continue
                self._service = service
                return service
            places = " nor at ".join(service.url for service in self._services)
            raise UnreachableError(f"{self._preset.title} answers neither at {places}")
        return self._service

    async def _listed(self, service: Service) -> list[_Listed]:
        answer = await service.json("GET", "/models", silence=_LOOKING)
        rows = answer.get("data", answer.get("models")) if isinstance(answer, dict) else answer
        if rows is None and isinstance(answer, dict) and "data" in answer:
            rows = []
        if not isinstance(rows, list):
            raise ProtocolError(f"{service.what} at {service.url}/models does not list models; is the address right?")
        found = [
            _Listed(row["id"], _context(row))
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("id"), str)
        ]
        self._found = found
        return found

    def _look_at(self, models: list[_Listed]) -> None:
        """Take the first model where none is named; raises ModelError where the one that is cannot be had."""
        names = [each.name for each in models]
        if not self._model:
            speaking = [name for name in names if "embed" not in name.lower()]
            if not speaking:
                raise ModelError(f"{self._preset.title} has no model yet: load or download one in it")
            if self._preset.paid:
                raise ModelError(f"name the model in [mind] model, for each has its price: {named(speaking)}")
            self._model = speaking[0]
            self._notes.append(Diagnostic(f"the model is {self._model!r}, the first that {self._preset.title} has"))
        same = [each for each in models if each.name in (self._model, f"{self._model}:latest")]
        if same:
            self._abilities = replace(self._abilities, context=same[0].context)
        elif self._preset.lists_all:
            raise ModelError(
                f"{self._preset.title} has no model {self._model!r}; [mind] model may be {named(names, self._model)}"
                if names
                else f"{self._preset.title} has no model yet: load or download one in it"
            )

    async def _names_after(self, error: AvatarBridgeError) -> list[str]:
        """Return which models there are, where an error may come of a wrong one."""
        if not isinstance(error, ServiceRefusedError) or error.status not in MODEL_STATUSES or self._service is None:
            return []
        try:
            return [each.name for each in self._found or await self._listed(self._service)]
        except AvatarBridgeError:
            return []

    def _explained(self, error: AvatarBridgeError, models: list[str] | None = None) -> ModelError:
        preset = self._preset
        return model_error(
            error,
            start=preset.start,
            variable=preset.variable,
            key=self._key is not None,
            model=self._model,
            models=models or [],
        )


def _context(row: Mapping[str, Any]) -> int | None:
    """Return how many tokens a listed model can hold: vLLM's, OpenRouter's and llama.cpp's names for it."""
    meta = row.get("meta")
    inner = meta if isinstance(meta, dict) else {}
    given = (row.get("max_model_len"), row.get("context_length"), inner.get("n_ctx"), inner.get("n_ctx_train"))
    return next((each for each in given if isinstance(each, int) and each > 0), None)
