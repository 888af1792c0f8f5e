"""A program that is moved by VMC and told of actions over a WebSocket; Warudo and VNyan are of this kind."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, Frame
from avatar_bridge.drivers.cue_socket import CueSocket
from avatar_bridge.drivers.link import Link
from avatar_bridge.drivers.vmc import VmcDriver
from avatar_bridge.ports import Abilities, Command, TargetState
from avatar_bridge.wire.cue_lines import CueLines

__all__ = ["VmcWithCues"]

_LEAD: Final = 0.02
"""Without motion: the way over the loopback, and half a rendered frame until it shows."""


class VmcWithCues(ABC):
    """Implements `ports.Driver`: frames go the way of `VmcDriver`, actions as lines of text.

    A subclass names the program and turns the map into lines. Neither way is answered: that something was sent is
    known, that it was done is not, so the lead is set and not measured.
    """

    target: ClassVar[str] = ""
    app: ClassVar[str] = ""
    address: ClassVar[str] = ""
    """Where the program's WebSocket is unless set."""
    remedy: ClassVar[str] = ""

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        name: str | None = None,
        url: str | None = None,
        lead: float | None = None,
        motion: bool = True,
        motion_url: str | None = None,
        actions: bool = True,
        bones: bool | None = None,
        perfect_sync: bool = False,
        vrm: int = 0,
        model: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is the WebSocket's, `motion_url` where VMC goes; `motion` and `actions` switch either way off.

        `bones`, `perfect_sync`, `vrm` and `model` are those of `VmcDriver`.
        """
        self.name = name or self.target
        body: dict[str, Any] = {"bones": bones, "perfect_sync": perfect_sync, "vrm": vrm, "model": model, "now": now}
        self._body = (
            VmcDriver(motion_map=motion_map, name=self.name, url=motion_url, lead=lead, preset=self.target, **body)
            if motion
            else None
        )
        self._cues = CueSocket(url or self.address, app=self.app, remedy=self.remedy, now=now) if actions else None
        self._lead = lead
        self._natives: frozenset[str] = frozenset()
        self._kept: frozenset[str] = frozenset()
        self._notes: tuple[Diagnostic, ...] = ()
        self._closed = asyncio.Event()
        self.adopt(motion_map)

    @abstractmethod
    def lines(self, motion_map: MotionMap) -> tuple[dict[str, CueLines], list[Diagnostic]]:
        """Return what the program is told, by the map's action, and what is wrong with the map's tables."""

    @property
    def lead(self) -> float:
        """Seconds from handing something over until the program shows it: as set, else reckoned."""
        if self._lead is not None:
            return self._lead
        return self._body.lead if self._body is not None else _LEAD

    @property
    def abilities(self) -> Abilities:
        """The actions that the program is told of, while it can be told; else channels move them.

        What is held and has no channels is told once it can be, however long it was begun before.
        """
        told = self._natives if self._cues is not None and self._cues.connected else self._kept
        held = self._body.abilities.actions if self._body is not None else frozenset()
        return Abilities(told | held, diagnostics=self._notes)

    @property
    def state(self) -> TargetState:
        """How both ways are: ready where one of them is."""
        missed = tuple(self._cues.missed.values()) if self._cues is not None else ()
        notes = (*self._notes, *missed)
        if self._cues is None and self._body is None:
            text = "Neither motion nor actions are sent: set motion or actions to true."
            return TargetState("refused", text, diagnostics=notes)
        body = self._body.state if self._body is not None else None
        if body is None:
            assert self._cues is not None
            return TargetState(self._cues.link.status, self._cues.link.detail, diagnostics=notes)
        notes = (*notes, *body.diagnostics)
        status, detail = body.status, f"Motion: {body.detail}" if body.detail else ""
        if self._cues is not None:
            status = "ready" if "ready" in (status, self._cues.link.status) else self._cues.link.status
            detail = f"{detail} Actions: {self._cues.link.detail}".strip() if self._cues.link.detail else detail
        return TargetState(status, detail, None, body.sent_frames, body.dropped_frames, notes)

    async def run(self) -> None:
        """Own both ways until cancelled or closed."""
        if self._closed.is_set():
            return
        async with asyncio.TaskGroup() as tasks:
            for way in self._ways():
                tasks.create_task(way.run())

    async def ready(self) -> bool:
        """Wait until the first attempt of either way has ended; True where one of them can be used."""
        return any(await asyncio.gather(*(way.ready() for way in self._ways())))

    def adopt(self, motion_map: MotionMap) -> None:
        """Tell the program what another map names; what is held stays held."""
        lines, notes = self.lines(motion_map)
        if self._body is not None:
            self._body.adopt(motion_map)
        if self._cues is not None:
            self._cues.adopt(motion_map, lines)
        self._natives = frozenset(lines)
        held = [motion_map.actions[name] for name, line in lines.items() if line.release and self._cues is not None]
        self._kept = frozenset(each.name for each in held if not (each.channels or each.keyframes))
        self._notes = tuple(notes)

    def send_frame(self, frame: Frame) -> None:
        """Send the frame now by VMC."""
        if self._body is not None:
            self._body.send_frame(frame)

    def send_command(self, command: Command) -> None:
        """Hand over a due command; never blocks."""
        if self._body is not None:
            self._body.send_command(command)
        if self._cues is not None:
            self._cues.command(command)

    async def close(self) -> None:
        """End what is held, put the body at rest, close the connection."""
        self._closed.set()
        await asyncio.gather(*(way.close() for way in self._ways()))

    def _ways(self) -> list[VmcDriver | Link]:
        socket = [self._cues.link] if self._cues is not None else []
        return [self._body, *socket] if self._body is not None else [*socket]
