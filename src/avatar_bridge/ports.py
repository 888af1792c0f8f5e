"""The Protocols between the stage and its backends: one for each kind of thing that can be exchanged."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples, SpokenSegment, State

__all__ = [
    "Abilities",
    "Acted",
    "Adopter",
    "Attendant",
    "Audience",
    "Clock",
    "Command",
    "Driver",
    "Follower",
    "Game",
    "GameAbilities",
    "GameAttendant",
    "Games",
    "Page",
    "Speaker",
    "Stream",
    "TargetState",
    "Timed",
    "Voice",
    "VoiceEngine",
    "Witness",
]

Stream = Literal["speech", "motion", "sound", "state"]
"""What a page may ask for: words, mouth and captions; frames; the audio itself; what the studio shows."""


class VoiceEngine(Protocol):
    """A text-to-speech engine as it stands in its child process: plain calls that may block and compute.

    It is constructed with its settings as keyword arguments; loading happens in the constructor and raises
    `VoiceError` with a remedy when a package or a file is missing.
    """

    rate: int
    """Samples a second of everything it speaks."""

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the audio of `text` in order, piece by piece; times in a piece count from that piece's first sample.

        WordMark.char counts from the start of `text`. A text with nothing to say yields nothing and is no error.
        Raises VoiceError where the text cannot be spoken.
        """
        ...


class Voice(Protocol):
    """A voice as the stage sees it; the work is done elsewhere."""

    async def open(self) -> None:
        """Load the voice; raises VoiceError or WorkerError with a remedy."""
        ...

    def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` as VoiceEngine.speak does; closing the iterator cancels the work."""
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call (a child process that was replaced)."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class Clock(Protocol):
    """Monotonic time and waiting for it."""

    def time(self) -> float:
        """Return seconds on a monotonic scale."""
        ...

    async def wait_until(self, at: float) -> None:
        """Return as soon after `at` as the machine allows; at once when `at` is past."""
        ...


class Speaker(Protocol):
    """Where the audio goes. Whoever plays the audio owns the clock of the utterance."""

    async def open(self) -> None:
        """Get ready to play; raises SpeakerError with a remedy."""
        ...

    def begin(self) -> None:
        """Start a new utterance: `heard` counts from the first sample written next."""
        ...

    def write(self, samples: Samples, rate: int) -> None:
        """Queue mono audio behind what is queued already; never blocks."""
        ...

    def finish(self) -> None:
        """Say that the utterance has no more audio: from its end on `heard` runs on with the wall clock."""
        ...

    def heard(self) -> float:
        """Return how many seconds of the utterance were heard by now, the output's latency taken off.

        Before the first sample is heard this is the negative time until it will be, as far as known; while the queue
        is dry in mid-utterance it stands still. It never goes back within an utterance.
        """
        ...

    def queued(self) -> float:
        """Return the seconds of audio written in this utterance and not heard yet."""
        ...

    def stop(self) -> float:
        """Silence the output at once (with a fade of at most 10 ms), forget what is queued, return what was heard."""
        ...

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call (a vanished device, an underrun)."""
        ...

    async def close(self) -> None:
        """Stop and give the device back."""
        ...


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


class Page(Protocol):
    """One page or program that is connected to the event socket."""

    id: int
    """Counted from 1 since the start of the server."""
    kind: str
    """What it says that it is: overlay, studio or program."""
    streams: frozenset[Stream]

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this page alone; never blocks. A page that does not read is dropped."""
        ...


class Attendant(Protocol):
    """Whoever deals with pages: told when they come and go and what they say."""

    def joined(self, page: Page) -> None:
        """Bring a page that has just come up to the present."""
        ...

    def left(self, page: Page) -> None:
        """Learn that a page is gone."""
        ...

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Learn of a message, a JSON object whose `type` is a string; what else is in it is not to be trusted."""
        ...


class Audience(Protocol):
    """All the pages that are connected."""

    def tell(self, stream: Stream, message: str | bytes) -> None:
        """Queue a message for every page that asked for the stream; never blocks."""
        ...

    def count(self, stream: Stream) -> int:
        """Return how many pages asked for the stream."""
        ...

    def attend(self, attendant: Attendant) -> None:
        """Tell `attendant` of every page from now on, and of those that are here already."""
        ...


class Game(Protocol):
    """One game that is connected."""

    id: int
    """Counted from 1 since the start of the server."""
    name: str
    """What it says that it is called."""
    engine: str
    """unity, godot, or what else it says."""
    capabilities: frozenset[str]
    """What it takes: sound, motion, speech, captions."""

    def tell(self, message: str | bytes) -> None:
        """Queue a message for this game alone; never blocks. A game that does not read is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class GameAbilities:
    """What a game can do by itself with one character."""

    actions: frozenset[str] = frozenset()
    """Actions that it performs under the motion map's own names."""
    natives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What its body knows, by the key that a map's table names it with: `trigger`, `state`, `clip`, `expression`."""


class GameAttendant(Protocol):
    """Whoever deals with the games that show one character."""

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Bring a game that has just begun to show the character up to the present; again when its abilities change."""
        ...

    def left(self, game: Game) -> None:
        """Learn that a game shows the character no more."""
        ...

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Learn of a message about the character, validated by `wire.game` but for what it means."""
        ...


class Games(Protocol):
    """All the games that are connected, and the characters that they may show."""

    def enter(self, character: str) -> int:
        """Let games show `character` from now on; return its number on the wire, the same for the same name."""
        ...

    def attend(self, character: int, attendant: GameAttendant) -> None:
        """Tell `attendant` of every game that shows the character from now on, and of those that do already."""
        ...

    def tell(self, character: int, message: str | bytes, *, capability: str = "") -> None:
        """Queue a message for every game that shows the character, and has the capability where one is named."""
        ...

    def move(self, character: int, at: float, values: Mapping[str, float]) -> None:
        """Queue the frame to be seen at `at` (bridge's clock), sent with those of other characters; oldest dropped."""
        ...

    def count(self, character: int, capability: str = "") -> int:
        """Return how many games show the character, and have the capability where one is named."""
        ...
