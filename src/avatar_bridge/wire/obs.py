"""The bytes of obs-websocket 5: hello, identification, requests, batches, events, and its errors in plain words.

Source: the obs-websocket 5 protocol document (obsproject/obs-websocket, docs/generated/protocol.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar_bridge.errors import PeerError, ProtocolError

__all__ = [
    "MISSING_FIELDS",
    "NOT_FOUND",
    "NOT_READY",
    "NOT_STREAMING",
    "REMEDY",
    "SUBPROTOCOL",
    "Answer",
    "BatchAnswer",
    "Challenge",
    "Event",
    "Hello",
    "Identified",
    "Message",
    "ObsError",
    "Order",
    "authentication",
    "batch",
    "explain_close",
    "identify",
    "read",
    "request",
]

SUBPROTOCOL: Final = "obswebsocket.json"
NOT_READY: Final = 207
MISSING_FIELDS: Final = 300
NOT_STREAMING: Final = 501
NOT_FOUND: Final = 600
_RPC: Final = 1
REMEDY: Final = "start OBS Studio 28 or newer and, there, switch on Tools > WebSocket Server Settings > Enable"
"""What the user does where nothing answers."""

_GENERAL, _SCENES, _INPUTS, _TRANSITIONS, _FILTERS, _OUTPUTS, _ITEMS, _MEDIA = (
    1 << bit for bit in (0, 2, 3, 4, 5, 6, 7, 8)
)
_CONFIG: Final = 1 << 1
_EVENTS: Final = _GENERAL | _CONFIG | _SCENES | _INPUTS | _TRANSITIONS | _FILTERS | _OUTPUTS | _ITEMS | _MEDIA

_STATUS: Final[Mapping[int, str]] = {
    203: "the request had no type",
    204: "this OBS does not know the request: update OBS",
    205: "OBS could not do it",
    207: "OBS is busy loading or closing",
    300: "a field was missing",
    301: "the request had no data",
    400: "a field was not valid",
    401: "a field had the wrong type",
    402: "a number was out of its range",
    403: "a field was empty",
    500: "an output is running",
    501: "nothing is being streamed",
    504: "the output is switched off",
    505: "studio mode is on",
    600: "OBS has nothing of that name",
    602: "OBS has something else of that name",
    604: "it cannot do that (does it have sound?)",
    605: "it is another kind of source",
    700: "OBS could not create it",
    701: "OBS tried and failed",
    702: "OBS failed over it",
    703: "OBS cannot do that combination",
}

_CLOSES: Final[Mapping[int, str]] = {
    4002: "OBS did not understand the message",
    4003: "OBS missed a field",
    4004: "OBS got a field of the wrong type",
    4005: "OBS got a field with a wrong value",
    4006: "OBS did not know the message",
    4007: "OBS wants a password first",
    4008: "OBS was greeted twice",
    4009: "OBS did not accept the password",
    4010: "this OBS speaks another version of its protocol: update OBS to 28 or newer",
    4011: "someone ended the session in OBS (Tools > WebSocket Server Settings)",
    4012: "OBS lacks something that the bridge asked for: update OBS",
}


class ObsError(PeerError):
    """OBS refused a request; `code` is the protocol's RequestStatus."""

    def __init__(self, request_type: str, code: int, comment: str = "") -> None:
        self.request_type, self.code, self.comment = request_type, code, comment
        what = _STATUS.get(code, f"status {code}")
        super().__init__(f"OBS refused {request_type}: {what}{_aside(comment)}")


class Challenge(BaseModel):
    """What a password is hashed with."""

    model_config = ConfigDict(frozen=True)

    challenge: str
    salt: str


class Hello(BaseModel):
    """The first thing that OBS says; `authentication` is None where it asks for no password."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    version: str = Field("", alias="obsWebSocketVersion")
    rpc: int = Field(alias="rpcVersion")
    authentication: Challenge | None = None


class Identified(BaseModel):
    """From here on requests are answered and events are told."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    rpc: int = Field(alias="negotiatedRpcVersion")


