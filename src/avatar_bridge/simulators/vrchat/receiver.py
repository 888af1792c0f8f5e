"""A strict VRChat behind its OSC ports, written from docs.vrchat.com: parameters, chatbox, eyes, avatar changes."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from avatar_bridge.errors import ProtocolError
from avatar_bridge.simulators.journal import Journal
from avatar_bridge.simulators.listener import listen
from avatar_bridge.simulators.osc_packets import OscMessage, PacketError, read_packet, write_message

__all__ = ["SAMPLE", "ChatLine", "VRChatSimulator"]

SAMPLE: Final[Mapping[str, str]] = {
    "AB/MouthOpen": "Float",
    "AB/MouthSmile": "Float",
    "AB/Speaking": "Bool",
    "AB/Expression": "Int",
    "FT/v2/JawOpen": "Float",
    "FT/v2/EyeLidLeft1": "Bool",
    "FT/v2/EyeLidLeft2": "Bool",
    "FT/v2/EyeLidLeft4": "Bool",
    "Wave": "Bool",
    "VRCEmote": "Int",
    "Glow": "Float",
}
"""The parameters of the sample avatar, by name."""

_INPUT: Final = "/avatar/parameters/"
_EYES: Final = {"/tracking/eye/EyesClosedAmount": "f", "/tracking/eye/CenterPitchYaw": "ff"}
_TAGS: Final = {"Float": ("f",), "Int": ("i",), "Bool": ("T", "F")}
_LONGEST: Final = 144
_LINES: Final = 9
_PACE: Final = 1.25
"""Seconds between two chatbox lines: faster ones are throttled, with 50 ms for the way."""
_TOLD: Final = 200
_KEPT: Final = 10000


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A text in the chatbox."""

    at: float
    text: str


