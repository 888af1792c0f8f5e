"""The driver for VRChat: the rig as avatar parameters over OSC, its eyes, and what is said in the chatbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples
from avatar_bridge.drivers.osc_socket import OscSocket, addresses
from avatar_bridge.drivers.vrchat_avatar import AvatarEar, find_avatar, osc_folders
from avatar_bridge.drivers.vrchat_chatbox import Chatbox
from avatar_bridge.drivers.vrchat_deeds import Changes, Deeds
from avatar_bridge.errors import ProtocolError, SettingsError
from avatar_bridge.ports import Abilities, Command, TargetState
from avatar_bridge.wire import vrchat as wire

__all__ = ["VRChatDriver"]

_PORT: Final = 9000
_KEEP: Final = 0.1
_REFRESH: Final = 1.0
"""Seconds after which everything is sent again: VRChat answers nothing, and a packet may be lost."""
_FIRST: Final = 0.15
_LOOK_UP: Final = 3.0
_REMEDY: Final = "start VRChat and switch on OSC (action menu: Options, OSC, Enabled)"


class VRChatDriver:
    """Sends what has changed; implements `ports.Driver` and `ports.Follower` (for the chatbox).

    An action whose table names a parameter (`vrchat.parameter = "Wave"`, `vrchat.value = true`) sets it, and sets it
    back when the action ends; a float fades as the action says.
    """

    target: ClassVar[str] = "vrchat"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        name: str = "vrchat",
        url: str | None = None,
        lead: float | None = None,
        rate: float = 20.0,
        eyes: bool = True,
        chatbox: bool = False,
        listen: int = 9001,
        folder: Path | str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url`: where VRChat listens (127.0.0.1:9000); `rate`: times a second that one parameter is sent at most.

        `eyes` moves VRChat's own eyes and lids; `chatbox` shows what is said; `listen` is the port on which VRChat says
        which avatar is worn (0: none); `folder` is VRChat's OSC folder. Raises SettingsError for a bad `rate`.
        """
        if not 1.0 <= rate <= 60.0:
            raise SettingsError(f"drivers.{name}.options.rate: expected 1 to 60 times a second, got {rate}")
        self.name = name
        self.lead = 0.05 if lead is None else lead
        self._now, self._eyes = now, eyes
        self._changes = Changes(1.0 / rate - 1e-3, _REFRESH)
        self._chatbox = Chatbox() if chatbox else None
        self._port, self._folders = listen, osc_folders() if folder is None else [Path(folder)]
        places, self._fault = addresses(url, _PORT)
        self._socket = OscSocket(places[0], now) if places else None
        if len(places) > 1:
            self._fault = f"expected one address, got {len(places)}: give each VRChat a driver of its own."
        self._notes: dict[str, Diagnostic] = {}
        self._avatar: wire.Avatar | None = None
        self._wanted: asyncio.Queue[str] = asyncio.Queue(8)
        self._deeds = Deeds(self.target)
        self._values: Mapping[str, float] = {}
        self._was_refused = False
        self._frames = 0
        self._first = asyncio.Event()
        self._closed = False
        self.adopt(motion_map)

    @property
    def abilities(self) -> Abilities:
        """The actions that set a parameter which the avatar has, as far as the avatar is known."""
        return Abilities(self._deeds.actions, diagnostics=self._deeds.diagnostics)

    @property
    def state(self) -> TargetState:
        """Whether anybody listens, as far as UDP lets one know, and which avatar is worn."""
        dropped = self._socket.dropped if self._socket else 0
        notes = (*self._notes.values(), *self._deeds.diagnostics)
        if self._closed:
            return TargetState("closed", "", None, self._frames, dropped, notes)
        if self._fault or self._socket is None:
            return TargetState("refused", self._fault, None, self._frames, dropped, notes)
        if not self._first.is_set():
            return TargetState("connecting", "Looking for VRChat.", None, self._frames, dropped, notes)
        if self._socket.refused or not self._socket.open:
            detail = f"Nobody listens on {self._socket.address}: {_REMEDY}."
            return TargetState("unreachable", detail, None, self._frames, dropped, notes)
        worn = f"the avatar {self._avatar.name}" if self._avatar else "an avatar that is not known yet"
        detail = f"Sending to {self._socket.address}, for {worn}."
        return TargetState("ready", detail, None, self._frames, dropped, notes)

    async def run(self) -> None:
        """Listen for the avatar and keep VRChat fed until cancelled or closed."""
        if self._closed or self._fault or self._socket is None:
            self._first.set()
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connect(self._socket))
            tasks.create_task(self._keep(self._socket))
            tasks.create_task(self._hear())

    async def ready(self) -> bool:
        """Wait until something was sent and had time to be refused; True where it was not."""
        await self._first.wait()
        return self.state.status == "ready"

    async def _connect(self, to: OscSocket) -> None:
        while not self._closed and not await to.find():
            self._first.set()
            await asyncio.sleep(_LOOK_UP)

    async def _keep(self, to: OscSocket) -> None:
        while not self._closed:
            self._send()
            if to.open and not self._first.is_set():
                await asyncio.sleep(_FIRST)
                to.listen()
                self._first.set()
            await asyncio.sleep(_KEEP)

    async def _hear(self) -> None:
        """Follow VRChat's word on the avatar; where another program has the port, do without."""
        if not self._port:
            return
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: AvatarEar(self._changed), local_addr=("127.0.0.1", self._port)
            )
        except OSError as error:
            text = f"port {self._port} is taken ({error.strerror}), so VRChat cannot say which avatar is worn"
            hint = "close the other OSC program, or set listen to 0; every parameter is sent meanwhile"
            self._notes["listen"] = Diagnostic(text, suggestion=hint)
            return
        try:
            while not self._closed:
                await self._wear(await self._wanted.get())
        finally:
            transport.close()

    def _changed(self, avatar_id: str) -> None:
        if self._wanted.full():
            self._wanted.get_nowait()
        self._wanted.put_nowait(avatar_id)

    async def _wear(self, avatar_id: str) -> None:
        if self._closed:
            return
        self._notes.pop("avatar", None)
        try:
            self._avatar = await asyncio.to_thread(find_avatar, avatar_id, self._folders)
        except ProtocolError as error:
            self._avatar = None
            self._notes["avatar"] = Diagnostic(str(error), suggestion="in VRChat: Options, OSC, Reset Config")
        self._changes.forget()
        self.adopt(self._map)

    def adopt(self, motion_map: MotionMap) -> None:
        """Set the parameters that another map names."""
        self._map = motion_map
        self._deeds.adopt(motion_map, self._avatar)

    def send_frame(self, frame: Frame) -> None:
        """Send what the frame changes."""
        if self._closed:
            return
        self._values = frame.values
        if self._chatbox:
            self._chatbox.heard(self._now(), frame.values.get("mouth_open", 0.0))
        self._send()

    def send_command(self, command: Command) -> None:
        """Set a parameter, or set it back, now."""
        if not self._closed:
            self._deeds.command(command, self._now())
            self._send()

    def began(self, number: int, timeline: Timeline) -> None:
        """Start a new page of the chatbox."""
        del number, timeline
        if self._chatbox:
            self._chatbox.begin()

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Take what will be said."""
        del timeline, samples, rate
        if self._chatbox and placed is not None:
            self._chatbox.add(placed)

    def ended(self, heard: HeardText) -> None:
        """Forget what was not heard."""
        if self._chatbox and not heard.complete:
            self._chatbox.end()

    async def close(self) -> None:
        """Put every parameter at rest, mouth closed, and give eyes and ports back."""
        if self._closed:
            return
        self._deeds.clear()
        self._values = {}
        self._chatbox = None
        self._closed = True
        self._changed("")
        self._first.set()
        for _ in range(2):
            self._changes.forget()
            self._send()
            await asyncio.sleep(0.02)
        if self._socket:
            self._socket.close()

    def _send(self) -> None:
        to = self._socket
        if to is None or not to.open:
            return
        now = self._now()
        if self._was_refused and not to.refused:
            self._changes.forget()
        self._was_refused = to.refused
        packets = wire.write(self._changes.due(now, self._wanted_now(now)))
        line = self._chatbox.due(now) if self._chatbox else None
        if line is not None:
            packets.append(wire.chatbox(line))
        to.listen()
        to.send(packets)
        self._frames += bool(packets)

    def _wanted_now(self, now: float) -> dict[str, tuple[wire.Value, ...]]:
        """Return everything that should stand at VRChat, by address."""
        shown = wire.shown(wire.parameters(self._values), self._avatar)
        wanted: dict[str, tuple[wire.Value, ...]] = {address: (value,) for address, value in shown.items()}
        if self._eyes:
            wanted |= wire.eye_messages(self._values)
        return wanted | {address: (value,) for address, value in self._deeds.wanted(now).items()}
