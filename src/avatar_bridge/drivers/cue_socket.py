"""Lines of text to a program that never answers: sent when due, held things ended, and put right after a break."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Final

from websockets.asyncio.client import ClientConnection

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.held import Held
from avatar_bridge.drivers.link import Link
from avatar_bridge.drivers.outbox import Outbox
from avatar_bridge.errors import AvatarBridgeError, UnreachableError
from avatar_bridge.ports import Command
from avatar_bridge.wire.cue_lines import CueLines

__all__ = ["CueSocket"]

_LATE: Final = 2.0
"""Seconds after which what could not be sent is not worth sending any more."""
_FAREWELL: Final = 1.0


class CueSocket:
    """Tells the program at `url` what is due; a command that is handed over while it is connected goes out in order.

    Of an action with a release line the program is told again after a reconnection, since it may have started anew.
    """

    def __init__(self, url: str, *, app: str, remedy: str, now: Callable[[], float] = time.monotonic) -> None:
        self._app, self._now = app, now
        self.link = Link(url, self._session, app=app, remedy=remedy)
        self._lines: Mapping[str, CueLines] = {}
        self._held = Held()
        self._on: dict[str, CueLines] = {}
        """What the program was told to begin and not yet to end."""
        self._ended: dict[str, tuple[float, str]] = {}
        """What it was told to end, and when: what left just before a break may never have arrived."""
        self._outbox: Outbox[tuple[float, str, str], None] = Outbox()
        self._wake = asyncio.Event()
        self.missed: dict[str, Diagnostic] = {}
        """By action: what was due while there was no connection."""

    @property
    def connected(self) -> bool:
        """Whether commands go out now."""
        return self.link.status == "ready"

    def adopt(self, motion_map: MotionMap, lines: Mapping[str, CueLines]) -> None:
        """Act by other lines; what is held stays held."""
        self._lines = lines
        self._held.adopt(motion_map)

    def command(self, command: Command) -> None:
        """Take a due command."""
        now = self._now()
        self._held.command(command, now, self._lines)
        self._settle()
        said = self._lines.get(command.action)
        if command.kind != "act" or said is None:
            return
        if said.release:
            self._on[command.action] = said
        if self.connected:
            self._outbox.put((now, command.action, said.act))
        elif not said.release:
            self._miss(command.action)

    def _settle(self) -> None:
        """End what is not held any more."""
        standing = self._held.standing(self._now())
        for action in [action for action in self._on if action not in standing]:
            if not self.connected:
                continue  # told as soon as there is somebody to tell
            line = self._on.pop(action).release
            self._ended[action] = self._now(), line
            self._outbox.put((self._now(), "", line))
        self._wake.set()

    def _miss(self, action: str) -> None:
        text = f"{action}: {self._app} was not connected when it was due."
        self.missed.setdefault(action, Diagnostic(text))

    async def _session(self, connection: ClientConnection) -> None:
        self._restore()
        self.link.tell("ready", f"Connected to {self._app}, which never says whether an action has worked.")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_listen(connection, self._app))
                tasks.create_task(self._send())
                tasks.create_task(self._watch())
        except asyncio.CancelledError:
            with contextlib.suppress(AvatarBridgeError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._part()
            raise
        finally:
            oldest = self._now() - _LATE
            self._ended = {action: ended for action, ended in self._ended.items() if ended[0] >= oldest}

    def _restore(self) -> None:
        """Before anything else: end what ended meanwhile, begin again what is held, then what is still fresh."""
        now = self._now()
        waiting = self._outbox.drain()
        standing = self._held.standing(now)
        ended = [line for _, action, line in waiting if not action]
        ended += [line for action, (_, line) in self._ended.items() if action not in self._on]
        ended += [self._on.pop(action).release for action in list(self._on) if action not in standing]
        for line in dict.fromkeys(ended):
            self._outbox.put((now, "", line))
        for action, said in self._on.items():
            self._outbox.put((now, action, said.act))
        for at, action, line in waiting:
            if not action or action in self._on or self._lines.get(action, CueLines("")).release:
                continue
            if now - at <= _LATE:
                self._outbox.put((at, action, line))
            else:
                self._miss(action)

    async def _send(self) -> None:
        while True:
            commands, _ = await self._outbox.take()
            for index, (_, _, line) in enumerate(commands):
                try:
                    await self.link.send(line)
                except BaseException:
                    self._outbox.put_back(commands[index:])
                    raise

    async def _watch(self) -> None:
        """End held actions when their time is over."""
        while True:
            now = self._now()
            end = self._held.next_end(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if end is None else end - now):
                    await self._wake.wait()
            self._settle()
            self._wake.clear()

    async def _part(self) -> None:
        for _, _, line in self._outbox.drain():
            await self.link.send(line)
        for said in self._on.values():
            await self.link.send(said.release)
        self._on.clear()


async def _listen(connection: ClientConnection, app: str) -> None:
    """Read what the program says, which means nothing, so that its close is noticed."""
    async for _ in connection:
        pass
    raise UnreachableError(f"{app} closed the connection.")
