"""The reference client of the game protocol: a game without pictures, for tests and benchmarks.

async with GameClient(server.game_address, server.token, characters=[{"name": "anna", "sound": True}]) as game:
    segment = await game.hear("segment")
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from game_parts import ClockSync, CueKeeper, Message, MotionSampler, MouthSampler, SoundRing, read_motion, read_sound
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

CAPABILITIES = ("sound", "motion", "speech", "captions")
TICK = 1.0 / 60.0
BLOCK = 960
"""Samples in one block of the sound output that is played at: 20 ms."""


class RefusedGameError(Exception):
    """The bridge did not let the game in; `code` and `words` say why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message["message"])
        self.code: str = message["code"]
        self.words: str = message["message"]


class Shown:
    """One character as the game shows it."""

    def __init__(self, number: int, name: str, latency: float) -> None:
        self.number = number
        self.name = name
        self.latency = latency
        self.has_sound = False
        self.utterance: int | None = None
        self.segments: list[Message] = []
        self.mouth = MouthSampler()
        self.motion = MotionSampler()
        self.cues = CueKeeper()
        self.ring = SoundRing(latency=latency)
        self.clock: Message | None = None
        self.over = True
        self.played: list[int] = []
        """Samples that went out, of the newest utterance."""
        self._dsp = -math.inf

    def begin(self, utterance: int) -> None:
        """Take a new utterance: everything of the one before is over."""
        self.utterance, self.over, self.clock = utterance, False, None
        self.segments, self.played = [], []
        self.mouth, self.cues = MouthSampler(), self.cues.follow()
        self.ring = SoundRing(latency=self.latency)
        self._dsp = -math.inf

    def play(self, now: float) -> bool:
        """Play the blocks that are due by `now`; return True where a `playing` is to be told."""
        told = False
        if self._dsp < now - 0.5:
            self._dsp = now
        while self._dsp <= now:
            taken, starts = self.ring.pull(self._dsp, BLOCK)
            self.played += taken
            told = told or starts
            self._dsp += BLOCK / self.ring.rate
        return told

    def heard(self, now: float, offset: float) -> float | None:
        """Return how much of the utterance is heard at `now` (client's clock); None where that is not known."""
        if self.has_sound and self.ring.start is not None:
            return min(now - self.ring.start, self.ring.position / self.ring.rate)
        if self.clock is None:
            return None
        running = now + offset - self.clock["now"] if self.clock["running"] else 0.0
        return float(self.clock["heard"] + running)


