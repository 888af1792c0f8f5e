"""Anthropic's models, and servers that speak its protocol (llama-server and Ollama do), by streaming messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from avatar_bridge.core.mind.dialogue import ReplyEvent, Request
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.credentials import Key
from avatar_bridge.errors import AvatarBridgeError, ModelError, UsageError
from avatar_bridge.llm.asking import Limits, asked, check_limits
from avatar_bridge.llm.messages_reply import MessagesReading
from avatar_bridge.llm.messages_request import messages_body
from avatar_bridge.llm.presets import same_host, usual_key
from avatar_bridge.llm.remedies import MODEL_STATUSES, model_error, named
from avatar_bridge.ports import ModelAbilities
from avatar_bridge.remote import Event, Patience, Service, ServiceRefusedError

__all__ = ["AnthropicModel"]

_URL = "https://api.anthropic.com"
_VARIABLE = "ANTHROPIC_API_KEY"
_VERSION = "2026-10-21"
_OLD_VERSION = "2023-06-01"
_LOOKING = 10.0
_NEVER = 3600.0


class AnthropicModel:
    """A model behind `POST {url}/v1/messages`.

    Options: `reasoning` "off" or "on"; `cache` marks the prompt's stable beginning, which then costs less; `extra`
    fields for the body; `longest` characters that an answer may have; `version` of the protocol, of which 2023-06-01
    shows the key as x-api-key and takes a temperature: some servers that are not Anthropic's know that one alone.
    """

    def __init__(
        self,
        *,
        name: str = "anthropic",
        model: str = "",
        url: str | None = None,
        key: Key | None = None,
        first_token: float = 60.0,
        stall: float = 20.0,
        reasoning: str = "",
        cache: bool = True,
        extra: Mapping[str, Any] | None = None,
        longest: int = 200_000,
        version: str = _VERSION,
    ) -> None:
        if version not in (_VERSION, _OLD_VERSION):
            raise UsageError(f"mind.options: expected version as {_VERSION} or {_OLD_VERSION}, got {version!r}")
        if reasoning not in ("", "off", "on"):
            raise UsageError(f"mind.options: expected reasoning as off or on, got {reasoning!r}")
        self.name = name
        self._model = model
        self._limits = check_limits(Limits(first_token, stall, longest))
        self._thinking = reasoning
        self._cache = cache
        self._extra = dict(extra or {})
        if key is None and same_host(url, (_URL,)):
            key = usual_key(_VARIABLE)
        self._key = key
        self._service = Service(
            "Anthropic" if same_host(url, (_URL,)) else "the model's server",
            (url or _URL).rstrip("/").removesuffix("/v1"),
            key=key,
            header="x-api-key" if version == _OLD_VERSION else "Authorization",
            scheme="" if version == _OLD_VERSION else "Bearer ",
            headers={"anthropic-version": version},
            patience=Patience(silence=_NEVER),
        )
        self._notes: list[Diagnostic] = []
        self._warm = version == _OLD_VERSION
        self._told_temperature = self._warm

    @property
    def abilities(self) -> ModelAbilities:
        """What it can do."""
        return ModelAbilities(images=True, tools=True)

    async def open(self) -> None:
        """See that the service answers and takes the key; raises ModelError with a remedy."""
        try:
            models = await self._listed()
        except ServiceRefusedError as error:
            if error.passing or (self._model and error.status not in (401, 402)):
                return
            raise self._explained(error) from error
        except AvatarBridgeError as error:
            raise self._explained(error) from error
        if not self._model:
            raise ModelError(f"name the model in [mind] model, for each has its price: {named(models)}")

    async def reply(self, request: Request) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the answer as it is made; closing the iterator closes the connection, which stops the service."""
        if request.temperature is not None and not self._told_temperature:
            self._told_temperature = True
            self._notes.append(
                Diagnostic("Anthropic's models take no temperature any more: [mind] temperature is left out")
            )
        try:
            async with aclosing(asked(lambda: self._posted(request), self._reading, self._limits)) as events:
                async for event in events:
                    yield event
        except AvatarBridgeError as error:
            models = await self._names_after(error)
            raise self._explained(error, models) from error

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        notes, self._notes = self._notes, []
        return notes

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    def _reading(self) -> MessagesReading:
        return MessagesReading(self._service.what)

    async def _posted(self, request: Request) -> AsyncGenerator[Event, None]:
        if not self._model:
            raise UsageError("name the model in [mind] model: Anthropic chooses none")
        body = messages_body(
            request, self._model, cache=self._cache, thinking=self._thinking, warm=self._warm, extra=self._extra
        )
        async with aclosing(self._service.events("/v1/messages", body=body)) as events:
            async for event in events:
                yield event

    async def _listed(self) -> list[str]:
        answer = await self._service.json("GET", "/v1/models", silence=_LOOKING)
        rows = answer.get("data") if isinstance(answer, dict) else None
        return [row["id"] for row in rows or () if isinstance(row, dict) and isinstance(row.get("id"), str)]

    async def _names_after(self, error: AvatarBridgeError) -> list[str]:
        """Return which models there are, where an error may come of a wrong one."""
        if not isinstance(error, ServiceRefusedError) or error.status not in MODEL_STATUSES:
            return []
        try:
            return await self._listed()
        except AvatarBridgeError:
            return []

    def _explained(self, error: AvatarBridgeError, models: list[str] | None = None) -> ModelError:
        return model_error(
            error,
            start="see whether this machine is online and whether [mind] url is right",
            variable=_VARIABLE,
            key=self._key is not None,
            model=self._model,
            models=models or [],
        )
