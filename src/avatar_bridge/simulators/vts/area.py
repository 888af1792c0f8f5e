"""What every part of the simulated application has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.session import Call, Session

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Answer", "Area"]

Answer: TypeAlias = Callable[[Call], JsonObject | None]
"""Answers a call: the response's data, None when the answer comes later, or an ApiError raised."""


class Area:
    """One part of the application with its state and the requests it answers."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {}

    def advance(self) -> None:
        """Let time pass; called once a render frame before requests are answered."""

    def left(self, session: Session) -> None:
        """Undo what ends with a session."""
