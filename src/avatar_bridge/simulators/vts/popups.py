"""Pop-ups: what waits for the human in front of the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.area import Area

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Popup", "PopupKind", "Popups"]

PopupKind: TypeAlias = Literal["token", "permission", "item", "art_meshes"]


@dataclass(slots=True, eq=False)
class Popup:
    """A question to the user; it stays open when the one who asked has gone."""

    kind: PopupKind
    text: str
    decide: Callable[[bool], None]
    opened: float
    closes_at: float | None = None
    """When it counts as denied by itself."""


class Popups(Area):
    """The open pop-ups in the order they came."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.open: list[Popup] = []

    def ask(self, kind: PopupKind, text: str, decide: Callable[[bool], None], seconds: float | None = None) -> None:
        """Open a pop-up; `decide` is called with the user's answer, True for yes."""
        closes = None if seconds is None else self.studio.now + seconds
        self.open.append(Popup(kind, text, decide, self.studio.now, closes))

    def count(self, kind: PopupKind) -> int:
        """Return how many pop-ups of a kind are open."""
        return sum(popup.kind == kind for popup in self.open)

    def decide(self, allowed: bool, kind: PopupKind | None = None) -> None:
        """Answer the oldest open pop-up (of a kind); UsageError when there is none."""
        for popup in self.open:
            if kind is None or popup.kind == kind:
                self.open.remove(popup)
                popup.decide(allowed)
                return
        raise UsageError(f"expected an open {kind or 'pop-up'}, found none: wait for `popup` before answering it")

    def advance(self) -> None:
        """Let the automatic user answer, and time out what has a limit."""
        options = self.studio.options
        for popup in tuple(self.open):
            if popup.closes_at is not None and self.studio.now >= popup.closes_at:
                self.open.remove(popup)
                popup.decide(False)
            elif options.popup != "wait" and self.studio.now - popup.opened >= options.popup_seconds:
                self.open.remove(popup)
                popup.decide(options.popup == "auto_allow")
