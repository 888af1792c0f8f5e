"""The pages and programs on the event socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

__all__ = ["Attendant", "Audience", "Page", "Stream"]


Stream = Literal["speech", "motion", "sound", "state"]
"""What a page may ask for: words, mouth and captions; frames; the audio itself; what the studio shows."""


class Page(Protocol):
    """One page or program that is connected to the event socket."""

    id: int
    """Counted from 1 since the start of the server."""
    kind: str
    """What it says that it is: overlay, studio or program."""
    streams: frozenset[Stream]

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this page alone; never blocks. A page that does not read is dropped."""
        ...


class Attendant(Protocol):
    """Whoever deals with pages: told when they come and go and what they say."""

    def joined(self, page: Page) -> None:
        """Bring a page that has just come up to the present."""
        ...

    def left(self, page: Page) -> None:
        """Learn that a page is gone."""
        ...

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Learn of a message, a JSON object whose `type` is a string; what else is in it is not to be trusted."""
        ...


class Audience(Protocol):
    """All the pages that are connected."""

    def tell(self, stream: Stream, message: str | bytes) -> None:
        """Queue a message for every page that asked for the stream; never blocks."""
        ...

    def count(self, stream: Stream) -> int:
        """Return how many pages asked for the stream."""
        ...

    def attend(self, attendant: Attendant) -> None:
        """Tell `attendant` of every page from now on, and of those that are here already."""
        ...
