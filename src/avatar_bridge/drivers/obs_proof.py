"""When OBS really did what it was told: by its events, else by its answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from avatar_bridge.ports import Acted
from avatar_bridge.wire.obs_scenery import Slot

__all__ = ["Proof", "Proofs"]

_KEPT = 1024
_PENDING = 32


@dataclass(slots=True, eq=False)
class Proof:
    """What one command is waiting to be told of; told once, by the first thing that OBS did of it."""

    action: str
    cue: int | None
    kind: Literal["act", "release"]
    told: bool = False


class Proofs:
    """Tells our own changes from those by hand, and when they were seen."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.frame = 0.0
        """Seconds of OBS's video frame: what it has set is seen one later."""
        self._now = now
        self._acted: deque[Acted] = deque(maxlen=_KEPT)
        self._pending: dict[Slot, deque[tuple[Any, Proof]]] = {}

    def acted(self) -> list[Acted]:
        """Return and forget what OBS did; the oldest are dropped where nobody asks."""
        told = list(self._acted)
        self._acted.clear()
        return told

    def expect(self, slot: Slot, value: Any, proof: Proof) -> None:
        """Say that a slot was just set."""
        self._pending.setdefault(slot, deque(maxlen=_PENDING)).append((value, proof))

    def expected(self, slot: Slot, value: Any) -> bool:
        """Return whether an event tells of our own doing; later ones of it are waited for still."""
        pending = self._pending.get(slot)
        if not pending or value not in [each for each, _ in pending]:
            if pending and slot == ("scene",):
                pending.clear()  # somebody went elsewhere before ours was reached
            return False
        while pending:
            each, proof = pending.popleft()
            if each == value:
                self._tell(proof)
                break
        return True

    def scene_began(self) -> None:
        """Take it that the transition to our scene begins to be seen."""
        for _, proof in self._pending.get(("scene",), ()):
            self._tell(proof)

    def answered(self, proof: Proof) -> None:
        """Take OBS's answer as the proof where no event came before it."""
        self._tell(proof)

    def forget(self) -> None:
        """Wait for nothing more: the connection is another one."""
        self._pending.clear()

    def _tell(self, proof: Proof) -> None:
        if proof.action and not proof.told:
            proof.told = True
            self._acted.append(Acted(proof.action, self._now() + self.frame, proof.cue, proof.kind))