class Event(BaseModel):
    """Something happened in OBS."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    kind: str = Field(alias="eventType")
    data: dict[str, Any] = Field(default_factory=dict, alias="eventData")


class _Status(BaseModel):
    result: bool
    code: int
    comment: str = ""


class Answer(BaseModel):
    """The answer to one request."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    request_type: str = Field(alias="requestType")
    id: str = Field("", alias="requestId")
    status: _Status = Field(alias="requestStatus")
    data: dict[str, Any] | None = Field(None, alias="responseData")

    def error(self) -> ObsError | None:
        """Return what was refused; None where it was done."""
        return None if self.status.result else ObsError(self.request_type, self.status.code, self.status.comment)


class BatchAnswer(BaseModel):
    """The answers to a batch, in its order."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: str = Field(alias="requestId")
    results: list[Answer]


Message: TypeAlias = Hello | Identified | Event | Answer | BatchAnswer

_KINDS: Final[Mapping[int, type[BaseModel]]] = {0: Hello, 2: Identified, 5: Event, 7: Answer, 9: BatchAnswer}


@dataclass(frozen=True, slots=True)
class Order:
    """One request that is still to be sent."""

    request_type: str
    data: Mapping[str, Any] = field(default_factory=dict)


class _Envelope(BaseModel):
    op: int
    d: dict[str, Any]


def authentication(password: str, challenge: Challenge) -> str:
    """Return the answer to a challenge: b64(sha256(b64(sha256(password + salt)) + challenge))."""
    secret = _hash(password + challenge.salt)
    return _hash(secret + challenge.challenge)


def identify(hello: Hello, password: str) -> str:
    """Return the message that opens a session and asks for the events that the bridge needs."""
    data: dict[str, Any] = {"rpcVersion": min(_RPC, hello.rpc), "eventSubscriptions": _EVENTS}
    if hello.authentication is not None:
        data["authentication"] = authentication(password, hello.authentication)
    return _message(1, data)


def request(number: int, order: Order) -> str:
    """Return one request."""
    data: dict[str, Any] = {"requestType": order.request_type, "requestId": str(number)}
    if order.data:
        data["requestData"] = dict(order.data)
    return _message(6, data)


def batch(number: int, orders: Sequence[Order]) -> str:
    """Return requests that OBS carries out one after another; one that fails does not stop the rest."""
    requests = [
        {"requestType": order.request_type, **({"requestData": dict(order.data)} if order.data else {})}
        for order in orders
    ]
    return _message(8, {"requestId": str(number), "haltOnFailure": False, "executionType": 0, "requests": requests})


def read(text: str | bytes) -> Message | None:
    """Return what OBS says; None for a kind of message that newer versions may have.

    Raises ProtocolError for what is no message of obs-websocket 5.
    """
    try:
        envelope = _Envelope.model_validate_json(text)
        kind = _KINDS.get(envelope.op)
        return None if kind is None else kind.model_validate(_without_nulls(envelope.d))  # type: ignore[return-value]
    except ValidationError as error:
        if b"update-type" in _bytes(text) or b"message-id" in _bytes(text):
            raise ProtocolError(
                "obs-websocket 4 answers; expected version 5, which OBS Studio 28 and newer bring along: update OBS"
            ) from error
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the message"
        raise ProtocolError(
            f"expected a message of obs-websocket 5, got one where {place} is wrong ({first['msg']}); "
            "is something other than OBS at this address?"
        ) from error


def explain_close(code: int, reason: str = "", *, password: bool) -> str:
    """Return in one sentence why OBS closed the connection; `password`: whether one was given."""
    if code == 4009:
        where = "copy it from OBS: Tools > WebSocket Server Settings > Show Connect Info"
        given = "did not accept the password" if password else "asks for a password, and none was given"
        return (
            f"OBS {given}: {where}, into the environment variable AVATAR_BRIDGE_OBS_PASSWORD (then open a new "
            "terminal), or into the option password."
        )
    if code in _CLOSES:
        return f"{_CLOSES[code]}{_aside(reason)}."
    if code == 1001:
        return f"OBS is closing: {REMEDY}."
    return f"OBS closed the connection: {REMEDY}."


def _aside(comment: str) -> str:
    return f" ({comment.rstrip('.')})" if comment else ""


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _message(op: int, data: Mapping[str, Any]) -> str:
    return json.dumps({"op": op, "d": data}, ensure_ascii=False, separators=(",", ":"))


def _without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out absent objects, which OBS may write as null."""
    return {key: value for key, value in data.items() if value is not None}


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
