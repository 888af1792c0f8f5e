"""What programs that take lines of text are told about an action: a line as it begins, and one as it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.vocabulary import Diagnostic

__all__ = ["CueLines", "unknown_keys"]


@dataclass(frozen=True, slots=True)
class CueLines:
    """The lines of one action."""

    act: str
    release: str = ""
    """Empty where the action ends by itself: nothing of it is held."""


def unknown_keys(action: str, target: str, table: Mapping[str, Any], known: Collection[str]) -> list[Diagnostic]:
    """Return a diagnostic for each key of an action's table that the target does not know, with the nearest."""
    expected = ", ".join(f"{target}.{key}" for key in known)
    return [
        Diagnostic(
            f"{action}: {target}.{key} is not known; expected one of: {expected}", suggestion=nearest_name(key, known)
        )
        for key in table
        if key not in known
    ]
