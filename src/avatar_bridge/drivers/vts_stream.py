"""The stream of frames to VTube Studio: one request a frame, no more in flight than the app answers."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.vts_client import GONE, TIMEOUT, VTubeStudioClient
from avatar_bridge.drivers.vts_latency import Latency
from avatar_bridge.drivers.vts_posed import Posed
from avatar_bridge.errors import UnreachableError
from avatar_bridge.wire.vts_errors import (
    API_OFF,
    DENIED,
    FOREIGN,
    UNAUTHENTICATED,
    UNKNOWN_PARAMETER,
    ApiError,
    explain,
    named,
)
from avatar_bridge.wire.vts_parameters import Rendering

__all__ = ["FrameStream"]

KEEP_ALIVE = 0.5
"""Seconds after which unchanged values are sent again; VTube Studio forgets a parameter after one second."""
_LOOK = 0.05
_LAST_WORD = 0.3
"""Seconds that the app has to answer the closing frame."""
_EASING, _EASING_FRAME = 18, 1 / 60
"""Frames, and seconds between them, in which the pose goes back to rest at the end; the mouth is closed at once."""
_SPOKEN = frozenset({"mouth_open", "aa", "ih", "ou", "ee", "oh"})
RETRY_FOREIGN = 2.0
"""Seconds after which another plugin's parameters are tried again; it owns them for a second after its last frame."""