class GameClient:
    """A game: it says hello, keeps the bridge's clock, plays what it owns at a sound output that is none, and acts."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        name: str = "reference",
        engine: str = "python",
        characters: Sequence[Message] = (),
        capabilities: Sequence[str] = CAPABILITIES,
        protocol: tuple[int, int] = (1, 1),
        latency: float = 0.02,
        now: Callable[[], float] = time.perf_counter,
        keep_frames: bool = False,
    ) -> None:
        self._address = address
        self._now = now
        self._latency = latency
        self._keep_frames = keep_frames
        oldest, newest = protocol
        self._hello = {
            "type": "hello",
            "protocol": newest,
            "oldest": oldest,
            "token": token,
            "client": {"name": name, "engine": engine, "version": "0"},
            "capabilities": list(capabilities),
            "characters": list(characters),
        }
        self.sync = ClockSync()
        self.welcome: Message = {}
        self.shown: dict[int, Shown] = {}
        self.log: list[tuple[float, Message]] = []
        """What the bridge said, each with the client's clock at which it came."""
        self.said: list[Message] = []
        """What this game said."""
        self.frames: list[tuple[float, int, int, float]] = []
        """With `keep_frames`: when it came, sequence, character, `at`."""
        self.acted: list[tuple[float, int, int | None, str, bool]] = []
        """Bridge's clock, character, cue, action, native: what began."""
        self.left_out: list[Message] = []
        self.ended: list[str] = []
        """Native holds that ended."""
        self.margins: list[float] = []
        self._news = asyncio.Condition()
        self._read = 0
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._address, proxy=None, max_queue=None, ping_interval=None, compression=None)
        try:
            self.said.append(self._hello)
            await self._socket.send(json.dumps(self._hello))
            first = json.loads(await self._socket.recv())
            if first["type"] == "refused":
                raise RefusedGameError(first)
        except BaseException:
            await self._socket.close()
            raise
        self.welcome = first
        self._keep(first)
        for character in first["characters"]:
            number = character["number"]
            self.shown[number] = Shown(number, character["name"], self._latency)
        self._tasks = [
            asyncio.create_task(each) for each in (self._listen(), self._tick(), self._ping(), self._report())
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    @property
    def offset(self) -> float:
        """Seconds to add to the client's clock for the bridge's."""
        return self.sync.offset or 0.0

    @property
    def close_code(self) -> int | None:
        return None if self._socket is None else self._socket.close_code

    def number(self, name: str = "") -> int:
        """Return a character's number by its name; the first where none is given."""
        return next(each.number for each in self.shown.values() if not name or each.name == name)

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a message; silently nothing once the bridge is gone."""
        message = {"type": kind, **fields}
        self.said.append(message)
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str | bytes) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            self.closed.set()

    async def hear(self, kind: str, *, within: float = 10.0, **fields: Any) -> Message:
        """Return the next message of a kind with these fields, from where the last `hear` ended."""
        async with asyncio.timeout(within), self._news:
            while True:
                while self._read < len(self.log):
                    _, message = self.log[self._read]
                    self._read += 1
                    if message["type"] == kind and all(message.get(key) == value for key, value in fields.items()):
                        return message
                await self._news.wait()

    def told(self, kind: str, **fields: Any) -> list[Message]:
        """Return all messages of a kind with these fields that came so far."""
        return [
            message
            for _, message in self.log
            if message["type"] == kind and all(message.get(key) == value for key, value in fields.items())
        ]

    def _keep(self, message: Message) -> None:
        self.log.append((self._now(), message))

    async def _listen(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    self._take_binary(data)
                    continue
                message = json.loads(data)
                self._keep(message)
                self._take(message)
                async with self._news:
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        self.closed.set()

    def _take_binary(self, data: bytes) -> None:
        if data[0] == 1:
            sequence, frames = read_motion(data, len(self.welcome["channels"]), len(self.welcome["bones"]))
            now = self._now()
            for frame in frames:
                self.shown[frame.character].motion.take(frame)
                if self.sync.settled(now):
                    self.margins.append(frame.at - (now + self.offset))
                if self._keep_frames:
                    self.frames.append((now, sequence, frame.character, frame.at))
        elif data[0] == 2:
            sound = read_sound(data)
            shown = self.shown[sound.character]
            if shown.utterance != sound.utterance:
                shown.begin(sound.utterance)
            shown.ring.take(sound.offset, sound.samples)

    def _take(self, message: Message) -> None:
        kind = message["type"]
        if kind == "pong":
            self.sync.take(message["sent"], message["now"], self._now())
            return
        shown = self.shown.get(message.get("character", -1))
        if shown is None:
            return
        if "utterance" in message and shown.utterance != message["utterance"] and kind in _BEGINNING:
            shown.begin(message["utterance"])
        if kind == "turn":
            shown.has_sound = message["has"]
        elif kind == "act":
            self.acted.append((message["at"], shown.number, None, message["action"], message["native"] is not None))
        elif kind == "reset":
            shown.cues.reset()
        elif kind == "release":
            shown.cues.release(message)
        elif message.get("utterance") == shown.utterance:
            self._take_speech(shown, message)

    def _take_speech(self, shown: Shown, message: Message) -> None:
        kind = message["type"]
        if kind == "segment":
            shown.segments.append(message)
            shown.mouth.take(message["mouth"])
        elif kind == "corrected":
            known = [message if each["index"] == message["index"] else each for each in shown.segments]
            shown.segments[:] = known
            shown.mouth.take(message["mouth"])
        elif kind == "cues":
            shown.cues.tell(message["cues"])
        elif kind == "clock":
            shown.clock = message
        elif kind == "sound_end":
            shown.ring.finish(message["samples"])
        elif kind == "cancel":
            shown.ring.cancel()
            shown.cues.cancel()
        elif kind == "ended":
            shown.over = True
            shown.cues.end()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        told: dict[int, float] = {}
        while True:
            due = max(due + TICK, loop.time() - 1.0)
            await asyncio.sleep(max(0.0, due - loop.time()))
            now = self._now()
            for shown in self.shown.values():
                if shown.has_sound and not shown.over and self.sync.settled(now):
                    news = shown.play(now)
                    if news or (shown.ring.start is not None and now - told.get(shown.number, -1.0) >= 0.25):
                        told[shown.number] = now
                        await self._tell_playing(shown)
                await self._act(shown, now)

    async def _tell_playing(self, shown: Shown) -> None:
        ring = shown.ring
        if ring.start is not None and shown.utterance is not None:
            await self.send(
                "playing",
                character=shown.number,
                utterance=shown.utterance,
                start=ring.start + self.offset,
                late_ms=ring.late * 1000.0,
                latency_ms=self._latency * 1000.0,
                underruns=ring.underruns,
            )

    async def _act(self, shown: Shown, now: float) -> None:
        heard = shown.heard(now, self.offset)
        begun, left, ended = shown.cues.tick(-math.inf if heard is None else heard)
        self.left_out += left
        self.ended += [cue["name"] for cue in ended]
        for cue in begun:
            at = now + self.offset
            self.acted.append((at, shown.number, cue["id"], cue["name"], cue["native"] is not None))
            await self.send(
                "acted",
                character=shown.number,
                utterance=shown.utterance,
                cue=cue["id"],
                action=cue["name"],
                at=at,
            )

    async def _ping(self) -> None:
        for count in range(10**9):
            await self.send("ping", sent=self._now())
            await asyncio.sleep(0.05 if count < 3 else 1.0)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(2.0)
            margins, self.margins = self.margins, []
            margin = min(margins) * 1000.0 if margins else None
            late = sum(each < 0 for each in margins)
            await self.send("report", margin_ms=margin, late_frames=late, fps=1.0 / TICK, problems=[])


_BEGINNING = frozenset({"utterance", "segment", "cues", "captions", "clock"})

__all__ = ["BLOCK", "CAPABILITIES", "TICK", "GameClient", "RefusedGameError", "Shown"]
