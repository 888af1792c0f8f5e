"""Who comes and goes on the event socket, told to the user in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from avatar_bridge.commands.finding import in_words
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Page

__all__ = ["Arrivals", "Notes"]

_SILENT = {
    "blocked": "its browser plays no sound before a click into it",
    "off": "without sound",
    "failed": "its sound failed",
}


class Notes:
    """Says each diagnostic once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: set[Diagnostic] = set()

    def __call__(self, note: Diagnostic) -> None:
        """Say a note, unless it was said before."""
        if note not in self._said:
            self._said.add(note)
            self._say(f"note: {in_words(note)}")


class Arrivals:
    """Says which overlay is open and which one has the sound; an attendant, to be told after the speaker."""

    def __init__(self, say: Callable[[str], None], sounding: Callable[[], int | None]) -> None:
        """`sounding` returns the number of the page that has the sound."""
        self._say = say
        self._sounding = sounding
        self._states: dict[int, str] = {}
        self._had: int | None = None

    def joined(self, page: Page) -> None:
        """Say that an overlay is open that will say nothing of its sound."""
        if page.kind == "overlay":
            self._states[page.id] = ""
            if "sound" not in page.streams:
                self._say(f"overlay {page.id} is open, without sound")

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Say what an overlay does with the sound, when that changes."""
        state = message.get("state")
        if message["type"] != "sound" or self._states.get(page.id) in (None, state):
            return
        first, self._states[page.id] = not self._states[page.id], str(state)
        had, self._had = self._had, self._sounding()
        if self._had == page.id:
            what = "it has the sound"
        elif state == "running":
            what = f"overlay {self._had} has the sound" if self._had else "it can play the sound"
        else:
            what = _SILENT.get(str(state), "")
        self._say(
            f"overlay {page.id} is open" + (f", {what}" if what else "") if first else f"overlay {page.id}: {what}"
        )
        self._pass_on(had, but=page.id)

    def left(self, page: Page) -> None:
        """Say that an overlay is gone, and who has the sound now."""
        if self._states.pop(page.id, None) is not None:
            self._say(f"overlay {page.id} is gone")
            had, self._had = self._had, self._sounding()
            self._pass_on(had, but=page.id)

    def _pass_on(self, had: int | None, *, but: int) -> None:
        if self._had not in (None, had, but):
            self._say(f"overlay {self._had} has the sound now")