class VRChatSimulator:
    """VRChat with one avatar; use it with `async with`."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 9000,
        record: Path | None = None,
        *,
        tell: int = 9001,
        avatar: str = "avtr_00000000-0000-0000-0000-000000000001",
        parameters: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """`tell`: the port that hears of avatar changes; `parameters`: type by name; `folder`: where its file goes."""
        self.host, self.port, self.tell, self.avatar = host, port, tell, avatar
        self.types = dict(SAMPLE if parameters is None else parameters)
        self.values: dict[str, float | int | bool] = {}
        """The avatar's parameters as they stand."""
        self.eyes: dict[str, tuple[float, ...]] = {}
        self.chat: deque[ChatLine] = deque(maxlen=_KEPT)
        self.arrivals: deque[tuple[float, str, float | int | bool]] = deque(maxlen=_KEPT)
        """When each parameter was set, its name and value."""
        self.unknown: Counter[str] = Counter()
        """Parameters that the avatar lacks: VRChat passes over them."""
        self.complaints: Counter[str] = Counter()
        self._record, self._folder = record, folder
        self._journal: Journal | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def url(self) -> str:
        """The address to send to."""
        return f"{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """True while the port is open."""
        return self._transport is not None

    async def __aenter__(self) -> Self:
        """Listen and put the avatar on; raises WorldError where the port is taken or a file cannot be written."""
        self._journal = Journal(self._record)
        try:
            self._transport = await listen("VRChat", self.host, self.port, self._received)
        except BaseException:
            self._journal.close()
            raise
        self.port = int(self._transport.get_extra_info("sockname")[1])
        self.wear(self.avatar, self.types)
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

    def wear(self, avatar: str, types: Mapping[str, str]) -> None:
        """Put an avatar on: its file is written, its parameters are at rest, `/avatar/change` is sent."""
        self.avatar, self.types = avatar, dict(types)
        self.values.clear()
        if self._folder is not None:
            entries = [
                {
                    "name": name,
                    "input": {"address": _INPUT + name, "type": kind},
                    "output": {"address": _INPUT + name, "type": kind},
                }
                for name, kind in types.items()
            ]
            entries.append({"name": "VelocityZ", "output": {"address": f"{_INPUT}VelocityZ", "type": "Float"}})
            file = self._folder / "usr_0000" / "Avatars" / f"{avatar}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            document = {"id": avatar, "name": "Sample", "parameters": entries}
            file.write_text(json.dumps(document, indent=2), encoding="utf-8-sig")
        if self.tell:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                try:
                    sender.sendto(write_message("/avatar/change", avatar), (self.host, self.tell))
                except OSError as error:
                    self._complain(f"/avatar/change could not be sent: {error}", time.perf_counter())

    def check(self) -> None:
        """Raise ProtocolError with everything that was against the rules."""
        if self.complaints:
            told = "; ".join(f"{text} ({times}x)" for text, times in self.complaints.items())
            raise ProtocolError(f"against VRChat's rules: {told}")

    def describe(self) -> Iterator[str]:
        """Yield what is shown now, a line each, floats in halves; a line stays while what it says does."""
        yield f"avatar: {self.avatar}"
        for name, value in sorted(self.values.items()):
            yield f"{name}: {value if isinstance(value, (bool, int)) else format(round(2 * value) / 2 + 0.0, 'g')}"
        if self.chat:
            yield f"chatbox: {self.chat[-1].text}"
        for text in self.complaints:
            yield f"wrong: {text}"

    def _received(self, data: bytes) -> None:
        at = time.perf_counter()
        try:
            packet = read_packet(data)
        except PacketError as error:
            self._complain(str(error), at)
            return
        for message in packet.messages:
            if self._journal is not None:
                self._journal.write("message", at, address=message.address, tags=message.tags, values=message.values)
            self._take(message, at)

    def _take(self, message: OscMessage, at: float) -> None:
        if message.address.startswith(_INPUT):
            self._parameter(message, at)
        elif message.address in _EYES:
            if message.tags != _EYES[message.address]:
                self._complain(f"{message.address} has the types {message.tags!r}", at)
            else:
                self.eyes[message.address] = tuple(value for value in message.values if isinstance(value, float))
        elif message.address == "/chatbox/input":
            self._chat(message, at)
        elif message.address != "/chatbox/typing" or message.tags not in ("T", "F"):
            self._complain(f"{message.address} {message.tags!r} is nothing that VRChat takes here", at)

    def _parameter(self, message: OscMessage, at: float) -> None:
        name = message.address.removeprefix(_INPUT)
        kind = self.types.get(name)
        if len(message.values) != 1:
            self._complain(f"{message.address} has {len(message.values)} values, expected one", at)
        elif kind is None:
            self.unknown[name] += 1
        elif message.tags not in _TAGS[kind]:
            self._complain(f"{name} is a {kind}, got the type {message.tags!r}", at)
        else:
            value = message.values[0]
            if isinstance(value, float) and not -1.0 <= value <= 1.0:
                self._complain(f"{name} is {value:g}, expected -1 to 1", at)
            elif kind == "Int" and isinstance(value, int) and not 0 <= value <= 255:
                self._complain(f"{name} is {value}, expected 0 to 255", at)
            elif isinstance(value, (float, int)):
                self.values[name] = value
                self.arrivals.append((at, name, value))

    def _chat(self, message: OscMessage, at: float) -> None:
        tags = message.tags.replace("F", "T")
        text = str(message.values[0]) if message.values else ""
        if tags not in ("sT", "sTT"):
            self._complain(f"/chatbox/input has the types {message.tags!r}, expected a string and one or two bools", at)
        elif len(text) > _LONGEST or text.count("\n") >= _LINES:
            self._complain(f"a chatbox line of {len(text)} characters, expected at most 144 on 9 lines", at)
        elif self.chat and at - self.chat[-1].at < _PACE:
            self._complain("chatbox lines come faster than every 1.3 s", at)
        else:
            self.chat.append(ChatLine(at, text))

    def _complain(self, text: str, at: float) -> None:
        if text in self.complaints or len(self.complaints) < _TOLD:
            self.complaints[text] += 1
        if self._journal is not None:
            self._journal.write("fault", at, text=text)
