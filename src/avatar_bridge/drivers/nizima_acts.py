"""What actions do in nizima LIVE by themselves: expressions held, motions started, hotkeys pressed, in their order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.held import Held
from avatar_bridge.drivers.nizima_client import NizimaClient
from avatar_bridge.drivers.outbox import Outbox
from avatar_bridge.ports import Acted, Command
from avatar_bridge.wire.nizima import ApiError
from avatar_bridge.wire.nizima_bindings import Binding

__all__ = ["NizimaActs"]

_LATE: Final = 2.0
"""Seconds after which what could not be done is not worth doing any more."""
_MOTION: Final = 5.0
"""Seconds for which a motion counts as running where its action does not say how long it is."""
_WITNESSED: Final = 256


@dataclass(frozen=True, slots=True)
class _Deed:
    """One request that is to be made for an action."""

    at: float
    action: str
    cue: int | None
    method: str
    field: str
    value: str
    kind: Literal["act", "release"] = "act"

    @property
    def again(self) -> bool:
        """Whether it may be done a second time: a motion may, a hotkey may be a switch."""
        return self.method == "StartMotion"


class NizimaActs:
    """Makes the requests; what is held is made good on every model and every connection."""

    def __init__(
        self, report: Callable[[str, Diagnostic], None], now: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._report, self._now, self._clock = report, now, clock
        self._held = Held()
        self._lengths: dict[str, float] = {}
        self._bindings: Mapping[str, Binding] = {}
        self.model = ""
        """The model that is acted on; empty while there is none."""
        self._present = asyncio.Event()
        self._on: dict[str, Binding] = {}
        """By action: what was begun and is not ended yet."""
        self._ours: dict[str, set[str]] = {}
        """By model: the expressions that we switched on."""
        self._theirs: set[str] = set()
        """Expressions of this model that the user had on."""
        self._moving = 0.0
        self._outbox: Outbox[_Deed, None] = Outbox()
        self._flight: dict[asyncio.Future[Mapping[str, Any]], _Deed] = {}
        self._wake = asyncio.Event()
        self._acted: deque[Acted] = deque(maxlen=_WITNESSED)

    def adopt(self, motion_map: MotionMap) -> None:
        """Take groups and durations from another map."""
        self._held.adopt(motion_map)
        self._lengths = {action.name: action.length for action in motion_map.actions.values()}

    def acted(self) -> list[Acted]:
        """Return and forget what nizima LIVE has answered."""
        told = list(self._acted)
        self._acted.clear()
        return told

    def use(self, model: str, bindings: Mapping[str, Binding], active: set[str]) -> None:
        """Act on another model, or the same after a break; `active` are the paths of its expressions that are on."""
        waiting = self._outbox.drain()
        if not self.model:  # after a break: what was not answered may never have arrived
            waiting = [*self._flight.values(), *waiting]
            self._flight.clear()
        deeds = [deed for deed in waiting if not deed.method.endswith("Expression")]
        again = [deed for deed in deeds if self.model == model or (not self.model and deed.again)]
        self.model, self._bindings = model, bindings
        self._present.set()
        ours = self._ours[model] = self._known(model, waiting) & active
        self._theirs = active - ours
        standing = self._held.standing(self._now())
        for action in [action for action in self._on if action not in standing]:
            self._release(self._on[action])
        self._on = {action: bindings[action] for action in standing if action in bindings and bindings[action].held}
        wanted = {binding.expression for binding in self._on.values()}
        for path in ours - wanted:
            self._switch(path, None, on=False)
        for action, binding in self._on.items():
            self._express(binding, action, None)
        for deed in again:
            if self._now() - deed.at <= _LATE:
                self._outbox.put(deed)

    def notice(self, active: set[str]) -> None:
        """Learn which expressions of the model are on: what we did not switch on is the user's own."""
        self._theirs = active - self._known(self.model, [])

    def _known(self, model: str, waiting: list[_Deed]) -> set[str]:
        """Return the expressions that are on by our doing, those among them that are being switched off."""
        pending = [*waiting, *self._flight.values()]
        stopping = {deed.value for deed in pending if deed.method == "StopExpression"}
        return self._ours.setdefault(model, set()) | stopping

    def leave(self) -> None:
        """The connection is lost: nothing can be done until `use`."""
        self.model = ""
        self._present.clear()

    def kept(self, motion_map: MotionMap) -> frozenset[str]:
        """Return the actions that are begun after a break if they are held still: those that nothing else moves."""
        held = [action for name, action in motion_map.actions.items() if name in self._bindings]
        bare = [action.name for action in held if not (action.channels or action.keyframes)]
        return frozenset(name for name in bare if self._bindings[name].held)

    def command(self, command: Command) -> None:
        """Take a due command; nothing is sent before `run` gets to it."""
        self._held.command(command, self._now(), self._lengths)
        self._settle()
        if command.kind == "reset" and self._moving > self._now():
            self._moving = 0.0
            self._put(command, "StopMotion", "", "")
        if command.kind == "act":
            self._act(command)
        self._wake.set()

    def _act(self, command: Command) -> None:
        binding = self._bindings.get(command.action)
        if binding is None:
            return
        if not self.model:
            if binding.motion or binding.hotkey:
                text = f"{command.action}: nizima LIVE was not connected when it was due."
                self._report(f"missed {command.action}", Diagnostic(text))
            return
        if binding.held:
            self._on[command.action] = binding
        if binding.motion:
            self._moving = self._now() + (self._lengths.get(command.action) or _MOTION)
            self._put(command, "StartMotion", "MotionPath", binding.motion)
        if binding.hotkey:
            self._put(command, "TriggerModelHotkey", "Key", binding.hotkey)
        self._express(binding, command.action, command.cue)

    def _put(self, command: Command, method: str, field: str, value: str) -> None:
        self._outbox.put(_Deed(self._now(), command.action, command.cue, method, field, value))

    def _express(self, binding: Binding, action: str, cue: int | None) -> None:
        path = binding.expression
        if path and path not in self._theirs and path not in self._ours[self.model]:
            self._switch(path, cue, on=True, action=action)

    def _switch(self, path: str, cue: int | None, *, on: bool, action: str = "") -> None:
        ours = self._ours[self.model]
        (ours.add if on else ours.discard)(path)
        method = "StartExpression" if on else "StopExpression"
        self._outbox.put(_Deed(self._now(), action, cue, method, "ExpressionPath", path, "act" if on else "release"))

    def _release(self, binding: Binding) -> None:
        if binding.release:
            key = binding.release
            self._outbox.put(_Deed(self._now(), binding.action, None, "TriggerModelHotkey", "Key", key, "release"))

    def _settle(self) -> None:
        """End what is not held any more."""
        if not self.model:
            return
        standing = self._held.standing(self._now())
        ended = [self._on.pop(action) for action in list(self._on) if action not in standing]
        wanted = {binding.expression for binding in self._on.values()}
        for binding in ended:
            self._release(binding)
            if binding.expression in self._ours[self.model] - wanted:
                self._switch(binding.expression, None, on=False, action=binding.action)

    async def run(self, client: NizimaClient) -> None:
        """Do what is due until cancelled or the connection fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            while True:
                await self._present.wait()
                deeds, _ = await self._outbox.take()
                for index, deed in enumerate(deeds):
                    if not self.model:  # taken away in between: `use` decides what is still to be done
                        self._outbox.put_back(deeds[index:])
                        break
                    try:
                        await self._do(client, deed)
                    except BaseException:
                        self._outbox.put_back(deeds[index:])
                        raise

    async def _do(self, client: NizimaClient, deed: _Deed) -> None:
        data = {"ModelId": self.model} | ({deed.field: deed.value} if deed.field else {})
        future = await client.post(deed.method, data)
        self._flight[future] = deed
        future.add_done_callback(self._answered)

    def _answered(self, future: asyncio.Future[Mapping[str, Any]]) -> None:
        deed = self._flight.get(future)
        if deed is None or future.cancelled():
            return
        error = future.exception()
        if error is None:
            if deed.action:
                self._acted.append(Acted(deed.action, self._clock(), deed.cue, deed.kind))
        elif isinstance(error, ApiError):
            where = deed.action or deed.value
            self._report(f"{deed.method} {where}", Diagnostic(f"{where}: {error}"))
        else:
            return  # a lost connection: `use` looks at what was not answered
        del self._flight[future]

    async def _watch(self) -> None:
        """End held actions when their time is over."""
        while True:
            now = self._now()
            end = self._held.next_end(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if end is None else end - now):
                    await self._wake.wait()
            self._settle()
            self._wake.clear()

    async def close(self, client: NizimaClient) -> None:
        """Switch off what we switched on."""
        self._held.clear()
        self._settle()
        if self._moving > self._now():
            self._outbox.put(_Deed(self._now(), "", None, "StopMotion", "", ""))
        for deed in self._outbox.drain():
            await self._do(client, deed)
        if self._flight:
            await asyncio.wait([*self._flight], timeout=1.0)
