"""The driver for every program that receives VMC: a whole performer, in UDP, for one receiver or several."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, Frame
from avatar_bridge.drivers.held import Held
from avatar_bridge.drivers.osc_socket import OscSocket, addresses
from avatar_bridge.drivers.vmc_presets import PRESETS
from avatar_bridge.errors import ProtocolError, SettingsError, UsageError
from avatar_bridge.ports import Abilities, Command, TargetState
from avatar_bridge.wire.vmc import Performer, Vrm
from avatar_bridge.wire.vmc_skeleton import MASCOT, Skeleton, read_vrm

__all__ = ["VmcDriver"]

_KEEP: Final = 0.25
"""Seconds without a new frame after which the last one is sent again: receivers take silence for lost tracking."""
_FIRST: Final = 0.15
"""Seconds that a refusal has to come back in before the first frame counts as received."""
_LOOK_UP: Final = 3.0
_PARTING: Final = 3
_SPACING: Final = 0.02
_FIELDS: Final = ("blend", "weight")


class VmcDriver:
    """Sends bones and blendshapes; implements `ports.Driver`. Frames leave at once, nothing is queued.

    An action whose table names a blendshape (`vmc.blend = "Heart"`) holds it, faded as the action says.
    """

    target: ClassVar[str] = "vmc"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        name: str = "vmc",
        url: str | None = None,
        lead: float | None = None,
        preset: str = "vmc",
        bones: bool | None = None,
        perfect_sync: bool = False,
        vrm: Vrm = 0,
        model: Path | str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is a port, an address, or several with commas between them; `model` the VRM file that is shown.

        `preset` names the program (`vmc_presets.PRESETS`); `bones` None leaves it to the preset whether the body is
        sent. `vrm` is the model's VRM version. Raises SettingsError for an unknown preset or a wrong `vrm`.
        """
        if preset not in PRESETS:
            near = nearest_name(preset, PRESETS)
            hint = f"did you mean {near!r}?" if near else f"expected one of {', '.join(PRESETS)}"
            raise SettingsError(f"drivers.{name}.options.preset: {preset!r} is not known; {hint}")
        if vrm not in (0, 1):
            raise SettingsError(f"drivers.{name}.options.vrm: expected 0 or 1, got {vrm!r}")
        self.name = name
        self._preset = PRESETS[preset]
        self.lead = self._preset.lead if lead is None else lead
        self._now, self._began = now, now()
        places, self._fault = addresses(url, self._preset.port)
        self._sockets = [OscSocket(place, now) for place in places]
        self._skeleton, self._notes = _read(model)
        self._layout: dict[str, Any] = {
            "bones": self._preset.bones if bones is None else bones,
            "perfect_sync": perfect_sync,
            "version": vrm,
        }
        self._held = Held()
        self._blends: Mapping[str, tuple[str, float]] = {}
        self._values: Mapping[str, float] = {}
        self._sent, self._sent_at = 0, -_KEEP
        self._first = asyncio.Event()
        self._closed = False
        self.adopt(motion_map)

    @property
    def abilities(self) -> Abilities:
        """The actions that hold a blendshape of the model."""
        return self._abilities

    @property
    def state(self) -> TargetState:
        """Whether anybody listens, as far as UDP lets one know."""
        dropped = sum(each.dropped for each in self._sockets)
        notes = (*self._notes, *self._abilities.diagnostics)
        if self._closed:
            return TargetState("closed", "", None, self._sent, dropped, notes)
        if self._fault:
            return TargetState("refused", self._fault, None, self._sent, dropped, notes)
        lacking = [each for each in self._sockets if each.refused or not each.open]
        if self._first.is_set() and lacking:
            told = " ".join(self._explain(each) for each in lacking)
            some = len(lacking) < len(self._sockets)
            return TargetState("ready" if some else "unreachable", told, None, self._sent, dropped, notes)
        if not self._first.is_set():
            return TargetState("connecting", f"Looking for {self._preset.app}.", None, self._sent, dropped, notes)
        places = ", ".join(str(each.address) for each in self._sockets)
        detail = f"Sending to {places}; VMC has no answer, so look at the avatar to see whether it moves."
        return TargetState("ready", detail, None, self._sent, dropped, notes)

    def _explain(self, receiver: OscSocket) -> str:
        if not receiver.open:
            return f"The address {receiver.address} is not found: check its name and the network."
        where = f" ({self._preset.switch})" if self._preset.switch else ""
        return f"Nobody listens on {receiver.address}: start {self._preset.app} and switch on its VMC receiver{where}."

    async def run(self) -> None:
        """Look names up, then keep the receivers fed until cancelled or closed."""
        if self._closed or self._fault:
            self._first.set()
            return
        async with asyncio.TaskGroup() as tasks:
            for receiver in self._sockets:
                tasks.create_task(self._connect(receiver))
            tasks.create_task(self._keep())

    async def _connect(self, receiver: OscSocket) -> None:
        while not self._closed and not await receiver.find():
            self._first.set()
            await asyncio.sleep(_LOOK_UP)

    async def _keep(self) -> None:
        while not self._closed:
            if self._now() - self._sent_at >= _KEEP:
                self._send()
            if self._sent and not self._first.is_set():
                await asyncio.sleep(_FIRST)
                for receiver in self._sockets:
                    receiver.listen()
                self._first.set()
            await asyncio.sleep(_KEEP if self._first.is_set() else 0.01)

    async def ready(self) -> bool:
        """Wait until the first frame has left and had time to be refused; True where it was not."""
        await self._first.wait()
        return self.state.status == "ready"

    def adopt(self, motion_map: MotionMap) -> None:
        """Hold the blendshapes that another map names; they are part of every frame from now on."""
        self._blends, notes = _blends(motion_map, self._skeleton)
        self._held.adopt(motion_map)
        clips = [clip for clip, _ in self._blends.values()]
        self._performer = Performer(self._skeleton, clips=clips, **self._layout)
        self._abilities = Abilities(frozenset(self._blends), diagnostics=tuple(notes))

    def send_frame(self, frame: Frame) -> None:
        """Send the frame now, to whoever listens."""
        if not self._closed:
            self._values = frame.values
            self._send()

    def send_command(self, command: Command) -> None:
        """Hold a blendshape or let it go; it shows in the next frame, and what comes without a fade at once."""
        if self._closed:
            return
        now = self._now()
        known = self._held.command(command, now, self._blends)
        if known and command.kind == "act" and self._held.weights(now).get(command.action):
            self._send()

    async def close(self) -> None:
        """Put the avatar at rest with its mouth closed; three times, since a packet may be lost."""
        if self._closed:
            return
        self._closed = True
        self._first.set()
        self._held.clear()
        self._values = {}
        for _ in range(_PARTING):
            self._send()
            await asyncio.sleep(_SPACING)
        for receiver in self._sockets:
            receiver.close()

    def _send(self) -> None:
        now = self._now()
        receivers = [each for each in self._sockets if each.open]
        if not receivers:
            return
        held: dict[str, float] = {}
        for action, share in self._held.weights(now).items():
            if action in self._blends:
                clip, weight = self._blends[action]
                held[clip] = max(held.get(clip, 0.0), share * weight)
        bundles = self._performer.frame(now - self._began, self._values, held)
        for receiver in receivers:
            receiver.send(bundles)
        self._sent += 1
        self._sent_at = now


