"""Checks of a request's fields, which say the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["WrongError", "check_fields", "is_number"]

Kinds = Mapping[str, tuple[type, ...]]


class WrongError(Exception):
    """Something in a request that the service does not take."""

    def __init__(self, message: str, *, status: int = 400, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.field = status, code, field


def is_number(value: object, low: float, high: float) -> bool:
    """Return whether a value is a number within bounds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def check_fields(body: Mapping[str, Any], known: Kinds, unknown: str, required: tuple[str, ...] = ()) -> None:
    """Raise WrongError for an unknown field (in the words of `unknown`), a wrong type, or one that is missing."""
    for name in required:
        if name not in body:
            raise WrongError(f"Missing required parameter: '{name}'.", field=name, code="missing_required_parameter")
    for name, value in body.items():
        if name not in known:
            raise WrongError(unknown.format(name), field=name, code="unknown_parameter")
        kinds = known[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise WrongError(
                f"Invalid type for '{name}': expected {wanted}, got {type(value).__name__}.",
                field=name,
                code="invalid_type",
            )
