"""The pages that are connected, and what is under way to each."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Attendant, Page, Stream
from avatar_bridge.web.outlet import Outlet, encoded

__all__ = ["Seat", "WebAudience"]

FRAME: Final = 1
"""First byte of a motion frame: what may be dropped, the oldest first."""

TOO_SLOW: Final = 4408
GOING_AWAY: Final = 1001

_FRAMES: Final = 4
_MOST_MESSAGES: Final = 4096
_MOST_BYTES: Final = 8 * 1024 * 1024
_STUCK: Final = 15.0
"""Seconds after which a page that takes nothing at all is given up."""
_NOTES: Final = 50

_log = logging.getLogger(__name__)


class Seat:
    """One page: its place in the audience, and its outbox.

    The outbox is empty while the page keeps up. Of motion frames the oldest are dropped; where anything else overflows
    the page is dropped, as what it shows would be wrong from there on.
    """

    def __init__(self, line: Outlet, *, number: int, kind: str, streams: frozenset[Stream], name: str) -> None:
        self.id = number
        self.kind = kind
        self.streams = streams
        self.name = name
        self.dropped_frames = 0
        self.given_up: Callable[[Seat, str], None] | None = None
        """Called once when the page was too slow, with what it did."""
        self._line = line
        self._outbox: deque[bytes] = deque()
        self._bytes = 0
        self._frames: deque[bytes] = deque(maxlen=_FRAMES)
        self._since: float | None = None
        line.on_relief = self._flush

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this page alone; never blocks."""
        self.put(encoded(message), frame=is_frame(message))

    def put(self, wire: bytes, *, frame: bool) -> None:
        """Write an encoded message at once, or queue it behind what the page has not taken yet."""
        line = self._line
        if not line.congested and not self._outbox:
            line.put(wire)
        elif not line.usable:
            self._forget()
        else:
            self._queue(wire, frame=frame)

    def dismiss(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._forget()
        self._line.hang_up(code, reason)

    def _queue(self, wire: bytes, *, frame: bool) -> None:
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if frame:
            self.dropped_frames += len(self._frames) == _FRAMES
            self._frames.append(wire)
        else:
            self._outbox.append(wire)
            self._bytes += len(wire)
        if self._bytes > _MOST_BYTES or len(self._outbox) > _MOST_MESSAGES:
            self._give_up(f"left {len(self._outbox)} messages unread")
        elif now - self._since > _STUCK:
            self._give_up(f"read nothing for {_STUCK:.0f} s")

    def _give_up(self, why: str) -> None:
        self.dismiss(TOO_SLOW, "too slow: messages were left unread")
        if self.given_up is not None:
            self.given_up(self, why)

    def _flush(self) -> None:
        self._since = None
        while self._outbox and not self._line.congested:
            wire = self._outbox.popleft()
            self._bytes -= len(wire)
            self._line.put(wire)
        while self._frames and not self._line.congested:
            self._line.put(self._frames.popleft())

    def _forget(self) -> None:
        self._outbox.clear()
        self._frames.clear()
        self._bytes = 0


def is_frame(message: str | bytes) -> bool:
    """Return True for a motion frame."""
    return isinstance(message, bytes) and message[:1] == bytes([FRAME])


class WebAudience:
    """Everybody on the event socket. Use it in the event loop's own thread."""

    def __init__(self) -> None:
        self.notes: deque[Diagnostic] = deque(maxlen=_NOTES)
        """What happened to pages, in plain words; the oldest are dropped."""
        self._seats: dict[int, Seat] = {}
        self._streams: dict[Stream, tuple[Seat, ...]] = {}
        self._attendants: list[Attendant] = []
        self._count = 0

    @property
    def pages(self) -> tuple[Seat, ...]:
        """Those who are here, in the order in which they came."""
        return tuple(self._seats.values())

    def tell(self, stream: Stream, message: str | bytes) -> None:
        """Queue a message for every page that asked for the stream; never blocks."""
        seats = self._streams.get(stream)
        if not seats:
            return
        wire = encoded(message)
        frame = is_frame(message)
        for seat in seats:
            seat.put(wire, frame=frame)

    def count(self, stream: Stream) -> int:
        """Return how many pages asked for the stream."""
        return len(self._streams.get(stream, ()))

    def attend(self, attendant: Attendant) -> None:
        """Tell `attendant` of every page from now on, and of those that are here already.

        An attendant that raises is told of nothing more, with a note.
        """
        self._attendants.append(attendant)
        for seat in self.pages:
            with self._contained(attendant):
                attendant.joined(seat)

    def unattend(self, attendant: Attendant) -> None:
        """Tell `attendant` nothing more; harmless where it does not attend."""
        if attendant in self._attendants:
            self._attendants.remove(attendant)

    def admit(self, line: Outlet, *, kind: str, streams: frozenset[Stream], name: str, welcome: _Welcome) -> Seat:
        """Give a connection its place, welcome it, and let the attendants bring it up to the present."""
        self._count += 1
        seat = Seat(line, number=self._count, kind=kind, streams=streams, name=name)
        seat.given_up = self._note
        seat.tell(welcome(seat))
        self._seats[seat.id] = seat
        self._sort()
        for attendant in tuple(self._attendants):
            with self._contained(attendant):
                attendant.joined(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Take a page out; harmless where it is gone."""
        if self._seats.pop(seat.id, None) is None:
            return
        self._sort()
        for attendant in tuple(self._attendants):
            with self._contained(attendant):
                attendant.left(seat)

    def hear(self, page: Page, message: Mapping[str, Any]) -> None:
        """Pass on what a page said."""
        for attendant in tuple(self._attendants):
            with self._contained(attendant):
                attendant.received(page, message)

    def dismiss(self) -> None:
        """Close every connection: the server goes."""
        for seat in self.pages:
            seat.dismiss(GOING_AWAY, "the bridge closes")
            self.leave(seat)

    def _sort(self) -> None:
        by_stream: dict[Stream, list[Seat]] = {}
        for seat in self._seats.values():
            for stream in seat.streams:
                by_stream.setdefault(stream, []).append(seat)
        self._streams = {stream: tuple(seats) for stream, seats in by_stream.items()}

    def _note(self, seat: Seat, what: str) -> None:
        called = f" ({seat.name})" if seat.name else ""
        self.notes.append(
            Diagnostic(
                f"{seat.kind} {seat.id}{called} {what} and was disconnected",
                suggestion="close it or lighten its load; a page connects again by itself",
            )
        )
        self.leave(seat)

    @contextmanager
    def _contained(self, attendant: Attendant) -> Iterator[None]:
        """Let nothing that an attendant raises reach the others or the page."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whoever attends may be anybody's; it is reported and left out
            _log.exception("an attendant failed")
            self.unattend(attendant)
            self.notes.append(
                Diagnostic(
                    f"{type(attendant).__name__} attends to the pages no more, since it failed: {error!r}",
                    suggestion="this is a defect of it: please report it to its author",
                )
            )


_Welcome = Callable[[Seat], str]