def _read(model: Path | str | None) -> tuple[Skeleton, tuple[Diagnostic, ...]]:
    """Return the proportions of the VRM file; the mascot's, and why, where it cannot be read."""
    if model is None:
        return MASCOT, ()
    try:
        return read_vrm(Path(model).read_bytes()), ()
    except (OSError, ProtocolError) as error:
        text = f"the model {str(model)!r} cannot be read, so the mascot's proportions are sent: {error}"
        return MASCOT, (Diagnostic(text, suggestion="give the path of the .vrm file that the program shows"),)


def _blends(motion_map: MotionMap, skeleton: Skeleton) -> tuple[dict[str, tuple[str, float]], list[Diagnostic]]:
    """Return blendshape and weight by action, and what is wrong with the map's tables."""
    found: dict[str, tuple[str, float]] = {}
    notes: list[Diagnostic] = []
    for action in motion_map.actions.values():
        table = action.targets.get(VmcDriver.target)
        if table is None:
            continue
        clip, weight = table.get("blend"), table.get("weight", 1.0)
        good = isinstance(clip, str) and isinstance(weight, (int, float)) and set(table) <= set(_FIELDS)
        if good and _fits(str(clip)):
            if skeleton.clips and clip not in skeleton.clips:
                near = nearest_name(str(clip), skeleton.clips)
                hint = f"did you mean {near!r}?" if near else f"it has {', '.join(skeleton.clips)}"
                notes.append(Diagnostic(f"{action.name}: the model has no blendshape {clip!r}", suggestion=hint))
            found[action.name] = str(clip), float(weight)  # type: ignore[arg-type]
        else:
            text = f'{action.name}: expected vmc = {{ blend = "Name", weight = 1.0 }}, got {dict(table)}'
            notes.append(Diagnostic(text, suggestion="channels move it instead"))
    return found, notes


def _fits(clip: str) -> bool:
    try:
        Performer(bones=False, clips=[clip])
    except UsageError:
        return False
    return True
