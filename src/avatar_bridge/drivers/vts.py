"""The driver for VTube Studio: connects, keeps the connection, and brings a new one in line with the old."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, Frame
from avatar_bridge.drivers.vts_client import VTubeStudioClient, open_client
from avatar_bridge.drivers.vts_discovery import DISCOVERY_PORT, Search
from avatar_bridge.drivers.vts_model import Model, is_local, read_model
from avatar_bridge.drivers.vts_session import authenticate, drive, subscribe
from avatar_bridge.drivers.vts_stream import FrameStream
from avatar_bridge.drivers.vts_switches import Switches
from avatar_bridge.drivers.vts_token import TokenFile
from avatar_bridge.errors import AvatarBridgeError, RefusedError
from avatar_bridge.ports import Abilities, Command, TargetState
from avatar_bridge.wire.vts_bindings import bind, durations
from avatar_bridge.wire.vts_calibration import DEFAULT, Calibration
from avatar_bridge.wire.vts_errors import API_OFF, DENIED, UNAUTHENTICATED, ApiError, explain
from avatar_bridge.wire.vts_parameters import Rendering
from avatar_bridge.wire.vts_replies import ModelLoaded, read

__all__ = ["VTubeStudioDriver"]

_QUIET = 2.0
_PARTING = 2.5
_NO_MODEL = "VTube Studio has no model loaded: load one there."
Status = Literal["connecting", "waiting", "ready", "unreachable", "refused", "closed"]


class VTubeStudioDriver:
    """Drives the model on VTube Studio's screen; implements `ports.Driver` and never raises into the performance."""

    target: ClassVar[str] = "vts"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        url: str | None = None,
        name: str = "vts",
        plugin_name: str = "Avatar Bridge",
        developer: str = "Avatar Bridge",
        lead: float | None = None,
        token_path: Path | str | None = None,
        window_title: str | None = None,
        folders: Sequence[Path] | None = None,
        probe: bool = True,
        discovery_port: int | None = DISCOVERY_PORT,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`url` None finds the app by itself, `window_title` chooses among several; `lead` None is measured.

        `folders` are where `.vtube.json` files lie (None: Steam's); `probe` allows two small poses at the first sight
        of a model whose file is not found; `discovery_port` None does not listen for broadcasts.
        """
        self.name = name
        self._map = motion_map
        self._plugin, self._developer, self._fixed_lead = plugin_name, developer, lead
        self._tokens = TokenFile(Path(token_path) if token_path else None, plugin_name)
        self._folders, self._probe, self._now = folders, probe, now
        patience = Backoff(jitter, last=1.5 if url is None or is_local(url) else 8.0, patience=30.0)
        self._search = Search(url, title=window_title, port=discovery_port, backoff=patience, now=now)
        self._stream = FrameStream(now)
        self._switches = Switches(durations(motion_map), self._report, self._stream.override, now)
        self._model = Model()
        self._calibrations: dict[str, Calibration] = {}
        self._diagnostics: dict[str, Diagnostic] = {}
        self._abilities = Abilities()
        self._status: Status = "connecting"
        self._detail = "Looking for VTube Studio."
        self._first = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False
        self._spoke = -math.inf

    @property
    def lead(self) -> float:
        """Seconds from handing a frame over until it shows: as given, else measured (see `Latency.lead`)."""
        fixed = self._fixed_lead
        return self._stream.latency.lead(self._model.framerate) if fixed is None else fixed

    @property
    def abilities(self) -> Abilities:
        """The map's actions that this model does by itself, and what it lacks."""
        return self._abilities

    @property
    def state(self) -> TargetState:
        """How the app is, in one sentence."""
        trip = self._stream.latency.round_trip
        found = (*self._abilities.diagnostics, *self._diagnostics.values(), *self._stream.diagnostics.values())
        latency = None if trip is None else trip * 500.0
        told = tuple(dict.fromkeys(found))
        return TargetState(self._status, self._detail, latency, self._stream.sent, self._stream.dropped, told)

    async def run(self) -> None:
        """Own the connection until cancelled or closed."""
        if self._closed:
            return
        async with asyncio.TaskGroup() as tasks:
            self._keeper = tasks.create_task(self._keep())

    async def ready(self) -> bool:
        """Wait until the first attempt has ended (a pop-up is waited for); True when a model can be driven."""
        await self._first.wait()
        return self._status == "ready"

    def retry(self) -> None:
        """Try again at once, also after the user had said no in the pop-up."""
        self._search.retry()

    def adopt(self, motion_map: MotionMap) -> None:
        """Fire the hotkeys that another map names; without a connection, once there is one."""
        self._map = motion_map
        self._switches.durations = durations(motion_map)
        if self._status == "ready":
            self._adopt(self._model)

    def send_frame(self, frame: Frame) -> None:
        """Hand over the newest frame; without a connection it is forgotten."""
        if frame.values.get("mouth_open", 0.0) > 0.02:
            self._spoke = self._now()
        if self._status == "ready":
            self._stream.offer(frame.values)

    def send_command(self, command: Command) -> None:
        """Hand over a due command; what is held is kept over a lost connection, a missed hotkey is reported."""
        self._switches.command(command)

    async def close(self) -> None:
        """Close the mouth, switch off what the bridge switched on, close the connection."""
        self._closed = True
        if self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()
            await asyncio.wait([self._keeper], timeout=_PARTING)
        self._tell("closed", "")
        self._first.set()

    async def _keep(self) -> None:
        await self._search.discovery.open()
        try:
            while True:
                refused = await self._attempt()
                if not self._first.is_set() and self._status == "unreachable" and await self._search.listen():
                    refused = await self._attempt()
                self._first.set()
                await self._search.wait(refused=refused)
        finally:
            self._search.discovery.close()
            self._tell("closed", "")
            self._first.set()

    async def _attempt(self) -> bool:
        """Stay with the first address that answers; return whether the user said no."""
        refused = False
        urls = self._search.urls()
        if not urls:
            self._tell("unreachable", self._search.explain("", "VTube Studio was not heard of: start it."))
        for url in urls:
            opened = False
            try:
                async with open_client(url) as client:
                    opened = True
                    await self._session(client, url)
            except ApiError as error:
                refused = self._withdrawn(error)
            except RefusedError as error:
                refused = True
                self._tell("refused", str(error))
            except AvatarBridgeError as error:
                self._tell("unreachable", self._search.explain(url, str(error)))
            if opened:
                break
        return refused

    async def _session(self, client: VTubeStudioClient, url: str) -> None:
        wait = partial(self._tell, "waiting")
        remark = await authenticate(client, self._tokens, plugin=self._plugin, developer=self._developer, wait=wait)
        if remark is not None:
            self._report("token", Diagnostic(remark))
        await subscribe(client)
        await self._read(client, url)
        self._search.met(url)
        self._first.set()
        if (several := self._search.several()) is not None:
            self._report("several", several)
        await drive(client, self._stream, self._switches, self._follow(client, url))

    async def _follow(self, client: VTubeStudioClient, url: str) -> None:
        while True:
            event = await client.event()
            if event.kind == "ModelLoadedEvent" and not read(ModelLoaded, event.data).loaded:
                self._adopt(Model())
            elif event.kind in {"ModelLoadedEvent", "ModelConfigChangedEvent"}:
                await self._read(client, url, str(event.data.get("modelID", "")))

    async def _read(self, client: VTubeStudioClient, url: str, model_id: str = "") -> None:
        quiet = self._probe and self._now() - self._spoke > _QUIET and model_id not in self._calibrations
        self._stream.paused = quiet
        try:
            model = await read_model(
                client, folders=self._folders, local=is_local(url), probe=quiet, known=self._calibrations
            )
        finally:
            self._stream.paused = False
        self._adopt(model)
        if model.id:
            await self._switches.resynchronise(client)

    def _adopt(self, model: Model) -> None:
        bindings, missing = bind(self._map, model.hotkeys, model.expressions) if model.id else ({}, [])
        self._model = model
        self._switches.use(model.id, bindings, model.framerate, self._stream.latency)
        if not model.id:
            self._abilities = Abilities()
            self._tell("waiting", _NO_MODEL)
            return
        if model.calibration is not DEFAULT:
            self._calibrations[model.id] = model.calibration
        self._stream.use(Rendering(model.inputs, model.calibration))
        lacking, delays = (*missing, *model.calibration.diagnostics), self._switches.delays
        self._abilities = Abilities(frozenset(bindings), model.calibration.derived, lacking, delays=delays)
        self._tell("ready", f"Driving {model.name or 'the model'} in VTube Studio.")

    def _withdrawn(self, error: ApiError) -> bool:
        """Say what a refused request means for the session; return whether only the user can go on."""
        if error.error_id == UNAUTHENTICATED or (error.error_id == DENIED and error.request != "AuthenticationToken"):
            self._tokens.forget()
            self._tell("waiting", explain(UNAUTHENTICATED, error.text))
            return False
        self._tell("unreachable" if error.error_id == API_OFF else "refused", str(error))
        return error.error_id == DENIED

    def _report(self, key: str, diagnostic: Diagnostic) -> None:
        self._diagnostics.setdefault(key, diagnostic)

    def _tell(self, status: Status, detail: str) -> None:
        self._status, self._detail = status, detail
