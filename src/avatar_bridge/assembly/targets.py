"""The targets of one bridge: each kept running, connected anew, and put back to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import Driver
from avatar_bridge.stage.body import Body

__all__ = ["Targets", "performed"]

_CLOSING = 2.0
"""Seconds that a target may take to be put back to rest when the bridge closes."""


class Targets:
    """Owns what keeps the drivers; one that raises is left out, with a failure on its body."""

    def __init__(self, bodies: Sequence[Body], tasks: asyncio.TaskGroup) -> None:
        """Begin to keep every driver, in tasks of `tasks`."""
        self.notes: list[Diagnostic] = []
        """What did not go well at the end."""
        self._bodies, self._tasks = tuple(bodies), tasks
        self._keeping = {body.driver.name: tasks.create_task(_keep(body)) for body in bodies}

    def reconnect(self, name: str) -> None:
        """Connect the target `name` anew, also one whose driver had failed; raises UsageError for an unknown name."""
        body = next((body for body in self._bodies if body.driver.name == name), None)
        if body is None:
            known = [body.driver.name for body in self._bodies]
            nearest = get_close_matches(name, known, 1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise UsageError(f"expected one of the targets {', '.join(known) or '(none)'}, got {name!r}{hint}")
        before = self._keeping[name]
        before.cancel()
        body.failure = None
        self._keeping[name] = self._tasks.create_task(_keep(body, after=before))

    async def ready(self, within: float) -> None:
        """Wait until every target was reached or given up for now, `within` seconds at most."""
        try:
            async with asyncio.timeout(within), asyncio.TaskGroup() as waits:
                for body in self._bodies:
                    waits.create_task(_known(body))
        except TimeoutError:
            return

    async def close(self) -> None:
        """Put every target back to rest and let it go."""
        async with asyncio.TaskGroup() as partings:
            for body in self._bodies:
                partings.create_task(self._close(body))
        for task in self._keeping.values():
            task.cancel()

    async def _close(self, body: Body) -> None:
        with body.contained():
            try:
                async with asyncio.timeout(_CLOSING):
                    await body.driver.close()
            except TimeoutError:
                self.notes.append(Diagnostic(f"{body.driver.name} did not answer when it was put back to rest"))


def performed(motion_map: MotionMap, drivers: Iterable[Driver]) -> frozenset[str]:
    """Return the names of the map's actions that some driver's target can show; all of them without any driver."""
    able = [driver.abilities for driver in drivers]
    if not able:
        return frozenset(motion_map.actions)
    names = frozenset[str]().union(*(each.actions for each in able))
    if any(each.moves for each in able):
        names |= {action.name for action in motion_map.actions.values() if action.keyframes or action.channels}
    return names


async def _keep(body: Body, after: asyncio.Task[None] | None = None) -> None:
    if after is not None:
        await asyncio.wait({after})
    with body.contained():
        await body.driver.run()


async def _known(body: Body) -> None:
    with body.contained():
        await body.driver.ready()
