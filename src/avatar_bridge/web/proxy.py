"""The bridge as an OpenAI-compatible server: other programs ask it for replies, which are performed as they pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from avatar_bridge.assembly import Bridge
from avatar_bridge.core.mind.dialogue import Usage
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.motion.prompt import instructions
from avatar_bridge.core.script.untagged import Untagged
from avatar_bridge.errors import AvatarBridgeError, ModelError, RefusedError, UnreachableError, UsageError
from avatar_bridge.remote import ServiceRefusedError
from avatar_bridge.settings import ProxySettings
from avatar_bridge.web.proxy_reply import Reply, Whole
from avatar_bridge.web.refusals import Refusal
from avatar_bridge.web.show import Show
from avatar_bridge.web.upstream import Upstream

__all__ = ["SILENT", "Proxy", "chat", "proxy_error", "proxy_of", "router"]

SILENT: Final = " (silent)"
"""What a model's name ends with whose replies are not performed: for a program's titles, summaries and the like."""
_NOBODY: Final = 499
"""A status that nobody reads, as nginx has it in its logs."""
_TASK: Final = "### Task:"
"""How Open WebUI begins what it asks for itself."""

_Answer = TypeVar("_Answer")

router = APIRouter(prefix="/v1", include_in_schema=False)


class _NoServerError(UsageError):
    """The proxy is switched off."""


class _GoneError(Exception):
    """The program hung up before it was answered."""


class Proxy:
    """What the routes share: the model behind it, and how replies are treated."""

    def __init__(self, settings: ProxySettings, upstream: Upstream) -> None:
        self.settings = settings
        self.upstream = upstream
        self.performing: set[asyncio.Task[None]] = set()
        """The performances that replies began."""
        self._told: tuple[MotionMap, frozenset[str], str] | None = None

    def words(self, bridge: Bridge) -> str:
        """Return what a model has to know of the character's tags, made anew where that changes."""
        motion_map, able = bridge.motion_map, bridge.performed
        told = self._told
        if told is None or told[0] is not motion_map or told[1] != able:
            words = instructions(motion_map, performed=able, dialect=bridge.settings.script.dialect)
            told = self._told = (motion_map, able, words)
        return told[2]


@router.get("/models")
async def models(request: Request) -> JSONResponse:
    """List the model under its name, and once more as silent."""
    try:
        names = await proxy_of(request).upstream.models()
    except AvatarBridgeError as error:
        return proxy_error(error)
    rows = [{"id": each, "object": "model", "created": 0, "owned_by": "avatar-bridge"} for each in _with_silent(names)]
    return JSONResponse({"object": "list", "data": rows})


async def chat(request: Request) -> Response:
    """Ask the model as the program does, perform the reply, and give the program its text without the tags.

    A route of Starlette's own: FastAPI would take half a millisecond of the first token to find its arguments.
    """
    show: Show = request.app.state.show
    try:
        proxy = proxy_of(request)
        body = _body(await request.body())
        passing = _Passing(proxy, show, body)
        if body.get("stream"):
            return _Events(passing, await _unless_gone(request, passing.first()))
        return JSONResponse(await _unless_gone(request, passing.whole()))
    except AvatarBridgeError as error:
        return proxy_error(error)
    except _GoneError:
        return Response(status_code=_NOBODY)


