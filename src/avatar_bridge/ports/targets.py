"""The adapters to targets, what is handed to them, and what else a driver may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples, State

__all__ = [
    "Abilities",
    "Acted",
    "Adopter",
    "Command",
    "Corrected",
    "Driver",
    "Follower",
    "TargetState",
    "Timed",
    "Witness",
]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a target can do by itself, read from the target and replaced whenever it changes (a model switch)."""

    actions: frozenset[str] = frozenset()
    """Names of the map's actions that the target performs natively (its own hotkey, trigger, clip, scene)."""
    derived: frozenset[str] = frozenset()
    """Channels that the target derives from others by itself (body from head): they must not be sent twice."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What the map asks for and the target lacks."""
    moves: bool = True
    """Whether frames show there what the target cannot do by itself; of OBS they do not."""
    delays: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Seconds beyond the driver's lead that an action needs until it is begun, as measured by now."""


@dataclass(frozen=True, slots=True)
class Command:
    """One due action for one target."""

    kind: Literal["act", "release", "reset"]
    """act: start an action; release: end what a held action switched on; reset: everything back to rest."""
    due: float
    """Seconds of the utterance's playhead at which the target should show it."""
    action: str = ""
    """Name of the action in the motion map."""
    cue: int | None = None
    """Id of the cue that asked for it."""
    strength: float = 1.0
    duration: float | None = None
    """Seconds to hold it, where known."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The map's table for this target (`vts.hotkey = ...`) as it was validated."""


@dataclass(frozen=True, slots=True)
class TargetState:
    """How a target is, for people: shown in the terminal, the studio and the report."""

    status: Literal["connecting", "waiting", "ready", "unreachable", "refused", "closed"]
    """waiting: something is asked of the user (a pop-up)."""
    detail: str = ""
    """One plain sentence: what is wrong and what to do."""
    latency_ms: float | None = None
    """Measured round trip, halved where the protocol answers; None where it does not."""
    sent_frames: int = 0
    dropped_frames: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()


@runtime_checkable
class Driver(Protocol):
    """The adapter to one target. It never raises into the performance: it reports, reconnects and resynchronises."""

    target: ClassVar[str]
    """The key of its tables in motion maps (`vts`)."""

    name: str
    """What it is called in settings, traces and reports."""

    @property
    def lead(self) -> float:
        """Seconds from handing something over until the target shows it."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What the target can do by itself, as known now."""
        ...

    @property
    def state(self) -> TargetState:
        """How the target is, as known now."""
        ...

    async def run(self) -> None:
        """Own the connection until cancelled: connect, keep, reconnect with backoff, resynchronise."""
        ...

    async def ready(self) -> bool:
        """Wait until the first attempt has ended; True when the target can be driven."""
        ...

    def send_frame(self, frame: Frame) -> None:
        """Hand over the newest frame; an older one that is still waiting is dropped."""
        ...

    def send_command(self, command: Command) -> None:
        """Hand over a due command; commands are never dropped."""
        ...

    async def close(self) -> None:
        """Switch off what the bridge switched on, close the mouth, close the connection."""
        ...


@runtime_checkable
class Adopter(Protocol):
    """A driver that can go over to another motion map while it runs; one that cannot keeps the map it was made with."""

    def adopt(self, motion_map: MotionMap) -> None:
        """Act by `motion_map` from now on: what it names is looked for at the target anew, what is held stays held."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """That a target did what it was told, by its own word."""

    action: str
    """Name of the action in the motion map."""
    at: float
    """Seconds on the bridge's clock (`Clock.time`) at which it was to be seen."""
    cue: int | None = None
    """Id of the cue that asked for it."""
    kind: Literal["act", "release"] = "act"


@runtime_checkable
class Witness(Protocol):
    """A driver whose target tells when it really acted."""

    def acted(self) -> list[Acted]:
        """Return and forget what the target told since the last call; the oldest are dropped where nobody asks."""
        ...


@runtime_checkable
class Timed(Protocol):
    """A driver that is told once a frame where the utterance is and what the character does."""

    def tick(self, at: float, heard: float | None, doing: State) -> None:
        """Learn that `heard` seconds of the utterance were heard at `at` (`Clock.time`); None between utterances."""
        ...


@runtime_checkable
class Follower(Protocol):
    """Whoever is told of an utterance while it grows, ahead of its sound: what pages and games keep time by."""

    def began(self, number: int, timeline: Timeline) -> None:
        """Learn that utterance `number` (counted from 1) has the floor; its timeline is empty yet."""
        ...

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Learn of a segment that was placed and of its audio (empty where it was not spoken).

        None instead of a segment says that no segment follows: the timeline is closed.
        """
        ...

    def ended(self, heard: HeardText) -> None:
        """Learn that the utterance is over: spoken out, or interrupted where `heard` is not complete."""
        ...


@runtime_checkable
class Corrected(Follower, Protocol):
    """A follower that takes better times for a segment it was told of; others go on by the first ones."""

    def corrected(self, timeline: Timeline, placed: PlacedSegment, samples: Samples, rate: int) -> None:
        """Learn that words, sounds, mouth and cues of a segment stand at other times now; its audio is the same."""
        ...
