"""What waits to go out to a target: commands in order, none lost, and the newest frame behind them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

__all__ = ["Outbox"]

_Command = TypeVar("_Command")
_Frame = TypeVar("_Frame")

_MOST = 4096
"""Commands that may wait; who lets more pile up is not there."""


class Outbox(Generic[_Command, _Frame]):
    """Bounded: of frames only the newest is kept, commands are kept all, up to 4096 while nobody takes them."""

    def __init__(self) -> None:
        self.dropped_frames = 0
        self.dropped_commands = 0
        """Commands that had to go, the oldest first: only where the target took none of 4096."""
        self._commands: deque[_Command] = deque()
        self._frame: _Frame | None = None
        self._news = asyncio.Event()

    def put(self, command: _Command) -> None:
        """Queue a command."""
        if len(self._commands) >= _MOST:
            self._commands.popleft()
            self.dropped_commands += 1
        self._commands.append(command)
        self._news.set()

    def offer(self, frame: _Frame) -> None:
        """Replace the frame that waits."""
        self.dropped_frames += self._frame is not None
        self._frame = frame
        self._news.set()

    def put_back(self, commands: Sequence[_Command]) -> None:
        """Queue commands that were taken and could not be sent, before all that wait."""
        self._commands.extendleft(reversed(commands))
        while len(self._commands) > _MOST:
            self._commands.popleft()
            self.dropped_commands += 1
        if commands:
            self._news.set()

    def clear(self) -> None:
        """Forget everything that waits."""
        self._commands.clear()
        self._frame = None
        self._news.clear()

    def drain(self) -> list[_Command]:
        """Return the commands that wait, and forget them and the frame."""
        commands = list(self._commands)
        self.clear()
        return commands

    @property
    def empty(self) -> bool:
        """True while nothing waits."""
        return not self._commands and self._frame is None

    async def take(self) -> tuple[list[_Command], _Frame | None]:
        """Wait for news and return all of it: the commands in their order, then the newest frame if there is one."""
        while self.empty:
            self._news.clear()
            await self._news.wait()
        commands, frame = list(self._commands), self._frame
        self.clear()
        return commands, frame
