"""A strict VRChat behind its OSC ports, written from docs.vrchat.com: parameters, chatbox, eyes, avatar changes."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from avatar_bridge.simulators.listener import DatagramSimulator
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
_KEPT: Final = 10000


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A text in the chatbox."""

    at: float
    text: str


class VRChatSimulator(DatagramSimulator):
    """VRChat with one avatar; use it with `async with`."""

    app: ClassVar[str] = "VRChat"

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
        super().__init__(host, port, record)
        self.tell, self.avatar = tell, avatar
        self.types = dict(SAMPLE if parameters is None else parameters)
        self.values: dict[str, float | int | bool] = {}
        """The avatar's parameters as they stand."""
        self.eyes: dict[str, tuple[float, ...]] = {}
        self.chat: deque[ChatLine] = deque(maxlen=_KEPT)
        self.arrivals: deque[tuple[float, str, float | int | bool]] = deque(maxlen=_KEPT)
        """When each parameter was set, its name and value."""
        self.unknown: Counter[str] = Counter()
        """Parameters that the avatar lacks: VRChat passes over them."""
        self._folder = folder

    def opened(self) -> None:
        """Put the avatar on."""
        self.wear(self.avatar, self.types)

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
                    self.complain(f"/avatar/change could not be sent: {error}", time.perf_counter())

    def describe(self) -> Iterator[str]:
        """Yield what is shown now, a line each, floats in halves; a line stays while what it says does."""
        yield f"avatar: {self.avatar}"
        for name, value in sorted(self.values.items()):
            yield f"{name}: {value if isinstance(value, (bool, int)) else format(round(2 * value) / 2 + 0.0, 'g')}"
        if self.chat:
            yield f"chatbox: {self.chat[-1].text}"
        for text in self.complaints:
            yield f"wrong: {text}"

    def received(self, data: bytes) -> None:
        """Take a packet."""
        at = time.perf_counter()
        try:
            packet = read_packet(data)
        except PacketError as error:
            self.complain(str(error), at)
            return
        for message in packet.messages:
            self.note("message", at, address=message.address, tags=message.tags, values=message.values)
            self._take(message, at)

    def _take(self, message: OscMessage, at: float) -> None:
        if message.address.startswith(_INPUT):
            self._parameter(message, at)
        elif message.address in _EYES:
            if message.tags != _EYES[message.address]:
                self.complain(f"{message.address} has the types {message.tags!r}", at)
            else:
                self.eyes[message.address] = tuple(value for value in message.values if isinstance(value, float))
        elif message.address == "/chatbox/input":
            self._chat(message, at)
        elif message.address != "/chatbox/typing" or message.tags not in ("T", "F"):
            self.complain(f"{message.address} {message.tags!r} is nothing that VRChat takes here", at)

    def _parameter(self, message: OscMessage, at: float) -> None:
        name = message.address.removeprefix(_INPUT)
        kind = self.types.get(name)
        if len(message.values) != 1:
            self.complain(f"{message.address} has {len(message.values)} values, expected one", at)
        elif kind is None:
            self.unknown[name] += 1
        elif message.tags not in _TAGS[kind]:
            self.complain(f"{name} is a {kind}, got the type {message.tags!r}", at)
        else:
            value = message.values[0]
            if isinstance(value, float) and not -1.0 <= value <= 1.0:
                self.complain(f"{name} is {value:g}, expected -1 to 1", at)
            elif kind == "Int" and isinstance(value, int) and not 0 <= value <= 255:
                self.complain(f"{name} is {value}, expected 0 to 255", at)
            elif isinstance(value, (float, int)):
                self.values[name] = value
                self.arrivals.append((at, name, value))

    def _chat(self, message: OscMessage, at: float) -> None:
        tags = message.tags.replace("F", "T")
        text = str(message.values[0]) if message.values else ""
        if tags not in ("sT", "sTT"):
            self.complain(f"/chatbox/input has the types {message.tags!r}, expected a string and one or two bools", at)
        elif len(text) > _LONGEST or text.count("\n") >= _LINES:
            self.complain(f"a chatbox line of {len(text)} characters, expected at most 144 on 9 lines", at)
        elif self.chat and at - self.chat[-1].at < _PACE:
            self.complain("chatbox lines come faster than every 1.3 s", at)
        else:
            self.chat.append(ChatLine(at, text))