class FrameStream:
    """Sends the newest frame as soon as the app has room for it; older ones that still wait are dropped and counted."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wake = asyncio.Event()
        self._waiting: Mapping[str, float] | None = None
        self._last: Mapping[str, float] | None = None
        self._last_sent = -math.inf
        self._flight: dict[asyncio.Future[Mapping[str, object]], float] = {}
        self.latency = Latency()
        self._posed = Posed()
        self._failure: ApiError | None = None
        self._suspects = False
        self._broken = asyncio.Event()
        self.sent = 0
        self.dropped = 0
        self.diagnostics: dict[str, Diagnostic] = {}
        self.paused = False
        """True holds frames back while something else poses the model."""

    def offer(self, channels: Mapping[str, float]) -> None:
        """Hand over the newest frame's channels."""
        if self._waiting is not None:
            self.dropped += 1
        self._waiting = channels
        self._wake.set()

    def use(self, rendering: Rendering) -> None:
        """Render for another model from now on."""
        self._posed.use(rendering)

    def override(self, values: Mapping[str, float]) -> None:
        """Hold parameters of the map (`vts.parameters`) over the frames' own values; an empty mapping ends it."""
        self._posed.hold(values)

    async def run(self, client: VTubeStudioClient) -> None:
        """Send until cancelled or until the connection fails.

        Raises UnreachableError where the app is gone or frozen, ApiError where it withdrew the permission.
        """
        self._flight.clear()
        self._failure = None
        while True:
            await self._due()
            self._check(client)
            if len(self._flight) < self.latency.window and not self.paused:
                await self._send(client)

    def forget(self) -> None:
        """Forget the last frame: the connection is lost, and by the time of the next the mouth may have closed."""
        self._waiting = self._last = None

    async def close(self, client: VTubeStudioClient) -> None:
        """Close the mouth, ease the pose to rest, and wait until the app has taken the last frame.

        What is still unanswered when a connection ends may be dropped by the app.
        """
        self._posed.hold({})
        if self._last is None or client.closed.is_set():
            return
        self._waiting, self._wake = None, asyncio.Event()
        pose = {name: value for name, value in self._last.items() if value and name not in _SPOKEN}
        for number in range(_EASING if pose else 0):
            left = 1 - number / _EASING
            if number == 0 or len(self._flight) < self.latency.window:
                eased = left * left * (3 - 2 * left)
                await self._inject(client, {name: value * eased for name, value in pose.items()})
            await asyncio.sleep(_EASING_FRAME)
            if client.closed.is_set():
                return
        await self._inject(client, {})
        if self._flight:
            await asyncio.wait([*self._flight], timeout=_LAST_WORD)

    async def _due(self) -> None:
        """Wait until a frame can be sent, the keep-alive is due, or the app has to be looked at."""
        if self._waiting is not None and len(self._flight) < self.latency.window and not self.paused:
            return
        self._wake.clear()
        pause = KEEP_ALIVE if self._last is None else max(self._last_sent + KEEP_ALIVE - self._now(), _LOOK)
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            return

    def _check(self, client: VTubeStudioClient) -> None:
        if self._failure is not None:
            raise self._failure
        if client.closed.is_set():
            raise UnreachableError(GONE)
        oldest = next(iter(self._flight.values()), None)
        if oldest is not None and self._now() - oldest > TIMEOUT:
            raise UnreachableError(
                f"VTube Studio is connected but has not answered for {TIMEOUT:g} s: it hangs. Restart it if this stays."
            )

    async def _send(self, client: VTubeStudioClient) -> None:
        channels = self._waiting
        if channels is None:
            if self._last is None or self._now() - self._last_sent < KEEP_ALIVE:
                return
            channels = self._last
        self._waiting, self._last = None, channels
        await self._inject(client, channels)

    async def _inject(self, client: VTubeStudioClient, channels: Mapping[str, float]) -> None:
        number = client.number()
        text = self._posed.request(number, channels)
        if text is None:
            return
        future = client.expect(number)
        self._last_sent = self._flight[future] = self._now()
        future.add_done_callback(self._answered)
        self.sent += 1
        await client.send(text)

    def _answered(self, future: asyncio.Future[Mapping[str, object]]) -> None:
        begun = self._flight.pop(future, None)
        self._wake.set()
        if future.cancelled() or begun is None:
            return
        error = future.exception()
        if error is None:
            self.latency.add(self._now() - begun)
        elif isinstance(error, ApiError):
            self._refused(error)

    def _refused(self, error: ApiError) -> None:
        if error.error_id in {API_OFF, UNAUTHENTICATED, DENIED}:
            self._failure = error
            return
        name = named(error.text, self._posed.names)
        if error.error_id == UNKNOWN_PARAMETER and name is not None:
            self._drop(name)
        elif error.error_id == FOREIGN and name is not None:
            self._yield(name)
        elif error.error_id in {UNKNOWN_PARAMETER, FOREIGN}:
            if not self._posed.lacks(error.text):
                self._suspects = True
        else:
            self._report(f"error {error.error_id}", Diagnostic(explain(error.error_id, error.text)))
        self._broken.set()
        if self._waiting is None and self._last is not None:
            self._waiting = self._last  # the whole request failed: the same values again, without the culprit

    def _drop(self, name: str) -> None:
        self._posed.drop(name)
        self._report(f"unknown {name}", Diagnostic(f"This VTube Studio has no parameter {name}: it is left out."))

    def _yield(self, name: str) -> None:
        """Leave a parameter to the plugin that owns it: adding to another's value would give neither's motion."""
        self._posed.leave(name, self._now() + RETRY_FOREIGN)
        self._report(
            f"foreign {name}",
            Diagnostic(
                f"Another plugin controls {name} in VTube Studio: it is left to that plugin.",
                suggestion=f"Close the other plugin, or take {name} out of it; it is tried again every two seconds.",
            ),
        )

    def _report(self, key: str, diagnostic: Diagnostic) -> None:
        self.diagnostics.setdefault(key, diagnostic)

    async def mend(self, client: VTubeStudioClient) -> None:
        """Try parameters one by one where a refusal named none, and those of other plugins whether they are free."""
        while True:
            try:
                async with asyncio.timeout(RETRY_FOREIGN / 4 if self._posed.yielding else None):
                    await self._broken.wait()
            except TimeoutError:
                pass
            self._broken.clear()
            due = self._posed.worth_trying(self._now())
            if self._suspects:
                due += self._posed.names
            self._suspects = False
            await asyncio.gather(*(self._try(client, name) for name in due))

    async def _try(self, client: VTubeStudioClient, name: str) -> None:
        value = self._posed.value(name, self._last or {})
        data = {"faceFound": True, "mode": "set", "parameterValues": [{"id": name, "value": value}]}
        try:
            await client.request("InjectParameterData", data)
        except UnreachableError:
            if client.closed.is_set():
                raise
            return
        except ApiError as error:
            if error.error_id == UNKNOWN_PARAMETER:
                self._drop(name)
            elif error.error_id == FOREIGN:
                self._yield(name)
            return
        if self._posed.regain(name):
            self.diagnostics.pop(f"foreign {name}", None)
