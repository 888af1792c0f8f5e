"""The stage: the beat turns the playhead into frames for every body, sixty times a second."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from functools import partial

from avatar_bridge.core.timeline.timeline import PlacedSegment, Prepared, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Samples, State
from avatar_bridge.ports import Clock, Corrected, Follower, Speaker
from avatar_bridge.stage.beat import FRAME, Beat
from avatar_bridge.stage.body import Body

__all__ = ["FRAME", "Stage"]

_SETTLED = 0.05
"""Seconds beyond what every target has been handed from which on a correction may show."""
_log = logging.getLogger(__name__)


class Stage:
    """The bodies, the sound and who has the floor: one utterance at a time."""

    def __init__(self, bodies: Sequence[Body], speaker: Speaker, clock: Clock) -> None:
        self.bodies = tuple(bodies)
        self.speaker = speaker
        self.clock = clock
        self.followers: list[Follower] = []
        """Who is told of utterances while they grow; one that raises is left out from then on."""
        self.troubles: list[Diagnostic] = []
        """Which followers were left out, and why; and why the stage stands still where it does."""
        self.utterance = 0
        """Number of the utterance that has or had the floor last, counted from 1; 0 before the first."""
        self.marks: dict[str, float] = {}
        """When that utterance first came to each step on its way to the sound (`began`, `cut`, `voiced`, `spoken`,
        `prepared`, `played`), on the stage's clock."""
        self._timeline: Timeline | None = None
        self._state: State = "idle"
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._count = 0
        self._heard: float | None = None
        self._moving = False
        self._failure: Exception | None = None

    @property
    def timeline(self) -> Timeline | None:
        """The utterance that has the floor."""
        return self._timeline

    def begin(self, timeline: Timeline) -> None:
        """Give an utterance the floor; what ran before must have been ended. Raises what the stage failed with."""
        if self._failure is not None:
            raise self._failure
        self._timeline = timeline
        self.utterance += 1
        self.speaker.begin()
        now = self.clock.time()
        self.marks = {"began": now}
        for body in self.bodies:
            body.begin(timeline, now)
        self._tell(lambda follower: follower.began(self.utterance, timeline))

    def mark(self, step: str) -> None:
        """Note when the utterance first came to a step."""
        self.marks.setdefault(step, self.clock.time())

    def grow(self, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Tell the followers of a segment that was placed, with its audio; None once the timeline is closed."""
        timeline = self._timeline
        if timeline is not None and self.followers:
            self._tell(lambda follower: follower.grew(timeline, placed, samples, rate))

    def realign(self, index: int, prepared: Prepared) -> None:
        """Correct a segment of the running utterance by better times, as far as no target has begun it."""
        timeline = self._timeline
        if timeline is None:
            return
        lead = max((body.driver.lead for body in self._standing()), default=0.0)
        placed = timeline.realign(index, prepared, after=self.speaker.heard() + lead + _SETTLED)
        if placed is None:
            return
        for follower in [each for each in self.followers if isinstance(each, Corrected)]:
            self._tell_one(follower, partial(follower.corrected, timeline, placed, prepared.samples, prepared.rate))

    def enter(self, state: State) -> None:
        """Set what the character does between utterances: idle, listening or thinking."""
        self._state = state

    def heard(self) -> float | None:
        """Return the seconds heard of the running utterance; None between utterances."""
        return None if self._timeline is None else self.speaker.heard()

    def spoken_out(self) -> bool:
        """True when all of the utterance's audio was heard and every target was told everything."""
        timeline = self._timeline
        if timeline is None:
            return True
        over = timeline.closed and self.speaker.heard() >= timeline.duration
        return over and all(body.player is None or body.player.done for body in self._standing())

    def end(self) -> None:
        """Take the floor back after an utterance that was spoken out; gestures still under way finish by themselves."""
        self._leave(self._timeline.duration if self._timeline is not None else 0.0)

    def interrupt(self) -> float:
        """Stop everything in one act and return the seconds heard; the closing frames are handed over here."""
        heard = self.speaker.stop()
        now = self.clock.time()
        for body in self._standing():
            with body.contained():
                body.relax(now)
        self._leave(heard)
        return heard

    def _leave(self, heard: float) -> None:
        timeline, self._timeline = self._timeline, None
        if timeline is not None and self.followers:
            text = timeline.heard(heard)
            self._tell(lambda follower: follower.ended(text))

    def _tell(self, tell: Callable[[Follower], None]) -> None:
        for follower in tuple(self.followers):
            self._tell_one(follower, partial(tell, follower))

    def _tell_one(self, follower: Follower, tell: Callable[[], None]) -> None:
        """Let nothing that a follower raises reach the stage: it is left out instead."""
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - whoever follows may be anybody's
            _log.exception("the follower %r failed", follower)
            self.followers.remove(follower)
            self.troubles.append(
                Diagnostic(
                    f"{type(follower).__name__} follows the speech no more, since it failed: {error!r}",
                    suggestion="this is a defect of it: please report it to its author",
                )
            )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return within a frame after `condition` became true; it is asked once a frame.

        Raises what the stage failed with, where it stands still.
        """
        if self._failure is not None:
            raise self._failure
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, future))
        await future

    async def frames(self, count: int) -> None:
        """Return `count` frames from now."""
        last = self._count + count
        await self.until(lambda: self._count >= last)

    async def run(self) -> None:
        """Keep a beat of its own until cancelled."""
        beat = Beat(self.clock)
        beat.add(self)
        await beat.run()

    def due(self, now: float) -> float:
        """Return the clock's time at which the next cue of any body is due; infinity where none is known."""
        if self._timeline is None or not self._moving:
            return math.inf
        heard = self.speaker.heard()
        at = math.inf
        for body in self._standing():
            with body.contained():
                due = body.next_due()
                if due is not None:
                    at = min(at, now + due - heard)
        return at

    def dispatch(self, now: float) -> None:
        """Start and end what is due at the playhead, at every body."""
        before, self._heard = self._heard, self.heard()
        self._moving = self._heard != before
        if self._heard is not None:
            for body in self._standing():
                with body.contained():
                    body.dispatch(now, self._heard)

    def frame(self, now: float, late: float) -> None:
        """Make every body's frame of `now`, at the playhead that was dispatched."""
        heard = self._heard
        state = self._doing(heard)
        for body in self._standing():
            with body.contained():
                body.enter(state, now)
                body.frame(now, heard, late)
        self._count += 1
        if self._waiting:
            self._waiting = [item for item in self._waiting if not self._met(*item)]

    def fail(self, error: Exception) -> None:
        """Stand still from now on, with every mouth closed; whoever waits for something here gets the error."""
        self._failure = error
        self.troubles.append(
            Diagnostic(
                f"the stage failed and stands still from now on: {error!r}",
                suggestion="this is a defect: please report it; start the bridge again",
            )
        )
        now = self.clock.time()
        for body in self._standing():
            with body.contained():
                body.relax(now)
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()

    def _standing(self) -> list[Body]:
        """Return the bodies whose drivers have not failed."""
        return [body for body in self.bodies if body.failure is None]

    @property
    def doing(self) -> State:
        """What the character is doing now."""
        return self._doing(self.heard())

    def _doing(self, heard: float | None) -> State:
        timeline = self._timeline
        if timeline is not None and heard is not None and heard > -0.1 and timeline.duration > 0:
            return "speaking" if not timeline.closed or heard < timeline.duration else self._state
        return self._state

    @staticmethod
    def _met(condition: Callable[[], bool], future: asyncio.Future[None]) -> bool:
        if future.done():
            return True
        if met := condition():
            future.set_result(None)
        return met