class _Passing:
    """One request on its way."""

    def __init__(self, proxy: Proxy, show: Show, body: dict[str, Any]) -> None:
        bridge = show.bridge
        wanted = body.get("model")
        named = wanted if isinstance(wanted, str) else ""
        silent = named.endswith(SILENT)
        self._performed = proxy.settings.perform and not silent and not _is_task(body)
        names, dialect = bridge.motion_map.names(), bridge.settings.script.dialect
        take_out = not proxy.settings.tags
        self._reply = Reply((lambda: Untagged(dialect=dialect, names=names)) if take_out else None)
        asked = {**body, "model": named.removesuffix(SILENT)}
        # several answers at once would be spoken through each other
        asked.pop("n", None)
        options = body.get("stream_options")
        options = options if isinstance(options, dict) else {}
        # what an answer costs is told where it is asked for; a program that did not ask is not told
        self._tells = bool(options.get("include_usage")) or not body.get("stream")
        asked["stream_options"] = {**options, "include_usage": True}
        if self._performed and proxy.settings.prompt:
            asked["messages"] = _instructed(body["messages"], proxy.words(bridge))
        self._model = f"{bridge.settings.mind.engine}/{asked['model']}"
        self._upstream = proxy.upstream
        self._chunks = self._upstream.chat(asked)
        self._show = show
        self._task: asyncio.Task[None] | None = None
        self._tasks = proxy.performing
        self._usage: Usage | None = None

    async def first(self) -> Mapping[str, Any] | None:
        """Return the first chunk, None for an answer without any; raises what the server refuses with."""
        return await anext(self._chunks, None)

    async def stream(self, first: Mapping[str, Any] | None) -> AsyncGenerator[str, None]:
        """Yield the answer as server-sent events; whoever stops reading interrupts the character."""
        async with aclosing(self._passed(first)) as passed:
            try:
                async for chunk in passed:
                    yield _event(chunk)
            except AvatarBridgeError as error:
                yield _event(_error_body(error)[1])
            yield "data: [DONE]\n\n"

    async def whole(self) -> dict[str, Any]:
        """Return the answer as one; raises what the server refuses with."""
        whole = Whole()
        async with aclosing(self._passed(await self.first())) as passed:
            async for chunk in passed:
                whole.take(chunk)
        return whole.answer()

    async def close(self) -> None:
        """Stop the work at the server, also where nothing of the answer was read."""
        await self._chunks.aclose()

    async def _passed(self, first: Mapping[str, Any] | None) -> AsyncGenerator[dict[str, Any], None]:
        reply, over = self._reply, False
        try:
            async with (
                aclosing(self._chunks) as coming,
                aclosing(_until_stopped(reply.stopped, first, coming)) as chunks,
            ):
                async for chunk in chunks:
                    if isinstance(chunk.get("error"), dict | str):
                        raise ModelError(f"the model's server broke off: {_words(chunk['error'])}")
                    if self._count(chunk) and not self._tells:
                        continue
                    for passed in reply.take(chunk):
                        yield passed
                    self._perform()
            for passed in reply.end():
                yield passed
            if reply.stopped.is_set():
                yield reply.finish("stop")
            over = True
        finally:
            reply.end()
            for note in self._upstream.diagnostics():
                self._show.state.note(note)
            if self._usage is not None:
                self._show.bridge.ledger.thought(self._model, self._usage)
            if not over and self._task is not None and not reply.stopped.is_set():
                # the program hung up, or the server broke off: what was not heard by now is not wanted
                self._task.cancel()

    def _count(self, chunk: Mapping[str, Any]) -> bool:
        """Note what the answer costs so far, where the server tells it; return whether the chunk tells nothing else."""
        usage = chunk.get("usage")
        if told := isinstance(usage, dict):
            tokens = [usage.get(key) for key in ("prompt_tokens", "completion_tokens")]
            self._usage = Usage(*(each if isinstance(each, int) else None for each in tokens))
        return told and not chunk.get("choices")

    def _perform(self) -> None:
        """Begin to perform once there is something to."""
        if self._performed and self._task is None and self._reply.began.is_set():
            self._task = asyncio.create_task(self._performing())
            self._tasks.add(self._task)
            self._task.add_done_callback(self._tasks.discard)

    async def _performing(self) -> None:
        bridge = self._show.bridge
        # the show tells what an utterance fails with
        with suppress(Refusal, AvatarBridgeError):
            speaking = await self._show.perform(self._reply.script())
            try:
                await speaking.outcome()
            except asyncio.CancelledError:
                if bridge.utterance == speaking.number:
                    bridge.interrupt()
                raise


