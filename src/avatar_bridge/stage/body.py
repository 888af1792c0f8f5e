"""One target's body: its driver, its mixer, and the player that reads the timeline for it."""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.motion_map import Action
from avatar_bridge.core.timeline.player import Begin, End, Player
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic, MouthShape, State, Stimulus
from avatar_bridge.ports import Command, Driver, Follower, Timed, Witness
from avatar_bridge.stage.trace import Trace

__all__ = ["Body", "Fired", "Seen"]

_CLOSED = MouthShape()
_INHALE = 0.35
"""Seconds before the audio at which a breath is taken, where there is time for it."""
_log = logging.getLogger(__name__)
_RECENT = 1024
_HELD = 3.0
"""Seconds that an action asked for outside a script is held where nobody says for how long."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An action that was started at a target."""

    driver: str
    action: str
    written: str
    due: float
    """Playhead seconds at which it was to start."""
    late_ms: float
    """After `due`, or after the first moment that could be acted on where that was before the audio."""
    native: bool
    cue: int = -1
    """Id of the cue that asked for it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An action as its target showed it, by the target's own word."""

    driver: str
    action: str
    cue: int
    at: float
    """Playhead seconds at which it was to be seen."""
    off_ms: float
    """After it was to start, or after the first moment that could be acted on; negative where it came too early."""


