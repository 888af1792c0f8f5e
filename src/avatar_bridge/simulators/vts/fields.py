"""Reading a request's data the way the real app does: what has the wrong type silently becomes the default."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Fields", "JsonObject"]

JsonObject = dict[str, Any]


class Fields:
    """A JSON object of a request; every wrong type is reported and read as the default.

    `report` gets one sentence for each, naming the field.
    """

    __slots__ = ("_path", "_report", "data")

    def __init__(self, data: Mapping[str, Any], path: str, report: Callable[[str], None]) -> None:
        self.data = data
        self._path = path
        self._report = report

    def _wrong(self, key: str, wanted: str, value: object) -> None:
        self._report(f"{self._path}.{key} should be {wanted}, got {type(value).__name__}")

    def has(self, key: str) -> bool:
        """Return whether the field is there and not null."""
        return self.data.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        value = self.data.get(key)
        if isinstance(value, str):
            return value
        if value is not None:
            self._wrong(key, "a string", value)
        return default

    def number(self, key: str, default: float = 0.0) -> float:
        """Return a number; one too big for a float is infinite."""
        value = self.data.get(key)
        if isinstance(value, float):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return math.inf if value > 0 else -math.inf
        if value is not None:
            self._wrong(key, "a number", value)
        return default

    def integer(self, key: str, default: int = 0) -> int:
        """Return a whole number; a fraction is cut, what is beyond 32 bits is held at its end."""
        value = self.number(key, default)
        return int(min(max(value, -(2.0**31)), 2.0**31 - 1))

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a truth value."""
        value = self.data.get(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._wrong(key, "true or false", value)
        return default

    def array(self, key: str) -> list[Any]:
        """Return an array's entries."""
        value = self.data.get(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self._wrong(key, "an array", value)
        return []

    def texts(self, key: str) -> list[str]:
        """Return the strings of an array."""
        found = []
        for index, entry in enumerate(self.array(key)):
            if isinstance(entry, str):
                found.append(entry)
            else:
                self._wrong(f"{key}[{index}]", "a string", entry)
        return found

    def integers(self, key: str) -> list[int]:
        """Return the whole numbers of an array."""
        found = []
        for index, entry in enumerate(self.array(key)):
            if isinstance(entry, int) and not isinstance(entry, bool):
                found.append(entry)
            else:
                self._wrong(f"{key}[{index}]", "a whole number", entry)
        return found

    def objects(self, key: str) -> list[Fields]:
        """Return the objects of an array; an entry of another type is read as an empty object."""
        found = []
        for index, entry in enumerate(self.array(key)):
            path = f"{self._path}.{key}[{index}]"
            if isinstance(entry, dict):
                found.append(Fields(entry, path, self._report))
            else:
                self._wrong(f"{key}[{index}]", "an object", entry)
                found.append(Fields({}, path, self._report))
        return found

    def object(self, key: str) -> Fields:
        """Return an object; what is missing or of another type is read as an empty one."""
        value = self.data.get(key)
        if isinstance(value, dict):
            return Fields(value, f"{self._path}.{key}", self._report)
        if value is not None:
            self._wrong(key, "an object", value)
        return Fields({}, f"{self._path}.{key}", self._report)
