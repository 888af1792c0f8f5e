"""The stream of frames to nizima LIVE: one request a frame, no more unanswered than it keeps up with."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from avatar_bridge.drivers.nizima_client import TIMEOUT, NizimaClient
from avatar_bridge.drivers.vts_latency import Latency
from avatar_bridge.errors import AvatarBridgeError, UnreachableError
from avatar_bridge.wire.nizima import ApiError
from avatar_bridge.wire.nizima_parameters import Rendering

__all__ = ["NizimaStream"]

KEEP_ALIVE: Final = 0.2
"""Seconds after which unchanged values are sent again; nizima LIVE forgets a value after half a second."""
_LOOK: Final = 0.05
_EASING, _EASING_FRAME = 12, 1 / 60
"""Frames, and seconds between them, in which the pose goes back to rest at the end; the mouth is closed at once."""
_LAST_WORD: Final = 0.3
_SPOKEN: Final = frozenset({"mouth_open", "aa", "ih", "ou", "ee", "oh"})


class NizimaStream:
    """Sends the newest frame as soon as there is room for it; older ones that still wait are dropped and counted."""

    def __init__(self, refused: Callable[[ApiError], None], now: Callable[[], float] = time.monotonic) -> None:
        """`refused` is told of each frame that nizima LIVE did not take."""
        self._refused, self._now = refused, now
        self._wake = asyncio.Event()
        self._waiting: Mapping[str, float] | None = None
        self._last: Mapping[str, float] | None = None
        self._last_sent = -math.inf
        self._flight: dict[asyncio.Future[Mapping[str, Any]], float] = {}
        self._model, self._rendering = "", Rendering(())
        self.latency = Latency()
        self.sent = 0
        self.dropped = 0

    def offer(self, channels: Mapping[str, float]) -> None:
        """Hand over the newest frame's channels."""
        self.dropped += self._waiting is not None
        self._waiting = channels
        self._wake.set()

    def use(self, model: str, rendering: Rendering) -> None:
        """Pose another model from now on; "" poses none."""
        self._model, self._rendering = model, rendering
        self._wake.set()

    def forget(self) -> None:
        """Forget the last frame: by the time of the next connection the mouth may have closed."""
        self._waiting = self._last = None
        self._flight.clear()

    async def run(self, client: NizimaClient) -> None:
        """Send until cancelled; raises UnreachableError where nizima LIVE is gone or frozen."""
        while True:
            await self._due()
            oldest = next(iter(self._flight.values()), None)
            if oldest is not None and self._now() - oldest > TIMEOUT:
                raise UnreachableError(
                    f"nizima LIVE is connected but has not answered for {TIMEOUT:g} s: it hangs. Restart it if this "
                    "stays."
                )
            if self._model and len(self._flight) < self.latency.window:
                await self._send(client)

    async def _due(self) -> None:
        """Wait until a frame can be sent, the last is due again, or nizima LIVE has to be looked at."""
        if self._waiting is not None and self._model and len(self._flight) < self.latency.window:
            return
        self._wake.clear()
        pause = KEEP_ALIVE if self._last is None else max(self._last_sent + KEEP_ALIVE - self._now(), _LOOK)
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send(self, client: NizimaClient) -> None:
        channels = self._waiting
        if channels is None:
            if self._last is None or self._now() - self._last_sent < KEEP_ALIVE:
                return
            channels = self._last
        self._waiting, self._last = None, channels
        await self._pose(client, channels)

    async def _pose(self, client: NizimaClient, channels: Mapping[str, float]) -> None:
        values = [{"Id": name, "Value": round(value, 4)} for name, value in self._rendering.values(channels)]
        if not values:
            return
        begun = self._last_sent = self._now()
        data = {"ModelId": self._model, "CubismParameterValues": values}
        future = await client.post("SetCubismParameterValues", data)
        self.sent += 1
        if not future.done():
            self._flight[future] = begun
        future.add_done_callback(lambda done: self._answered(done, begun))

    def _answered(self, future: asyncio.Future[Mapping[str, Any]], begun: float) -> None:
        self._flight.pop(future, None)
        self._wake.set()
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self.latency.add(self._now() - begun)
        elif isinstance(error, ApiError):
            self._refused(error)

    async def close(self, client: NizimaClient) -> None:
        """Close the mouth, ease the pose to rest, and wait until the last frame was taken."""
        last, self._waiting, self._last = self._last, None, None
        if last is None or not self._model:
            return
        pose = {name: value for name, value in last.items() if value and name not in _SPOKEN}
        for number in range(_EASING if pose else 0):
            left = 1 - number / _EASING
            if number == 0 or len(self._flight) < self.latency.window:
                await self._pose(client, {name: value * left * left * (3 - 2 * left) for name, value in pose.items()})
            await asyncio.sleep(_EASING_FRAME)
        try:
            await self._pose(client, {})
        except AvatarBridgeError:
            return
        if self._flight:
            await asyncio.wait([*self._flight], timeout=_LAST_WORD)
