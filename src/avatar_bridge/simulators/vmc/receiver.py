"""A strict VMC marionette: receives, checks every rule, keeps the newest frames and records them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from avatar_bridge.errors import ProtocolError
from avatar_bridge.simulators.journal import Journal
from avatar_bridge.simulators.listener import listen
from avatar_bridge.simulators.osc_packets import OscMessage, PacketError, read_packet
from avatar_bridge.simulators.vmc.rules import BONES, LARGEST, OPTIONAL, VmcFrame, faults

__all__ = ["VmcSimulator"]

_KEPT = 1200
_TOLD = 200
_SHOWN = 0.2


class VmcSimulator:
    """Listens on a UDP port like VSeeFace and its like; use it with `async with`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 39539, record: Path | None = None) -> None:
        """`port` 0 takes any; `record` is a file that gets a line for each frame and each fault."""
        self.host, self.port = host, port
        self.frames: deque[VmcFrame] = deque(maxlen=_KEPT)
        """The newest frames that were complete."""
        self.complaints: Counter[str] = Counter()
        """What was against the rules, and how often; at most 200 different ones."""
        self.count = 0
        """Frames since the start."""
        self._record = record
        self._journal: Journal | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._frame: VmcFrame | None = None
        self._applied = False
        self._names: frozenset[str] = frozenset()
        self._time = -1.0
        self._news = asyncio.Condition()
        self._wakes: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address to send to."""
        return f"{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """True while the port is open."""
        return self._transport is not None

    async def __aenter__(self) -> Self:
        """Listen; raises WorldError where the port is taken or the record cannot be written."""
        self._journal = Journal(self._record)
        try:
            self._transport = await listen("VMC", self.host, self.port, self._received)
        except BaseException:
            self._journal.close()
            raise
        self.port = int(self._transport.get_extra_info("sockname")[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port and the record."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            # the port is given back in the loop's next round
            await asyncio.sleep(0)
        if self._journal is not None:
            self._journal.close()
        for task in self._wakes:
            task.cancel()

    async def wait(self, count: int, timeout: float = 5.0) -> VmcFrame:  # noqa: ASYNC109 - a receiver's own patience
        """Return the newest frame once `count` more were received; raises TimeoutError where they do not come."""
        wanted = self.count + count
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self.count >= wanted)
        return self.frames[-1]

    def check(self) -> None:
        """Raise ProtocolError with everything that was against the rules."""
        if self.complaints:
            told = "; ".join(f"{text} ({times}x)" for text, times in self.complaints.items())
            raise ProtocolError(f"against VMC's rules: {told}")

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

    def _received(self, data: bytes) -> None:
        at = time.perf_counter()
        if len(data) > LARGEST:
            self._complain(f"a packet of more than {LARGEST} bytes", at)
        try:
            packet = read_packet(data)
        except PacketError as error:
            self._complain(str(error), at)
            return
        for index, message in enumerate(packet.messages):
            wrong = list(faults(message))
            for text in wrong:
                self._complain(text, at)
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
                self._complain("a frame began before the last one was applied", at)
            self._frame = VmcFrame(at, loaded=message.values[0] == 1)
            return
        frame = self._frame
        if frame is None:
            self._complain(f"{name} stands outside of a frame: expected OK first", at)
            return
        if self._applied:
            self._complain(f"{name} came after Blend/Apply", at)
        elif name == "T":
            self._clock(frame, float(str(message.values[0])), at)
        elif frame.time is None:
            self._complain(f"{name} came before T", at)
        elif name == "Root/Pos":
            frame.root = _numbers(message)
        elif name == "Bone/Pos":
            self._bone(frame, message, at)
        elif name == "Blend/Val":
            frame.blends[str(message.values[0])] = _numbers(message)[0]
        elif name == "Blend/Apply":
            self._applied = True
            if not frame.blends:
                self._complain("Blend/Apply came without a Blend/Val", at)

    def _clock(self, frame: VmcFrame, seconds: float, at: float) -> None:
        if frame.time is not None:
            self._complain("T came twice in a frame", at)
        if seconds < self._time and seconds > 1.0:
            self._complain("T went back", at)
        frame.time = self._time = seconds

    def _bone(self, frame: VmcFrame, message: OscMessage, at: float) -> None:
        name = str(message.values[0])
        if frame.root is None:
            self._complain("a bone came before the root", at)
        if name in frame.bones:
            self._complain(f"the bone {name} came twice in a frame", at)
        frame.bones[name] = _numbers(message)

    def _finish(self, at: float) -> None:
        frame, self._frame, self._applied = self._frame, None, False
        if frame is None:
            return
        lacking = BONES - OPTIONAL - frame.bones.keys() if frame.bones else frozenset()
        if lacking:
            self._complain(f"bones are missing: {', '.join(sorted(lacking))}", at)
        names = frozenset(frame.blends)
        for name in sorted(self._names - names):
            self._complain(f"the blendshape {name} is sent no more: its value is state", at)
        self._names = names
        frame.at = at
        self.frames.append(frame)
        self.count += 1
        if self._journal is not None:
            row = {"time": frame.time, "bones": frame.bones, "blends": frame.blends, "size": frame.size}
            self._journal.write("frame", at, packets=frame.packets, **row)
        task = asyncio.get_running_loop().create_task(self._wake())
        self._wakes.add(task)
        task.add_done_callback(self._wakes.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _complain(self, text: str, at: float) -> None:
        if text in self.complaints or len(self.complaints) < _TOLD:
            self.complaints[text] += 1
        if self._journal is not None:
            self._journal.write("fault", at, text=text)


def _numbers(message: OscMessage) -> tuple[float, ...]:
    return tuple(value for value in message.values if isinstance(value, float))
