"""What stands in an OBS: scenes, the items in them, filters, inputs; kept current by OBS's events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from avatar_bridge.wire.obs import Event, Order

__all__ = ["Item", "Scenery", "Slot", "change_told", "restructures", "setting"]

Slot: TypeAlias = tuple[str, ...]
"""What can be set: ("scene",), ("item", container, source), ("filter", source, filter), ("mute", input),
("move", container, source), ("media", input)."""

_RESTRUCTURE: Final = frozenset(
    {
        "SceneCreated", "SceneRemoved", "SceneNameChanged", "SceneListChanged", "CurrentSceneCollectionChanged",
        "CurrentProfileChanged", "InputCreated", "InputRemoved", "InputNameChanged", "SourceFilterCreated",
        "SourceFilterRemoved", "SourceFilterNameChanged", "SceneItemCreated", "SceneItemRemoved",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A source as it stands in a scene or group."""

    id: int
    source: str
    holds_items: bool
    """True for a group and a nested scene."""


@dataclass(slots=True)
class Scenery:
    """An OBS as it was last heard of; `program` is the scene on air."""

    program: str = ""
    scenes: tuple[str, ...] = ()
    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    """By scene or group, in the order that OBS tells them."""
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By source, of those sources that the map names with a filter."""
    inputs: frozenset[str] = frozenset()
    mutes: frozenset[str] = frozenset()
    """The inputs that the map names and that can be muted."""
    transitions: tuple[str, ...] = ()
    transition: str = ""
    hotkeys: frozenset[str] = frozenset()
    frame: float = 1 / 60
    """Seconds of one video frame."""
    values: dict[Slot, Any] = field(default_factory=dict)
    """What is set to what, as known now."""

    @property
    def placed(self) -> frozenset[str]:
        """Every source that stands in some scene."""
        return frozenset(item.source for items in self.items.values() for item in items)

    @property
    def sources(self) -> frozenset[str]:
        """Everything that can have a filter: inputs, scenes, groups."""
        return self.inputs | self.placed | frozenset(self.scenes)

    def sources_in(self, scene: str) -> frozenset[str]:
        """Return the sources in a scene, its groups and the scenes in it."""
        return frozenset(item.source for _, item in self._within(scene))

    def find(self, source: str, scene: str) -> tuple[str, Item] | None:
        """Return where a source stands: in `scene`, what it holds, else in the first scene that has it."""
        for container in dict.fromkeys((scene, *self.scenes)):
            for place, item in self._within(container):
                if item.source == source:
                    return place, item
        return None

    def item(self, container: str, source: str) -> Item | None:
        """Return a source's item in a scene or group."""
        return next((item for item in self.items.get(container, ()) if item.source == source), None)

    def _within(self, scene: str) -> Iterator[tuple[str, Item]]:
        waiting, seen = [scene], {scene}
        while waiting:
            container = waiting.pop(0)
            for item in self.items.get(container, ()):
                yield container, item
                if item.holds_items and item.source not in seen:
                    seen.add(item.source)
                    waiting.append(item.source)


def restructures(event: Event) -> bool:
    """Return whether an event means that the scenery must be read anew."""
    return event.kind in _RESTRUCTURE


def setting(slot: Slot, value: Any, scenery: Scenery) -> Order | None:
    """Return the request that sets a slot; None for what is not there, or is not set by one request."""
    match slot:
        case ("scene",):
            return Order("SetCurrentProgramScene", {"sceneName": value})
        case ("item", container, source) if (item := scenery.item(container, source)) is not None:
            data = {"sceneName": container, "sceneItemId": item.id, "sceneItemEnabled": value}
            return Order("SetSceneItemEnabled", data)
        case ("filter", source, name) if slot in scenery.values:
            data = {"sourceName": source, "filterName": name, "filterEnabled": value}
            return Order("SetSourceFilterEnabled", data)
        case ("mute", name) if name in scenery.mutes:
            return Order("SetInputMute", {"inputName": name, "inputMuted": value})
        case _:
            return None


def change_told(event: Event, scenery: Scenery) -> tuple[Slot, Any] | None:
    """Return what an event says was set, and to what; None where it tells of something else."""
    data: Mapping[str, Any] = event.data
    match event.kind:
        case "CurrentProgramSceneChanged":
            return ("scene",), str(data.get("sceneName", ""))
        case "SceneItemEnableStateChanged":
            container = str(data.get("sceneName", ""))
            number = data.get("sceneItemId")
            item = next((item for item in scenery.items.get(container, ()) if item.id == number), None)
            return None if item is None else (("item", container, item.source), bool(data.get("sceneItemEnabled")))
        case "SourceFilterEnableStateChanged":
            slot = ("filter", str(data.get("sourceName", "")), str(data.get("filterName", "")))
            return slot, bool(data.get("filterEnabled"))
        case "InputMuteStateChanged":
            return ("mute", str(data.get("inputName", ""))), bool(data.get("inputMuted"))
        case "MediaInputPlaybackEnded":
            return ("media", str(data.get("inputName", ""))), "ended"
        case _:
            return None
