"""The driver for nizima LIVE: a plugin that poses the selected model and plays its expressions and motions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

from websockets.asyncio.client import ClientConnection

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, Frame
from avatar_bridge.drivers.link import Link
from avatar_bridge.drivers.nizima_acts import NizimaActs
from avatar_bridge.drivers.nizima_client import NizimaClient, enter
from avatar_bridge.drivers.nizima_stream import NizimaStream
from avatar_bridge.drivers.vts_token import TokenFile, default_token_path
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.ports import Abilities, Acted, Command, TargetState
from avatar_bridge.wire import nizima
from avatar_bridge.wire.nizima import ApiError
from avatar_bridge.wire.nizima_bindings import bind
from avatar_bridge.wire.nizima_parameters import Rendering

__all__ = ["NizimaDriver"]

_ADDRESS: Final = "ws://127.0.0.1:22022"
_FRAMERATE: Final = 60.0
_FAREWELL: Final = 1.2
_GLANCE: Final = 2.0
_NO_MODEL: Final = "No model is selected in nizima LIVE: click on one there."
_REMEDY: Final = "start it and switch on its plugin function in its settings"


class NizimaDriver:
    """Drives the model that is selected in nizima LIVE; implements `ports.Driver` and `ports.Witness`."""

    target: ClassVar[str] = "nizima"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        name: str = "nizima",
        url: str | None = None,
        lead: float | None = None,
        plugin_name: str = "Avatar Bridge",
        developer: str = "Avatar Bridge",
        token_path: Path | str | None = None,
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`plugin_name` and `developer` are shown in nizima LIVE; `token_path` is where its permission is kept.

        `lead` None is measured. `clock` is the bridge's, on which `acted` tells times.
        """
        self.name = name
        self._map, self._fixed_lead = motion_map, lead
        self._plugin, self._developer = plugin_name, developer
        self._tokens = TokenFile(token_path or default_token_path().with_name("nizima-token.json"), plugin_name)
        self._link = Link(url or _ADDRESS, self._session, app="nizima LIVE", remedy=_REMEDY)
        self._diagnostics: dict[str, Diagnostic] = {}
        self._stream = NizimaStream(self._refused, now)
        self._acts = NizimaActs(self._report, now, clock)
        self._acts.adopt(motion_map)
        self._abilities = Abilities()
        self._look = asyncio.Event()

    @property
    def lead(self) -> float:
        """Seconds from handing a frame over until it shows: as given, else measured (see `Latency.lead`)."""
        return self._stream.latency.lead(_FRAMERATE) if self._fixed_lead is None else self._fixed_lead

    @property
    def abilities(self) -> Abilities:
        """The map's actions that this model does by itself, and what it lacks."""
        return self._abilities

    @property
    def state(self) -> TargetState:
        """How nizima LIVE is, in one sentence."""
        trip = self._stream.latency.round_trip
        latency = None if trip is None else trip * 500.0
        told = tuple(dict.fromkeys((*self._abilities.diagnostics, *self._diagnostics.values())))
        link, stream = self._link, self._stream
        return TargetState(link.status, link.detail, latency, stream.sent, stream.dropped, told)

    def acted(self) -> list[Acted]:
        """Return and forget which actions nizima LIVE has answered since the last call."""
        return self._acts.acted()

    async def run(self) -> None:
        """Own the connection until cancelled or closed."""
        await self._link.run()

    async def ready(self) -> bool:
        """Wait until the first attempt has ended; True when a model can be driven."""
        return await self._link.ready()

    def adopt(self, motion_map: MotionMap) -> None:
        """Act by another map; what is held stays held."""
        self._map = motion_map
        self._acts.adopt(motion_map)
        self._look.set()

    def send_frame(self, frame: Frame) -> None:
        """Hand over the newest frame; without a connection it is forgotten."""
        if self._link.status == "ready":
            self._stream.offer(frame.values)

    def send_command(self, command: Command) -> None:
        """Hand over a due command; what is held is kept over a lost connection, what was missed is reported."""
        self._acts.command(command)

    async def close(self) -> None:
        """Close the mouth, switch off what the bridge switched on, close the connection."""
        await self._link.close()

    async def _session(self, _connection: ClientConnection) -> None:
        client = NizimaClient(self._link)
        try:
            async with asyncio.TaskGroup() as tasks:
                receiving = tasks.create_task(client.receive())
                try:
                    await self._drive(client)
                except asyncio.CancelledError:
                    if not receiving.done():
                        await self._part(client)
                    raise
        finally:
            self._acts.leave()
            self._stream.use("", Rendering(()))
            self._stream.forget()
            self._abilities = Abilities(self._acts.kept(self._map), diagnostics=self._abilities.diagnostics)

    async def _part(self, client: NizimaClient) -> None:
        with contextlib.suppress(AvatarBridgeError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await asyncio.gather(self._stream.close(client), self._acts.close(client))

    async def _drive(self, client: NizimaClient) -> None:
        self._look.clear()
        enabled, remark = await enter(client, self._tokens, plugin=self._plugin, developer=self._developer)
        if remark is not None:
            self._report("token", remark)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(client, enabled))
            tasks.create_task(self._look_again(client))
            tasks.create_task(self._stream.run(client))
            tasks.create_task(self._acts.run(client))

    async def _follow(self, client: NizimaClient, enabled: bool) -> None:
        await self._switched(client, enabled)
        while True:
            event = await client.event()
            if event.method == "NotifyEnabledChanged":
                await self._switched(client, nizima.read(nizima.Enabled, event.data).enabled)
            elif event.method == "NotifyCurrentModelChanged":
                self._look.set()

    async def _switched(self, client: NizimaClient, enabled: bool) -> None:
        if not enabled:
            self._nothing(f"Enable {self._plugin!r} in nizima LIVE's plugin manager; it goes on by itself then.")
            return
        try:
            await client.request("NotifyCurrentModelChanged", {"Enabled": True})
        except ApiError as error:
            if error.kind == nizima.DISABLED:
                return  # switched off again meanwhile: an event says so
            self._report("events", Diagnostic(f"Model switches are not noticed: {error}"))
        self._look.set()

    async def _look_again(self, client: NizimaClient) -> None:
        """Read the selected model whenever there is reason to."""
        while True:
            try:
                await (self._read(client) if await self._reason() else self._glance(client))
            except ApiError as error:
                if error.kind == nizima.DISABLED:
                    self._nothing(str(error))
                elif error.kind in nizima.NO_MODEL or error.kind == nizima.STALE_MODEL:
                    self._nothing(_NO_MODEL)
                else:
                    raise

    async def _reason(self) -> bool:
        """Wait for a reason to read the model; False where none came for two seconds."""
        try:
            async with asyncio.timeout(_GLANCE):
                await self._look.wait()
        except TimeoutError:
            return False
        self._look.clear()
        return True

    async def _glance(self, client: NizimaClient) -> None:
        """See which expressions the user has switched on or off by hand."""
        if self._link.status == "ready" and (model := self._acts.model):
            faces = await client.ask(nizima.Expressions, "GetExpressions", {"ModelId": model})
            self._acts.notice({each.path for each in faces.expressions if each.active})

    async def _read(self, client: NizimaClient) -> None:
        model = (await client.ask(nizima.CurrentModel, "GetCurrentModelId")).id
        if not model:
            self._nothing(_NO_MODEL)
            return
        of = {"ModelId": model}
        parameters = await client.ask(nizima.Parameters, "GetCubismParameters", of)
        faces = await client.ask(nizima.Expressions, "GetExpressions", of)
        motions = await client.ask(nizima.Motions, "GetMotions", of)
        shown = (await client.ask(nizima.Models, "GetModels")).models
        rendering = Rendering(parameters.parameters)
        bindings, missing = bind(self._map, faces.expressions, motions.motions)
        self._stream.use(model, rendering)
        self._acts.use(model, bindings, {each.path for each in faces.expressions if each.active})
        self._abilities = Abilities(frozenset(bindings), diagnostics=(*missing, *rendering.diagnostics()))
        called = next((each.name for each in shown if each.id == model), "") or "the model"
        self._link.tell("ready", f"Driving {called} in nizima LIVE.")

    def _nothing(self, detail: str) -> None:
        """There is nothing to drive until the user does something."""
        self._stream.use("", Rendering(()))
        self._acts.leave()
        self._abilities = Abilities()
        self._link.tell("waiting", detail)

    def _refused(self, error: ApiError) -> None:
        if error.kind in (nizima.STALE_MODEL, nizima.DISABLED):
            self._look.set()
        else:
            self._report(f"frame {error.kind}", Diagnostic(str(error)))

    def _report(self, key: str, diagnostic: Diagnostic) -> None:
        self._diagnostics.setdefault(key, diagnostic)
