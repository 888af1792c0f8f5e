"""The driver for OBS Studio: scenes, sources, filters, sound and captions, through obs-websocket 5."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Callable
from typing import ClassVar

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples, State
from avatar_bridge.drivers.link import Link
from avatar_bridge.drivers.obs_captions import ObsCaptions
from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.drivers.obs_proof import Proofs
from avatar_bridge.drivers.obs_survey import survey
from avatar_bridge.drivers.obs_switches import ObsSwitches
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import Abilities, Acted, Command, TargetState
from avatar_bridge.wire.cea608 import COLUMNS
from avatar_bridge.wire.obs import REMEDY, SUBPROTOCOL, Event
from avatar_bridge.wire.obs_deeds import Deed, lacking, read_deeds
from avatar_bridge.wire.obs_scenery import restructures

__all__ = ["ObsDriver"]

URL = "ws://127.0.0.1:4455"
PASSWORD = "AVATAR_BRIDGE_OBS_PASSWORD"  # noqa: S105 - the variable's name
_LEAD = 0.02
"""Seconds until OBS shows a change, where nothing is measured yet."""
_FAREWELL = 1.3
_LOOK_EVERY = 1.0
_CALM = 0.05
"""Seconds after which a burst of changes in OBS is looked at."""


class ObsDriver:
    """Acts in OBS and captions what is said; a `Driver`, `Adopter`, `Witness`, `Follower` and `Timed`."""

    target: ClassVar[str] = "obs"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        name: str = "obs",
        url: str | None = None,
        lead: float | None = None,
        password: str | SecretStr = "",
        captions: bool = True,
        caption_columns: int = COLUMNS,
        now: Callable[[], float] = time.perf_counter,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`password` empty takes AVATAR_BRIDGE_OBS_PASSWORD; `lead` None is measured; `caption_columns` are 16..32."""
        self.name = name
        given = password.get_secret_value() if isinstance(password, SecretStr) else password
        self._password = SecretStr(given or os.environ.get(PASSWORD, ""))
        self._fixed_lead, self._now = lead, now
        self._link = Link(
            url or URL, self._session, app="OBS", remedy=REMEDY, subprotocols=[SUBPROTOCOL], jitter=jitter
        )
        self._diagnostics: dict[str, Diagnostic] = {}
        self._abilities = Abilities(moves=False)
        self._proofs = Proofs(now)
        self._switches = ObsSwitches(self._proofs, self._report, now)
        self._captions = ObsCaptions(now, columns=caption_columns, report=self._report) if captions else None
        self._deeds: dict[str, Deed] = {}
        self._faults: list[Diagnostic] = []
        self._changed = asyncio.Event()
        self._trip: float | None = None
        self._closing = False
        self.adopt(motion_map)

    @property
    def lead(self) -> float:
        """Seconds until a change is on the stream: as given, else half the round trip and one video frame."""
        if self._fixed_lead is not None:
            return self._fixed_lead
        return _LEAD if self._trip is None else self._trip / 2 + self._switches.scenery.frame

    @property
    def abilities(self) -> Abilities:
        """The map's actions that this OBS can do, and what it lacks for the others."""
        return self._abilities

    @property
    def state(self) -> TargetState:
        """How OBS is, in one sentence."""
        latency = None if self._trip is None else self._trip * 500.0
        told = tuple(dict.fromkeys((*self._abilities.diagnostics, *self._diagnostics.values())))
        return TargetState(self._link.status, self._link.detail, latency, diagnostics=told)

    async def run(self) -> None:
        """Own the connection until cancelled or closed."""
        await self._link.run()

    async def ready(self) -> bool:
        """Wait until the first attempt has ended; True when OBS can be driven."""
        return await self._link.ready()

    def adopt(self, motion_map: MotionMap) -> None:
        """Do what another map's `obs` tables ask for; what is held stays held."""
        deeds, self._faults = read_deeds(motion_map)
        self._deeds = deeds
        self._abilities = Abilities(diagnostics=tuple(self._faults), moves=False)
        self._switches.deeds = {}
        self._changed.set()

    def send_frame(self, frame: Frame) -> None:
        """Nothing in OBS moves with a character's frames."""

    def send_command(self, command: Command) -> None:
        """Hand over a due command; it is kept over a lost connection as long as it makes sense."""
        self._switches.command(command)

    def acted(self) -> list[Acted]:
        """Return and forget what OBS did since the last call, by its own word."""
        return self._proofs.acted()

    def tick(self, at: float, heard: float | None, doing: State) -> None:
        """Learn how much of the utterance was heard; captions go by it."""
        del at, doing
        if self._captions is not None:
            self._captions.tick(heard)

    def began(self, number: int, timeline: Timeline) -> None:
        """Learn of a new utterance, to caption it."""
        if self._captions is not None:
            self._captions.began(number, timeline)

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Learn of its next segment."""
        if self._captions is not None:
            self._captions.grew(timeline, placed, samples, rate)

    def ended(self, heard: HeardText) -> None:
        """Learn that it is over; after an interrupt the captions end at the last word heard."""
        if self._captions is not None:
            self._captions.ended(heard)

    async def close(self) -> None:
        """Put everything back in OBS, close the connection."""
        self._closing = True
        await self._link.close()

    async def _session(self, connection: ClientConnection) -> None:
        client = ObsClient(connection, self._told, self._now)
        await client.identify(self._password)
        reading = asyncio.create_task(client.read())
        try:
            await self._look(client)
            self._link.tell("ready", "Driving OBS.")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ends(reading))
                tasks.create_task(self._switches.run(client))
                tasks.create_task(self._keep_current(client))
                tasks.create_task(self._measure(client))
                if self._captions is not None:
                    tasks.create_task(self._captions.run(client))
        finally:
            if self._closing and not reading.done():
                await self._farewell(client)
            reading.cancel()
            await asyncio.wait([reading])
            if not reading.cancelled():
                reading.exception()

    async def _farewell(self, client: ObsClient) -> None:
        with contextlib.suppress(AvatarBridgeError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._switches.settle(client)

    @staticmethod
    async def _ends(reading: asyncio.Task[None]) -> None:
        await asyncio.wait([reading])
        reading.result()

    async def _keep_current(self, client: ObsClient) -> None:
        """Look again whenever something is renamed, made or removed in OBS, or another map is played by."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(_CALM)
            await self._look(client)

    async def _look(self, client: ObsClient) -> None:
        self._changed.clear()
        scenery = await self._switches.look(survey(client, self._deeds.values()))
        missing = {name: lacking(deed, scenery) for name, deed in self._deeds.items()}
        able = {name: deed for name, deed in self._deeds.items() if not missing[name]}
        told = (*self._faults, *(each for found in missing.values() for each in found))
        self._proofs.frame = scenery.frame
        self._switches.deeds = able
        self._abilities = Abilities(frozenset(able), diagnostics=told, moves=False)

    async def _measure(self, client: ObsClient) -> None:
        while True:
            await client.ask("GetStudioModeEnabled")
            self._trip = client.round_trip
            await asyncio.sleep(_LOOK_EVERY)

    def _told(self, event: Event) -> None:
        if event.kind == "ExitStarted":
            self._link.tell("unreachable", f"OBS is closing: {REMEDY}.")
        elif restructures(event):
            self._changed.set()
        self._switches.told(event)

    def _report(self, key: str, diagnostic: Diagnostic) -> None:
        self._diagnostics.setdefault(key, diagnostic)
