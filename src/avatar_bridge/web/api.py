"""The HTTP API under `/v1`: perform, interrupt, act, parse, look (docs/http-api.md)."""

from __future__ import annotations

import asyncio
import codecs
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from avatar_bridge.core.script.parser import parse as parse_script
from avatar_bridge.errors import AvatarBridgeError, ScriptError, UsageError
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.web import bodies
from avatar_bridge.web.refusals import Refusal, declared, field_words
from avatar_bridge.web.show import OnStage, Speaking
from avatar_bridge.wire.script_json import script_data

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["show"])

_Character = Annotated[
    str, Query(max_length=200, description="Who is meant, as bridge.toml names them; empty for the main character.")
]

_SCRIPT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/PerformBody"}},
            "text/plain": {
                "schema": {"type": "string", "minLength": 1, "description": "Tagged text, spoken as it arrives."}
            },
        },
    }
}


@router.post(
    "/perform",
    status_code=202,
    response_model=bodies.PerformedBody,
    responses={
        200: {"model": bodies.OutcomeBody, "description": "All of it was heard, or it was interrupted (`wait`)."},
        202: {"description": "It has begun."},
        **declared(400, 404, 409, 413, 415, 422),
    },
    openapi_extra=_SCRIPT,
)
async def perform(
    request: Request,
    show: OnStage,
    wait: Annotated[bool, Query(description="As `wait` in the JSON body.")] = False,
    character: _Character = "",
) -> Any:
    """Speak tagged text and act on its words; what the character is saying is interrupted first.

    A `text/plain` body is spoken while it arrives; the answer comes when all of it has.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/plain":
        text = _Arriving()
        speaking = await show.perform(text.pieces(), character=character)
        await text.receive(request.stream())
    elif kind in ("", "application/json"):
        body = _performed(await request.body())
        wait = wait or body.wait
        speaking = await show.perform(body.text, character=body.character or character)
    else:
        raise Refusal(
            415,
            f"expected application/json or text/plain, got {kind[:80]!r}",
            "set the header Content-Type: application/json, or text/plain for bare text",
        )
    if not wait:
        return bodies.PerformedBody(utterance=speaking.number)
    return JSONResponse((await _outcome(speaking)).model_dump())


@router.post("/interrupt", response_model=bodies.InterruptedBody, responses=declared(404, 422))
async def interrupt(show: OnStage, character: _Character = "") -> bodies.InterruptedBody:
    """Stop all that a character does in one act; harmless when nothing is said."""
    heard = show.interrupt(character)
    return bodies.InterruptedBody(heard=heard.speech, shown=heard.shown, at=heard.at)


@router.post("/act", status_code=202, response_model=bodies.ActedBody, responses=declared(400, 404, 409, 413, 422))
async def act(show: OnStage, body: bodies.ActBody) -> bodies.ActedBody:
    """Perform one action of the character's motion map at once."""
    name = show.act(body.name, strength=body.strength, duration=body.duration, character=body.character)
    return bodies.ActedBody(name=name)


@router.post(
    "/parse",
    response_model=bodies.ParsedBody,
    response_model_exclude_unset=True,
    responses=declared(400, 413, 422),
)
async def parse(show: OnStage, body: bodies.ParseBody) -> Any:
    """Read a text as `perform` would, without speaking it."""
    bridge = show.bridge
    names, dialect = bridge.motion_map.names(), bridge.settings.script.dialect
    return script_data(await asyncio.to_thread(parse_script, body.text, dialect=dialect, names=names))


@router.get("/state", response_model=bodies.StateBody, responses=declared())
async def state(show: OnStage) -> Any:
    """Return how the show is, at this moment."""
    return show.state.snapshot()


@router.get("/actions", response_model=list[bodies.ActionBody], responses=declared(404, 422))
async def actions(show: OnStage, character: _Character = "") -> Any:
    """Return every action of the character's motion map, in the map's order."""
    return [
        {"name": each.name, "meaning": each.meaning, "kind": each.kind, "aliases": list(each.aliases)}
        for each in show.find(character).motion_map.actions.values()
    ]


@router.post(
    "/targets/{name}/reconnect",
    status_code=202,
    response_model=bodies.ReconnectedBody,
    responses=declared(404, 409, 422),
)
async def reconnect(
    show: OnStage, name: Annotated[str, Path(min_length=1, max_length=200, description="As GET /v1/state names it.")]
) -> bodies.ReconnectedBody:
    """Connect a target anew, also one that was given up."""
    known = [body.driver.name for body in show.bridge.stage.bodies]
    if name not in known:
        raise Refusal(404, f"there is no target {name!r}", f"one of: {', '.join(known)}" if known else "there is none")
    try:
        show.bridge.reconnect(name)
    except UsageError as error:
        raise Refusal(409, str(error), "start the bridge again") from None
    return bodies.ReconnectedBody(name=name)


class _Arriving:
    """A text in a request's body: taken as it comes, spoken as it can be; `LARGEST_BODY` bounds what waits between."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._more = asyncio.Event()
        self._over = asyncio.Event()
        self._ended = False
        self._failure: ScriptError | None = None

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Yield the text; raises ScriptError where it broke off."""
        try:
            while self._waiting or not self._ended:
                while self._waiting:
                    yield self._waiting.popleft()
                if not self._ended:
                    self._more.clear()
                    await self._more.wait()
            if self._failure is not None:
                raise self._failure
        finally:
            self._over.set()

    async def receive(self, stream: AsyncIterator[bytes]) -> None:
        """Take the body until its end, or until its utterance is over; raises Refusal for one that cannot be taken."""
        reading = asyncio.ensure_future(self._read(stream))
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            reading.cancel()
            over.cancel()

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            async for chunk in stream:
                self._waiting.append(decoder.decode(chunk))
                self._more.set()
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self._failure = ScriptError("the text broke off: expected UTF-8, got other bytes")
            raise Refusal(400, "expected UTF-8 text, got other bytes", "send the text as UTF-8") from None
        except Refusal as refusal:
            self._failure = ScriptError(f"the text was cut: {refusal.detail}")
            raise
        except ClientDisconnect:
            self._failure = ScriptError("the text broke off: the program that sent it went away")
        finally:
            self._ended = True
            self._more.set()


def _performed(body: bytes) -> bodies.PerformBody:
    try:
        return bodies.PerformBody.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if problems[0]["type"] == "json_invalid":
            words = f"expected JSON: {problems[0]['msg']}"
            raise Refusal(400, words, 'send {"text": "…"}, or text/plain') from None
        raise Refusal(422, field_words(problems), 'send {"text": "…", "wait": false}') from None


async def _outcome(speaking: Speaking) -> bodies.OutcomeBody:
    try:
        outcome: Outcome = await speaking.outcome()
    except AvatarBridgeError as error:
        raise Refusal(409, str(error), "what came before it was spoken; send the rest again") from None
    heard = outcome.heard
    return bodies.OutcomeBody(
        utterance=speaking.number,
        heard=heard.speech,
        shown=heard.shown,
        at=heard.at,
        complete=heard.complete,
        interrupted=outcome.interrupted,
        first_audio=outcome.first_audio,
        diagnostics=[
            bodies.DiagnosticBody(message=each.message, offset=each.offset, suggestion=each.suggestion)
            for each in outcome.timeline.diagnostics
        ],
    )
