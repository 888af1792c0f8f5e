"""What the bridge switched on in VTube Studio, and the way back: expressions by state, hotkeys at the app's pace."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.vts_client import VTubeStudioClient
from avatar_bridge.drivers.vts_latency import Latency
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Command
from avatar_bridge.wire.vts_bindings import Binding
from avatar_bridge.wire.vts_errors import COOLDOWN, QUEUE_FULL, ApiError
from avatar_bridge.wire.vts_replies import Expressions

__all__ = ["Switches"]

_PACE_FRAMES = 5
_RETRIES = (0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0)
"""Waits after a 203; together a little more than the five seconds that one of the vendor's papers speaks of."""

Key = tuple[str, int | None]


class Switches:
    """Holds what should be on and makes it so; survives the connection, so that a new one can be brought in line."""

    def __init__(
        self,
        durations: Mapping[str, float | None],
        report: Callable[[str, Diagnostic], None],
        hold: Callable[[Mapping[str, float]], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`durations` says how long an action holds what it switches on (None: until released).

        `report` takes a diagnostic under a key that says it only once; `hold` takes the inputs that actions hold.
        """
        self.durations = durations
        """As given; another map has others."""
        self.delays: dict[str, float] = {}
        """Seconds beyond the lead that hotkeys take, by action; changed in place as they are answered."""
        self._report = report
        self._hold = hold
        self._now = now
        self._wake = asyncio.Event()
        self._fired = asyncio.Event()
        self._holds: dict[Key, float | None] = {}
        self._triggers: deque[Binding] = deque()
        self._bindings: Mapping[str, Binding] = {}
        self._model = ""
        self._framerate = 60.0
        self._ours: dict[str, set[str]] = {}
        self._generation = 0
        self._connected = False
        self._asked: set[str] = set()
        self._latency = Latency()
        self._pending = 0

    def use(
        self, model_id: str, bindings: Mapping[str, Binding], framerate: float, latency: Latency | None = None
    ) -> None:
        """Serve another model (or the same one, read anew): what is held is resolved again."""
        self._latency = latency or self._latency
        self._model, self._bindings, self._framerate = model_id, bindings, max(framerate, 20.0)
        self._connected = bool(model_id)
        self._learn()
        self._change()

    def _held(self) -> list[Binding]:
        return [self._bindings[action] for action, _ in self._holds if action in self._bindings]

    def _change(self) -> None:
        self._hold({name: value for binding in self._held() for name, value in binding.parameters.items()})
        self._wake.set()

    def command(self, command: Command) -> None:
        """Take a due command; nothing is sent before `run` gets to it."""
        if command.kind == "reset":
            self._holds.clear()
            self._triggers.clear()
            self._generation += 1
        elif command.kind == "release":
            self._release(command)
        else:
            self._act(command)
        self._change()

    def _act(self, command: Command) -> None:
        if command.action not in self.durations:
            return
        lasts = command.duration if command.duration is not None else self.durations[command.action]
        self._holds[command.action, command.cue] = None if lasts is None else self._now() + lasts
        binding = self._bindings.get(command.action)
        if binding is None or not binding.hotkey:
            return
        if self._connected:
            self._triggers.append(binding)
            self._fired.set()
        else:
            self._report(
                f"missed {command.action}",
                Diagnostic(f"{command.action}: VTube Studio was not connected when its hotkey was due."),
            )

    def _release(self, command: Command) -> None:
        for key in [
            key for key in self._holds if key[0] == command.action and (command.cue is None or key[1] == command.cue)
        ]:
            del self._holds[key]

    async def run(self, client: VTubeStudioClient) -> None:
        """Bring the app in line with what is held, fire hotkeys; until cancelled or the connection fails."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._fire(client, tasks))
                while True:
                    self._wake.clear()
                    self._expire()
                    await self.settle(client)
                    await self._pause()
        finally:
            self._connected = False

    async def _pause(self) -> None:
        ends = [until for until in self._holds.values() if until is not None]
        try:
            async with asyncio.timeout(max(min(ends) - self._now(), 0.0) if ends else None):
                await self._wake.wait()
        except TimeoutError:
            return

    def _expire(self) -> None:
        now = self._now()
        for key in [key for key, until in self._holds.items() if until is not None and until <= now]:
            del self._holds[key]
            self._change()

    async def settle(self, client: VTubeStudioClient) -> None:
        """Switch on what is held and off what is not any more; what the user had on is left alone."""
        if not self._model:
            return
        wanted = {binding.expression: binding for binding in self._held() if binding.expression}
        ours = self._ours.setdefault(self._model, set())
        self._asked &= wanted.keys()
        fresh = [binding for file, binding in wanted.items() if file not in ours and file not in self._asked]
        await asyncio.gather(
            *(self._switch_off(client, file, ours) for file in ours - wanted.keys()),
            *(self._switch_on(client, binding, ours) for binding in fresh),
        )

    async def _switch_off(self, client: VTubeStudioClient, file: str, ours: set[str]) -> None:
        await self._switch(client, file, on=False)
        ours.discard(file)

    async def _switch_on(self, client: VTubeStudioClient, binding: Binding, ours: set[str]) -> None:
        file = binding.expression
        if await self._is_on(client, file):
            self._asked.add(file)  # the user's own: it is neither switched on nor, later, off
            return
        ours.add(file)  # before the answer: a close in between must switch it off
        if not await self._switch(client, file, on=True, fade=binding.fade):
            ours.discard(file)
            self._asked.add(file)

    async def resynchronise(self, client: VTubeStudioClient) -> None:
        """After a new connection or a model switch: what is ours and went off meanwhile is switched on again."""
        ours = self._ours.setdefault(self._model, set())
        self._asked.clear()
        if ours:
            state = await client.ask(Expressions, "ExpressionState", {"details": False})
            ours &= {expression.file for expression in state.expressions if expression.active}
        await self.settle(client)

    async def close(self, client: VTubeStudioClient) -> None:
        """Switch off what the bridge switched on for this model."""
        self._holds.clear()
        self._triggers.clear()
        await self.settle(client)

    async def _is_on(self, client: VTubeStudioClient, file: str) -> bool:
        try:
            state = await client.ask(Expressions, "ExpressionState", {"details": False, "expressionFile": file})
        except (ApiError, ProtocolError):
            return False
        return any(expression.active for expression in state.expressions if expression.file == file)

    async def _switch(self, client: VTubeStudioClient, file: str, *, on: bool, fade: float = 0.25) -> bool:
        data = {"expressionFile": file, "active": on, "fadeTime": fade}
        try:
            await client.request("ExpressionActivation", data)
        except ApiError as error:
            self._report(f"expression {file}", Diagnostic(f"{file}: {error}"))
            return False
        return True

    async def _fire(self, client: VTubeStudioClient, tasks: asyncio.TaskGroup) -> None:
        """Start one hotkey every five rendered frames, the pace at which VTube Studio works through its queue."""
        while True:
            while not self._triggers:
                self._fired.clear()
                await self._fired.wait()
            tasks.create_task(self._trigger(client, self._triggers.popleft(), self._generation))
            await asyncio.sleep(_PACE_FRAMES / self._framerate)

    async def _trigger(self, client: VTubeStudioClient, binding: Binding, generation: int) -> None:
        for wait in (*_RETRIES, None):
            try:
                await self._press(client, binding)
                return
            except ApiError as error:
                if error.error_id not in {COOLDOWN, QUEUE_FULL} or wait is None:
                    self._report(f"hotkey {binding.action}", Diagnostic(f"{binding.action}: {error}"))
                    return
            await asyncio.sleep(wait)
            if generation != self._generation:
                return  # an interrupt came meanwhile

    async def _press(self, client: VTubeStudioClient, binding: Binding) -> None:
        """Trigger a hotkey; the app answers once it was executed, and one that waited for no other tells the delay."""
        began, alone = self._now(), not self._pending
        self._pending += 1
        try:
            await client.request("HotkeyTrigger", {"hotkeyID": binding.hotkey})
        finally:
            self._pending -= 1
        if alone:
            self._latency.executed(self._now() - began)
        self._learn()

    def _learn(self) -> None:
        delay = self._latency.delay(self._framerate)
        self.delays.clear()
        if delay:
            self.delays.update({action: delay for action, each in self._bindings.items() if each.hotkey})
