"""`POST /v1/chat`: ask a character something (docs/http-api.md)."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.web.refusals import Refusal, declared
from avatar_bridge.web.show import OnStage

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["show"])

_LONGEST = 20_000


class ChatBody(BaseModel):
    """What a character is asked."""

    model_config = ConfigDict(strict=True, extra="forbid")

    text: str = Field(min_length=1, max_length=_LONGEST, pattern=r"\S", description="What is said to it, as it is.")
    character: str = Field(default="", max_length=200, description="Who is asked; empty for the main character.")
    name: str = Field(default="", max_length=200, description="Who asks, where several people do.")
    wait: bool = Field(default=False, description="Answer when the character's reply was heard, or interrupted.")


class TakenBody(BaseModel):
    """A question that was taken."""

    model_config = ConfigDict(frozen=True)

    taken: bool = Field(description="Always true: the reply comes from the stage, and as events.")


class ReplyBody(BaseModel):
    """What became of a question."""

    model_config = ConfigDict(frozen=True)

    heard: str = Field(description="What was heard of the reply.")
    shown: str = Field(description="The same as subtitles show it.")
    interrupted: bool = Field(description="Whether something stopped the reply.")
    cues: list[str] = Field(description="The actions of the reply, by their names in the motion map.")
    error: str = Field(description="Why there is no reply, or why it broke off; empty where all went well.")
    first_sound: float | None = Field(description="Seconds from the question to the reply's first sound.")


@router.post(
    "/chat",
    status_code=202,
    response_model=TakenBody,
    responses={
        200: {"model": ReplyBody, "description": "The reply was heard, or interrupted, or cannot be had (`wait`)."},
        202: {"description": "It was taken."},
        **declared(400, 404, 409, 413, 422, 503),
    },
)
async def chat(show: OnStage, body: ChatBody) -> Any:
    """Ask a character something by text; its model answers and it performs the answer, interrupting what it says."""
    turn = await show.say(body.text, name=body.name, character=body.character)
    if not body.wait:
        return TakenBody(taken=True)
    try:
        done = await asyncio.shield(turn)
    except AvatarBridgeError as error:
        raise Refusal(409, str(error), "ask again") from None
    reply = ReplyBody(
        heard=done.heard,
        shown=done.shown,
        interrupted=done.interrupted,
        cues=list(done.cues),
        error=done.error,
        first_sound=done.first_sound,
    )
    return JSONResponse(reply.model_dump())
