"""Moves and scales items of OBS, eased, sixty times a second, and back to where they stood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.obs import ObsError, Order
from avatar_bridge.wire.obs_deeds import Move
from avatar_bridge.wire.obs_moves import Pose, aim, between, pose_of, same
from avatar_bridge.wire.obs_scenery import Slot

__all__ = ["ItemMotion"]

_TICK = 1 / 60


@dataclass(slots=True)
class _Moving:
    """One item on its way, or standing where a hold keeps it."""

    move: Move | None
    over: float
    fresh: bool = True
    """Its way is not begun: OBS is asked first where it stands."""
    anew: bool = False
    """A new connection: where it was last put says nothing."""
    origin: Pose | None = None
    start: Pose | None = None
    goal: Pose | None = None
    put: Pose | None = None
    began: float = 0.0
    arrived: bool = False
    seen: list[Callable[[], None]] = field(default_factory=list)


class ItemMotion:
    """Knows where each moved item stood; survives the connection."""

    def __init__(self, number: Callable[[Slot], int | None], now: Callable[[], float]) -> None:
        """`number` gives the id of an item in the OBS that is connected; None where it has none."""
        self._number = number
        self._now = now
        self._moving: dict[Slot, _Moving] = {}
        self._wake = asyncio.Event()

    def aim(self, slot: Slot, move: Move | None, seen: Callable[[], None]) -> None:
        """Begin to move an item; None leads back. `seen` is called when OBS has taken the first step."""
        moving = self._moving.get(slot)
        if moving is None:
            if move is None:
                seen()
                return
            moving = self._moving[slot] = _Moving(move, move.over)
        elif move is not None:
            moving.over = move.over
        moving.move, moving.fresh, moving.arrived = move, True, False
        moving.seen.append(seen)
        self._wake.set()

    def resynchronise(self) -> None:
        """Put everything where it belongs at once: a new OBS may have it anywhere."""
        for moving in self._moving.values():
            moving.fresh, moving.anew, moving.arrived = True, True, False
        self._wake.set()

    async def run(self, client: ObsClient) -> None:
        """Move until cancelled; raises what ends the connection."""
        while True:
            while not any(not moving.arrived for moving in self._moving.values()):
                self._wake.clear()
                await self._wake.wait()
            tick = self._now()
            await self._step(client)
            await asyncio.sleep(max(0.0, tick + _TICK - self._now()))

    async def settle(self, client: ObsClient) -> None:
        """Put everything back at once."""
        for moving in self._moving.values():
            moving.move, moving.over, moving.fresh, moving.arrived = None, 0.0, True, False
        await self._step(client)
        self._moving.clear()

    async def _step(self, client: ObsClient) -> None:
        """Take every item that is on its way one step on, in one batch."""
        await self._set_out(client)
        steps: list[tuple[Slot, _Moving, Pose]] = []
        orders: list[Order] = []
        now = self._now()
        for slot, moving in self._moving.items():
            number = self._number(slot)
            if moving.arrived or moving.fresh or moving.start is None or moving.goal is None or number is None:
                moving.arrived = moving.arrived or number is None
                continue
            share = 1.0 if moving.over <= 0 else (now - moving.began) / moving.over
            pose = between(moving.start, moving.goal, share)
            moving.arrived = share >= 1
            steps.append((slot, moving, pose))
            data = {"sceneName": slot[1], "sceneItemId": number, "sceneItemTransform": pose.fields()}
            orders.append(Order("SetSceneItemTransform", data))
        await client.ask_all(orders)
        for slot, moving, pose in steps:
            moving.put = pose
            for each in moving.seen:
                each()
            moving.seen.clear()
            if moving.arrived and not moving.fresh and moving.move is None:
                self._moving.pop(slot, None)

    async def _set_out(self, client: ObsClient) -> None:
        """Ask where the items stand whose way begins now."""
        fresh = [(slot, moving) for slot, moving in self._moving.items() if moving.fresh]
        known = [(slot, moving, number) for slot, moving in fresh if (number := self._number(slot)) is not None]
        for slot, moving in fresh:
            if self._number(slot) is None:
                moving.fresh, moving.arrived = False, True
                moving.seen.clear()
                if moving.move is None:
                    self._moving.pop(slot, None)
        orders = [Order("GetSceneItemTransform", {"sceneName": slot[1], "sceneItemId": n}) for slot, _, n in known]
        for (slot, moving, _), answer in zip(known, await client.ask_all(orders), strict=True):
            if isinstance(answer, ObsError):
                self._moving.pop(slot, None)
                continue
            try:
                stands = pose_of(answer.get("sceneItemTransform") or {})
            except (KeyError, TypeError, ValueError) as error:
                raise ProtocolError(f"OBS told an item's place in an unknown form ({error!r})") from error
            self._begin(slot, moving, stands)

    def _begin(self, slot: Slot, moving: _Moving, stands: Pose) -> None:
        moved_by_hand = moving.put is not None and not moving.anew and not same(stands, moving.put)
        if moving.move is None and moved_by_hand:
            for each in moving.seen:
                each()
            self._moving.pop(slot, None)
            return
        if moving.origin is None or moved_by_hand or moving.origin.bound != stands.bound:
            moving.origin = stands
        moving.start = moving.put = stands
        moving.goal = moving.origin if moving.move is None else aim(moving.origin, moving.move)
        moving.began = self._now()
        moving.over = 0.0 if moving.anew else moving.over
        moving.fresh = moving.anew = False
