"""What a program is told that asked for something it cannot have: always one JSON shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from avatar_bridge.web.bodies import ErrorBody

__all__ = ["Refusal", "declared", "error_data", "field_words", "refusal_response"]

_MEANINGS: Mapping[int, str] = {
    400: "The body is no JSON that can be read.",
    401: "The token is missing or wrong.",
    403: "The request comes from a foreign page, or names a foreign host.",
    404: "There is no such thing.",
    409: "It cannot be done now: something newer took the floor, or the bridge is closing.",
    412: "What was changed has been changed by somebody else since.",
    413: "The body is too large.",
    415: "The body is of a kind that is not taken here.",
    422: "A field is missing or holds what it cannot hold; the message names it.",
    503: "The character's language model cannot be had; the message says why.",
}


class Refusal(HTTPException):
    """An answer that says what was expected, what came, and what to do."""

    def __init__(self, status: int, error: str, suggestion: str = "", *, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, error, headers)
        self.suggestion = suggestion


def error_data(error: str, suggestion: str = "") -> dict[str, Any]:
    """Return the body of a refusal; what cannot be written as UTF-8 is replaced."""
    return {"error": _writable(error), "suggestion": _writable(suggestion)}


def refusal_response(
    status: int, error: str, suggestion: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the answer itself."""
    return JSONResponse(error_data(error, suggestion), status, dict(headers or {}))


def field_words(problems: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with which field, from pydantic's errors."""
    return "; ".join(_field(problem["loc"], problem["msg"]) for problem in problems[:5])


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares of its refusals, those that every route may give included."""
    return {status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in sorted({401, 403, *statuses})}


def _field(place: Sequence[int | str], message: str) -> str:
    within = ".".join(str(part) for part in place if part not in ("body", "query", "path"))
    return f"{within or 'the body'}: {message}"[:300]


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
