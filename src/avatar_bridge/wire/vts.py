"""The VTube Studio API on the wire: requests out, messages in. Pure: text to values and back.

Source: https://github.com/DenchiSoft/VTubeStudio (API version 1.0).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.vts_replies import Broadcast

__all__ = [
    "API_NAME",
    "API_VERSION",
    "Event",
    "Fault",
    "Injection",
    "Message",
    "Reply",
    "broadcast",
    "finite",
    "parse",
    "request",
]

API_NAME = "VTubeStudioPublicAPI"
API_VERSION = "1.0"
VALUE_LIMIT = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request; `kind` is the request's type with `Response` for `Request`."""

    request_id: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A refused request: VTube Studio's own number and text."""

    request_id: str
    error_id: int
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the app. Its request id says nothing and is not kept."""

    kind: str
    data: Mapping[str, Any]


Message = Reply | Fault | Event


def request(kind: str, data: Mapping[str, Any], request_id: str) -> str:
    """Return the text of one request; `kind` such as `HotkeyTriggerRequest`, `request_id` at most 64 ASCII characters.

    Text beyond ASCII stays as it is: VTube Studio reads UTF-8.
    """
    envelope = {
        "apiName": API_NAME,
        "apiVersion": API_VERSION,
        "requestID": request_id,
        "messageType": kind,
        "data": data,
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def parse(text: str | bytes) -> Message:
    """Return what a message from the app is; events are told from answers by their type alone.

    Raises ProtocolError for anything that is no message of this API.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"expected a JSON message from VTube Studio, got {_excerpt(text)}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("messageType"), str):
        raise ProtocolError(f"expected an object with a messageType from VTube Studio, got {_excerpt(text)}")
    kind: str = raw["messageType"]
    data = raw.get("data")
    if not isinstance(data, dict):
        data = {}
    request_id = raw.get("requestID")
    identity = request_id if isinstance(request_id, str) else ""
    if kind == "APIError":
        number = data.get("errorID")
        return Fault(identity, number if isinstance(number, int) else -1, str(data.get("message", "")))
    if kind.endswith("Response"):
        return Reply(identity, kind, data)
    return Event(kind, data)


def broadcast(datagram: bytes) -> Broadcast | None:
    """Return what a UDP datagram on port 47779 says, or None where it is not VTube Studio's."""
    try:
        raw = json.loads(datagram)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or raw.get("messageType") != "VTubeStudioAPIStateBroadcast":
        return None
    try:
        return Broadcast.model_validate(raw.get("data"))
    except ValidationError:
        return None


class Injection:
    """The text of InjectParameterDataRequest for a fixed list of parameters, made ready once so that a frame is one
    string formatting."""

    __slots__ = ("_template", "names")

    def __init__(self, names: Sequence[str], *, face_found: bool = True, mode: str = "set") -> None:
        if not names:
            raise ValueError("an injection needs at least one parameter: VTube Studio answers an empty one with 450")
        self.names = tuple(names)
        rows = ",".join(f'{{"id":{_literal(name)},"value":%.5g}}' for name in self.names)
        self._template = (
            f'{{"apiName":"{API_NAME}","apiVersion":"{API_VERSION}","requestID":"%s",'
            f'"messageType":"InjectParameterDataRequest","data":{{"faceFound":{str(face_found).lower()},'
            f'"mode":"{mode}","parameterValues":[{rows}]}}}}'
        )

    def text(self, request_id: str, values: Sequence[float]) -> str:
        """Return the request's text; `values` stand in the order of `names` and are finite, within a million."""
        return self._template % (request_id, *values)


def finite(value: float, fallback: float) -> float:
    """Return `value` within what the app accepts (451 otherwise), `fallback` where it is not a number."""
    if not math.isfinite(value):
        return fallback
    return min(max(value, -VALUE_LIMIT), VALUE_LIMIT)


def _literal(name: str) -> str:
    return json.dumps(name, ensure_ascii=False).replace("%", "%%")


def _excerpt(text: str | bytes) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return repr(shown if len(shown) <= 80 else shown[:77] + "...")