class Body:
    """Turns the playhead into frames and commands for one driver."""

    def __init__(self, driver: Driver, mixer: Mixer, *, trace: Trace | None = None) -> None:
        self.driver = driver
        self.mixer = mixer
        self.fired: deque[Fired] = deque(maxlen=_RECENT)
        """The latest actions; the oldest are dropped."""
        self.seen: deque[Seen] = deque(maxlen=_RECENT)
        """What the target told of them, where it tells; of several that show one, whoever told first."""
        self.missed: Diagnostic | None = None
        """That actions of the utterance came while the target could not show them."""
        self._trace = trace
        self._timeline: Timeline | None = None
        self._player: Player | None = None
        self._earliest = math.inf
        self._acting: dict[str, float] = {}
        self._state: State = "idle"
        self._origin, self._began = math.nan, -math.inf
        self._witness = driver if isinstance(driver, Witness) else None
        self._timed = driver if isinstance(driver, Timed) else None
        self._follows = isinstance(driver, Follower)
        self.failure: Diagnostic | None = None
        """Why this body is left out from now on: its driver raised, which a driver must not."""
        self._contained = _Contained(self)

    @property
    def player(self) -> Player | None:
        """What reads the running utterance; None between utterances."""
        return self._player

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What the running utterance's player left out, what the target missed, and why."""
        left_out = self._player.diagnostics if self._player else []
        return [*left_out, *(note for note in (self.missed, self.failure) if note is not None)]

    def contained(self) -> AbstractContextManager[None]:
        """Let nothing that the driver raises in the block reach the other bodies: this one is left out instead."""
        return self._contained

    def begin(self, timeline: Timeline, now: float) -> None:
        """Take up a new utterance, whose audio is about to start."""
        self._drain()
        self.fired.clear()
        self.seen.clear()
        self.missed = None
        self._origin, self._began = math.nan, now
        self.mixer.notice(Stimulus("turn_start", now + _INHALE))
        self._timeline = timeline
        self._player = Player(timeline)
        self._earliest = math.inf

    def enter(self, state: State, now: float) -> None:
        """Change what life behaves by."""
        if state != self._state:
            self._state = state
            self.mixer.enter(state, now)

    def next_due(self) -> float | None:
        """Return the seconds heard at which the next thing is due for this target, its lead taken off."""
        due = self._player.next_due(self.driver.abilities.delays) if self._player else None
        return None if due is None else due - self.driver.lead

    def dispatch(self, now: float, heard: float) -> None:
        """Start and end what is due when `heard` seconds of the utterance were heard; `now` is stage time."""
        if self._player is None:
            return
        playhead = heard + self.driver.lead
        self._earliest = min(self._earliest, playhead)
        able = self.driver.abilities
        for due in self._player.advance(playhead, able.actions, able.delays):
            match due:
                case Begin():
                    self._begin(due, now, max(playhead, due.due) if due.native else playhead)
                case End():
                    self._end(due, now, playhead)
                case Stimulus():
                    self.mixer.notice(Stimulus(due.kind, now + due.at - playhead, due.strength))

    def frame(self, now: float, heard: float | None, late: float = 0.0) -> None:
        """Mix and hand over the frame of stage time `now`; `heard` is None between utterances.

        `late` is how many seconds after its deadline the frame is made.
        """
        if self._acting:
            self._time_out(now)
        if heard is not None:
            self._origin = now - heard
        if self._timed is not None:
            self._timed.tick(now, heard, self._state)
        self._drain()
        mouth: MouthShape | None = None
        timeline = self._timeline
        playhead = 0.0
        if heard is not None and timeline is not None:
            playhead = heard + self.driver.lead
            over = timeline.closed and playhead >= timeline.duration
            mouth = None if over else timeline.mouth_at(playhead)
        self.mixer.derived = self.driver.abilities.derived
        frame = self.mixer.advance(now, mouth)
        self.driver.send_frame(frame)
        if self._trace and heard is not None:
            body = {name: round(value, 4) for name, value in frame.values.items()}
            self._trace.write(due=playhead - late, playhead=playhead, driver=self.driver.name, kind="frame", body=body)

    def act(self, action: Action, now: float, *, strength: float = 1.0, duration: float | None = None) -> None:
        """Perform an action at once, outside any script; without a duration what is held is held for 3 s."""
        lasting = duration if duration is not None else action.duration
        if action.name in self.driver.abilities.actions:
            self._send("act", action, 0.0, None, strength, lasting)
            self._acting[action.name] = now + (_HELD if lasting is None else lasting)
        else:
            if lasting is None and action.kind != "gesture":
                lasting = _HELD
            self.mixer.play(action, stroke_at=now + action.stroke, now=now, strength=strength, duration=lasting)

    def relax(self, now: float) -> None:
        """End everything: held actions return, gestures relax, the mouth closes with the very next frame, sent here."""
        if self._player is not None:
            self._player.interrupt()
        self._player = None
        self._timeline = None
        self._acting.clear()
        self.driver.send_command(Command("reset", 0.0))
        self.mixer.relax(now)
        self.driver.send_frame(self.mixer.advance(now, _CLOSED))

    def _begin(self, due: Begin, now: float, playhead: float) -> None:
        cue = due.cue
        if due.native:
            self._send("act", cue.action, due.due, cue.id, cue.strength, cue.duration, playhead)
        else:
            self.mixer.play(
                cue.action,
                stroke_at=now + due.stroke_at - playhead,
                now=now,
                strength=cue.strength,
                duration=cue.lasting,
                cue=cue.id,
            )
            self._note("act", cue.action.name, due.due, playhead, native=False)
        state = self.driver.state
        asked = self.driver.abilities.moves or self.driver.target in cue.action.targets
        if not asked or not (due.native or self.driver.abilities.moves or state.status != "ready"):
            return  # nothing of it is to be seen there
        if state.status != "ready":
            self.missed = self.missed or Diagnostic(
                f"{self.driver.name} was {state.status} and missed {cue.written!r}, and what came until it was ready",
                suggestion=state.detail or None,
            )
            return
        late_ms = 1000 * (playhead - max(due.due, self._earliest))
        self.fired.append(Fired(self.driver.name, cue.name, cue.written, due.due, late_ms, due.native, cue.id))

    def _end(self, due: End, now: float, playhead: float) -> None:
        if not due.native:
            self.mixer.release(due.cue.id, due.cue.name, now)
        # who is told of cues ahead and has come since it began, or comes yet, performs it by itself by then
        late = due.cue.name in self.driver.abilities.actions or self.driver.state.status != "ready"
        if due.native or (late and self._follows):
            self._send("release", due.cue.action, due.due, due.cue.id, due.cue.strength, None, playhead)
        else:
            self._note("release", due.cue.name, due.due, playhead, native=False)

    def _send(
        self,
        kind: str,
        action: Action,
        due: float,
        cue: int | None,
        strength: float,
        duration: float | None,
        playhead: float = 0.0,
    ) -> None:
        fields = action.targets.get(self.driver.target, {})
        command = Command(
            "act" if kind == "act" else "release",
            due,
            action.name,
            cue,
            strength,
            duration,
            fields,
        )
        self.driver.send_command(command)
        self._note(kind, action.name, due, playhead, native=True)

    def _note(self, kind: str, action: str, due: float, playhead: float, *, native: bool) -> None:
        if self._trace:
            body = {"action": action, "native": native}
            earliest = max(due, min(self._earliest, playhead))
            self._trace.write(due=earliest, playhead=playhead, driver=self.driver.name, kind=kind, body=body)

    def _drain(self) -> None:
        """Take up what the target told of what it showed."""
        if self._witness is None:
            return
        for acted in self._witness.acted():
            fired = next((each for each in self.fired if each.cue == acted.cue), None)
            known = any(each.cue == acted.cue for each in self.seen)
            if acted.kind != "act" or fired is None or known or acted.at < self._began:
                continue
            at = acted.at - self._origin
            off_ms = 1000 * (at - max(fired.due, self._earliest))
            self.seen.append(Seen(fired.driver, fired.action, fired.cue, at, off_ms))

    def _time_out(self, now: float) -> None:
        for name in [name for name, until in self._acting.items() if until <= now]:
            del self._acting[name]
            self.driver.send_command(Command("release", 0.0, name))


class _Contained(AbstractContextManager[None]):
    """What `Body.contained` returns: one for all blocks, as two are entered a tick."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        name = self._body.driver.name
        _log.error("the driver %r failed", name, exc_info=error)
        self._body.failure = Diagnostic(
            f"the driver {name!r} failed and is left out: {error!r}",
            suggestion="this is a defect of the driver: please report it to its author",
        )
        return True
