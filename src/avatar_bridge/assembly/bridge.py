"""The running bridge: who has the floor, and all that opens and closes with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from avatar_bridge import registry
from avatar_bridge.assembly.aligners import SoughtWords
from avatar_bridge.assembly.events import GameEvents
from avatar_bridge.assembly.faces import Faces
from avatar_bridge.assembly.parts import Served, build_drivers, build_ledger, build_mixer, build_speaker, build_voice
from avatar_bridge.assembly.targets import Targets, performed
from avatar_bridge.assembly.voices import Voices
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.timeline import HeardText, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, GameEvent, Samples, State
from avatar_bridge.errors import SpeakerError, UsageError
from avatar_bridge.ports import Adopter, Aligner, Audience, Clock, Driver, Follower, Games, Speaker, Voice
from avatar_bridge.settings import Settings, read_settings
from avatar_bridge.stage.beat import Beat
from avatar_bridge.stage.body import Body
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.stage.ledger import Ledger, Meter
from avatar_bridge.stage.performance import Outcome, Performance, Preparing, Script, prepare_aside, warm_up
from avatar_bridge.stage.relay import Relay
from avatar_bridge.stage.stage import Stage
from avatar_bridge.stage.trace import Trace
from avatar_bridge.stage.voicing import voiced

__all__ = ["Bridge"]

_TROUBLES = 500
"""Diagnostics that are kept."""

_YIELDING = 1.0
"""Seconds that the text of an interrupted utterance may take to end before the next one begins all the same."""

_QUIET = HeardText("", "", 0.0, complete=True)
_NOTHING = HeardText("", "", 0.0, complete=False)


class Bridge:
    """A character on stage: performs tagged text at every configured target.

    Use it as `async with Bridge.from_settings(path) as bridge: await bridge.perform("Hi! [wave]")`.
    """

    def __init__(
        self,
        *,
        voice: Voice,
        speaker: Speaker,
        drivers: list[Driver],
        motion_map: MotionMap,
        settings: Settings | None = None,
        clock: Clock | None = None,
        preparing: Preparing = prepare_aside,
        notes: tuple[Diagnostic, ...] = (),
        character: str = "",
        beat: Beat | None = None,
        ledger: Ledger | None = None,
        aligner: Aligner | None = None,
    ) -> None:
        """`character`: its name in a cast, "" for the main one; `beat`: one that others share and somebody runs;
        `aligner`: who looks for the words of a voice that tells no times.
        """
        self.ledger = ledger or Ledger()
        """What was spent on utterances so far."""
        self.character = character
        self.settings = settings or Settings()
        self.motion_map = motion_map
        self.notes = list(notes)
        """What was missed or chosen otherwise than asked, in plain words."""
        self._voice = voice
        self._speaker = speaker
        self._clock = clock or (beat.clock if beat is not None else SystemClock())
        self._preparing = preparing
        self._words = SoughtWords(aligner)
        self._faces = Faces(settings.feelings if settings else None)
        self._drivers = drivers
        self._trace: Trace | None = None
        self._stage: Stage | None = None
        self._closed = False
        self._targets: Targets | None = None
        self._beat = beat or Beat(self._clock)
        self._beating: asyncio.Task[None] | None = None
        self._beat_is_shared = beat is not None
        self._events = GameEvents()
        self._followers: list[Follower] = [driver for driver in drivers if isinstance(driver, Follower)]
        self._running: tuple[Performance | Relay, asyncio.Task[None]] | None = None
        self._latest: asyncio.Task[None] | None = None
        self._interrupts = 0
        self._troubles: list[Diagnostic] = []

    @classmethod
    def from_settings(
        cls,
        settings: Settings | Path | str | None = None,
        *,
        audience: Audience | None = None,
        games: Games | None = None,
    ) -> Self:
        """Return a bridge as `bridge.toml` (or the settings given) describes it; nothing is started yet.

        `audience`, `games`: the pages and the games, where their server runs; what plays or shows there needs it.
        Of several characters it is the main one alone; `Cast` has them all.
        Raises SettingsError, MotionMapError or UsageError where the settings cannot be used.
        """
        chosen = settings if isinstance(settings, Settings) else read_settings(Path(settings) if settings else None)
        return cls.assembled(chosen, Served(audience, games), Voices(build_voice))

    @classmethod
    def assembled(
        cls,
        settings: Settings,
        served: Served,
        voices: Voices,
        *,
        motion_map: MotionMap | None = None,
        beat: Beat | None = None,
    ) -> Self:
        """Return a bridge of these settings that shares voices, a map (None: read it) and a beat with others."""
        speaker = build_speaker(settings, served)
        chosen = settings.settled(pages=served.audience is not None, games=served.games is not None)
        motion_map = motion_map or registry.read_map(chosen.motion.map)
        voice, notes = voices.voice(chosen.voice)
        return cls(
            voice=voice,
            speaker=speaker,
            drivers=build_drivers(chosen, motion_map, served, speaker=speaker),
            motion_map=motion_map,
            settings=chosen,
            notes=notes,
            character=served.character,
            beat=beat,
            ledger=build_ledger(chosen, served.character),
            aligner=voices.aligner(chosen.voice),
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            await self._open_speaker()
            undo.push_async_callback(self._speaker.close)
            await self._open_voice()
            undo.push_async_callback(self._voice.close)
            undo.push_async_callback(self._words.close)
            await self._faces.open()
            undo.push_async_callback(self._faces.close)
            if self.settings.trace:
                self._trace = undo.enter_context(Trace(self.settings.trace))
            bodies = [Body(driver, build_mixer(self.settings.motion), trace=self._trace) for driver in self._drivers]
            self._stage = Stage(bodies, self._speaker, self._clock)
            self._stage.followers = self._followers
            tasks = await undo.enter_async_context(asyncio.TaskGroup())
            self._targets = Targets(bodies, tasks)
            self._words.start(tasks, self._voice, self.settings.voice)
            self._beat.add(self._stage)
            if not self._beat_is_shared:
                self._beating = tasks.create_task(self._beat.run())
            undo.push_async_callback(self._leave, self._targets)
            self._undo = undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.interrupt()
        self._closed = True
        self._events.close()
        await self._undo.__aexit__(None, None, None)

    @property
    def stage(self) -> Stage:
        """The stage; only inside `async with`."""
        if self._stage is None:
            raise UsageError("the bridge is not open; use it as: async with Bridge.from_settings(...) as bridge")
        return self._stage

    def _floor(self) -> Stage:
        """Return the stage where something may be done on it."""
        if self._closed:
            raise UsageError("the bridge was closed; perform and act inside its `async with`")
        return self.stage

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """The drivers of every configured target."""
        return tuple(self._drivers)

    @property
    def performed(self) -> frozenset[str]:
        """Names of the map's actions that some target can show, as known now; all of them where there is no target."""
        return performed(self.motion_map, self.drivers)

    @property
    def troubles(self) -> list[Diagnostic]:
        """What went wrong with the voice, the sound and the trace so far: the latest, for a show may last for days."""
        news = [*self._voice.diagnostics(), *self._speaker.diagnostics(), *self._words.diagnostics()]
        news += self._faces.diagnostics()
        self._troubles = [*self._troubles, *news][-_TROUBLES:]
        trace = [self._trace.trouble] if self._trace and self._trace.trouble else []
        followers = self._stage.troubles if self._stage else []
        return [*self._troubles, *followers, *trace]

    @property
    def timeline(self) -> Timeline | None:
        """The timeline of the utterance under way."""
        return self._running[0].timeline if self._running else None

    @property
    def utterance(self) -> int:
        """Number of the utterance under way, between utterances of the last one; counted from 1, 0 before the first."""
        return self._stage.utterance if self._stage else 0

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of every utterance from the next one on; one that raises is left out, with a trouble."""
        self._followers.append(follower)

    def unfollow(self, follower: Follower) -> None:
        """Tell `follower` nothing more; harmless where it does not follow."""
        if follower in self._followers:
            self._followers.remove(follower)

    def events(self) -> AsyncIterator[GameEvent]:
        """Return what happens in games to this character, from now on until the bridge closes.

        At most 256 events wait to be taken, the oldest are dropped; what came before anybody listened waits for the
        first who does.
        """
        return self._events.listen()

    def happened(self, event: GameEvent) -> None:
        """Tell whoever listens to `events` what happened in a game."""
        self._events.tell(event)

    def adopt(self, motion_map: MotionMap) -> None:
        """Play by another motion map from the next utterance on; targets look for what it names at once."""
        stage = self._floor()
        self.motion_map = motion_map
        for body in stage.bodies:
            with body.contained():
                if isinstance(body.driver, Adopter):
                    body.driver.adopt(motion_map)

    def reconnect(self, name: str) -> None:
        """Connect the target `name` anew, also one whose driver had failed; raises UsageError for an unknown name."""
        self._floor()
        if self._targets is not None:
            self._targets.reconnect(name)

    async def ready(self, within: float = 5.0) -> None:
        """Wait until every target was reached or given up for now, `within` seconds at most."""
        self._floor()
        if self._targets is not None:
            await self._targets.ready(within)

    async def perform(self, script: Script, *, keep_audio: bool = False) -> Outcome:
        """Speak tagged text, whole or streaming, and act on its words; return what was heard once it was.

        An utterance that is still under way is interrupted first. An error of the text's own iterator is raised
        after what came before it was spoken. With `keep_audio` the outcome holds what was spoken.
        """
        self.interrupt()
        turn = self._interrupts
        performance = Performance(
            script,
            stage=self._floor(),
            voice=self._voice,
            timeline=Timeline(self.motion_map),
            parser=self._parser(),
            segmenter=Segmenter(),
            preparing=self._preparing,
            aligner=self._words.aligner,
            keep_audio=keep_audio,
            feelings=self._faces.feelings(self.motion_map),
            classifier=self._faces.classifier,
        )
        return await self._perform(performance, turn)

    def relay(self, rate: int, *, started: bool = True) -> Relay:
        """Return an utterance that another program speaks, for `perform_relay`; what is said is interrupted first.

        `rate`: samples a second of its sound; `started` False: it plays the sound itself and says so by `start`.
        """
        self.interrupt()
        return Relay(
            stage=self._floor(),
            timeline=Timeline(self.motion_map),
            parser=self._parser(),
            rate=rate,
            started=started,
            preparing=self._preparing,
        )

    async def perform_relay(self, relay: Relay) -> Outcome:
        """Perform what `relay` is fed with; return what was heard once it was. Raises as `perform` does."""
        self.interrupt()
        return await self._perform(relay, self._interrupts)

    def _parser(self) -> Parser:
        return Parser(dialect=self.settings.script.dialect, names=self.motion_map.names())

    async def _perform(self, performance: Performance | Relay, turn: int) -> Outcome:
        if self._latest is not None:
            await asyncio.wait({self._latest}, timeout=_YIELDING)
        meter = Meter(self._voice)
        try:
            if turn == self._interrupts and await self._run(performance):
                return performance.outcome(performance.timeline.heard(performance.timeline.duration))
            return performance.outcome(performance.heard or _NOTHING, interrupted=True)
        finally:
            self.ledger.spoke(performance.timeline, meter.read(), meter.voices())

    async def _run(self, performance: Performance | Relay) -> bool:
        """Give a performance the floor, return whether it was spoken out; whatever ends it early closes the mouth."""
        task = self._latest = asyncio.create_task(performance.run())
        running = self._running = (performance, task)
        try:
            await asyncio.wait({task})
        finally:
            if self._running is running:
                if not task.done() or self.stage.timeline is performance.timeline:
                    self.interrupt()
                self._running = None
            if not task.done():
                await asyncio.wait({task})
        if task.cancelled():
            return False
        task.result()
        return True

    async def voiced(self, script: str, rate: int) -> Samples:
        """Return what the character's voice makes of tagged text, mono at `rate`, without performing it.

        Raises VoiceError where it cannot be spoken.
        """
        self._floor()
        return await voiced(self._voice, script, self._parser(), rate=rate)

    def interrupt(self) -> HeardText:
        """Stop everything in one act and return what was heard, exact to the word; harmless when nothing is said."""
        self._interrupts += 1
        if self._running is None:
            return _QUIET
        performance, task = self._running
        self._running = None
        heard = performance.heard = performance.timeline.heard(self.stage.interrupt())
        task.cancel()
        return heard

    def act(self, name: str, *, strength: float = 1.0, duration: float | None = None) -> None:
        """Perform one action of the motion map at once; raises UsageError for a name the map does not have."""
        stage = self._floor()
        action = self.motion_map.find(name)
        if action is None:
            nearest = self.motion_map.nearest(name)
            hint = f"; the nearest is {nearest!r}" if nearest else ""
            raise UsageError(f"the motion map {self.motion_map.name!r} has no action {name!r}{hint}")
        now = self._clock.time()
        for body in stage.bodies:
            with body.contained():
                body.act(action, now, strength=strength, duration=duration)

    def enter(self, state: State) -> None:
        """Set what the character does between utterances: idle, listening or thinking."""
        self._floor().enter(state)

    async def _open_voice(self) -> None:
        """Load the voice; meanwhile get ready for what it will say."""
        warming = asyncio.create_task(warm_up()) if self._preparing is prepare_aside else None
        try:
            await self._voice.open()
        finally:
            if warming is not None:
                await asyncio.wait({warming})

    async def _open_speaker(self) -> None:
        try:
            await self._speaker.open()
        except SpeakerError as error:
            if self.settings.sound.record:
                raise  # who asks for a recording performs for it
            self.notes.append(Diagnostic(f"no sound, the wall clock keeps the time: {error}"))
            self._speaker = registry.load("speakers", "none")()
            await self._speaker.open()

    async def _leave(self, targets: Targets) -> None:
        await targets.close()
        self.notes += targets.notes
        self._beat.remove(self.stage)
        for task in (self._beating, self._words.opening):
            if task is not None:
                task.cancel()
