"""The stand-in's server: one service's addresses, its keys, its counts, and the faults that it is told to have."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from avatar_bridge.errors import UsageError, WorldError
from avatar_bridge.simulators.journal import Journal
from avatar_bridge.simulators.llm import chat, messages
from avatar_bridge.simulators.llm.exchange import ClientGoneError, Exchange, Question, read_question
from avatar_bridge.simulators.llm.fields import WrongError
from avatar_bridge.simulators.llm.replies import FAULTS, REFUSALS, Reply, bent, tokens
from avatar_bridge.simulators.llm.stream import sent

__all__ = ["SERVICES", "LanguageServer"]

SERVICES = (*chat.FORMS, "anthropic")
_TOLD = 50
"""Lines of each kind that people are told."""
_WORDS = {
    "400": "Invalid request", "402": "Insufficient Balance", "403": "Forbidden", "404": "Not found",
    "408": "Request timed out", "422": "Unprocessable", "429": "Rate limit reached for requests",
    "500": "The server had an error", "503": "Loading model", "529": "Overloaded",
}  # fmt: skip


class LanguageServer:
    """One service; use it with `async with`. Replies are given in turn, the last again and again."""

    def __init__(
        self,
        service: str = "openai",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        replies: Sequence[Reply] = (Reply(),),
        models: tuple[str, ...] = ("small", "large"),
        key: str = "",
        pace: float = 0.0,
        record: Path | None = None,
    ) -> None:
        """`pace`: seconds between tokens; `key`: what it wants to be shown; `record`: a file for what it is asked."""
        if service not in SERVICES:
            raise UsageError(f"expected a service out of {', '.join(SERVICES)}, got {service!r}")
        self.service, self.host, self.port = service, host, port
        self.replies, self.models, self.key, self.pace = tuple(replies), models, key, pace
        self.after = 3
        """Tokens before a fault in mid-answer strikes."""
        self.hold: int | None = None
        """Tokens after which an answer waits until `release`; None for no wait."""
        self.loading = False
        """Whether it says 503 to everything."""
        self.context: int | None = 8192
        self.asked: list[dict[str, Any]] = []
        """Bodies of the requests for an answer, in order."""
        self.seen: list[Question] = []
        self.connections = self.aborts = self.tokens = 0
        """Connections made, answers that the client left, tokens made."""
        self.complaints: list[str] = []
        """What was against the service's rules."""
        self.busy = 0
        self._faults: deque[tuple[str, dict[str, str]]] = deque()
        self._record, self._journal = record, Journal(None)
        self._release = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._server: asyncio.Server | None = None
        self._meetings: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        """The address for clients, as the service's own clients take it."""
        return f"http://{self.host}:{self.port}{'' if self.service == 'anthropic' else '/v1'}"

    @property
    def running(self) -> bool:
        """Whether its port is open."""
        return self._server is not None

    def fault(self, name: str, times: int = 1, **headers: str) -> None:
        """Have a fault in the next `times` answers; `headers` go with a refusal (`retry_after="2"`)."""
        if name not in FAULTS:
            raise UsageError(f"expected a fault out of {', '.join(sorted(FAULTS))}, got {name!r}")
        self._faults.extend([(name, {key.replace("_", "-"): value for key, value in headers.items()})] * times)

    def release(self) -> None:
        """Let answers go on that are held."""
        self._release.set()

    def describe(self) -> list[str]:
        """Return the lines that tell people what it was asked, and what was against the rules."""
        asked = [
            f"{number} asked: {body.get('model')}, {len(body.get('messages', ()))} messages"
            for number, body in enumerate(self.asked, 1)
        ]
        wrong = [f"{number} against the rules: {words}" for number, words in enumerate(self.complaints, 1)]
        left = [f"left before the end: {self.aborts}"] if self.aborts else []
        return [f"connections: {self.connections}", *asked[-_TOLD:], *wrong[-_TOLD:], *left]

    def order(self, line: str) -> str:
        """Carry out `loading on|off`, or a fault's name and how many answers it spoils; return what to tell of it."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return ""
        try:
            if word == "loading":
                self.loading = {"": True, "on": True, "off": False}[rest.strip()]
            else:
                self.fault(word, int(rest or 1))
        except UsageError:
            return f"there is no order {word!r}; these are understood: loading, {', '.join(sorted(FAULTS))}"
        except (KeyError, ValueError):
            return f"not understood: {line.strip()!r}"
        return f"done: {line.strip()}"

    async def quiet(self) -> None:
        """Return when no answer is under way."""
        await self._idle.wait()

    async def __aenter__(self) -> Self:
        """Listen; raises WorldError where the port is taken or the record cannot be written."""
        self._journal = Journal(self._record)
        try:
            self._server = await asyncio.start_server(self._meet, self.host, self.port)
        except OSError as error:
            self._journal.close()
            raise WorldError(
                f"port {self.port} of {self.host} cannot be opened ({error.strerror}): choose another with --port"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Break every connection and close the port."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._meetings.values()):
                writer.transport.abort()
            await asyncio.gather(*filter(None, self._meetings), return_exceptions=True)
            await self._server.wait_closed()
            self._server = None
        self._journal.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._meetings[asyncio.current_task()] = writer
        try:
            while (question := await read_question(reader)) is not None:
                self.seen.append(question)
                self._journal.write("request", time.perf_counter(), method=question.method, path=question.path)
                exchange = Exchange(reader, writer)
                self._begin()
                try:
                    await self._answer(question, exchange)
                finally:
                    left = await exchange.close()
                    self._end()
                if left or writer.is_closing():
                    break
        except ClientGoneError:
            self.aborts += 1
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._meetings.pop(asyncio.current_task())

    def _begin(self) -> None:
        self.busy += 1
        self._idle.clear()

    def _end(self) -> None:
        self.busy -= 1
        if not self.busy:
            self._idle.set()

    async def _answer(self, question: Question, exchange: Exchange) -> None:
        if self.loading:
            await self._refuse(exchange, WrongError("Loading model", status=503))
            return
        try:
            self._check_key(question)
            if question.method == "GET" and question.path == "/v1/models":
                await exchange.answer(200, self._listed())
            elif question.method == "GET" and question.path == "/health":
                await exchange.answer(200, {"status": "ok"})
            elif (question.method, question.path) == ("POST", self._path):
                await self._reply(question, exchange)
            else:
                raise WrongError(f"Invalid URL ({question.method} {question.path})", status=404)
        except WrongError as error:
            self.complaints.append(str(error))
            await self._refuse(exchange, error)

    @property
    def _path(self) -> str:
        return "/v1/messages" if self.service == "anthropic" else "/v1/chat/completions"

    def _check_key(self, question: Question) -> None:
        shown = question.headers.get("authorization", "").removeprefix("Bearer ")
        if self.service == "anthropic":
            shown = question.headers.get("x-api-key", shown)
        if self.key and shown != self.key:
            raise WrongError(f"Incorrect API key provided: {shown[:3]}***", status=401, code="invalid_api_key")

    def _listed(self) -> dict[str, Any]:
        if self.service == "anthropic":
            named = [{"id": name, "type": "model", "display_name": name, "created_at": _DAY} for name in self.models]
            return {"data": named, "has_more": False, "first_id": None, "last_id": None}
        own: dict[str, Any] = {}
        if self.context and self.service in ("vllm", "openrouter", "llama_server"):
            name = {"vllm": "max_model_len", "openrouter": "context_length"}.get(self.service, "meta")
            own = {name: {"n_ctx_train": self.context} if name == "meta" else self.context}
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "us", **own} for name in self.models]
        return {"object": "list", "data": rows or (None if self.service == "ollama" else [])}

    async def _reply(self, question: Question, exchange: Exchange) -> None:
        fault, headers = self._faults.popleft() if self._faults else ("", {})
        try:
            body = json.loads(question.body)
        except ValueError:
            body = None
        if self.service == "anthropic":
            messages.check_messages(body, question.headers, self.models)
        else:
            chat.check_chat(body, self.service, self.models)
        self.asked.append(body)
        self._journal.write("asked", time.perf_counter(), body=body)
        if await self._failed(fault, headers, question, exchange):
            return
        reply = bent(self.replies[min(len(self.asked), len(self.replies)) - 1], fault)
        if not body.get("stream") and self.service != "anthropic":
            self.tokens += len(tokens(reply.text))
            await exchange.answer(200, chat.whole(body, reply))
            return
        await exchange.begin({"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"})
        if self.service == "openrouter":
            await exchange.send(b": OPENROUTER PROCESSING\n\n")
        await sent(self, exchange, self._frames(body, reply, fault), fault)

    def _frames(self, body: dict[str, Any], reply: Reply, fault: str) -> Iterator[tuple[bool, str, str]]:
        """Yield whether it is a token, the event's name, and its data."""
        if self.service == "anthropic":
            yield from messages.events(body, reply)
        else:
            for token, data in chat.chunks(body, self.service, reply, fault):
                yield token, "", data

    async def _failed(self, fault: str, headers: dict[str, str], question: Question, exchange: Exchange) -> bool:
        """Give the answer of a fault that is none of a stream; return whether there was one."""
        if fault in REFUSALS:
            await self._refuse(exchange, WrongError(_WORDS.get(fault, "No"), status=int(fault)), headers)
        elif fault == "quota":
            words = "You exceeded your current quota, please check your plan and billing details."
            await self._refuse(exchange, WrongError(words, status=429, code="insufficient_quota"))
        elif fault == "echo_key":
            shown = question.headers.get("authorization") or question.headers.get("x-api-key", "")
            await self._refuse(exchange, WrongError(f"{'bad key: ' * 8}{shown} and {shown}", status=401))
        elif fault == "nested":
            await exchange.answer(500, b"[" * 60_000)
        elif fault == "html":
            page = b"<!doctype html><title>Sign in</title><p>Welcome to the router</p>"
            await exchange.answer(200, page, {"Content-Type": "text/html"})
        elif fault == "redirect":
            await exchange.answer(307, b"", {"Location": "http://127.0.0.1:1/v1/elsewhere"})
        elif fault == "gzip":
            packed = gzip.compress(b"data: " + b" " * (1 << 20) + b"\n\n")
            await exchange.answer(200, packed, {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"})
        elif fault == "drop":
            exchange.drop()
        elif fault == "stall":
            await exchange.wait(None)
        else:
            return False
        return True

    async def _refuse(self, exchange: Exchange, error: WrongError, headers: dict[str, str] | None = None) -> None:
        if self.service == "anthropic":
            body: Any = messages.message_refusal(error.status, str(error))
        else:
            body = chat.refusal(self.service, error.status, str(error), error.code, error.field)
        await exchange.answer(error.status, body, headers)

    async def pause(self, exchange: Exchange, made: int) -> None:
        """Wait as long as there is between two tokens, of which `made` are out."""
        if self.hold is not None and made >= self.hold:
            await exchange.until(self._release)
        await exchange.wait(self.pace)


_DAY = "2026-01-01T00:00:00Z"
