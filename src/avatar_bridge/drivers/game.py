"""The driver for games: speech, cues and frames of one character, for whatever games show it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples, State
from avatar_bridge.drivers.game_bodies import Bodies
from avatar_bridge.drivers.game_lead import Lead
from avatar_bridge.drivers.game_speech import Speech, Told
from avatar_bridge.ports import Abilities, Acted, Command, Game, GameAbilities, Games, TargetState
from avatar_bridge.wire import game as messages

__all__ = ["GameDriver"]

_SHORT_WAIT = 0.2
_CLOCK_FRAMES = 3
"""Frames between two messages that tell the time: twenty a second."""
_TOLD = 1024
"""Things that games did and nobody asked about yet."""


class GameDriver:
    """Drives one character in games: a Driver, Follower, Witness, Adopter, Timed and GameAttendant of `ports`.

    Games begin cues by themselves, from the list they are told ahead; the commands that the stage sends for cues tell
    only when a held one ends.
    """

    target: ClassVar[str] = "game"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        games: Games,
        name: str = "game",
        character: str = "",
        url: str | None = None,
        lead: float | None = None,
        holder: Callable[[], int | None] | None = None,
        elsewhere: str = "",
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`character`: as games name it, empty for the main one; `lead`: seconds, adapted where it is None.

        `holder` returns the game that has the sound and so owns the clock; `now`: the bridge's clock. `url` says
        nothing here: games come to the bridge. `elsewhere`: the speaker that plays the voice where no game may.
        """
        del url
        self.name = name
        self._map = motion_map
        self._games = games
        self._called = repr(character) if character else "the character"
        self._number = games.enter(character)
        self._lead = Lead(lead)
        self._now = now
        self._bodies = Bodies(self._number, holder or _nobody)
        self._elsewhere = elsewhere
        self._problems: dict[int, tuple[Diagnostic, ...]] = {}
        self._speech = Speech(self._number)
        self._acted: deque[Acted] = deque(maxlen=_TOLD)
        self._doing: State = "idle"
        self._time: tuple[float, float] | None = None
        self._running = False
        self._ticks = 0
        self._sent = 0
        self._somebody = asyncio.Event()
        self._closed = False
        games.attend(self._number, self)

    @property
    def lead(self) -> float:
        """Seconds that frames are made ahead: a game has some in hand when one is to be seen."""
        return self._lead.seconds

    @property
    def abilities(self) -> Abilities:
        """What the games that are here perform by themselves."""
        return self._bodies.abilities

    @property
    def state(self) -> TargetState:
        """Which games show the character, and what they could not do."""
        problems = (each for found in self._problems.values() for each in found)
        found = tuple(dict.fromkeys((*self.abilities.diagnostics, *problems)))
        if self._closed:
            return TargetState("closed", sent_frames=self._sent, diagnostics=found)
        if not self._bodies:
            detail = f"No game shows {self._called}: start it, with the address and the token of this bridge."
            return TargetState("waiting", detail, sent_frames=self._sent, diagnostics=found)
        shown = ", ".join(body.game.name or f"game {body.game.id}" for body in self._bodies)
        return TargetState("ready", f"Shown by {shown}.", sent_frames=self._sent, diagnostics=found)

    async def run(self) -> None:
        """Wait until cancelled: games come and go by themselves."""
        await asyncio.Event().wait()

    async def ready(self) -> bool:
        """Return whether a game shows the character, after a short wait for one."""
        try:
            async with asyncio.timeout(_SHORT_WAIT):
                await self._somebody.wait()
        except TimeoutError:
            return False
        return bool(self._bodies)

    def adopt(self, motion_map: MotionMap) -> None:
        """Act by another map: games are told anew what of the cues they perform by themselves."""
        self._map = motion_map
        self._match()

    def send_frame(self, frame: Frame) -> None:
        """Hand over the frame, to be seen `lead` seconds after it was made."""
        if self._games.count(self._number, "motion"):
            self._sent += 1
            self._games.move(self._number, frame.at + self._lead.seconds, frame.values)

    def send_command(self, command: Command) -> None:
        """Tell games what is due outside a script, and what ends; they begin cues by themselves."""
        if command.kind == "reset":
            self._games.tell(self._number, messages.reset(self._number))
        elif command.kind == "release" and command.cue is not None:
            self._games.tell(self._number, self._speech.release(command.action, command.cue, command.due))
        elif command.kind == "release":
            self._games.tell(self._number, messages.release(self._number, command.action, cue=None, at=None))
        elif command.cue is None:
            action = self._map.find(command.action)
            if action is not None:
                self._bodies.act(action, command, self._now() + self._lead.seconds)

    async def close(self) -> None:
        """Let everything that is held end."""
        if not self._closed:
            self._closed = True
            self._games.tell(self._number, messages.reset(self._number))

    def acted(self) -> list[Acted]:
        """Return and forget what games told that they did since the last call."""
        told = list(self._acted)
        self._acted.clear()
        return told

    def began(self, number: int, timeline: Timeline) -> None:
        """Tell that everything of an older utterance is over."""
        del timeline
        self._time = None
        self._tell(self._speech.begin(number))

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Tell a segment with all that is known of it, and what its place has changed."""
        del samples, rate
        news, cues_changed = self._speech.grow(timeline, placed, self._heard())
        self._tell(news)
        if cues_changed:
            self._bodies.tell_cues(self._speech)
        self._tell(self._speech.close(timeline))

    def corrected(self, timeline: Timeline, placed: PlacedSegment, samples: Samples, rate: int) -> None:
        """Tell a segment's better times, and the cues that have moved with its words."""
        del samples, rate
        news, cues_changed = self._speech.correct(timeline, placed, self._heard())
        self._tell(news)
        if cues_changed:
            self._bodies.tell_cues(self._speech)

    def ended(self, heard: HeardText) -> None:
        """Tell the end; after an interrupt games are silent at once."""
        self._tell(self._speech.end(heard))
        self._time = None

    def tick(self, at: float, heard: float | None, doing: State) -> None:
        """Tell what the character does where that changes, and the time to those who do not own it."""
        if doing != self._doing:
            self._doing = doing
            self._games.tell(self._number, messages.state(self._number, doing))
        if heard is None or not self._speech.running:
            return
        self._running = self._time is not None and heard > self._time[1]
        self._time = (at, heard)
        self._ticks += 1
        if self._ticks % _CLOCK_FRAMES == 0:
            self._bodies.tell_time(self._speech.number, at=at, heard=heard, running=self._running)

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Bring a game that shows the character to the present; or learn what it can do by now."""
        known = game.id in self._bodies
        body = self._bodies.put(game, abilities)
        self._somebody.set()
        self._match(but=None if known else game)
        if known:
            return
        game.tell(messages.state(self._number, self._doing))
        if self._speech.running:
            for capability, message in self._speech.present(body.natives):
                if capability in game.capabilities:
                    game.tell(message)
            if self._time is not None:
                at, heard = self._time
                self._bodies.tell_time(self._speech.number, at=at, heard=heard, running=self._running, only=body)

    def left(self, game: Game) -> None:
        """Forget a game."""
        self._problems.pop(game.id, None)
        self._lead.forget(game.id)
        if not self._bodies.drop(game.id):
            return
        if not self._bodies:
            self._somebody.clear()
        self._match()

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Take up what a game did, and how it is."""
        if game.id not in self._bodies:
            return
        if message.get("type") == "acted":
            self._note(message)
        elif message.get("type") == "sound" and message.get("claim") and self._elsewhere:
            words = f"the bridge plays the voice of {self._called} itself, on its speaker {self._elsewhere!r}"
            game.tell(messages.note(words, suggestion='set speaker = "game" in the table [sound] of bridge.toml'))
        elif message.get("type") == "report":
            self._problems[game.id] = tuple(
                Diagnostic(str(problem["message"]), suggestion=problem.get("suggestion"))
                for problem in message.get("problems") or ()
            )
            margin_ms = message.get("margin_ms")
            if margin_ms is not None:
                self._lead.report(game.id, float(margin_ms), self._now())

    def _note(self, message: Mapping[str, Any]) -> None:
        cue, action, at = message.get("cue"), self._map.find(str(message["action"])), float(message["at"])
        of_now = cue is None or message.get("utterance") == self._speech.number
        if action is not None and of_now and math.isfinite(at):
            self._acted.append(Acted(action.name, at, cue))

    def _match(self, *, but: Game | None = None) -> None:
        """Hold the map against the games; tell those but one what cues they now perform by themselves otherwise."""
        changed = self._bodies.match(self._map)
        if self._speech.running and self._speech.cues:
            self._bodies.tell_cues(self._speech, [body for body in changed if body.game is not but])

    def _tell(self, told: Iterable[Told]) -> None:
        for capability, message in told:
            self._games.tell(self._number, message, capability=capability)

    def _heard(self) -> float:
        return self._time[1] if self._time is not None else 0.0


def _nobody() -> int | None:
    return None
