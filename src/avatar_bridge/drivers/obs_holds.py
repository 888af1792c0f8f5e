"""What the bridge holds in OBS and how things stood before: which setting belongs where now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from avatar_bridge.wire.obs_deeds import Deed
from avatar_bridge.wire.obs_scenery import Scenery, Slot

__all__ = ["SCENE", "Holds", "Key", "wants"]

Key: TypeAlias = tuple[str, int | None]
"""An action and the cue that asked for it."""
SCENE: Slot = ("scene",)


@dataclass(slots=True)
class _Hold:
    wants: dict[Slot, Any] = field(default_factory=dict)
    until: float | None = None


class Holds:
    """The later hold of a slot counts; the last one that ends gives it back as it was found.

    What somebody sets by hand meanwhile is theirs: it is not touched again by what is held now.
    """

    def __init__(self) -> None:
        self._holds: dict[Key, _Hold] = {}
        self._before: dict[Slot, Any] = {}

    def begin(self, key: Key, wanted: Mapping[Slot, Any], until: float | None, found: Mapping[Slot, Any]) -> set[Slot]:
        """Hold what is `wanted` until released or `until`; `found` says how things stand. Return what to set."""
        changed = self.end(*key) if key in self._holds else set()
        for slot in wanted:
            self._before.setdefault(slot, found.get(slot))
        self._holds[key] = _Hold(dict(wanted), until)
        return changed | set(wanted)

    def end(self, action: str, cue: int | None) -> set[Slot]:
        """Let an action go, for one cue or (None) for all; return what to set."""
        ended = [key for key in self._holds if key[0] == action and (cue is None or key[1] == cue)]
        return {slot for key in ended for slot in self._holds.pop(key).wants}

    def reset(self) -> set[Slot]:
        """Let everything go; return what to set."""
        self._holds.clear()
        return set(self._before)

    def expired(self, now: float) -> list[Key]:
        """Return the keys whose time is up."""
        return [key for key, hold in self._holds.items() if hold.until is not None and hold.until <= now]

    def next_end(self) -> float | None:
        """Return when the next one's time is up."""
        return min((hold.until for hold in self._holds.values() if hold.until is not None), default=None)

    def touched(self) -> set[Slot]:
        """Return every slot that is held or not yet given back."""
        return set(self._before)

    def held(self, slot: Slot) -> bool:
        """Return whether something holds a slot."""
        return any(slot in hold.wants for hold in self._holds.values())

    def value(self, slot: Slot) -> Any:
        """Return what a slot should be at: the latest hold's, else what was before."""
        for hold in reversed(self._holds.values()):
            if slot in hold.wants:
                return hold.wants[slot]
        return self._before.get(slot)

    def given_back(self, slot: Slot) -> None:
        """Forget a slot that stands again as it was found."""
        if not self.held(slot):
            self._before.pop(slot, None)

    def let_go(self, slot: Slot) -> None:
        """Leave a slot to whoever has set it by hand."""
        self._before.pop(slot, None)
        for hold in self._holds.values():
            hold.wants.pop(slot, None)

    def stay(self, slot: Slot, value: Any) -> None:
        """Make `value` what a held slot returns to."""
        if slot in self._before:
            self._before[slot] = value


def wants(deed: Deed, scenery: Scenery, *, back: bool) -> Iterator[tuple[Slot, Any]]:
    """Yield what a deed sets that can be taken back; the scene only where it is to be left again."""
    if deed.scene and back:
        yield SCENE, deed.scene
    scene = deed.within or deed.scene or scenery.program
    for source in deed.sources:
        place = scenery.find(source, scene)
        if place is not None and deed.move is not None:
            yield ("move", place[0], source), deed.move
        if place is not None and deed.shown is not None:
            yield ("item", place[0], source), deed.shown
        for name in deed.filters:
            if name in scenery.filters.get(source, ()):
                yield ("filter", source, name), True
    for name, muted in deed.mutes:
        if name in scenery.mutes:
            yield ("mute", name), muted
