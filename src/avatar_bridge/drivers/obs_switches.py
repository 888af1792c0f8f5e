"""Does in OBS what actions ask for and takes it back: scenes, items, filters, sound, media, hotkeys."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.drivers.obs_holds import SCENE, Holds, Key, wants
from avatar_bridge.drivers.obs_motion import ItemMotion
from avatar_bridge.drivers.obs_proof import Proof, Proofs
from avatar_bridge.drivers.obs_shots import Shots
from avatar_bridge.drivers.outbox import Outbox
from avatar_bridge.ports import Command
from avatar_bridge.wire.obs import Event, ObsError, Order
from avatar_bridge.wire.obs_deeds import Deed
from avatar_bridge.wire.obs_scenery import Scenery, Slot, change_told, setting

__all__ = ["ObsSwitches"]

_NOBODY = Proof("", None, "act")
_ECHO = 1.5
"""Seconds within which OBS may still tell of a scene of ours that we have left."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    command: Command | None
    """None: look again at what has become due."""
    at: float


class ObsSwitches:
    """Takes commands at any time, carries them out while connected; survives the connection."""

    def __init__(self, proofs: Proofs, report: Callable[[str, Diagnostic], None], now: Callable[[], float]) -> None:
        """`report` takes a diagnostic under a key that says it only once."""
        self.deeds: Mapping[str, Deed] = {}
        """By action; only these can be done."""
        self.scenery = Scenery()
        self._proofs = proofs
        self._report = report
        self._now = now
        self._outbox: Outbox[_Waiting, None] = Outbox()
        self._holds = Holds()
        self._shots = Shots(now, self._missed)
        self._motion = ItemMotion(self._number, now)
        self._proof, self._told = dict[Slot, Proof](), dict[Slot, Any]()
        self._media: dict[Key, tuple[str, ...]] = {}
        self._shown: deque[tuple[float, str]] = deque(maxlen=8)
        self._steady = asyncio.Lock()

    def command(self, command: Command) -> None:
        """Take a due command."""
        self._outbox.put(_Waiting(command, self._now()))

    async def look(self, reading: Awaitable[Scenery]) -> Scenery:
        """Take up the scenery that `reading` gives; nothing is set meanwhile, and what events tell meanwhile counts."""
        async with self._steady:
            self._told.clear()
            scenery = await reading
            scenery.values |= {slot: value for slot, value in self._told.items() if slot in scenery.values}
            scenery.program = str(scenery.values.get(SCENE, scenery.program))
            self.scenery = scenery
        return scenery

    def told(self, event: Event) -> None:
        """Learn of an event: that something was done, or that somebody else has set something."""
        if event.kind == "SceneTransitionStarted":
            self._proofs.scene_began()
        elif event.kind == "CurrentSceneTransitionChanged":
            self.scenery.transition = str(event.data.get("transitionName", ""))
            self._shots.transition_set(self.scenery.transition)
        change = change_told(event, self.scenery)
        if change is None:
            return
        slot, value = change
        self._told[slot] = value
        if slot[0] == "media":
            self._shots.ended(slot[1])
        elif not self._proofs.expected(slot, value) and not self._echoes(slot, value):
            self.scenery.values[slot] = value
            if slot in self._holds.touched() and value != self._holds.value(slot):
                self._holds.let_go(slot)
        if slot == SCENE:
            self.scenery.program = str(self.scenery.values.get(SCENE, value))
            if not self._holds.held(SCENE) and self._shots.return_transition():
                self._outbox.put(_Waiting(None, self._now()))

    async def run(self, client: ObsClient) -> None:
        """Put right what a former connection left, then do what is asked; until cancelled or the connection fails."""
        self._proofs.forget()
        self._motion.resynchronise()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._motion.run(client))
            await self._apply(client, self._expire() | self._holds.touched())
            while True:
                changed: set[Slot] = set()
                for waiting in await self._next():
                    changed |= self._plan(waiting)
                await self._apply(client, changed | self._expire())

    async def settle(self, client: ObsClient) -> None:
        """Put everything back as it was found."""
        await client.all_answered()
        self._outbox.clear()
        self._shots.reset()
        self._shots.return_transition()
        slots = self._holds.reset()
        scene = self._holds.value(SCENE) if SCENE in slots else None
        await self._apply(client, slots)
        await self._motion.settle(client)
        if scene is not None:
            await client.see_on_air(scene)

    async def _next(self) -> list[_Waiting]:
        """Wait for commands, or until a hold's time is up."""
        ends = self._holds.next_end()
        try:
            async with asyncio.timeout(None if ends is None else max(ends - self._now(), 0.0)):
                commands, _ = await self._outbox.take()
                return commands
        except TimeoutError:
            return []

    def _expire(self) -> set[Slot]:
        changed: set[Slot] = set()
        for key in self._holds.expired(self._now()):
            changed |= self._end(*key)
        return changed

    def _plan(self, waiting: _Waiting) -> set[Slot]:
        """Take a command into what is held; return what to set."""
        command = waiting.command
        if command is None:
            return set()
        if command.kind == "reset":
            self._shots.reset()
            self._media.clear()
            return self._holds.reset()
        if command.kind == "release":
            return self._end(command.action, command.cue)
        deed = self.deeds.get(command.action)
        return set() if deed is None else self._begin(deed, command, waiting.at)

    def _begin(self, deed: Deed, command: Command, at: float) -> set[Slot]:
        lasts = command.duration if command.duration is not None else deed.lasts
        until = None if lasts is None else at + lasts
        if until is not None and until <= self._now():
            self._missed(deed.action)
            return set()
        key = (command.action, command.cue)
        proof = Proof(command.action, command.cue, "act")
        back = deed.back or lasts is not None
        if not self._shots.plan(deed, proof, at, stays=not back, transition=self.scenery.transition):
            return set()
        if deed.scene and not back:
            self._holds.let_go(SCENE)
            self._now_showing(deed.scene, proof)
        if lasts is not None:
            self._media[key] = deed.media
        slots = self._holds.begin(key, dict(wants(deed, self.scenery, back=back)), until, self.scenery.values)
        self._proof |= dict.fromkeys(slots, proof)
        return slots

    def _end(self, action: str, cue: int | None) -> set[Slot]:
        for key in [key for key in self._media if key[0] == action and cue in (None, key[1])]:
            for name in self._media.pop(key):
                self._shots.stop(name)
        slots = self._holds.end(action, cue)
        self._proof |= dict.fromkeys(slots, Proof(action, cue, "release"))
        return slots

    def _missed(self, action: str) -> None:
        self._report(f"missed {action}", Diagnostic(f"{action}: OBS was not connected when it was due"))

    def _echoes(self, slot: Slot, value: Any) -> bool:
        """Return whether a scene that we set a moment ago is told: nobody has gone there by hand."""
        return slot == SCENE and any(value == scene and self._now() - at < _ECHO for at, scene in self._shown)

    def _number(self, slot: Slot) -> int | None:
        item = self.scenery.item(slot[1], slot[2])
        return None if item is None else item.id

    async def _apply(self, client: ObsClient, slots: Iterable[Slot]) -> None:
        """Do what is done once and set every slot to what it should be at, in one batch."""
        async with self._steady:
            await self._set(client, slots)

    async def _set(self, client: ObsClient, slots: Iterable[Slot]) -> None:
        shots = self._shots.pending()
        orders = [shot.order for shot in shots]
        set_now: list[tuple[Slot, Proof]] = []
        for slot in sorted(slots, key=lambda slot: (slot != SCENE, slot)):
            proof = self._proof.pop(slot, _NOBODY)
            order = self._order(slot, proof)
            if order is not None:
                orders.append(order)
                set_now.append((slot, proof))
        answers = await client.ask_all(orders)
        self._shots.done(shots)
        for shot, answer in zip(shots, answers, strict=False):
            self._answered(shot.proof, shot.order, answer)
        for (slot, proof), order, answer in zip(set_now, orders[len(shots) :], answers[len(shots) :], strict=True):
            self._answered(proof, order, answer)
            self._holds.given_back(slot)

    def _order(self, slot: Slot, proof: Proof) -> Order | None:
        """Return the request that sets a slot, None where it stands as it should or moves by and by."""
        value = self._holds.value(slot)
        if slot[0] == "move":
            self._motion.aim(slot, value, lambda: self._proofs.answered(proof))
            self._holds.given_back(slot)
            return None
        if self.scenery.values.get(slot) == value or value is None:
            self._proofs.answered(proof)
            self._holds.given_back(slot)
            return None
        order = setting(slot, value, self.scenery)
        if order is not None:
            if slot == SCENE:
                self.scenery.program = value
                self._shown.append((self._now(), value))
            self.scenery.values[slot] = value
            self._proofs.expect(slot, value, proof)
        return order

    def _now_showing(self, scene: str, proof: Proof) -> None:
        self.scenery.program = self.scenery.values[SCENE] = scene
        self._shown.append((self._now(), scene))
        self._proofs.expect(SCENE, scene, proof)

    def _answered(self, proof: Proof, order: Order, answer: dict[str, Any] | ObsError) -> None:
        if isinstance(answer, ObsError):
            action = proof.action or "OBS"
            self._report(f"{action} {order.request_type}", Diagnostic(f"{action}: {answer}"))
        else:
            self._proofs.answered(proof)
