"""What a service says when it says no, in words that a person can use."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from avatar_bridge.errors import ProtocolError, RefusedError

__all__ = ["BrokenOffError", "ServiceRefusedError", "refusal_code", "seconds_to_wait", "spoken_refusal"]

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_WORDS = ("error", "detail", "message", "msg", "Exception")
_LONGEST = 300
_SPENT = frozenset({"insufficient_quota", "billing_not_active", "insufficient_balance", "billing_hard_limit_reached"})


class ServiceRefusedError(RefusedError):
    """A service answered with a status that says no."""

    def __init__(self, message: str, *, status: int, retry_after: float | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds that the service asks to wait."""
        self.code = code
        """The service's own name of the reason; "" where it gives none."""

    @property
    def passing(self) -> bool:
        """True where asking again later may help: busy, loading, too many requests."""
        return self.status in _PASSING and self.code not in _SPENT


class BrokenOffError(ProtocolError):
    """The connection broke before the answer was whole; asking again may help."""


def spoken_refusal(data: bytes, longest: int = _LONGEST) -> str:
    """Return what a service says in the body of an error: OpenAI's, FastAPI's and plain forms; "" for none."""
    found = _parsed(data)
    if found is None:
        text = " ".join(data.decode("utf-8", "replace").split())
        return "" if text.startswith("<") else text[:longest]
    for _ in range(4):
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict):
            break
        found = _told(found)
    return " ".join(found.split())[:longest] if isinstance(found, str) else ""


def _told(found: Mapping[str, Any]) -> Any:
    """Return what of an object's fields says most: words rather than a name for them, with their cause."""
    said, cause = found.get("message"), found.get("Exception")
    if isinstance(said, str) and isinstance(cause, str):
        return f"{said}: {cause}"
    if isinstance(said, str) and isinstance(found.get("error"), str):
        return said
    return next((found[key] for key in _WORDS if found.get(key)), None)


def refusal_code(data: bytes) -> str:
    """Return the name that a service gives to the reason of an error, as OpenAI and Anthropic do; "" for none."""
    found = _parsed(data)
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return ""
    named = [error[key] for key in ("code", "type") if isinstance(error.get(key), str)]
    return next((name for name in named if name in _SPENT), named[0] if named else "")[:80]


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return how long a service asks to wait, from retry-after-ms or retry-after (seconds or a date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _parsed(data: bytes) -> Any:
    """Return what JSON says; None where it is none or is nested beyond reason."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
