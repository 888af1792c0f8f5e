"""Reads a model's `.vtube.json`: which input moves which Live2D parameter, over which ranges. Never writes one.

The format has no published description; every field is optional here and a row that cannot be read is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avatar_bridge.errors import ProtocolError

__all__ = ["ModelFile", "Row", "read_model_file"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the model's parameter settings: an input's range is mapped linearly onto an output's."""

    source: str
    """The tracking parameter; empty where the row breathes or blinks by itself."""
    target: str
    """The Live2D parameter."""
    source_low: float
    source_high: float
    target_low: float
    target_high: float
    smoothing: float = 0.0
    """0..100."""

    def source_at(self, target: float) -> float | None:
        """Return the input at which the output is `target`, held to the input's range; None for a flat row."""
        span = self.target_high - self.target_low
        if abs(span) < 1e-9 or abs(self.source_high - self.source_low) < 1e-9:
            return None
        share = min(max((target - self.target_low) / span, 0.0), 1.0)
        return self.source_low + share * (self.source_high - self.source_low)

    def reaches(self, target: float) -> bool:
        """Return whether the output can be `target`."""
        return min(self.target_low, self.target_high) <= target <= max(self.target_low, self.target_high)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What of a `.vtube.json` matters for driving the model."""

    model_id: str
    name: str
    rows: tuple[Row, ...]
    fades: Mapping[str, float]
    """Fade seconds by hotkey id; the API does not give them."""

    def row(self, source: str, target: str = "") -> Row | None:
        """Return the row of an input, the one that moves `target` first, else any that moves something."""
        rows = [row for row in self.rows if row.source == source]
        exact = [row for row in rows if row.target == target]
        return next(iter(exact or rows), None)

    def moves(self, source_prefix: str, target: str) -> bool:
        """Return whether an input whose name starts so moves `target`."""
        return any(row.target == target and row.source.startswith(source_prefix) for row in self.rows)


def read_model_file(text: str) -> ModelFile:
    """Return what a `.vtube.json` says; raises ProtocolError where it is no such file."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"expected a .vtube.json file, which is JSON: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("ModelID"), str):
        raise ProtocolError("expected a .vtube.json file: an object with a ModelID")
    rows = tuple(row for item in _list(raw, "ParameterSettings") if (row := _row(item)) is not None)
    fades = {
        str(item["HotkeyID"]): _number(item.get("FadeSecondsAmount"), 0.5)
        for item in _list(raw, "Hotkeys")
        if item.get("HotkeyID")
    }
    return ModelFile(raw["ModelID"], str(raw.get("Name", "")), rows, fades)


def _list(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = raw.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _row(item: Mapping[str, Any]) -> Row | None:
    target = item.get("OutputLive2D")
    if not isinstance(target, str) or not target:
        return None
    source = item.get("Input")
    return Row(
        source if isinstance(source, str) else "",
        target,
        _number(item.get("InputRangeLower"), 0.0),
        _number(item.get("InputRangeUpper"), 1.0),
        _number(item.get("OutputRangeLower"), 0.0),
        _number(item.get("OutputRangeUpper"), 1.0),
        _number(item.get("Smoothing"), 0.0),
    )


def _number(value: Any, fallback: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else fallback
