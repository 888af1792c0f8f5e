"""Server-sent events out of bytes, however the bytes are cut (WHATWG HTML, section 9.2, "Server-sent events")."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from avatar_bridge.errors import ProtocolError

__all__ = ["Event", "EventStream"]

_LARGEST = 8 << 20


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    data: str


class EventStream:
    """Reads events as their bytes come; a line counts once its end is there, be it CR, LF or CRLF.

    What is no UTF-8 is read as U+FFFD, as the standard has it. An event that the stream's end cuts off is none.
    """

    def __init__(self, largest: int = _LARGEST) -> None:
        """`largest`: characters that an event may have."""
        self._largest = largest
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line: list[str] = []
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._pending = 0
        self._after_return = False
        self._begun = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that these bytes complete; raises ProtocolError for one without an end."""
        text = self._decoder.decode(data)
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if text and self._after_return:
            # the line ended with the CR already: what needs no answer of ours must not wait for its LF
            self._after_return = False
            text = text.removeprefix("\n")
        if not text:
            return
        self._after_return = text.endswith("\r")
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._line.append(line)
            whole, self._line, self._pending = "".join(self._line), [], 0
            event = self._take(whole)
            if event is not None:
                yield event
        self._line.append(rest)
        self._pending += len(rest)
        self._check()

    def _take(self, line: str) -> Event | None:
        if not line:
            event = Event(self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return event
        if line.startswith(":"):
            return None
        self._size += len(line) + 1
        self._check()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _check(self) -> None:
        if self._size + self._pending > self._largest:
            raise ProtocolError(f"an event of more than {self._largest} characters came, and no end of it")