class _Events(StreamingResponse):
    """An answer as server-sent events; whatever becomes of the connection, the work behind them ends with it."""

    def __init__(self, passing: _Passing, first: Mapping[str, Any] | None) -> None:
        self._passing, self._events = passing, passing.stream(first)
        super().__init__(self._events, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them until the end, or until the program hangs up: then the work gets one cancellation and its time.

        What Starlette does instead, a cancellation at every await, leaves no generator a chance to close another.
        """
        try:
            with suppress(_GoneError):
                await _unless_gone(Request(scope, receive), self.stream_response(send))
        finally:
            await self._events.aclose()
            await self._passing.close()


async def _unless_gone(request: Request, answering: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Return what is waited for; raises _GoneError where the program hangs up first, and ends the work."""
    answer = asyncio.ensure_future(answering)
    gone = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(answer, gone)
    if answer.cancelled():
        raise _GoneError
    return answer.result()


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what is not done, and wait for its end however often that wait is cancelled itself."""
    for task in tasks:
        task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while unfinished := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(unfinished)
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled is not None:
        raise cancelled


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _until_stopped(
    stopped: asyncio.Event, first: Mapping[str, Any] | None, chunks: AsyncGenerator[dict[str, Any], None]
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the chunks until there is none or the event is set."""
    if first is None:
        return
    yield dict(first)
    stopping = asyncio.ensure_future(stopped.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(chunks, None))
            try:
                await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _ended(coming)
            if coming.cancelled() or (chunk := coming.result()) is None:
                return
            yield chunk
    finally:
        stopping.cancel()


def proxy_error(error: AvatarBridgeError) -> JSONResponse:
    """Return an error in the form that OpenAI's clients read."""
    status, body = _error_body(error)
    return JSONResponse(body, status)


def _error_body(error: AvatarBridgeError) -> tuple[int, dict[str, Any]]:
    cause = error if isinstance(error, ServiceRefusedError) else error.__cause__
    status = 502
    if isinstance(cause, ServiceRefusedError):
        # what the bridge's own key or model is refused for is not the program's fault, but it should see what it is
        status = cause.status if cause.status >= 400 else 502
    elif isinstance(error, UsageError | ModelError) and cause is None:
        status = 404 if isinstance(error, _NoServerError) else 400 if isinstance(error, UsageError) else 502
    elif isinstance(error, RefusedError | UnreachableError):
        status = 503
    kind = "invalid_request_error" if 400 <= status < 500 else "server_error"
    return status, {"error": {"message": str(error), "type": kind, "param": None, "code": None}}


def proxy_of(request: Request) -> Proxy:
    """Return what the routes share; raises UsageError where the proxy is switched off."""
    proxy: Any = request.app.state.proxy
    if proxy is None or not proxy.settings.enabled:
        raise _NoServerError("this bridge is no model server; switch it on with proxy.enabled in bridge.toml")
    assert isinstance(proxy, Proxy)
    return proxy


def _body(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError("expected JSON as an OpenAI-compatible client sends it") from None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
        raise UsageError("expected a JSON object with messages, a list of at least one message")
    return body


def _instructed(messages: list[Any], words: str) -> list[Any]:
    """Return the messages with what a model has to know of tags at the end of the system's words."""
    first = messages[0]
    if not words:
        return messages
    if not isinstance(first, dict) or first.get("role") not in ("system", "developer"):
        return [{"role": "system", "content": words}, *messages]
    content = first.get("content")
    if isinstance(content, list):
        return [{**first, "content": [*content, {"type": "text", "text": words}]}, *messages[1:]]
    return [{**first, "content": f"{content or ''}\n\n{words}".strip()}, *messages[1:]]


def _is_task(body: Mapping[str, Any]) -> bool:
    last = body["messages"][-1]
    content = last.get("content") if isinstance(last, dict) else None
    return isinstance(content, str) and content.startswith(_TASK)


def _with_silent(names: list[str]) -> list[str]:
    return [each for name in names for each in (name, name + SILENT)]


def _event(chunk: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _words(error: Any) -> str:
    return str(error.get("message") or error) if isinstance(error, dict) else str(error)
