"""What a request carries, checked as obs-websocket checks it; refusals with the protocol's status codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Fields", "Refusal"]


class Refusal(Exception):  # noqa: N818 - it is an answer, no error of ours
    """A RequestStatus other than success."""

    def __init__(self, code: int, comment: str = "") -> None:
        super().__init__(comment)
        self.code, self.comment = code, comment


class Fields:
    """The `requestData` of one request."""

    def __init__(self, data: object) -> None:
        """Take what the client sent, whatever it is."""
        self._data: Mapping[str, Any] | None = data if isinstance(data, dict) and data else None

    def has(self, name: str) -> bool:
        """Return whether a field is there and not null."""
        return self._data is not None and self._data.get(name) is not None

    def text(self, name: str, *, empty: bool = False) -> str:
        """Return a string; refuses with 300, 301, 401 or 403."""
        value = self._value(name)
        if not isinstance(value, str):
            raise Refusal(401, f"The field value of `{name}` must be a string.")
        if not value and not empty:
            raise Refusal(403, f"The field value of `{name}` must not be empty.")
        return value

    def number(self, name: str, least: float = float("-inf"), most: float = float("inf")) -> float:
        """Return a number; refuses with 300, 301, 401 or 402."""
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refusal(401, f"The field value of `{name}` must be a number.")
        if value < least:
            raise Refusal(402, f"The field value of `{name}` is below the minimum of `{least:f}`")
        if value > most:
            raise Refusal(402, f"The field value of `{name}` is above the maximum of `{most:f}`")
        return float(value)

    def switch(self, name: str) -> bool:
        """Return a boolean; refuses with 300, 301 or 401."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise Refusal(401, f"The field value of `{name}` must be boolean.")
        return value

    def table(self, name: str) -> dict[str, Any]:
        """Return an object; refuses with 300, 301, 401 or 403."""
        value = self._value(name)
        if not isinstance(value, dict):
            raise Refusal(401, f"The field value of `{name}` must be an object.")
        if not value:
            raise Refusal(403, f"The field value of `{name}` must not be empty.")
        return value

    def _value(self, name: str) -> Any:
        if self._data is None:
            raise Refusal(301, "Your request data is missing or invalid (non-object)")
        if self._data.get(name) is None:
            raise Refusal(300, f"Your request is missing the `{name}` field.")
        return self._data[name]
