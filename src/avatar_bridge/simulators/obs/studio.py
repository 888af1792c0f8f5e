"""What stands in the simulated OBS, and what its user has set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Filter", "Input", "Item", "Studio", "sample"]


def _transform() -> dict[str, Any]:
    sizes = dict.fromkeys(("width", "height", "sourceWidth", "sourceHeight"), 100.0)
    crops = dict.fromkeys(("cropTop", "cropBottom", "cropLeft", "cropRight"), 0)
    bounds = {"boundsType": "OBS_BOUNDS_NONE", "boundsWidth": 0.0, "boundsHeight": 0.0, "boundsAlignment": 0}
    place = {"positionX": 0.0, "positionY": 0.0, "rotation": 0.0, "scaleX": 1.0, "scaleY": 1.0, "alignment": 5}
    return {**place, **sizes, **crops, **bounds}


@dataclass(slots=True)
class Item:
    """A source in a scene or group."""

    id: int
    source: str
    enabled: bool = True
    transform: dict[str, Any] = field(default_factory=_transform)


@dataclass(slots=True)
class Filter:
    """A filter on a source."""

    name: str
    enabled: bool = True


@dataclass(slots=True)
class Input:
    """A source that is no scene; `muted` and `media` are None where it has no sound, or plays nothing."""

    kind: str = "image_source"
    muted: bool | None = None
    media: str | None = None


class Studio:
    """Scenes, groups, inputs, filters, transitions, hotkeys, and the stream; change it with its methods."""

    def __init__(self, *scenes: str, fps: float = 60.0) -> None:
        self.scenes: dict[str, list[Item]] = {name: [] for name in scenes}
        self.groups: dict[str, list[Item]] = {}
        self.inputs: dict[str, Input] = {}
        self.filters: dict[str, list[Filter]] = {}
        self.program = next(iter(self.scenes), "")
        self.transitions: dict[str, int | None] = {"Cut": None, "Fade": 300}
        """Milliseconds of each; None for the fixed one."""
        self.transition = "Fade"
        self.hotkeys = ["OBSBasic.StartStreaming", "OBSBasic.Screenshot"]
        self.pressed: list[str] = []
        """Hotkeys and keys that were triggered, in order."""
        self.streaming = False
        self.captions: list[str] = []
        """What went into the stream."""
        self.fps = fps
        self.studio_mode = False
        self._number = 0

    def place(
        self, container: str, source: str, *, enabled: bool = True, kind: str = "image_source", **what: Any
    ) -> Item:
        """Put a source, made where it is new, on top of a scene or group; `what` are fields of `Input`."""
        if source not in self.inputs and source not in self.groups and source not in self.scenes:
            self.inputs[source] = Input(kind, **what)
        self._number += 1
        item = Item(self._number, source, enabled)
        self.items(container).append(item)
        return item

    def group(self, scene: str, name: str) -> None:
        """Put an empty group into a scene."""
        self.groups[name] = []
        self.place(scene, name)

    def add_filter(self, source: str, name: str, *, enabled: bool = True) -> None:
        """Put a filter on a source."""
        self.filters.setdefault(source, []).append(Filter(name, enabled))

    def items(self, container: str) -> list[Item]:
        """Return the items of a scene or group; raises KeyError."""
        return self.scenes[container] if container in self.scenes else self.groups[container]

    def item(self, container: str, source: str) -> Item:
        """Return the item of a source; raises KeyError."""
        found = next((item for item in self.items(container) if item.source == source), None)
        if found is None:
            raise KeyError(source)
        return found


def sample() -> Studio:
    """Return the studio of a streamer: three scenes, an avatar with a filter, hidden confetti, a jingle."""
    studio = Studio("Main", "BRB", "Just Chatting")
    studio.place("Main", "Background")
    studio.place("Main", "Avatar")
    studio.add_filter("Avatar", "Glow", enabled=False)
    studio.place("Main", "Confetti", enabled=False)
    studio.group("Main", "Decorations")
    studio.place("Decorations", "Balloons", enabled=False)
    studio.place("Main", "Mic", kind="pulse_input_capture", muted=False)
    studio.place("Main", "Jingle", kind="ffmpeg_source", muted=False, media="OBS_MEDIA_STATE_ENDED")
    studio.place("BRB", "BRB Screen")
    studio.place("Just Chatting", "Background")
    studio.place("Just Chatting", "Avatar")
    return studio
