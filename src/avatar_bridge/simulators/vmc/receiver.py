"""A strict VMC marionette: receives, checks every rule, keeps the newest frames and records them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from avatar_bridge.simulators.listener import DatagramSimulator
from avatar_bridge.simulators.osc_packets import OscMessage, PacketError, read_packet
from avatar_bridge.simulators.vmc.rules import BONES, LARGEST, OPTIONAL, VmcFrame, faults

__all__ = ["VmcSimulator"]

_KEPT = 1200
_SHOWN = 0.2


class VmcSimulator(DatagramSimulator):
    """Listens on a UDP port like VSeeFace and its like; use it with `async with`."""

    app: ClassVar[str] = "VMC"

    def __init__(self, host: str = "127.0.0.1", port: int = 39539, record: Path | None = None) -> None:
        """`port` 0 takes any; `record` is a file that gets a line for each frame and each fault."""
        super().__init__(host, port, record)
        self.frames: deque[VmcFrame] = deque(maxlen=_KEPT)
        """The newest frames that were complete."""
        self.count = 0
        """Frames since the start."""
        self._frame: VmcFrame | None = None
        self._applied = False
        self._names: frozenset[str] = frozenset()
        self._time = -1.0
        self._news = asyncio.Condition()
        self._wakes: set[asyncio.Task[None]] = set()

    async def __aexit__(self, *_: object) -> None:
        """Close the port and the record."""
        await super().__aexit__()
        for task in self._wakes:
            task.cancel()

    async def wait(self, count: int, timeout: float = 5.0) -> VmcFrame:  # noqa: ASYNC109 - a receiver's own patience
        """Return the newest frame once `count` more were received; raises TimeoutError where they do not come."""
        wanted = self.count + count
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self.count >= wanted)
        return self.frames[-1]

    def describe(self) -> Iterator[str]:
        """Yield what is shown now, a line each; a line stays while what it says does."""
        if not self.frames:
            yield "nothing has come yet"
        else:
            frame = self.frames[-1]
            yield f"bones: {len(frame.bones)}  blendshapes: {len(frame.blends)}  bytes: {frame.size}"
            yield from (f"shows {name}" for name, value in frame.blends.items() if value >= _SHOWN)
        for text in self.complaints:
            yield f"wrong: {text}"

    def received(self, data: bytes) -> None:
        """Take a packet of a frame."""
        at = time.perf_counter()
        if len(data) > LARGEST:
            self.complain(f"a packet of more than {LARGEST} bytes", at)
        try:
            packet = read_packet(data)
        except PacketError as error:
            self.complain(str(error), at)
            return
        for index, message in enumerate(packet.messages):
            wrong = list(faults(message))
            for text in wrong:
                self.complain(text, at)
            if not wrong:
                self._take(message, at)
            if index == 0 and self._frame is not None:
                self._frame.packets += 1
                self._frame.size += packet.size
        if self._applied:
            self._finish(at)

    def _take(self, message: OscMessage, at: float) -> None:
        name = message.address.removeprefix("/VMC/Ext/")
        if name == "OK":
            if self._frame is not None:
                self.complain("a frame began before the last one was applied", at)
            self._frame = VmcFrame(at, loaded=message.values[0] == 1)
            return
        frame = self._frame
        if frame is None:
            self.complain(f"{name} stands outside of a frame: expected OK first", at)
            return
        if self._applied:
            self.complain(f"{name} came after Blend/Apply", at)
        elif name == "T":
            self._clock(frame, float(str(message.values[0])), at)
        elif frame.time is None:
            self.complain(f"{name} came before T", at)
        elif name == "Root/Pos":
            frame.root = _numbers(message)
        elif name == "Bone/Pos":
            self._bone(frame, message, at)
        elif name == "Blend/Val":
            frame.blends[str(message.values[0])] = _numbers(message)[0]
        elif name == "Blend/Apply":
            self._applied = True
            if not frame.blends:
                self.complain("Blend/Apply came without a Blend/Val", at)

    def _clock(self, frame: VmcFrame, seconds: float, at: float) -> None:
        if frame.time is not None:
            self.complain("T came twice in a frame", at)
        if seconds < self._time and seconds > 1.0:
            self.complain("T went back", at)
        frame.time = self._time = seconds

    def _bone(self, frame: VmcFrame, message: OscMessage, at: float) -> None:
        name = str(message.values[0])
        if frame.root is None:
            self.complain("a bone came before the root", at)
        if name in frame.bones:
            self.complain(f"the bone {name} came twice in a frame", at)
        frame.bones[name] = _numbers(message)

    def _finish(self, at: float) -> None:
        frame, self._frame, self._applied = self._frame, None, False
        if frame is None:
            return
        lacking = BONES - OPTIONAL - frame.bones.keys() if frame.bones else frozenset()
        if lacking:
            self.complain(f"bones are missing: {', '.join(sorted(lacking))}", at)
        names = frozenset(frame.blends)
        for name in sorted(self._names - names):
            self.complain(f"the blendshape {name} is sent no more: its value is state", at)
        self._names = names
        frame.at = at
        self.frames.append(frame)
        self.count += 1
        row = {"time": frame.time, "bones": frame.bones, "blends": frame.blends, "size": frame.size}
        self.note("frame", at, packets=frame.packets, **row)
        task = asyncio.get_running_loop().create_task(self._wake())
        self._wakes.add(task)
        task.add_done_callback(self._wakes.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()


def _numbers(message: OscMessage) -> tuple[float, ...]:
    return tuple(value for value in message.values if isinstance(value, float))
