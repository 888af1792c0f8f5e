"""What a model writes, parted into what it says and what it thinks, and ended at a stop text."""

from __future__ import annotations

from collections.abc import Iterator

from avatar_bridge.core.mind.dialogue import Delta, Reasoning

__all__ = ["Written"]

_THINK, _THOUGHT = "<think>", "</think>"


class Written:
    """Fed with text as it is written; however it is cut, what comes out is the same. No marker is ever split."""

    def __init__(self, stops: tuple[str, ...] = (), *, thinking: bool = False) -> None:
        """`stops`: texts at which the answer ends; `thinking`: whether the prompt has left a thought open."""
        self._stops = tuple(stop for stop in stops if stop)
        self._thinking = thinking
        self._held = ""
        self.stopped = False
        """Whether a stop text came; nothing is given out after it."""

    def feed(self, text: str) -> Iterator[Delta | Reasoning]:
        """Yield what is certain by now: all but what may be the beginning of a marker."""
        self._held += "" if self.stopped else text
        while not self.stopped:
            markers = (_THOUGHT,) if self._thinking else (_THINK, *self._stops)
            found = [(at, marker) for marker in markers if (at := self._held.find(marker)) >= 0]
            if not found:
                yield from self._give(len(self._held) - _begun(self._held, markers))
                return
            at, marker = min(found)
            yield from self._give(at)
            if marker in (_THINK, _THOUGHT):
                self._held = self._held[len(marker) :]
                self._thinking = marker == _THINK
            else:
                self.stopped, self._held = True, ""

    def close(self) -> Iterator[Delta | Reasoning]:
        """Yield what was held back: no marker came of it."""
        yield from self._give(len(self._held))

    def _give(self, count: int) -> Iterator[Delta | Reasoning]:
        text, self._held = self._held[:count], self._held[count:]
        if text:
            yield Reasoning(text) if self._thinking else Delta(text)


def _begun(text: str, markers: tuple[str, ...]) -> int:
    """Return how many characters at the end of `text` may be the beginning of a marker."""
    longest = max(map(len, markers)) - 1
    return max(
        (size for size in range(1, min(longest, len(text)) + 1) if any(m.startswith(text[-size:]) for m in markers)),
        default=0,
    )
