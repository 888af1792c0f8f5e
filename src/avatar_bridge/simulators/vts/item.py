"""Items: the files that can be loaded and the instances in the scene."""

from __future__ import annotations

from dataclasses import dataclass

from avatar_bridge.simulators.vts.model import Hotkey
from avatar_bridge.simulators.vts.session import Plugin

__all__ = ["SAMPLE_ITEMS", "Item", "ItemFile", "ItemMove", "eased"]


@dataclass(frozen=True, slots=True)
class ItemFile:
    """An item on the disk: PNG, JPG, GIF, AnimationFolder or Live2D."""

    name: str
    kind: str
    frames: int = -1
    """Number of frames of an animated item, else -1."""
    rate: float = 0.0
    hotkeys: tuple[Hotkey, ...] = ()
    art_meshes: tuple[str, ...] = ()

    @property
    def animated(self) -> bool:
        """Whether it has frames."""
        return self.frames > 0


SAMPLE_ITEMS = (
    ItemFile("glasses.png", "PNG"),
    ItemFile("cake.jpg", "JPG"),
    ItemFile("confetti.gif", "GIF", frames=12, rate=24.0),
    ItemFile("ANIM_headpat", "AnimationFolder", frames=7, rate=15.0),
    ItemFile(
        "Ribbon",
        "Live2D",
        hotkeys=(
            Hotkey("6b1f0a52c1c34a0a9c0c5b8ad6d1f001", "Flutter", "TriggerAnimation", "flutter.motion3.json"),
            Hotkey("6b1f0a52c1c34a0a9c0c5b8ad6d1f002", "Red", "ToggleExpression", "red.exp3.json"),
            Hotkey("6b1f0a52c1c34a0a9c0c5b8ad6d1f003", "Room", "ChangeBackground", "night_room"),
        ),
        art_meshes=("ribbon_front", "ribbon_back"),
    ),
)
"""The item files that the simulator brings along."""


@dataclass(frozen=True, slots=True)
class ItemMove:
    """A movement under way: x, y, size and rotation (degrees) from `start` to `end`."""

    start: tuple[float, float, float, float]
    end: tuple[float, float, float, float]
    at: float
    duration: float
    fade: str


@dataclass(slots=True, eq=False)
class Item:
    """An item in the scene; size 0..1, rotation in degrees, the place in the window's -1..1."""

    instance_id: str
    file: ItemFile
    order: int
    place: tuple[float, float, float, float]
    """x, y, size, rotation."""
    owner: Plugin | None = None
    session: int | None = None
    """The session it goes with, where it was loaded so."""
    smoothing: float = 0.0
    censored: bool = False
    flipped: bool = False
    locked: bool = False
    rate: float = 0.0
    frame: float = 0.0
    playing: bool = True
    stops: frozenset[int] = frozenset()
    brightness: float = 1.0
    opacity: float = 1.0
    pinned_model: str = ""
    pinned_mesh: str = ""
    move: ItemMove | None = None

    def advance(self, now: float, step: float) -> None:
        """Go on with the movement and the animation; `step` is the time since the last frame."""
        move = self.move
        if move is not None:
            done = min((now - move.at) / move.duration, 1.0)
            part = eased(move.fade, done)
            x, y, size, rotation = (a + (b - a) * part for a, b in zip(move.start, move.end, strict=True))
            self.place = (x, y, size, rotation)
            if done >= 1.0:
                self.place, self.move = move.end, None
        if self.file.animated and self.playing:
            self._animate(step)

    def _animate(self, step: float) -> None:
        before, after = int(self.frame), self.frame + self.rate * step
        for shown in range(before + 1, int(after) + 1):
            if shown % self.file.frames in self.stops:
                self.frame, self.playing = float(shown % self.file.frames), False
                return
        self.frame = after % self.file.frames


def eased(fade: str, done: float) -> float:
    """Return how far a movement is (0..1, beyond while overshooting) after the part `done` of its time."""
    if fade == "easeIn":
        return done * done
    if fade == "easeOut":
        return 1.0 - (1.0 - done) ** 2
    if fade == "easeBoth":
        return done * done * (3.0 - 2.0 * done)
    if fade == "overshoot":
        return 1.0 + 2.7 * (done - 1.0) ** 3 + 1.7 * (done - 1.0) ** 2
    if fade == "zip":
        return done**5
    return done
